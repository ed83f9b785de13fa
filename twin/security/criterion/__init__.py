"""N-1, inter-trip and link headroom as the closed loop asks for them: many states of a study's grids in step."""
