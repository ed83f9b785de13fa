"""Files of data services: NSRDB, TMY3, NASA POWER, Open-Meteo, Solargis, renewables.ninja, Meteostat and METPV."""

from __future__ import annotations

import datetime
import math
import re
from collections.abc import Callable, Mapping, Sequence
from io import StringIO
from typing import Any

import numpy as np
import pandas as pd
import pvlib

from twin.core.errors import InputError, Problem, raise_if_any
from weather.readers.plain import TIME, Table, table_in
from weather.readers.reading import (
    INSTANTS,
    IRRADIANCE,
    JAPAN_STANDARD_TIME,
    WIND_IN_DOUBT,
    WIND_UNITS,
    Reading,
    WeatherFile,
    at_interval_middles,
    interval_starts,
)
from weather.readers.text import first_line, listed_cells, read_cells, read_text
from weather.readers.times import as_one_year, read_times, spacing_of, without_leap_day

ENCODINGS = ("utf-8-sig", "latin-1")
UTC = "UTC"
TEN_METRES = 10.0
SHOWN_COLUMNS = 12


def _reading(
    frame: pd.DataFrame,
    file: WeatherFile,
    label: str,
    wind_height_m: float | None,
    surface_is_mean: bool = False,
    is_standard_year: bool = False,
    wind_in_doubt: float = WIND_IN_DOUBT,
    notes: tuple[str, ...] = (),
) -> Reading:
    """Return the reading of a frame on the file's own times."""
    times = pd.DatetimeIndex(frame.index)
    interval = spacing_of(times, str(file.path))
    label = file.label or label
    starts = interval_starts(times, interval, label)
    frame = _floats(frame[[name for name in (*IRRADIANCE, *INSTANTS) if name in frame]], file)
    surface = frame[[name for name in INSTANTS if name in frame]]
    return Reading(
        means=frame[[name for name in IRRADIANCE if name in frame]].set_axis(starts),
        interval=interval,
        instants=at_interval_middles(surface.set_axis(starts), interval) if surface_is_mean else surface,
        is_standard_year=is_standard_year,
        wind_height_m=file.wind_height_m or wind_height_m,
        label=label,
        wind_in_doubt=wind_in_doubt,
        notes=notes,
    )


def _floats(frame: pd.DataFrame, file: WeatherFile) -> pd.DataFrame:
    """Return the columns as numbers, whatever a library took them for."""
    values: pd.DataFrame = frame.apply(pd.to_numeric, errors="coerce").astype(float)
    is_text = values.isna() & frame.notna()
    raise_if_any([
        Problem("text where a number belongs", f"{file.path}, {name}",
                f"{int(is_text[name].sum())} values, the first {str(frame[name][is_text[name]].iloc[0])[:60]!r}",
                "a number", "correct the cells")
        for name in frame if is_text[name].any()
    ])  # fmt: skip
    return values


def _parsed(
    parse: Callable[..., tuple[pd.DataFrame, dict[str, Any]]], file: WeatherFile, name: str
) -> tuple[pd.DataFrame, dict[str, Any]]:
    try:
        return parse(StringIO(read_text(file.path, ENCODINGS)), map_variables=True)
    except (ValueError, LookupError, TypeError, AttributeError, StopIteration) as error:  # raised inside pvlib
        raise InputError([Problem(f"not a file of {name}", str(file.path), first_line(error))]) from error


def _is_put_together(times: pd.DatetimeIndex) -> bool:
    """Return whether the months are from several years that do not follow each other."""
    return len(set(times.year)) > 1 and not bool((times[1:] > times[:-1]).all() and _is_dense(times))


def _is_dense(times: pd.DatetimeIndex) -> bool:
    days = (times.max() - times.min()) / pd.Timedelta(days=1)
    return bool(times.normalize().nunique() > days / 2.0)


def read_nsrdb(file: WeatherFile) -> Reading:
    """Read a file of the NSRDB (PSM3, PSM4; one year or a typical one): values at the instants of its times.

    The height of the wind is not in the file: `file.wind_height_m` states it.
    """
    data, _ = _parsed(pvlib.iotools.read_nsrdb_psm4, file, "NSRDB")
    times = pd.DatetimeIndex(data.index)
    is_standard = _is_put_together(times)
    if is_standard:
        data = without_leap_day(data)
        data = data.set_axis(as_one_year(pd.DatetimeIndex(data.index)))
    return _reading(data, file, "centre", None, is_standard_year=is_standard)


MISSING_IN_TMY3 = -9000.0


