"""Networks that are not an island's: files read as data, and the same network in the elements of the closed loop."""
