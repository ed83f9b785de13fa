"""PVGIS: typical meteorological year and hourly series, CSV or JSON."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any

import pandas as pd
import pvlib

from twin.core.errors import InputError, Problem
from weather.readers.reading import INSTANTS, IRRADIANCE, Reading, WeatherFile
from weather.readers.text import read_text

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
    except (ValueError, KeyError, IndexError, TypeError) as error:
        accepted = "CSV or JSON as PVGIS writes it"
        raise InputError([Problem("not a PVGIS file", str(file.path), str(error), accepted)]) from error


def _irradiance_offset(meta: dict[str, Any]) -> pd.Timedelta:
    """Return how long after the full hour the satellite looked (metadata of PVGIS 5.3, 0 before)."""
    inputs = meta["inputs"]
    in_json = inputs.get("location", {}).get("irradiance_time_offset", 0.0)
    hours = inputs.get("irradiance time offset", in_json)
    return pd.Timedelta(hours=float(hours)).round(OFFSET_RASTER)


def _slope(meta: dict[str, Any]) -> float:
    inputs = meta["inputs"]
    fixed = inputs.get("mounting_system", {}).get("fixed", {}).get("slope", {}).get("value")
    written = inputs.get("Slope", "0") if fixed is None else fixed
    return float(str(written).split()[0].rstrip("deg°.").rstrip() or 0)


def _reading(data: pd.DataFrame, offset: pd.Timedelta, file: WeatherFile, is_standard_year: bool) -> Reading:
    interval = pd.Timedelta(hours=1)
    instants = pd.DatetimeIndex(data.index)
    satellite = (instants + offset).round(OFFSET_RASTER)
    means = data[[name for name in IRRADIANCE if name in data]].astype(float)
    surface = data[[name for name in INSTANTS if name in data]].astype(float)
    return Reading(
        means.set_axis(satellite - interval / 2),
        interval,
        surface.set_axis(instants),
        is_standard_year,
        file.wind_height_m or WIND_HEIGHT_M,
    )
