"""Readers of weather files, one format after the other, and the way from a file to the study's time steps."""
