"""The grid of the closed loop reduced to the buses with injections, and its compiled kernels."""
