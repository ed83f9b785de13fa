"""The audit of a plan: what can be confirmed, what differs and why."""
