"""The pages of the questions: each in the same frame."""
