"""The study file: its schema, its reading and checking, and what it becomes in the loop."""
