"""Measured series of an area: found in a folder, read, and held against the sun, the calendar and each other."""
