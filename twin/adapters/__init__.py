"""Doors to other tools: Gymnasium, pandapower's controllers and time series."""
