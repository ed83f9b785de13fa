"""Observations: what a policy's `View` shows, as one row of numbers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import gymnasium
import numpy as np

from twin.core.clock import MONTHS_OF_YEAR
from twin.core.errors import InputError, Problem
from twin.core.row_arrays import sum_at
from twin.operation.case import Case
from twin.operation.dispatch import make_view
from twin.operation.state import State
from twin.policies.interface import View

FARTHEST = 1e6
"""Bound of observations in MW, MWh and JPY/kWh: far beyond any network, so that nothing is ever clipped."""
DAYS_OF_WEEK = 7
_CALENDAR = (
    *(f"{wave} of the {cycle}" for cycle in ("time of the day", "month", "weekday") for wave in ("sine", "cosine")),
    "workday",
)

Observe = Callable[[View], np.ndarray]
"""An own observation: a row of numbers of what a policy would see; always the same length."""


@dataclass(frozen=True)
class ObservationLayout:
    """What is shown of each member.

    Attributes
    ----------
    names : tuple of str
    low, high : numpy.ndarray, (N,)
    """

    names: tuple[str, ...]
    low: np.ndarray
    high: np.ndarray

    @staticmethod
    def of(case: Case, m: int, ahead: int) -> ObservationLayout:
        """Return the layout of a member with `ahead` steps of the outlook."""
        batteries, devices = np.flatnonzero(case.fleet.battery_mwh[m] > 0.0), case.members[m].orderable
        charges = [f"soc_pu {group}" for group in case.sites.groups.index[batteries].astype(str)]
        plain = [*(f"stored_mwh {name}" for name in devices), "measured_export_mw", "export_limit_mw"]
        plain += ["measured_available_mw", "measured_delivered_mw"]
        outlook = ("export_mw", "congestion_mw", "price_jpy_per_kwh", "pv_mw", "load_mw")
        plain += [f"outlook {name} +{step}" for name in outlook for step in range(ahead)]
        of_one = len(_CALENDAR) + len(charges)
        high = np.repeat([1.0, FARTHEST], [of_one, len(plain)])
        low = -high
        low[len(_CALENDAR) - 1 : of_one] = 0.0
        return ObservationLayout((*_CALENDAR, *charges, *plain), low, high)

    @staticmethod
    def of_own(row: np.ndarray) -> ObservationLayout:
        """Return the layout of an own observation, known from its first row."""
        count = len(np.asarray(row, dtype=float).ravel())
        return ObservationLayout(
            tuple(f"own {k}" for k in range(count)), *(np.full(count, s * FARTHEST) for s in (-1, 1))
        )

    @property
    def space(self) -> gymnasium.spaces.Box:
        """Observations of one member."""
        return gymnasium.spaces.Box(self.low.astype(np.float32), self.high.astype(np.float32), dtype=np.float32)


def observations(case: Case, state: State, t: int, ahead: int, members: int) -> np.ndarray:
    """Return what is known at the start of step `t` of the first members, (M, N); what was not measured yet is 0."""
    first = slice(members)
    energy = case.fleet.battery_kwh[case.fleet.device_class[first]]
    stored = sum_at(state.soc_kwh[first], case.sites.group, len(case.sites.groups))
    soc_pu = np.divide(stored, energy, out=np.zeros_like(stored), where=energy > 0.0)
    batteries = np.flatnonzero(case.fleet.battery_mwh[0] > 0.0)
    named = [case.fleet.device_names.index(name) for name in case.members[0].orderable]
    told = {k: case.outlooks[k].at(t, 0, 0.0) for k in {member.outlook for member in case.members[first]}}
    outlooks = [told[member.outlook] for member in case.members[first]]
    export_mw = np.stack([outlook.export_mw[:ahead] for outlook in outlooks])
    limit_mw = case.export_limit_mw[first]
    pv_mw = (state.available_mw[first].sum(axis=1), state.delivered_mw[first].sum(axis=1))
    return np.concatenate([
        np.tile(_calendar(case, t), (members, 1)),
        soc_pu[:, batteries],
        state.device_stored_mwh[first][:, named],
        np.stack([np.nan_to_num(state.export_mw[first]), limit_mw], axis=1),
        np.nan_to_num(np.stack(pv_mw, axis=1)),
        export_mw,
        np.maximum(export_mw - limit_mw[:, None], 0.0),
        np.stack([outlook.price_jpy_per_kwh[:ahead] for outlook in outlooks]),
        np.stack([outlook.pv_mw[:ahead].sum(axis=1) for outlook in outlooks]),
        np.stack([outlook.load_mw[:ahead].sum(axis=1) for outlook in outlooks]),
    ], axis=1).astype(np.float32)  # fmt: skip


def own_observations(case: Case, state: State, t: int, observe: Observe, members: int) -> np.ndarray:
    """Return an own observation of each of the first members, (M, N).

    Raises
    ------
    InputError
        Where they are no rows of finite numbers of one length.
    """
    rows = [np.asarray(observe(make_view(case, state, t, m, 0, 1)), dtype=float).ravel() for m in range(members)]
    if len({len(row) for row in rows}) > 1 or not all(np.isfinite(row).all() for row in rows):
        seen = f"lengths {sorted({len(row) for row in rows})}"
        repair = "measured values are NaN before the first step: numpy.nan_to_num"
        raise InputError([Problem("no observation", f"observe, {case.index[t]}", seen, "finite numbers", repair)])
    return np.stack(rows).astype(np.float32)


def _calendar(case: Case, t: int) -> list[float]:
    """Return the time of the day, the month and the weekday as angles, and whether it is a workday."""
    turns = (
        case.step_of_day[t] / case.clock.steps_of_day,
        (case.month[t] - 1) / MONTHS_OF_YEAR,
        case.index[t].dayofweek / DAYS_OF_WEEK,
    )
    waves = [wave(2.0 * np.pi * turn) for turn in turns for wave in (np.sin, np.cos)]
    return [*map(float, waves), float(case.is_workday[t])]
