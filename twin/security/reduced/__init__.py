"""Compiled N-1, inter-trip and link headroom on the reduced grid, for the closed loop."""
