"""Photovoltaic output per kW dc from weather, by pvlib."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, lru_cache

import numpy as np
import pandas as pd
import pvlib

from twin.clock import first_fiscal_year, step_hours
from twin.profiles.pv_fleets import PvFleet, orientations, read_pv_fleet
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
    fiscal_year: int


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
        `LOW_SUN_DEGREES` it is zero and all of `ghi` counts as diffuse. `fiscal_year` is that of the first step.
    """
    index = pd.DatetimeIndex(weather.index)
    middle = index + pd.Timedelta(hours=step_hours(index) / 2)
    zenith, sun_azimuth = _sun_at(middle.as_unit("ns").asi8.tobytes(), place)
    ghi = weather["ghi"].to_numpy()
    extra = np.asarray(pvlib.irradiance.get_extra_radiation(middle))
    high = zenith < 90 - LOW_SUN_DEGREES
    beam = np.where(high, np.clip(ghi - weather["dhi"].to_numpy(), 0, None), 0.0)
    dni = np.minimum(beam / np.where(high, pvlib.tools.cosd(zenith), 1.0), extra)
    wind = speed_at_height(weather["wind_speed"].to_numpy(), place, MODULE_HEIGHT_M)
    dhi = ghi - dni * np.clip(pvlib.tools.cosd(zenith), 0, None)
    year = first_fiscal_year(index)
    return Sky(zenith, sun_azimuth, dni, extra, ghi, dhi, weather["temp_air"].to_numpy(), wind, year)


@lru_cache(maxsize=16)
def _sun_at(nanoseconds: bytes, place: Place) -> tuple[np.ndarray, np.ndarray]:
    """Return zenith and azimuth of the sun at instants (int64, UTC): the same for every weather of a year."""
    times = pd.DatetimeIndex(np.frombuffer(nanoseconds, dtype=np.int64), tz="UTC")
    sun = pvlib.solarposition.get_solarposition(times, place.latitude, place.longitude, place.altitude_m)
    return sun["zenith"].to_numpy(), sun["azimuth"].to_numpy()


def oriented_per_kw(sky: Sky, fleet: str, tilt: float, azimuth: float) -> np.ndarray:
    """Return AC output per kW dc of one orientation of a fleet of ``pv_fleets.csv``; see `module_per_kw`."""
    return module_per_kw(sky, read_pv_fleet(fleet), tilt, azimuth)


def module_per_kw(sky: Sky, fleet: PvFleet, tilt: float, azimuth: float) -> np.ndarray:
    """Return AC output per kW dc of one orientation, before clipping.

    Hay-Davies transposition; reflection at the glass (Fresnel, Snell, Bouguer for the beam, Marion's integrals of it
    for sky and ground); Faiman module temperature; PVWatts modules, losses and inverter (efficiency by load); ageing.

    Parameters
    ----------
    sky : Sky
        From `sky_at`.
    fleet : PvFleet
        What the plant is made of.
    tilt, azimuth : float
        Degrees; azimuth clockwise from north.

    Returns
    -------
    numpy.ndarray
        (T,) kW per kW dc, not negative, zero at night.
    """
    plane = pvlib.irradiance.get_total_irradiance(
        tilt, azimuth, sky.zenith, sky.azimuth, sky.dni, sky.ghi, sky.dhi, dni_extra=sky.dni_extra,
        albedo=fleet.albedo, model="haydavies",
    )  # fmt: skip
    light = np.nan_to_num(np.asarray(plane["poa_global"]))
    beam = pvlib.iam.physical(pvlib.irradiance.aoi(tilt, azimuth, sky.zenith, sky.azimuth))
    of_sky, of_ground = _diffuse_through_glass(tilt)
    absorbed = plane["poa_direct"] * beam + plane["poa_sky_diffuse"] * of_sky + plane["poa_ground_diffuse"] * of_ground
    cell = pvlib.temperature.faiman(light, sky.temp_air, sky.wind_speed, fleet.faiman_u0, fleet.faiman_u1)
    dc = pvlib.pvsystem.pvwatts_dc(np.nan_to_num(np.asarray(absorbed)), cell, 1.0, fleet.power_per_kelvin)
    dc = np.clip(dc, 0, None) * fleet.kept(sky.fiscal_year)
    return dc * _inverter_efficiency(dc * fleet.dc_ac_ratio, fleet.inverter_efficiency)


def fleet_per_kw(sky: Sky, fleet: str) -> np.ndarray:
    """Return AC output per kW dc of a fleet with its mix of orientations, before clipping; (T,) kW per kW dc."""
    made, mix = read_pv_fleet(fleet), orientations(fleet)
    parts = [share * module_per_kw(sky, made, tilt, azimuth) for tilt, azimuth, share in mix.itertuples(index=False)]
    return np.sum(parts, axis=0)


def clipped_output(per_kw: np.ndarray, dc_mw: float, contract_mw: float) -> np.ndarray:
    """Return AC output in MW, clipped at the contract; (T,)."""
    return np.minimum(per_kw * dc_mw, contract_mw)


def _inverter_efficiency(load: np.ndarray, rated: float) -> np.ndarray:
    """Return the PVWatts inverter's efficiency at a dc load in units of its rating; above it, that at the rating."""
    within = np.minimum(load, 1.0)
    output = pvlib.inverter.pvwatts(within, 1.0, rated)
    return np.divide(output, within, out=np.zeros_like(within), where=within > 0)


@cache
def _diffuse_through_glass(tilt: float) -> tuple[float, float]:
    """Return the shares of the light of sky and ground that pass the glass; horizontal modules see no ground."""
    shares = pvlib.iam.marion_diffuse("physical", tilt)
    return float(shares["sky"]), float(np.nan_to_num(shares["ground"]))
