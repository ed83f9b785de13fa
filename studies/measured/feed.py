"""Read the public feed of an active network management, and find where it stands still, is shifted or stuck."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from studies.measured.files import tables_in
from twin.core.errors import InputError, Problem, raise_if_any
from twin.core.tables import Tables
from weather.readers.text import numbers, read_cells, read_text
from weather.readers.times import read_times

QUANTITIES = ("demand", "uncontrolled", "controlled", "wind", "circuit_out")
NEEDED = ("demand", "uncontrolled", "wind")
STANDS_STILL_MINUTES = 60
"""Measured MW with three digits that do not move for an hour are carried on, not measured."""

STUCK_HOURS, IMPORT_SHARE = 24.0, 1.0 / 3.0
"""A zone that stays on for so long while the islands import for so much of it is a stuck display; judged by the rows
in which the feed moves."""

WIND_STILL_HOURS = 3
"""Wind with one digit that does not move for so long is carried on, not measured."""

LARGEST_LAG_HOURS, LAG_HOURS, LAG_GAIN = 6, 0.75, 0.03
"""Output follows the wind at one site within this; another lag has to fit so much better to be a shifted clock."""

CHANGE_HOURS, PART_DAYS, PART_FIT, LEAST_FIT = 3, 14, 0.3, 0.2
"""The clock is judged by changes over so many hours, on the whole and by parts of so many days that fit so well; a
worse fit than the last of all together is wind of another place or time."""

LEAST_MOVING = 0.5
"""Less than this share of steps in which everything moves is another step, or files of different times."""

SHOWN_FILES, SHOWN_LETTERS = 5, 60
"""So many files, and so much of their first line, are shown where a column is missing."""

FEW = 0.01
"""Up to this share of rows off the grid of steps are left out and counted; more are another step or clock."""

WIND_FILLED_HOURS = 6
"""Gaps of the wind up to this long are filled with the value before."""


@dataclass(frozen=True)
class Feed:
    """A feed on a gapless index.

    Attributes
    ----------
    index : pandas.DatetimeIndex
        (T,) UTC, label = start.
    values : pandas.DataFrame
        (T,) columns `QUANTITIES` as far as there are any; NaN where missing; MW, m/s, 0 or 1.
    status : pandas.DataFrame
        (T,) one column a status of the feed, 0 to 1; NaN where missing.
    zone_of : dict of str to str
        Zone of each status.
    stands_still : numpy.ndarray, (T,) bool
        Where some MW is missing or has not moved for an hour.
    stuck : pandas.DataFrame
        (T,) bool, where a status is a stuck display.
    record : dict of str to float or str
        What was found and masked, for people.
    """

    index: pd.DatetimeIndex
    values: pd.DataFrame
    status: pd.DataFrame
    zone_of: dict[str, str]
    stands_still: np.ndarray
    stuck: pd.DataFrame
    record: dict[str, float | str]

    @property
    def step_hours(self) -> float:
        """Length of a step."""
        return float((self.index[1] - self.index[0]) / pd.Timedelta("1h"))

    def series(self, quantity: str) -> np.ndarray:
        """Return a quantity, (T,); 0 for an outage that no column declares."""
        if quantity not in self.values:
            return np.zeros(len(self.index))
        result: np.ndarray = self.values[quantity].to_numpy(float)
        return result

    def zone_on(self, zone: str) -> np.ndarray:
        """Return whether any status of a zone is on, (T,)."""
        names = [name for name, of_zone in self.zone_of.items() if of_zone == zone]
        result: np.ndarray = (self.status[names] > 0.0).any(axis=1).to_numpy()
        return result

    def counts(self, zone: str) -> np.ndarray:
        """Return where a zone may be scored: the feed moves and none of its status is missing or stuck, (T,)."""
        names = [name for name, of_zone in self.zone_of.items() if of_zone == zone]
        is_bad = self.stuck[names].any(axis=1) | self.status[names].isna().any(axis=1)
        result: np.ndarray = ~self.stands_still & ~is_bad.to_numpy()
        return result


def read_feed(tables: Tables, folder: Path) -> Feed:
    """Read all files of a folder that have columns of ``feed_columns.csv``.

    Parameters
    ----------
    tables : Tables
    folder : pathlib.Path
        CSV files in it and in its folders; those without the time column and at least one other are left alone.

    Raises
    ------
    InputError
        Where columns are missing or stand in several files; times that cannot be read, are off the grid of steps, or
        stand twice with different values; text in numbers; impossible values; fewer than half of the steps with values
        that move; a clock or a wind that does not fit the output.
    """
    rows = tables["feed_columns"]
    (time_column,) = rows.loc[rows["use"] == "time", "column"]
    minutes = int(rows.loc[rows["use"] == "time", "step_minutes"].iloc[0])
    declared = rows[rows["use"] != "time"].set_index("column")
    problems: list[Problem] = []
    parts: dict[str, pd.DataFrame] = {}
    heads: dict[str, str] = {}
    left_out = np.zeros(2, dtype=int)
    for path in tables_in(folder) if folder.is_dir() else []:
        with path.open(encoding="utf-8-sig", errors="replace") as file:
            heads[path.name] = file.readline().strip().replace("\0", "")
        head = heads[path.name].split(",")
        columns = [name for name in head if name in set(declared.index)]
        if time_column in head and columns:
            parts[str(path)], counts = _read(path, time_column, columns, minutes, problems)
            left_out += counts
    problems += _column_problems(declared, parts, heads, folder)
    raise_if_any(problems)
    whole = pd.concat(parts.values(), axis=1)
    index = pd.date_range(whole.index.min(), whole.index.max(), freq=f"{minutes}min", name="time")
    frame = whole.reindex(index)
    raise_if_any(_value_problems(frame, declared, folder))
    by_use = {str(use): str(name) for name, use in declared["use"].items() if use in QUANTITIES and name in frame}
    values = pd.DataFrame({use: frame[name] for use, name in by_use.items()})
    status = frame[[str(name) for name in declared.index[declared["use"] == "status"] if name in frame]]
    zone_of = {str(name): str(declared["zone"].loc[str(name)]) for name in status}
    feed = _judged(values, status, zone_of, minutes, left_out, tuple(parts))
    raise_if_any(_rest_problems(feed, folder) or _clock_problems(feed, minutes, folder))
    return feed


def _read(
    path: Path, time_column: str, columns: Sequence[str], minutes: int, problems: list[Problem]
) -> tuple[pd.DataFrame, tuple[int, int]]:
    """Return the columns of a file by time; how many rows stood twice with the same values, how many off the grid."""
    table = read_cells(read_text(path, ("utf-8-sig",)), path, index_col=False)
    lines = range(2, len(table) + 2)
    times, found = read_times(table[time_column], f"{path}, {time_column}", "UTC", lines)
    problems += found
    frame = pd.DataFrame(index=table.index)
    for name in columns:
        frame[name], wrong = numbers(table[name], f"{path}, {name}", lines)
        problems += wrong
    if found:
        return frame.iloc[:0], (0, 0)
    frame.index = times.tz_convert("UTC")
    off = frame.index[frame.index != frame.index.floor(f"{minutes}min")]
    frame = frame.drop(index=off)
    if len(off) > FEW * len(table):
        seen = f"{len(off)} times, the first {off[0]}"
        problems.append(Problem("times off the grid of steps", f"{path}, {time_column}", seen, f"every {minutes} min"))
    again = frame.reset_index(names="time").drop_duplicates().set_index("time")
    clash = again.index[again.index.duplicated()]
    if len(clash):
        seen = f"{len(clash)} times, the first {clash[0]}"
        repair = "two clocks in one file, or daylight saving: write UTC"
        problems.append(Problem("a time stands twice with different values", str(path), seen, repair=repair))
    return again[~again.index.duplicated()].sort_index(), (len(frame) - len(again), len(off))


def _column_problems(
    declared: pd.DataFrame, parts: dict[str, pd.DataFrame], heads: dict[str, str], folder: Path
) -> list[Problem]:
    found = []
    seen = "; ".join(f"{name} begins with {head[:SHOWN_LETTERS]!r}" for name, head in list(heads.items())[:SHOWN_FILES])
    for name in list(map(str, declared.index)):
        holders = [path for path, frame in parts.items() if name in frame]
        if len(holders) > 1:
            repair = "leave one of them in the folder"
            places = ", ".join(Path(path).name for path in holders)
            found.append(Problem("a column stands in several files", f"{folder}, {name}", places, "one", repair))
        if not holders and declared["use"].loc[name] in NEEDED:
            accepted = "columns of feed_columns.csv, separated by commas"
            repair = f"add the file with {name}, or rename its column"
            where = f"{folder}, {name}"
            found.append(Problem("no file has this column", where, seen or "no CSV file", accepted, repair))
    return found


def _value_problems(frame: pd.DataFrame, declared: pd.DataFrame, folder: Path) -> list[Problem]:
    found = []
    for name in list(map(str, frame.columns)):
        low, high = declared["lowest"].loc[name], declared["highest"].loc[name]
        outside = frame[name][(frame[name] < low) | (frame[name] > high)]
        if len(outside):
            seen = f"{len(outside)} rows, the first {outside.iloc[0]:g} at {outside.index[0]}"
            found.append(Problem("impossible value", f"{folder}, {name}", seen, f"{low:g} to {high:g}"))
    return found


def _rest_problems(feed: Feed, folder: Path) -> list[Problem]:
    """Tell where hardly any step has everything."""
    if (~feed.stands_still).mean() >= LEAST_MOVING:
        return []
    rows = len(feed.index)
    missing = ", ".join(f"{name} {int(feed.values[name].isna().sum())}" for name in feed.values)
    seen = f"{int((~feed.stands_still).sum())} of {rows} steps from {feed.index[0]} to {feed.index[-1]}; without "
    accepted = f"{LEAST_MOVING:.0%} of them in which demand, output and wind are there and move"
    repair = "leave files of one winter with the step of the table in the folder"
    return [Problem("too few steps to say anything", str(folder), f"{seen}a value: {missing}", accepted, repair)]


def _clock_problems(feed: Feed, minutes: int, folder: Path) -> list[Problem]:
    """Hold changes of the output against those of the wind: on the whole, then by parts of the time."""
    per_hour = 60 // minutes
    output, wind = (
        feed.values[name].where(~feed.stands_still).diff(CHANGE_HOURS * per_hour) for name in ("uncontrolled", "wind")
    )
    lag, fit, as_given = _lag(output, wind, per_hour)
    if fit < LEAST_FIT:
        seen = f"correlation of changes over {CHANGE_HOURS} h: {fit:.2f}"
        repair = "take the wind of this place and time"
        return [Problem("output does not follow the wind", str(folder), seen, f"{LEAST_FIT} or more", repair)]
    parts = (feed.index - feed.index[0]) // pd.Timedelta(days=PART_DAYS)
    found = []
    for part in [None, *np.unique(parts)]:
        if part is not None:
            mine = parts == part
            lag, fit, as_given = _lag(output.where(mine), wind, per_hour)
        if abs(lag) <= LAG_HOURS or not fit - as_given > LAG_GAIN or fit < (LEAST_FIT if part is None else PART_FIT):
            continue
        when = "" if part is None else f" from {feed.index[mine][0]:%Y-%m-%d} to {feed.index[mine][-1]:%Y-%m-%d}"
        seen = f"output follows the wind {lag:+.1f} h late{when}: correlation {fit:.2f}, as given {as_given:.2f}"
        accepted = "wind and output at the same time"
        found.append(Problem("shifted clock", str(folder), seen, accepted, "bring both to UTC"))
        if part is None:
            break
    return found


def _lag(output: pd.Series, wind: pd.Series, per_hour: int) -> tuple[float, float, float]:
    """Return by how many hours the output is best behind the wind, the correlation there and without a lag."""
    steps = LARGEST_LAG_HOURS * per_hour
    if not (output.std() > 0.0 and wind.std() > 0.0):
        return 0.0, 0.0, 0.0
    fits = {lag: float(output.corr(wind.shift(lag))) for lag in range(-steps, steps + 1)}
    best = max(fits, key=lambda lag: (np.nan_to_num(fits[lag], nan=-1.0), -abs(lag)))
    return best / per_hour, fits[best], fits[0]


def _judged(
    values: pd.DataFrame,
    status: pd.DataFrame,
    zone_of: dict[str, str],
    minutes: int,
    left_out: np.ndarray,
    files: tuple[str, ...],
) -> Feed:
    rows = STANDS_STILL_MINUTES // minutes
    feeds = [name for name in ("demand", "uncontrolled", "controlled") if name in values]
    still = np.column_stack([_unchanged(values[name], rows) | values[name].isna() for name in feeds]).any(axis=1)
    short = values["demand"] - values["uncontrolled"] - values.get("controlled", 0.0)
    imports = pd.Series(np.where(still, np.nan, (short > 0.0).to_numpy(float)), values.index)
    stuck = pd.DataFrame({name: _stuck(status[name], imports, minutes) for name in status}, index=status.index)
    limit = WIND_FILLED_HOURS * 60 // minutes
    wind_still = _unchanged(values["wind"], WIND_STILL_HOURS * 60 // minutes)
    wind = values["wind"].ffill(limit=limit).mask(wind_still)
    record: dict[str, float | str] = {
        "files": ", ".join(Path(file).name for file in files),
        "rows": len(values),
        "rows_missing": int(values[feeds].isna().all(axis=1).sum()),
        "rows_doubled": int(left_out[0]),
        "rows_off_the_grid": int(left_out[1]),
        "rows_feed_stands_still": int(still.sum()),
        "percent_feed_stands_still": round(100.0 * float(still.mean()), 2),
        "rows_wind_filled": int((values["wind"].isna() & wind.notna()).sum()),
        "rows_wind_stands_still": int(wind_still.sum()),
        "rows_wind_missing": int(wind.isna().sum()),
    }
    record |= {f"rows_{name}_stuck": int(stuck[name].sum()) for name in stuck if stuck[name].any()}
    index = pd.DatetimeIndex(values.index)
    return Feed(index, values.assign(wind=wind), status, zone_of, still | wind.isna().to_numpy(), stuck, record)


def _unchanged(series: pd.Series, rows: int) -> np.ndarray:
    """Return where a value stands in a run of at least so many equal ones, (T,)."""
    run = (series != series.shift()).cumsum()
    result: np.ndarray = (run.groupby(run).transform("size") >= rows).to_numpy()
    return result


def _stuck(status: pd.Series, imports: pd.Series, minutes: int) -> np.ndarray:
    is_on = status > 0.0
    run = (is_on != is_on.shift()).cumsum()
    long = run.groupby(run).transform("size") >= STUCK_HOURS * 60 / minutes
    result: np.ndarray = (is_on & long & (imports.groupby(run).transform("mean") >= IMPORT_SHARE)).to_numpy()
    return result


def required(data: Path | None) -> Path:
    """Return the data folder; raise `InputError` where none was named."""
    if data is None:
        raise InputError([Problem("measured data needed", "--data", repair="name the folder by --data DIR")])
    return data
