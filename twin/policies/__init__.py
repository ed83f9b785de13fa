"""Dispatch policies: what they see, what they may order, and the rule-based ones."""
