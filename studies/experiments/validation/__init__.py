"""The comparison of a model with pairs of measured series."""
