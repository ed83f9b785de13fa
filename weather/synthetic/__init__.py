"""Synthetic weather years: seeded, correlated in time and over places."""