def read_tmy3(file: WeatherFile) -> Reading:
    """Read a TMY3 file: irradiance of the hour before the time, temperature and wind (10 m) at it."""
    data, _ = _parsed(pvlib.iotools.read_tmy3, file, "TMY3")
    data = _floats(data[[name for name in (*IRRADIANCE, *INSTANTS) if name in data]], file)
    data = without_leap_day(data.mask(data < MISSING_IN_TMY3))
    ends = as_one_year(pd.DatetimeIndex(data.index))
    return _reading(data.set_axis(ends), file, "end", TEN_METRES, is_standard_year=True)


def _found(table: Table, names: Mapping[str, str], file: WeatherFile) -> pd.DataFrame:
    frame, problems = table.numbers({column: name for column, name in names.items() if column in table.cells}, file)
    raise_if_any(problems)
    return frame


def _absent(table: Table, columns: Sequence[str], file: WeatherFile) -> list[Problem]:
    missing = ", ".join(name for name in columns if name not in table.cells)
    seen = ", ".join(map(str, table.cells.columns[:SHOWN_COLUMNS]))
    return [Problem(f"no column {missing}", str(file.path), seen, ", ".join(columns))] if missing else []


def _timed(frame: pd.DataFrame, cells: pd.Series, table: Table, file: WeatherFile, zone: str) -> pd.DataFrame:
    times, problems = read_times(cells, f"{file.path}, times", zone, table.lines)
    raise_if_any(problems)
    return frame.set_axis(times)


NASA_COLUMNS = {
    "ALLSKY_SFC_SW_DWN": "ghi",
    "ALLSKY_SFC_SW_DNI": "dni",
    "ALLSKY_SFC_SW_DIFF": "dhi",
    "T2M": "temp_air",
}
NASA_WIND = {"WS10M": 10.0, "WS50M": 50.0, "WS2M": 2.0}
NASA_UNITS = {r"kW-?hr?/m\^?2": 1000.0, r"MJ/(hr|m\^?2)": 1e6 / 3600.0, r"Wh?/m\^?2": 1.0}
MISSING_IN_NASA = -900.0


def read_nasa_power(file: WeatherFile) -> Reading:
    """Read hourly CSV of NASA POWER in UTC: means of the hour that starts at its time."""
    text = read_text(file.path, ENCODINGS)
    header = text.split("-END HEADER-")[0]
    if re.search(r"\bLST\b|local solar", header, re.IGNORECASE):
        repair = "download again with time standard UTC"
        raise InputError([Problem("times in local solar time", str(file.path), "LST", "UTC", repair)])
    wind = next((name for name in NASA_WIND if re.search(rf"\b{name}\b", header)), "WS10M")
    columns = NASA_COLUMNS | {wind: "wind_speed"}
    table = table_in(text, file, {TIME: "YEAR"} | {name: column for column, name in columns.items()})
    frame = _found(table, columns, file)
    frame = frame.mask(frame < MISSING_IN_NASA)
    for column, name in NASA_COLUMNS.items():
        if name in frame and name in IRRADIANCE:
            frame[name] *= _nasa_unit(header, column, file)
    raise_if_any(_absent(table, ("YEAR", "MO", "DY", "HR"), file))
    parts = table.cells[["YEAR", "MO", "DY", "HR"]].astype(str)
    cells = parts["YEAR"] + "-" + parts["MO"] + "-" + parts["DY"] + " " + parts["HR"] + ":00"
    frame = _timed(frame, cells, table, file, UTC)
    return _reading(frame, file, "start", NASA_WIND[wind], surface_is_mean=True, wind_in_doubt=math.inf)


def _nasa_unit(header: str, column: str, file: WeatherFile) -> float:
    line = next((line for line in header.splitlines() if re.match(rf"\s*{column}\b", line)), "")
    unit = line[line.rfind("(") :]
    factor = next((value for pattern, value in NASA_UNITS.items() if re.search(pattern, unit)), None)
    if factor is None:
        accepted = "a line of the header with (Wh/m^2), (kW-hr/m^2) or (MJ/hr)"
        raise InputError([Problem("unit of the irradiance unknown", f"{file.path}, {column}", line.strip(), accepted)])
    return factor


OPEN_METEO_COLUMNS = {
    "shortwave_radiation": "ghi",
    "direct_normal_irradiance": "dni",
    "diffuse_radiation": "dhi",
    "temperature_2m": "temp_air",
}
OPEN_METEO_WIND = re.compile(r"wind_?speed_(\d+)m")
WIND_UNIT_NAMES = {"m/s": "m/s", "km/h": "km/h", "kn": "knots", "mp/h": "mph", "mph": "mph"}


