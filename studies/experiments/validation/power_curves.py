"""A power curve of the user's own: a table of wind speed and power, read and checked."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from studies.study.file.names import nearest
from twin.core.errors import InputError, Problem, raise_if_any
from twin.resources.wind import OwnTurbine, PowerCurve
from weather.readers.text import numbers, read_cells, read_text

SPEED = "wind_speed"
POWERS = {"power_kw": 1e-3, "power_mw": 1.0}
"""Columns of the power of one turbine, with their factor to MW."""

FEWEST_ROWS = 5
HIGHEST_M_PER_S = 40.0
"""No turbine has a curve beyond this wind speed."""


@dataclass(frozen=True)
class OwnCurve:
    """A turbine as its maker describes it, and its rated power in MW."""

    turbine: OwnTurbine
    rated_mw: float


def read_power_curve(path: Path) -> OwnCurve:
    """Read a CSV with ``wind_speed`` (m/s at hub height) and ``power_kw`` or ``power_mw`` of one turbine.

    The turbine stops above the highest speed that has power.

    Raises
    ------
    InputError
        With everything that is wrong: columns, cells, speeds that do not rise, powers below zero or far from a turbine.
    """
    table = read_cells(read_text(path, ("utf-8-sig", "cp932")), path, skipinitialspace=True, index_col=False)
    table = table.rename(columns=lambda name: str(name).strip()).dropna(how="all")
    powers = [name for name in POWERS if name in table]
    seen = ", ".join(table.columns)
    problems = []
    if SPEED not in table:
        hint = nearest(seen.split(", ")[0], [SPEED])
        problems.append(Problem(f"no column {SPEED!r}", str(path), seen, "m/s at hub height", hint))
    if len(powers) != 1:
        problems.append(Problem("one column of power is needed", str(path), seen, " or ".join(POWERS)))
    raise_if_any(problems)
    lines = [int(row) + 2 for row in table.index]
    speed, problems = numbers(table[SPEED], f"{path}, {SPEED}", lines)
    power, found = numbers(table[powers[0]], f"{path}, {powers[0]}", lines)
    problems += found
    for values, name in ((speed, SPEED), (power, powers[0])):
        if not problems and values.isna().any():
            line = lines[int(values.isna().to_numpy().argmax())]
            problems.append(Problem("empty cell", f"{path}, {name}", f"line {line}", "a number"))
    raise_if_any(problems)
    mw = power.to_numpy(float) * POWERS[powers[0]]
    raise_if_any(_curve_problems(speed.to_numpy(float), mw, path))
    running = int(np.flatnonzero(mw > 0.0)[-1]) + 1
    curve = PowerCurve(speed.to_numpy(float)[:running], mw[:running] / mw.max())
    return OwnCurve(OwnTurbine(curve, float(speed.iloc[running - 1])), float(mw.max()))


def _curve_problems(speed: np.ndarray, mw: np.ndarray, path: Path) -> list[Problem]:
    where, problems = str(path), []
    if len(speed) < FEWEST_ROWS:
        problems.append(Problem("too few rows for a power curve", where, f"{len(speed)}", f"{FEWEST_ROWS} or more"))
    falls = np.flatnonzero(np.diff(speed) <= 0.0)
    if len(falls):
        seen = f"{speed[falls[0] + 1]:g} after {speed[falls[0]]:g} m/s"
        problems.append(Problem("wind speeds do not rise", f"{where}, {SPEED}", seen, "each speed once, rising"))
    if len(speed) and not (speed.min() >= 0.0 and 10.0 <= speed.max() <= HIGHEST_M_PER_S):
        seen = f"{speed.min():g} to {speed.max():g}"
        accepted = f"m/s from 0 or more to between 10 and {HIGHEST_M_PER_S:g}"
        problems.append(Problem("no wind speeds of a power curve", f"{where}, {SPEED}", seen, accepted, "km/h? knots?"))
    if len(mw) and not (mw.min() >= 0.0 and 0.01 <= mw.max() <= 25.0):
        seen, accepted = f"{mw.min():g} to {mw.max():g} MW", "0 to 0.01 .. 25 MW of one turbine"
        problems.append(Problem("no power of a turbine", where, seen, accepted, "kW in power_kw, MW in power_mw"))
    return problems


def require_same_capacity(curve: OwnCurve, units: int, capacity_mw: float) -> None:
    """Raise `InputError` where the curve's power of all turbines is not the capacity that the user states."""
    ratio = curve.rated_mw * units / capacity_mw
    if not 0.9 <= ratio <= 1.1:
        seen = f"{units} x {curve.rated_mw:g} MW by the curve, {capacity_mw:g} MW stated"
        raise InputError([Problem("the curve and the capacity contradict each other", "--power-curve", seen)])
