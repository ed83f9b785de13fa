"""A user's measured power and what drove it: read, checked, and scored against the model's."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pandas as pd

from studies.study.file.names import nearest
from twin.core.clock import DEFAULT_CLOCK, Clock, step_hours, usual_step
from twin.core.errors import InputError, Problem, raise_if_any
from weather.quality.checks import LARGEST_MEANS, PLAUSIBLE, time_problems
from weather.quality.sun_clock import DAYS_FOR_CLOCK, SUMMER_MONTHS, WINTER_MONTHS
from weather.readers.text import numbers, read_cells, read_text
from weather.readers.times import read_times

POWER_COLUMNS = {"power_mw": 1.0, "power_kw": 1e-3}
"""Accepted columns of measured power, with their factor to MW."""

DRIVERS = {"wind": ("wind_speed",), "pv": ("ghi",), "demand": ("temp_air",)}
"""Columns that each kind needs beside time and power."""

OPTIONAL = {"wind": (), "pv": ("temp_air", "dni", "dhi"), "demand": ()}

STEP_MINUTES = (5, 10, 15, 20, 30, 60)
ENCODINGS = ("utf-8-sig", "cp932")
SHOWN = 3
LARGEST_GHI_W_PER_M2 = 1600.0

MEANS = {**LARGEST_MEANS, "wind_speed": (15.0, LARGEST_MEANS["wind_speed"][1])}
"""Means that no file has; at hub height in a stormy month the wind is stronger than near the ground in a year."""

TOO_MUCH, TOO_LITTLE = 1.3, 0.02
"""Largest measured power over capacity beyond which a wrong unit is more likely than a strange plant."""


@dataclass(frozen=True)
class Pair:
    """Measured power and its driver.

    Attributes
    ----------
    index : pandas.DatetimeIndex
        (T,) gapless, the island's standard time, label = start.
    measured_mw : numpy.ndarray
        (T,) NaN where missing.
    drivers : pandas.DataFrame
        (T,) NaN where missing; pvlib's names, W/m2, degree C, m/s.
    where : str
        The file.
    notes : list of str
        What was seen and is no problem.
    """

    index: pd.DatetimeIndex
    measured_mw: np.ndarray
    drivers: pd.DataFrame
    where: str = ""
    notes: list[str] = field(default_factory=list)

    @property
    def complete(self) -> np.ndarray:
        """Return where power and all drivers were measured; (T,) bool."""
        result: np.ndarray = ~np.isnan(self.measured_mw) & self.drivers.notna().all(axis=1).to_numpy()
        return result


@dataclass(frozen=True)
class Reading:
    """How a file is to be read.

    Attributes
    ----------
    timezone : str
        Of times without offset.
    label : str
        What a time marks of its interval, ``start`` or ``end``. Empty: the end in files whose days run to 24:00, else
        the start.
    allow_gaps : bool
        Whether absent rows count as missing values.
    clock : Clock
        Of the island, in whose time the model stands.
    """

    timezone: str = ""
    label: str = ""
    allow_gaps: bool = False
    clock: Clock = DEFAULT_CLOCK


def read_pair(
    path: Path,
    kind: str,
    capacity_mw: float | None,
    reading: Reading,
    check: Callable[[Pair], list[Problem]] | None = None,
) -> Pair:
    """Read and check a file.

    Parameters
    ----------
    path : pathlib.Path
        CSV, UTF-8 with or without byte-order mark or CP932; columns ``time``, one of `POWER_COLUMNS`, `DRIVERS`.
    kind : str
        ``wind``, ``pv`` or ``demand``.
    capacity_mw : float or None
        What the measured power is held against; None for demand.
    reading : Reading
    check : callable, optional
        Further problems of the pair; asked where times and numbers can be read.

    Returns
    -------
    Pair

    Raises
    ------
    InputError
        With every problem: file, encoding, columns, times, text in numbers, implausible values and units.
    """
    text = read_text(path, ENCODINGS)
    if "\0" in text:
        accepted = "UTF-8 or CP932 (Shift_JIS)"
        raise InputError([Problem("wrong text encoding", str(path), "zero bytes: UTF-16?", accepted)])
    table = read_cells(text, path, skipinitialspace=True, index_col=False)
    table.columns = [str(name).strip() for name in table.columns]
    raise_if_any(_column_problems(table, kind, path))
    problems: list[Problem] = []
    lines = range(2, len(table) + 2)
    columns = [name for name in (*POWER_COLUMNS, *DRIVERS[kind], *OPTIONAL[kind]) if name in table]
    frame = pd.DataFrame(index=table.index)
    for name in columns:
        frame[name], found = numbers(table[name], f"{path}, {name}", lines)
        problems += found
    times, found = _times(table["time"], path, reading, lines)
    problems += found
    if not found:
        problems += _step_problems(times, path, reading)
    power = next(name for name in POWER_COLUMNS if name in frame)
    frame[power] *= POWER_COLUMNS[power]
    is_readable = not problems
    problems += _value_problems(frame, power, capacity_mw, path)
    if not is_readable:
        raise InputError(problems)
    pair = _on_grid(frame.set_axis(times), power, path, _with_label(reading, table["time"], times))
    raise_if_any([*problems, *(check(pair) if check else [])])
    return pair


def _column_problems(table: pd.DataFrame, kind: str, path: Path) -> list[Problem]:
    seen, found = ", ".join(map(str, table.columns)), []
    if len(table.columns) == 1 and ";" in seen:
        return [Problem("semicolons between the columns", str(path), seen, "commas", "save as comma-separated values")]
    for name in ("time", *DRIVERS[kind]):
        if name not in table:
            hints = [hint for hint in (nearest(column, [name]) for column in table.columns) if hint]
            found.append(Problem(f"no column {name!r}", str(path), seen, repair="; ".join(hints[:1])))
    power = [name for name in POWER_COLUMNS if name in table]
    if len(power) != 1:
        accepted = " or ".join(POWER_COLUMNS)
        found.append(Problem("no column of power" if not power else "power given twice", str(path), seen, accepted))
    doubled = sorted({re.sub(r"\.\d+$", "", name) for name in table.columns if re.search(r"\.\d+$", name)})
    found += [Problem("column given twice", str(path), name, "one column of a name") for name in doubled]
    if len(table) < 2:
        found.append(Problem("fewer than two rows", str(path)))
    return found


def _times(
    cells: pd.Series, path: Path, reading: Reading, lines: Sequence[int]
) -> tuple[pd.DatetimeIndex, list[Problem]]:
    """Return the times in the standard time of the island."""
    times, problems = read_times(cells, f"{path}, time", reading.timezone, lines)
    if problems:
        repair = f"say it: --timezone {reading.clock.timezone}, or write the offset (+09:00) behind each time"
        zoned = ("times without time zone", "unknown time zone")
        return times, [replace(one, repair=repair) if one.what in zoned else one for one in problems]
    return times.tz_convert(reading.clock.zone_of(int(times.min().year))), []


def _with_label(reading: Reading, cells: pd.Series, times: pd.DatetimeIndex) -> Reading:
    """Return the reading with what the times mark, told by the file's days where it is not stated."""
    if reading.label:
        return reading
    wall, step = reading.clock.wall(times), usual_step(times)
    first, last = (time - time.normalize() for time in (wall.min(), wall.max()))
    has_24 = cells.astype("string").str.contains(r"\b24:00", na=False).any()
    runs_to_24 = has_24 or (first == step and last == pd.Timedelta(0))
    return replace(reading, label="end" if runs_to_24 else "start")


