"""What is in a weather file and what is wrong with it."""
