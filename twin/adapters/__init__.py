"""The closed loop in other tools: a Gymnasium environment, pandapower's controllers and time series."""
