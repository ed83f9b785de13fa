"""What is an order and what is none; limits of devices are the devices' own matter."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from twin.errors import Problem
from twin.policies.interface import Dispatch, Mode, View

ROUNDING = 1e-6
"""So far beyond its range a value is taken for rounding (of a solver, say) and cut off; further out it is refused."""

RANGES: dict[str, tuple[float, float]] = {
    "export_limit_pu": (0.0, np.inf),
    "soc_min_percent": (0.0, 100.0),
    "price_ratio": (0.0, np.inf),
    "device_pu": (-1.0, 1.0),
}
"""Values that mean something. `battery_power_pu` has no range: a site gives what its battery can, and it is counted."""

_OF_SITES = ("mode", "battery_power_pu", "export_limit_pu", "soc_min_percent")
_MODES = frozenset(int(mode) for mode in Mode)


def order_problems(dispatch: Dispatch, view: View) -> list[Problem]:
    """Return what is wrong with the orders; `where` is the order's name."""
    half_hours, groups, devices = view.half_hours, len(view.export_per_mw), len(view.devices)
    shapes: dict[str, tuple[int, ...]] = dict.fromkeys(_OF_SITES, (half_hours, groups))
    shapes |= {"price_ratio": (half_hours,), "device_pu": (half_hours, devices)}
    found = (_problem(name, getattr(dispatch, name), shape) for name, shape in shapes.items())
    return [problem for problem in found if problem is not None]


def within_ranges(dispatch: Dispatch) -> Dispatch:
    """Return the orders as arrays, what lies beyond a range by rounding cut off."""
    return replace(dispatch, **{name: np.clip(getattr(dispatch, name), *RANGES[name]) for name in RANGES})


def _problem(name: str, given: Any, shape: tuple[int, ...]) -> Problem | None:  # noqa: ANN401 - what a user returns
    try:
        values = np.asarray(given)
    except ValueError:
        return Problem("wrong shape", name, "rows of different length", f"at least {shape}")
    left_alone = name == "device_pu" and values.ndim == 2 and values.shape[1] == 0
    fits = values.ndim == len(shape) and values.shape[0] >= shape[0] and values.shape[1:] == shape[1:]
    if not fits and not (left_alone and values.shape[0] >= shape[0]):
        return Problem("wrong shape", name, str(values.shape), f"at least {shape}")
    if values.dtype.kind not in "biuf" or not np.isfinite(values).all():
        return Problem("not a number", name, "NaN, infinite or no number", "finite numbers")
    if name == "mode" and not _MODES.issuperset(values.ravel().tolist()):
        modes = ", ".join(f"{mode.value} ({mode.name})" for mode in Mode)
        return Problem("unknown mode", name, str(sorted(set(values.ravel().tolist()) - _MODES)), modes)
    low, high = RANGES.get(name, (-np.inf, np.inf))
    if values.size and (values.min() < low - ROUNDING or values.max() > high + ROUNDING):
        accepted = f"at least {low:g}" if high == np.inf else f"{low:g} to {high:g}"
        return Problem("outside its range", name, f"{values.min():g} to {values.max():g}", accepted)
    return None
