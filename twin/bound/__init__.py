"""The yardstick of policies: an upper bound on what any of them can reach."""

from twin.bound.foresight import Bound, perfect_foresight
from twin.policies.rules import Schedule

__all__ = ["Bound", "Schedule", "perfect_foresight"]
