"""Constraint zones of a model beside the public feed of an active network management."""
