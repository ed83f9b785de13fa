"""Photovoltaic output per kW dc from weather, by pvlib."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pvlib

from twin.clock import step_hours
from twin.profiles.tables import read_table
from twin.profiles.wind import speed_at_height
from twin.weather_table import Place

LOW_SUN_DEGREES = 2.0
"""Below this elevation at mid-interval all light is taken as diffuse: a beam would be divided by almost zero."""

MODULE_HEIGHT_M = 2.0
"""Height of the wind speed that cools the modules (module height in the Faiman model)."""


@dataclass(frozen=True)
class Sky:
    """Weather and sun of one place, made once and used for every orientation there; arrays over time."""

    zenith: np.ndarray
    azimuth: np.ndarray
    dni: np.ndarray
    dni_extra: np.ndarray
    ghi: np.ndarray
    dhi: np.ndarray
    temp_air: np.ndarray
    wind_speed: np.ndarray


def sky_at(weather: pd.DataFrame, place: Place) -> Sky:
    """Return sun and light at a place, the sun at mid-interval.

    Parameters
    ----------
    weather : pandas.DataFrame
        Columns of `twin.weather_table.VARIABLES`.
    place : Place
        Where.

    Returns
    -------
    Sky
        `dni` is the beam that carries ``ghi - dhi`` through the horizontal, never above the extraterrestrial one; below
        `LOW_SUN_DEGREES` it is zero and all of `ghi` counts as diffuse.
    """
    index = pd.DatetimeIndex(weather.index)
    middle = index + pd.Timedelta(hours=step_hours(index) / 2)
    sun = pvlib.solarposition.get_solarposition(middle, place.latitude, place.longitude, place.altitude_m)
    zenith = sun["zenith"].to_numpy()
    ghi = weather["ghi"].to_numpy()
    extra = np.asarray(pvlib.irradiance.get_extra_radiation(middle))
    high = zenith < 90 - LOW_SUN_DEGREES
    beam = np.where(high, np.clip(ghi - weather["dhi"].to_numpy(), 0, None), 0.0)
    dni = np.minimum(beam / np.where(high, pvlib.tools.cosd(zenith), 1.0), extra)
    wind = speed_at_height(weather["wind_speed"].to_numpy(), place, MODULE_HEIGHT_M)
    dhi = ghi - dni * np.clip(pvlib.tools.cosd(zenith), 0, None)
    return Sky(zenith, sun["azimuth"].to_numpy(), dni, extra, ghi, dhi, weather["temp_air"].to_numpy(), wind)


def oriented_per_kw(sky: Sky, fleet: str, tilt: float, azimuth: float) -> np.ndarray:
    """Return AC output per kW dc of one orientation, before clipping.

    Hay-Davies transposition, Faiman module temperature, PVWatts DC model, constant losses and inverter efficiency
    (the fleet's row of ``pv_fleets.csv``).

    Parameters
    ----------
    sky : Sky
        From `sky_at`.
    fleet : str
        Fleet of ``pv_fleets.csv``.
    tilt, azimuth : float
        Degrees; azimuth clockwise from north.

    Returns
    -------
    numpy.ndarray
        (T,) kW per kW dc, not negative, zero at night.
    """
    row = read_table("pv_fleets").set_index("fleet").loc[fleet]
    plane = pvlib.irradiance.get_total_irradiance(
        tilt, azimuth, sky.zenith, sky.azimuth, sky.dni, sky.ghi, sky.dhi, dni_extra=sky.dni_extra,
        albedo=row["albedo"], model="haydavies",
    )  # fmt: skip
    light = np.nan_to_num(np.asarray(plane["poa_global"]))
    cell = pvlib.temperature.faiman(light, sky.temp_air, sky.wind_speed, row["faiman_u0"], row["faiman_u1"])
    dc = pvlib.pvsystem.pvwatts_dc(light, cell, 1.0, row["power_per_kelvin"])
    kept = row["inverter_efficiency"] * (1 - row["loss"]) * (1 - row["soiling"]) * (1 - row["degradation"])
    return np.clip(dc * kept, 0, None)


def orientations(fleet: str) -> pd.DataFrame:
    """Return tilt, azimuth and share of a fleet's orientations, in the order of ``pv_orientations.csv``."""
    rows = read_table("pv_orientations")
    return rows.loc[rows["fleet"] == fleet, ["tilt", "azimuth", "share"]].reset_index(drop=True)


def fleet_per_kw(sky: Sky, fleet: str) -> np.ndarray:
    """Return AC output per kW dc of a fleet with its mix of orientations, before clipping; (T,) kW per kW dc."""
    mix = orientations(fleet)
    parts = [share * oriented_per_kw(sky, fleet, tilt, azimuth) for tilt, azimuth, share in mix.itertuples(index=False)]
    return np.sum(parts, axis=0)


def clipped_output(per_kw: np.ndarray, dc_mw: float, contract_mw: float) -> np.ndarray:
    """Return AC output in MW, clipped at the contract; (T,)."""
    return np.minimum(per_kw * dc_mw, contract_mw)
