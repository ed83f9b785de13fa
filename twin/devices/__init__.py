"""Flexible devices beside the small sites: demand response and grid batteries, by area."""
