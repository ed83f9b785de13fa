"""A study file: its keys, how it is read, checked and explained."""
