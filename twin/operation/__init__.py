"""The closed loop: one half-hour after the other, all members in lock-step."""
