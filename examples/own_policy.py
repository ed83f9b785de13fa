"""A policy of one's own: `goto-twin certify examples/own_policy.py:OwnPolicy`.

Self-consumption; where the operator publishes congestion, the batteries keep room for it and sites feed nothing in.
"""

import numpy as np

from twin.policies.interface import THREE_HOURS, Dispatch, Mode, View


class OwnPolicy:
    """Hold back only what would be cut."""

    cadence = THREE_HOURS

    def decide(self, view: View) -> Dispatch:
        """Order self-consumption, idle batteries before congestion, no feed-in during it."""
        congested = view.outlook.congestion_mw[: view.steps_of_day - view.step_of_day] > 0.0
        still_to_come = np.flip(np.cumsum(np.flip(congested))) > 0
        plan = view.plan(Mode.SELF_CONSUMPTION)
        steps = min(view.steps, len(congested))
        plan.mode[:steps][still_to_come[:steps] & ~congested[:steps]] = Mode.IDLE
        plan.export_limit_pu[:steps][congested[:steps]] = 0.0
        return plan