def read_open_meteo(file: WeatherFile) -> Reading:
    """Read CSV of Open-Meteo: irradiance is the mean of the hour before, temperature and wind are of the instant."""
    text = read_text(file.path, ENCODINGS)
    lines = [*text.splitlines(), "", ""]
    keys, values = (line.split(",") for line in lines[:2])
    offset = dict(zip(keys, values, strict=False)).get("utc_offset_seconds", "0")
    header = next((line for line in lines if line.startswith("time,")), "").split(",")
    if not re.fullmatch(r"[+-]?\d+", offset.strip()) or len(header) < 2:
        seen = f"line 2: {lines[1][:60]!r}; {'header found' if len(header) > 1 else 'no line that starts with time,'}"
        accepted = "two lines with utc_offset_seconds, then a table that starts with time,"
        raise InputError([Problem("not a file of Open-Meteo", str(file.path), seen, accepted)])
    shift = float(offset)
    columns, factors, height = _open_meteo_columns(header)
    table = table_in(text, file, {TIME: TIME} | {name: column for column, name in columns.items()})
    frame = _found(table, columns, file)
    for name, (factor, zero) in factors.items():
        frame[name] = (frame[name] - zero) * factor
    is_epoch = table.cells[TIME].str.fullmatch(r"\d{9,10}").all()
    frame = _timed(frame, table.cells[TIME], table, file, UTC)
    if not is_epoch:
        frame.index = pd.DatetimeIndex(frame.index) - pd.Timedelta(seconds=shift)
    return _reading(frame, file, "end", height, wind_in_doubt=math.inf)


def _open_meteo_columns(header: list[str]) -> tuple[dict[str, str], dict[str, tuple[float, float]], float | None]:
    """Return variable by column, factor and zero point by variable, and the height of the wind."""
    columns: dict[str, str] = {}
    factors: dict[str, tuple[float, float]] = {}
    height = None
    for column in header:
        name, _, unit = column.partition(" (")
        unit = unit.rstrip(") \r")
        wind = OPEN_METEO_WIND.fullmatch(name)
        if name in OPEN_METEO_COLUMNS:
            columns[column.strip()] = OPEN_METEO_COLUMNS[name]
            if unit.endswith("F"):
                factors["temp_air"] = (5.0 / 9.0, 32.0)
        elif wind and height is None:
            columns[column.strip()], height = "wind_speed", float(wind[1])
            factors["wind_speed"] = (WIND_UNITS[WIND_UNIT_NAMES.get(unit, "m/s")], 0.0)
    return columns, factors, height


SOLARGIS_COLUMNS = {"GHI": "ghi", "DNI": "dni", "DIF": "dhi", "TEMP": "temp_air", "WS": "wind_speed"}
SOLARGIS_LABELS = {"center": "centre", "centre": "centre", "start": "start", "begin": "start", "end": "end"}


def read_solargis(file: WeatherFile) -> Reading:
    """Read a time series of Solargis: label, unit and zone are taken from its header."""
    text = read_text(file.path, ENCODINGS)
    header = "\n".join(line for line in text.splitlines() if line.startswith("#"))
    table = table_in(text, file, {TIME: "Date"} | {name: column for column, name in SOLARGIS_COLUMNS.items()})
    frame = _found(table, SOLARGIS_COLUMNS, file)
    irradiance = [name for name in IRRADIANCE if name in frame]
    frame[irradiance] = frame[irradiance].mask(frame[irradiance] <= -9.0)
    surface = [name for name in INSTANTS if name in frame]
    frame[surface] = frame[surface].mask(frame[surface] <= -99.0)
    offset = re.search(r"time reference UTC([+-]\d+)", header)
    hours = float(offset[1]) if offset else 0.0
    frame = _timed(frame, table.cells["Date"] + " " + table.cells["Time"], table, file, UTC)
    frame.index = pd.DatetimeIndex(frame.index) - pd.Timedelta(hours=hours)
    if "[Wh/m2]" in header:
        frame[irradiance] /= spacing_of(pd.DatetimeIndex(frame.index), str(file.path)) / pd.Timedelta(hours=1)
    stated = re.search(r"(center|centre|start|begin|end)\w* of the averaging interval", header)
    label = SOLARGIS_LABELS[stated[1]] if stated else "centre"
    return _reading(frame, file, label, TEN_METRES, surface_is_mean=True, wind_in_doubt=math.inf)


NINJA_COLUMNS = {"swgdn": "ghi", "t2m": "temp_air", "temperature": "temp_air", "wind_speed": "wind_speed"}


def read_ninja(file: WeatherFile) -> Reading:
    """Read weather of renewables.ninja (MERRA-2): means of the hour that starts at its UTC time.

    Wind needs `file.wind_height_m`: it is at the height that the user asked for.
    """
    text = read_text(file.path, ENCODINGS)
    table = table_in(
        text, file, {TIME: TIME} | {name: column for column, name in NINJA_COLUMNS.items()} | {"ghi": "swgdn"}
    )
    frame = _timed(_found(table, NINJA_COLUMNS, file), table.cells[TIME], table, file, UTC)
    return _reading(frame, file, "start", None, surface_is_mean=True)


