"""A policy that plays through the action space, to compare agents with."""

from __future__ import annotations

import copy
from dataclasses import replace

import numpy as np

from twin.adapters.environment.islands import IslandEnvironments, Situation
from twin.operation.case import Case
from twin.operation.dispatch import covered, make_view, put_in_force
from twin.policies.catalogue import shipped_policy
from twin.policies.interface import ORDERS, Dispatch, Policy
from twin.policies.running.decision import decide


class Rule:
    """A policy as an agent: it decides in its own rhythm, and its orders in force are the actions.

    Parameters
    ----------
    environments : IslandEnvironments
        With all orders, each site group apart; of an `IslandEnvironment` its ``together``.
    policy : Policy or str
        A shipped policy by its name, or one of your own; each sub-environment has a copy.
    """

    def __init__(self, environments: IslandEnvironments, policy: Policy | str) -> None:
        self._environments = environments
        self._new = shipped_policy(policy) if isinstance(policy, str) else policy
        self._case: Case | None = None
        self._begun: Situation | None = None
        self._policies: list[Policy] = []
        self._orders: dict[str, np.ndarray] = {}

    def act(self) -> np.ndarray:
        """Return the actions for the step that is about to begin, (M, A).

        Raises
        ------
        InputError
            Where the policy fails, or no action says its orders.
        """
        now = self._environments.situation()
        case = self._start(now) if now.t == now.begin else self._case
        assert case is not None
        slot = int(case.step_of_day[now.t])
        for m in range(self._environments.num_envs):
            if now.t == now.begin or case.rhythms[m].is_due(slot):
                lead, steps = covered(case, m, now.t - now.begin, slot)
                view = make_view(case, now.state, now.t, m, lead, steps)
                member = case.members[m]
                dispatch, _ = decide(self._policies[m], view, "stop", member.policy_seconds, member.name)
                put_in_force(self._orders, m, (now.t + lead + np.arange(steps)) % case.order_slots, dispatch)
        told = Dispatch(*(self._orders[name][:, now.t % case.order_slots] for name in ORDERS))
        return self._environments.layout.action(told)

    def _start(self, now: Situation) -> Case:
        count = self._environments.num_envs
        self._policies = [copy.deepcopy(self._new) for _ in range(count)]
        members = [
            replace(member, policy=policy) for member, policy in zip(now.case.members, self._policies, strict=False)
        ]
        self._case = replace(now.case, members=(*members, *now.case.members[count:]))
        self._orders = {name: getattr(now.state, name)[:count].copy() for name in ORDERS}
        return self._case
