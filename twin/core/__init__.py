"""Errors, clock, random streams, units, table rows and the data dictionary: what everything else is made with."""
