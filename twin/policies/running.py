"""Run a policy's decision: a failure ends in a report of when and with what view, or in a counted fallback."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from twin.errors import Problem, raise_if_any
from twin.policies.interface import Dispatch, Mode, Policy, View

_OF_SITES = ("mode", "battery_power_pu", "export_limit_pu", "soc_min_percent")
_MODES = frozenset(int(mode) for mode in Mode)


def decide(policy: Policy, view: View, on_failure: str, seconds: float) -> tuple[Dispatch, bool]:
    """Return a policy's orders, and whether they are the fallback's.

    Parameters
    ----------
    policy : Policy
    view : View
    on_failure : str
        ``stop``, or ``hold_behind_meter``: order this in place of a failed decision.
    seconds : float
        Longest time that a decision may take.

    Raises
    ------
    InputError
        With all that is wrong with the orders.
    """
    dispatch = policy.decide(view)
    raise_if_any(
        replace(p, where=f"policy {type(policy).__name__} at {view.time}, order {p.where}")
        for p in order_problems(dispatch, view)
    )
    return dispatch, False


def order_problems(dispatch: Dispatch, view: View) -> list[Problem]:
    """Return what is wrong with the orders; `where` is the order's name."""
    half_hours, groups, devices = view.half_hours, len(view.export_per_mw), len(view.devices)
    shapes: dict[str, tuple[int, ...]] = dict.fromkeys(_OF_SITES, (half_hours, groups))
    shapes |= {"price_ratio": (half_hours,), "device_pu": (half_hours, devices)}
    problems = []
    for name, shape in shapes.items():
        values = np.asarray(getattr(dispatch, name))
        left_alone = name == "device_pu" and values.ndim == 2 and values.shape[1] == 0
        fits = values.ndim == len(shape) and values.shape[0] >= half_hours and values.shape[1:] == shape[1:]
        if not fits and not (left_alone and values.shape[0] >= half_hours):
            problems.append(Problem("wrong shape", name, str(values.shape), f"at least {shape}"))
        elif values.dtype.kind not in "biuf" or not np.isfinite(values).all():
            problems.append(Problem("not a number", name, "NaN, infinite or no number", "finite numbers"))
        elif name == "mode" and not _MODES.issuperset(values.ravel().tolist()):
            modes = ", ".join(f"{mode.value} ({mode.name})" for mode in Mode)
            problems.append(Problem("unknown mode", name, str(sorted(set(values.ravel()) - set(Mode))), modes))
    return problems
