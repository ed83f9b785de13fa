"""Constraint zones of an active network management: measured branches, their limits, and who is cut in which order."""
