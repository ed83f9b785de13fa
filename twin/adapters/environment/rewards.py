"""Rewards of a step: key figures of the half-hour, alone or less those of the same half-hour without control."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from twin.metrics.series import MemberSeries

REWARDS = {"energy": "energy_used_mwh", "value": "net_supply_jpy", "congestion": "curtailed_congestion_mwh"}
"""Key figure of the half-hour that is the reward; what is cut for congestion counts negative."""
AGAINST_NONE = "_against_none"
NAMES = tuple(f"{name}{end}" for name in REWARDS for end in ("", AGAINST_NONE))
FIGURES = (*REWARDS.values(), "clipped_commands")


@dataclass(frozen=True)
class Outcome:
    """What a step came to; axes M sub-environments.

    Attributes
    ----------
    figures : mapping of str to numpy.ndarray, (M,)
        Key figures of the step: energy used (MWh), net supply (JPY), congestion (MWh), clipped commands.
    none : mapping of str to numpy.ndarray, (M,)
        The same of the same episode without control; empty where the environment does not run it.
    series : MemberSeries
        All columns of the step that need no branch flow, (1, M), for other key figures of `twin.metrics.kpis`.
    actions : numpy.ndarray, (M, A)
    """

    figures: Mapping[str, np.ndarray]
    none: Mapping[str, np.ndarray]
    series: MemberSeries
    actions: np.ndarray


Reward = Callable[[Outcome], np.ndarray]
"""A reward for each sub-environment, (M,)."""


def reward_of(name: str) -> Reward:
    """Return a shipped reward by its name."""
    plain = name.removesuffix(AGAINST_NONE)
    figure, sign = REWARDS[plain], -1.0 if plain == "congestion" else 1.0

    def alone(outcome: Outcome) -> np.ndarray:
        return np.asarray(sign * outcome.figures[figure])

    def against_none(outcome: Outcome) -> np.ndarray:
        return np.asarray(sign * (outcome.figures[figure] - outcome.none[figure]))

    return against_none if name.endswith(AGAINST_NONE) else alone
