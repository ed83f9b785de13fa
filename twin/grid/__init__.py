"""The AC engine: a pandapower net reduced to its injections, solved for many states at once."""
