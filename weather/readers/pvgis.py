"""PVGIS: typical meteorological year and hourly series, CSV or JSON."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any

import pandas as pd
import pvlib

from twin.core.errors import InputError, Problem
from weather.readers.reading import INSTANTS, IRRADIANCE, Reading, WeatherFile, interval_starts
from weather.readers.text import first_line, read_text
from weather.readers.times import as_one_year, without_leap_day

WIND_HEIGHT_M = 10.0
"""PVGIS gives the wind speed at 10 m (column WS10m)."""

OFFSET_RASTER = "10min"
"""The satellite's instants are rounded to this raster, so that intervals of a study's step nest."""


def read_pvgis_tmy(file: WeatherFile) -> Reading:
    """Read a typical meteorological year of PVGIS (CSV or JSON, told by the suffix).

    Parameters
    ----------
    file : WeatherFile

    Returns
    -------
    Reading
        A standard year. Irradiance is the satellite's instantaneous value, taken as the mean of the hour around it.

    Raises
    ------
    InputError
        If the file is not what PVGIS writes.
    """
    data, meta = _parsed(file, pvlib.iotools.read_pvgis_tmy, as_bytes=True)
    return _reading(data, _irradiance_offset(meta), file, is_standard_year=True)


def read_pvgis_hourly(file: WeatherFile) -> Reading:
    """Read an hourly series of PVGIS on the horizontal plane (CSV or JSON, told by the suffix).

    Parameters
    ----------
    file : WeatherFile

    Returns
    -------
    Reading
        Series of real years; the times carry the satellite's minute.

    Raises
    ------
    InputError
        If the file is not what PVGIS writes or its plane is tilted.
    """
    data, meta = _parsed(file, pvlib.iotools.read_pvgis_hourly, as_bytes=False)
    tracking = _tracking(meta)
    if tracking:
        repair = "download again with a fixed mounting and slope 0 (irradiance is needed on the horizontal)"
        raise InputError([Problem("plane is not horizontal", str(file.path), tracking, "fixed, slope 0", repair)])
    slope = _slope(meta)
    if slope != 0.0:
        repair = "download again with slope 0 (global and diffuse irradiance are needed on the horizontal)"
        raise InputError([Problem("plane is not horizontal", str(file.path), f"slope {slope} degrees", "0", repair)])
    if "poa_global" in data:
        data = data.rename(columns={"poa_global": "ghi"})
    elif {"poa_direct", "poa_sky_diffuse"} <= set(data.columns):
        data["ghi"] = data["poa_direct"] + data["poa_sky_diffuse"]
        data["dhi"] = data["poa_sky_diffuse"]
    return _reading(data, pd.Timedelta(0), file, is_standard_year=False)


def _parsed(
    file: WeatherFile, parse: Callable[..., tuple[pd.DataFrame, dict[str, Any]]], as_bytes: bool
) -> tuple[pd.DataFrame, dict[str, Any]]:
    text = read_text(file.path, ("utf-8-sig", "latin-1"))
    kind = Path(file.path).suffix[1:].lower()
    buffer = BytesIO(text.encode()) if as_bytes and kind == "csv" else StringIO(text)
    try:
        return parse(buffer, pvgis_format=kind)
    except (ValueError, KeyError, IndexError, TypeError, StopIteration) as error:
        accepted = "CSV or JSON as PVGIS writes it"
        raise InputError([Problem("not a PVGIS file", str(file.path), first_line(error), accepted)]) from error


def _irradiance_offset(meta: dict[str, Any]) -> pd.Timedelta:
    """Return how long after the full hour the satellite looked (metadata of PVGIS 5.3, 0 before)."""
    inputs = meta["inputs"]
    in_json = inputs.get("location", {}).get("irradiance_time_offset", 0.0)
    hours = inputs.get("irradiance time offset", in_json)
    return pd.Timedelta(hours=float(hours)).round(OFFSET_RASTER)


TRACKERS = ("vertical_axis", "inclined_axis", "two_axis")
NOTHING = ("-", "")


def _tracking(meta: dict[str, Any]) -> str:
    """Return how the plane follows the sun, empty if it is fixed: by its name (JSON) or a slope or azimuth of "-"."""
    inputs = meta["inputs"]
    mounting = inputs.get("mounting_system", {})
    named = next((kind for kind in TRACKERS if kind in mounting), "")
    if named:
        return f"tracking plane ({named})"
    for key in ("Slope", "Azimuth"):
        if key in inputs and _angle(inputs[key]) in NOTHING:
            return f"tracking plane ({key}: {str(inputs[key]).strip()})"
    angle = mounting.get("fixed", {}).get("slope", {}).get("value", 0.0)
    return "fixed plane whose slope is not stated" if angle is None else ""


def _slope(meta: dict[str, Any]) -> float:
    inputs = meta["inputs"]
    fixed = inputs.get("mounting_system", {}).get("fixed", {}).get("slope", {}).get("value")
    return float(_angle(inputs.get("Slope", "0") if fixed is None else fixed) or 0)


def _angle(written: object) -> str:
    return next(iter(str(written).split()), "").rstrip("deg°.").rstrip()


def _reading(data: pd.DataFrame, offset: pd.Timedelta, file: WeatherFile, is_standard_year: bool) -> Reading:
    interval = pd.Timedelta(hours=1)
    data = data[data.index.notna()]  # pvlib counts rows: of a file that was cut off it takes what follows for times
    if is_standard_year:
        data = without_leap_day(data)
        data = data.set_axis(as_one_year(pd.DatetimeIndex(data.index)))
    instants = pd.DatetimeIndex(data.index)
    satellite = (instants + offset).round(OFFSET_RASTER)
    means = data[[name for name in IRRADIANCE if name in data]].astype(float)
    surface = data[[name for name in INSTANTS if name in data]].astype(float)
    label = file.label or "centre"
    return Reading(
        means.set_axis(interval_starts(satellite, interval, label)),
        interval,
        surface.set_axis(instants),
        is_standard_year,
        file.wind_height_m or WIND_HEIGHT_M,
        label,
    )
