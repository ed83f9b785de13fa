"""How well a model's power fits a measured one: overall, by month, by bin of what drives it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from studies.validate_read import Pair
from twin.clock import step_hours
from twin.errors import Problem

BIN_WIDTH = {"wind_speed": 1.0, "ghi": 100.0, "temp_air": 2.5}
UNITS = {"wind_speed": "m/s", "ghi": "W/m2", "temp_air": "C"}

FEWEST = 3
"""Bins and months with fewer pairs are left out."""

LARGEST_SHIFT_HOURS = 12.0
SHIFT_PROBLEM = {"wind": (1.0, 0.05), "pv": (1.0, 0.05), "demand": (2.0, 0.1)}
"""From how many hours and how much more correlation on a shift is a wrong clock."""

IDLE_BELOW, IDLE_MODEL = 0.01, 0.3
"""Shares of capacity: measured power below the first while the model is above the second was cut or out of order."""


@dataclass(frozen=True)
class Scores:
    """How well one power fits another; errors are model minus measured.

    Attributes
    ----------
    pairs : int
        Intervals in which everything was measured.
    measured_mwh, model_mwh, mean_measured_mw : float
    energy_ratio : float
        Model over measured.
    bias_mw, mae_mw, rmse_mw : float
    correlation : float
        NaN where one of them does not vary.
    peak_measured_mw, peak_model_mw : float
    """

    pairs: int
    measured_mwh: float
    model_mwh: float
    mean_measured_mw: float
    energy_ratio: float
    bias_mw: float
    mae_mw: float
    rmse_mw: float
    correlation: float
    peak_measured_mw: float
    peak_model_mw: float


@dataclass(frozen=True)
class Comparison:
    """Scores with what they are about.

    Attributes
    ----------
    overall : Scores
    base_mw : float
        What normalised errors are divided by: the capacity, for demand the mean.
    by_month, by_bin : dict of str to Scores
    missing : int
        Intervals between the first and the last in which something was not measured.
    notes : list of str
    """

    overall: Scores
    base_mw: float
    by_month: dict[str, Scores]
    by_bin: dict[str, Scores]
    missing: int
    notes: list[str]


def score(measured_mw: np.ndarray, model_mw: np.ndarray, hours: float) -> Scores:
    """Return the scores of two series of the same length without gaps, whose intervals last `hours`."""
    error = model_mw - measured_mw
    varies = len(error) > 1 and measured_mw.std() > 0 and model_mw.std() > 0
    energy = measured_mw.sum()
    return Scores(
        pairs=len(error),
        measured_mwh=float(energy * hours),
        model_mwh=float(model_mw.sum() * hours),
        mean_measured_mw=float(measured_mw.mean()),
        energy_ratio=float(model_mw.sum() / energy) if energy else float("nan"),
        bias_mw=float(error.mean()),
        mae_mw=float(np.abs(error).mean()),
        rmse_mw=float(np.sqrt((error**2).mean())),
        correlation=float(np.corrcoef(measured_mw, model_mw)[0, 1]) if varies else float("nan"),
        peak_measured_mw=float(measured_mw.max()),
        peak_model_mw=float(model_mw.max()),
    )


def compare(pair: Pair, model_mw: np.ndarray, driver: str, capacity_mw: float | None) -> Comparison:
    """Compare where everything was measured.

    Parameters
    ----------
    pair : Pair
        With at least one complete interval.
    model_mw : numpy.ndarray
        (T,).
    driver : str
        Column of `Pair.drivers` whose bins are shown.
    capacity_mw : float or None
        Base of normalised errors; None takes the mean of what was measured.
    """
    used, hours = pair.complete, step_hours(pair.index)
    frame = pd.DataFrame({"measured": pair.measured_mw, "model": model_mw, "driver": pair.drivers[driver]})[used]
    base = capacity_mw or float(frame["measured"].mean())
    low = np.floor(frame["driver"] / BIN_WIDTH[driver]) * BIN_WIDTH[driver]
    by_driver = frame.assign(low=low).sort_values("low", kind="stable")
    bins = by_driver["low"].map(lambda value: f"{value:g} to {value + BIN_WIDTH[driver]:g}")
    months = pd.DatetimeIndex(frame.index).strftime("%Y-%m")
    notes = [*pair.notes, *(_idle(frame, base, hours) if capacity_mw else []), *_stuck(frame["measured"], hours)]
    return Comparison(
        overall=score(frame["measured"].to_numpy(), frame["model"].to_numpy(), hours),
        base_mw=base,
        by_month=_grouped(frame, months, hours),
        by_bin=_grouped(by_driver, bins, hours),
        missing=int((~used).sum()),
        notes=notes,
    )


def best_shift(pair: Pair, model_mw: np.ndarray) -> tuple[float, float, float]:
    """Return by how many hours measured power lags where it fits best, the correlation there, and that unshifted."""
    step = step_hours(pair.index)
    most = min(round(LARGEST_SHIFT_HOURS / step), len(pair.index) // 4)
    measured = pd.Series(np.where(pair.complete, pair.measured_mw, np.nan))
    model = pd.Series(model_mw)
    fits = {shift: measured.corr(model.shift(shift)) for shift in range(-most, most + 1)}
    best = max(fits, key=lambda shift: (np.nan_to_num(fits[shift], nan=-1.0), -abs(shift)))
    return best * step, fits[best], fits[0]


def clock_problems(pair: Pair, model_mw: np.ndarray, kind: str, where: str) -> list[Problem]:
    """Return a problem where measured power follows its driver hours late or early; a small shift becomes a note."""
    shift, best, plain = best_shift(pair, model_mw)
    hours, gain = SHIFT_PROBLEM[kind]
    if shift == 0 or not best - plain > 0.01:
        return []
    direction = "earlier" if shift > 0 else "later"
    told = f"power fits best {abs(shift):g} h {direction}: correlation {best:.3f}, as given {plain:.3f}"
    if abs(shift) < hours or best - plain < gain:
        pair.notes.append(told)
        return []
    repair = "check the time zone, start or end of the interval (--label), and whether power and driver share a clock"
    return [Problem("shifted clock", where, told, "power and driver at the same time", repair)]


def _grouped(frame: pd.DataFrame, by: pd.Index | pd.Series, hours: float) -> dict[str, Scores]:
    groups = frame.groupby(np.asarray(by), sort=False)
    return {
        str(name): score(rows["measured"].to_numpy(), rows["model"].to_numpy(), hours)
        for name, rows in groups
        if len(rows) >= FEWEST
    }


def _idle(frame: pd.DataFrame, capacity_mw: float, hours: float) -> list[str]:
    idle = (frame["measured"] < IDLE_BELOW * capacity_mw) & (frame["model"] > IDLE_MODEL * capacity_mw)
    if not idle.any():
        return []
    lost, rest = frame["model"][idle].sum() * hours, frame[~idle].sum()
    what = f"{int(idle.sum())} intervals without output although the driver was there ({lost:.1f} MWh by the model)"
    return [f"{what}: cut or out of order? Energy ratio without them: {rest['model'] / rest['measured']:.3f}"]


def _stuck(measured: pd.Series, hours: float) -> list[str]:
    same = (measured.diff() == 0) & (measured > 0) & (measured < 0.98 * measured.max())
    runs = same.groupby((~same).cumsum()).sum()
    long = runs[runs * hours >= 6]
    return [f"{len(long)} times the power stands still for 6 h or more: a stuck meter?"] if len(long) else []