METEOSTAT_BULK = (
    "date",
    "hour",
    "temp",
    "dwpt",
    "rhum",
    "prcp",
    "snow",
    "wdir",
    "wspd",
    "wpgt",
    "pres",
    "tsun",
    "coco",
)


def read_meteostat(file: WeatherFile) -> Reading:
    """Read hourly CSV of Meteostat, with or without header: temperature and wind (km/h, 10 m) at UTC times."""
    text = read_text(file.path, ENCODINGS)
    columns = {"temp": "temp_air", "wspd": "wind_speed"}
    if text[:4].isdigit():
        cells = read_cells(text, file.path, header=None)
        if cells.shape[1] != len(METEOSTAT_BULK):
            accepted = ", ".join(METEOSTAT_BULK)
            raise InputError([Problem("wrong number of columns", str(file.path), f"{cells.shape[1]}", accepted)])
        table = Table(cells.set_axis(list(METEOSTAT_BULK), axis=1), 1)
    else:
        first = "date" if text.startswith("date") else TIME
        table = table_in(text, file, {TIME: first} | {name: column for column, name in columns.items()})
    frame = _found(table, columns, file)
    if "wind_speed" in frame:
        frame["wind_speed"] *= WIND_UNITS["km/h"]
    if TIME in table.cells:
        cells_of_time = table.cells[TIME]
    else:
        raise_if_any(_absent(table, ("date", "hour"), file))
        cells_of_time = table.cells["date"] + " " + table.cells["hour"] + ":00"
    frame = _timed(frame, cells_of_time, table, file, UTC)
    return _reading(frame, file, "end", TEN_METRES, wind_in_doubt=math.inf)


METPV_ELEMENTS = {1: ("ghi", 1e4 / 3600.0), 3: ("dhi", 1e4 / 3600.0), 5: ("temp_air", 0.1), 6: ("wind_speed", 0.1)}
METPV_MISSING = 8888
FIRST_HOUR = 4
HOURS_OF_DAY = 24


def read_metpv(file: WeatherFile) -> Reading:
    """Read METPV-11 or METPV-20 of NEDO: a typical year, one row per element and day with the hours 1 to 24.

    Global and diffuse irradiation are 0.01 MJ/m2 of the hour before, temperature 0.1 C and wind 0.1 m/s at the hour.
    """
    text = read_text(file.path, ("utf-8-sig", "cp932"))
    rows = [(line, row.split(",")) for line, row in enumerate(text.splitlines()[1:], 2) if row.strip()]
    bad = [(line, ",".join(cells)) for line, cells in rows if not _is_metpv_row(cells)]
    if bad or not rows:
        accepted = "element, month, day, year, 24 values"
        raise InputError([Problem("row cannot be read", str(file.path), listed_cells(bad) or "no row", accepted)])
    values = np.array([[float(cell) for cell in cells[: FIRST_HOUR + HOURS_OF_DAY]] for _, cells in rows])
    columns = {}
    for element, (name, unit) in METPV_ELEMENTS.items():
        own = values[values[:, 0] == element]
        days = pd.to_datetime({"year": own[:, 3], "month": own[:, 1], "day": own[:, 2]})
        hours = own[:, FIRST_HOUR:]
        starts = np.repeat(days.to_numpy(), HOURS_OF_DAY) + np.tile(
            np.arange(HOURS_OF_DAY), len(days)
        ) * np.timedelta64(1, "h")
        columns[name] = pd.Series(np.where(hours == METPV_MISSING, np.nan, hours * unit).ravel(), starts)
    frame = _one_index(columns, file)
    zone = datetime.timezone(datetime.timedelta(hours=9), JAPAN_STANDARD_TIME)
    frame = without_leap_day(frame.set_axis(pd.DatetimeIndex(frame.index).tz_localize(zone)))
    ends = as_one_year(pd.DatetimeIndex(frame.index)) + pd.Timedelta(hours=1)
    return _reading(frame.set_axis(ends), file, "end", None, is_standard_year=True)


def _is_metpv_row(cells: list[str]) -> bool:
    return len(cells) >= FIRST_HOUR + HOURS_OF_DAY and all(
        re.fullmatch(r"\s*-?\d+(\.\d+)?\s*", cell) for cell in cells[: FIRST_HOUR + HOURS_OF_DAY]
    )


def _one_index(columns: Mapping[str, pd.Series], file: WeatherFile) -> pd.DataFrame:
    for name, series in columns.items():
        doubled = series.index[series.index.duplicated()]
        if len(doubled):
            seen = f"{len(doubled)} times, first {doubled[0]}"
            raise InputError([Problem("time occurs twice", f"{file.path}, {name}", seen, "each day once per element")])
    return pd.DataFrame(dict(columns))
