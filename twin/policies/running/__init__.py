"""A policy as it is run: a decision within its time, in a walled process where the policy is of a user's own file."""