def _step_problems(times: pd.DatetimeIndex, path: Path, reading: Reading) -> list[Problem]:
    where = f"{path}, time"
    if times.nunique() < 2:
        return [Problem("fewer than two different times", where, f"{len(times)} rows", "a row for each time")]
    step = usual_step(times)
    if step not in [pd.Timedelta(minutes=minutes) for minutes in STEP_MINUTES]:
        accepted = f"a row every {', '.join(map(str, STEP_MINUTES))} minutes"
        return [Problem("step not usable", where, f"{step / pd.Timedelta('1min'):g} minutes between rows", accepted)]
    off = times[times != times.floor(step)]
    if len(off):
        seen, accepted = f"{len(off)} times, the first {off[0]}", f"multiples of {step / pd.Timedelta('1min'):g} min"
        return [Problem("times off the grid of full steps", where, seen, accepted)]
    found = time_problems(times, pd.date_range(times.min(), times.max(), freq=step), where)
    if len(found) == 2 and times.duplicated().sum() == (times.max() - times.min()) / step + 1 - times.nunique():
        hint = "as many times are missing as doubled: a clock with daylight saving? Write UTC offsets"
        found.append(Problem("daylight saving?", where, hint))
    if reading.allow_gaps:
        return [problem for problem in found if problem.what != "gap"]
    repair = "write the row with an empty cell where nothing was measured, or --allow-gaps"
    return [replace(problem, repair=repair) if problem.what == "gap" else problem for problem in found]


def _value_problems(frame: pd.DataFrame, power: str, capacity_mw: float | None, path: Path) -> list[Problem]:
    found = []
    values = frame[power]
    if values.notna().sum() == 0:
        found.append(Problem("no measured value", f"{path}, {power}"))
    elif capacity_mw is None and values.min() < 0:
        found.append(Problem("negative demand", f"{path}, {power}", f"{(values < 0).sum()} rows", "0 or more"))
    elif capacity_mw is not None:
        share = values.max() / capacity_mw
        if not TOO_LITTLE <= share <= TOO_MUCH:
            guess = "kW or kWh given as MW?" if share > TOO_MUCH else "MW given as kW?"
            seen = f"largest {values.max():g} MW of {capacity_mw:g} MW ({guess})"
            found.append(
                Problem("wrong unit?", f"{path}, {power}", seen, f"{TOO_LITTLE} to {TOO_MUCH} of the capacity")
            )
    for name, (low, high) in {**PLAUSIBLE, "ghi": (-10.0, LARGEST_GHI_W_PER_M2)}.items():
        if name not in frame:
            continue
        outside = frame[name][(frame[name] < low) | (frame[name] > high)]
        if len(outside):
            seen = f"{len(outside)} rows, the first {outside.iloc[0]:g} in line {outside.index[0] + 2}"
            found.append(Problem("implausible value", f"{path}, {name}", seen, f"{low:g} to {high:g}"))
        limit, guess = MEANS.get(name, (np.inf, ""))
        if frame[name].mean() > limit:
            seen = f"mean {frame[name].mean():.1f} ({guess}?)"
            found.append(Problem("wrong unit?", f"{path}, {name}", seen, f"below {limit:g}"))
    return found


