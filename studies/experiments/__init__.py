"""What is done with a study: run, certify, uncertainty, validate."""
