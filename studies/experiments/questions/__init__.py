"""The questions that people ask, each an experiment with a page of its own."""