def _on_grid(frame: pd.DataFrame, power: str, path: Path, reading: Reading) -> Pair:
    step = usual_step(pd.DatetimeIndex(frame.index))
    if reading.label == "end":
        frame = frame.set_axis(pd.DatetimeIndex(frame.index) - step)
    index = pd.date_range(frame.index.min(), frame.index.max(), freq=step, name="time")
    absent = len(index) - len(frame)
    frame = frame.reindex(index)
    notes = [f"{absent} intervals have no row in the file and count as missing"] if absent else []
    notes += ["times are taken as the ends of their intervals"] if reading.label == "end" else []
    return Pair(index, frame[power].to_numpy(), frame.drop(columns=power), str(path), notes)


def require(kind: str) -> None:
    """Raise `InputError` for a kind that is none of `DRIVERS`."""
    if kind not in DRIVERS:
        raise InputError([Problem("no such kind", "validate", kind, ", ".join(DRIVERS), nearest(kind, DRIVERS))])


BIN_WIDTH = {"wind_speed": 1.0, "ghi": 100.0, "temp_air": 2.5}
UNITS = {"wind_speed": "m/s", "ghi": "W/m2", "temp_air": "C"}

FEWEST = 3
"""Bins and months with fewer pairs are left out."""

LARGEST_SHIFT_HOURS = 12.0
SHIFT_PROBLEM = {"wind": (1.0, 0.05), "pv": (1.0, 0.05), "demand": (2.0, 0.1)}
"""From how many hours and how much more correlation on a shift is a wrong clock."""

SUMMER, WINTER = SUMMER_MONTHS, WINTER_MONTHS
SAVING_HOURS, SAVING_GAIN = (0.6, 1.4), 0.01
"""Between these the shift of the summer and that of the winter differ by a clock, where that fits so much better."""

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


def best_shift(pair: Pair, model_mw: np.ndarray, months: Sequence[int] = ()) -> tuple[float, float, float]:
    """Return by how many hours measured power lags where it fits best, the correlation there, and that unshifted.

    Parameters
    ----------
    pair : Pair
    model_mw : numpy.ndarray
        (T,).
    months : sequence of int, optional
        Only what was measured in these months.
    """
    step = step_hours(pair.index)
    most = min(round(LARGEST_SHIFT_HOURS / step), len(pair.index) // 4)
    used = pair.complete & (pair.index.month.isin(months) if months else True)
    measured = pd.Series(np.where(used, pair.measured_mw, np.nan))
    model = pd.Series(model_mw)
    with np.errstate(invalid="ignore", divide="ignore"):
        fits = {shift: measured.corr(model.shift(shift)) for shift in range(-most, most + 1)}
    best = max(fits, key=lambda shift: (np.nan_to_num(fits[shift], nan=-1.0), -abs(shift)))
    return best * step, fits[best], fits[0]


def clock_problems(pair: Pair, model_mw: np.ndarray, kind: str, where: str) -> list[Problem]:
    """Return a problem where measured power follows its driver hours late or early; a small shift becomes a note."""
    saving = _saving_problems(pair, model_mw, where)
    if saving:
        return saving
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


def _saving_problems(pair: Pair, model_mw: np.ndarray, where: str) -> list[Problem]:
    """Return a problem where power and driver are an hour apart in summer and not in winter, or the reverse."""
    days = {months: pair.index[pair.complete & pair.index.month.isin(months)] for months in (SUMMER, WINTER)}
    if any(len(times.normalize().unique()) < DAYS_FOR_CLOCK for times in days.values()):
        return []
    (summer, best, plain), (winter, best_winter, plain_winter) = (
        best_shift(pair, model_mw, months) for months in (SUMMER, WINTER)
    )
    gains = [best - plain] * (summer != 0) + [best_winter - plain_winter] * (winter != 0)
    if not SAVING_HOURS[0] <= abs(summer - winter) <= SAVING_HOURS[1] or not min(gains, default=0.0) > SAVING_GAIN:
        return []
    seen = f"power is {summer:+g} h late in May to September, {winter:+g} h in November to February"
    repair = "write both with their UTC offset, or both in standard time"
    return [Problem("daylight saving in one of the two series", where, seen, "one clock for both", repair)]


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
