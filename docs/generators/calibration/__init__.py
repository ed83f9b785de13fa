"""The calibration record: published facts beside the values of the model, a module a topic."""
