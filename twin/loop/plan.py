"""Ask the policies when their decisions fall, and put their orders in force."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from twin.errors import Problem, raise_if_any
from twin.loop.case import Case
from twin.loop.state import State
from twin.policies.interface import Dispatch, Mode, View

_ORDERS = ("mode", "battery_power_pu", "export_limit_pu", "soc_min_percent")
_MODES = frozenset(int(mode) for mode in Mode)


def obey_policies(case: Case, state: State, t: int) -> State:
    """Return the state with the orders of all policies that decide at half-hour `t`."""
    slot = int(case.half_hour_of_day[t])
    due = [m for m, member in enumerate(case.members) if slot % member.policy.cadence.half_hours == 0 or t == 0]
    if not due:
        return state
    orders = {name: getattr(state, name).copy() for name in _ORDERS}
    soc_percent = _soc_percent(case, state)
    for m in due:
        policy = case.members[m].policy
        dispatch = policy.decide(_view(case, state, t, m, soc_percent[m]))
        ahead = policy.cadence.half_hours - slot % policy.cadence.half_hours
        problems = _problems(dispatch, ahead, len(case.sites.groups))
        raise_if_any(
            replace(p, where=f"policy {type(policy).__name__} at {case.index[t]}, order {p.where}") for p in problems
        )
        for name in _ORDERS:
            orders[name][m, slot : slot + ahead] = getattr(dispatch, name)[:ahead]
    return replace(state, **orders)


def _view(case: Case, state: State, t: int, m: int, soc_percent: np.ndarray) -> View:
    forecasts = case.profiles[case.members[m].profiles][1]
    return View(
        time=case.index[t],
        half_hour_of_day=int(case.half_hour_of_day[t]),
        soc_percent=soc_percent,
        battery_hours=case.battery_hours[m].copy(),
        measured_export_mw=float(state.export_mw[m]),
        measured_available_mw=state.available_mw[m].copy(),
        measured_delivered_mw=state.delivered_mw[m].copy(),
        forecast_export_mw=forecasts.export_day_ahead_mw[t].copy(),
        export_limit_mw=float(case.export_limit_mw[m]),
    )


def _soc_percent(case: Case, state: State) -> np.ndarray:
    groups = len(case.sites.groups)
    stored = np.array([np.bincount(case.sites.group, soc, groups) for soc in state.soc_kwh]) / 1000.0
    return 100.0 * np.divide(stored, case.battery_mwh, out=np.zeros_like(stored), where=case.battery_mwh > 0.0)


def _problems(dispatch: Dispatch, half_hours: int, groups: int) -> list[Problem]:
    """Return what is wrong with the orders; `where` is the order's name."""
    problems = []
    for name in _ORDERS:
        values = np.asarray(getattr(dispatch, name))
        if values.ndim != 2 or values.shape[0] < half_hours or values.shape[1] != groups:
            problems.append(Problem("wrong shape", name, str(values.shape), f"at least ({half_hours}, {groups})"))
        elif values.dtype.kind not in "biuf" or not np.isfinite(values).all():
            problems.append(Problem("not a number", name, "NaN, infinite or no number", "finite numbers"))
        elif name == "mode" and not _MODES.issuperset(values.ravel().tolist()):
            modes = ", ".join(f"{mode.value} ({mode.name})" for mode in Mode)
            problems.append(Problem("unknown mode", name, str(sorted(set(values.ravel()) - set(Mode))), modes))
    return problems
