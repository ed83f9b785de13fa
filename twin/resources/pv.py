"""Photovoltaic output from weather by pvlib: fleets of many roofs and fields, and single plants."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache, lru_cache

import numpy as np
import pandas as pd
import pvlib

from twin.core.clock import DEFAULT_CLOCK, Clock, step_hours
from twin.core.errors import InputError, Problem, raise_if_any
from twin.core.tables import Tables
from twin.core.weather_table import VARIABLES, Place
from twin.resources.wind import speed_at_height


@dataclass(frozen=True)
class PvFleet:
    """A kind of PV plant.

    Attributes
    ----------
    name : str
    power_per_kelvin : float
        Relative change of the module's power per kelvin, negative.
    faiman_u0, faiman_u1 : float
        Heat loss of the module, W/(m2 K) and W s/(m3 K) (Faiman 2008).
    albedo : float
        Of the ground before the modules.
    inverter_efficiency : float
        At rated power.
    dc_ac_ratio : float
        kW of modules per kW of inverter; sets how full the inverter is, not where a plant is clipped.
    output_factor : float
        Output over what physics and losses give; 1 where nothing is left to explain.
    loss : float
        Share of the dc power that is lost, before ageing.
    degradation_per_year : float
        Share of the initial power that a module loses each year.
    years_before : float
        Years of use before the modules came here; 0 for new ones.
    in_service_year : int
        Fiscal year of the first full year here.
    """

    name: str
    power_per_kelvin: float
    faiman_u0: float
    faiman_u1: float
    albedo: float
    inverter_efficiency: float
    dc_ac_ratio: float
    output_factor: float
    loss: float
    degradation_per_year: float
    years_before: float
    in_service_year: int

    def years_of_use(self, fiscal_year: int) -> float:
        """Return the years that the modules were used before a fiscal year began; not negative."""
        return self.years_before + max(fiscal_year - self.in_service_year, 0)

    def kept(self, fiscal_year: int) -> float:
        """Return output over that of modules without losses and age; 0 or more.

        The power falls linearly, ``1 - rate * years``: so are degradation rates published (Jordan, Kurtz 2013).
        """
        aged = max(1 - self.degradation_per_year * self.years_of_use(fiscal_year), 0.0)
        return self.output_factor * (1 - self.loss) * aged


def fleet_names(tables: Tables) -> list[str]:
    """Return the fleets of ``pv_fleets.csv``."""
    return list(tables["pv_fleets"]["fleet"])


def read_pv_fleet(tables: Tables, name: str) -> PvFleet:
    """Return a fleet with the values in force.

    Parameters
    ----------
    tables : Tables
    name : str
        Of `fleet_names`.

    Raises
    ------
    InputError
        If there is no such fleet.
    """
    if name not in fleet_names(tables):
        raise InputError([Problem("unknown pv_fleet", "pv_fleets.csv", name, ", ".join(fleet_names(tables)))])
    row, age = (tables.rows(table, "fleet")[name] for table in ("pv_fleets", "pv_ageing"))
    modules = ("power_per_kelvin", "faiman_u0", "faiman_u1", "albedo")
    rest = ("inverter_efficiency", "dc_ac_ratio", "output_factor")
    return PvFleet(
        name=name,
        **{column: float(row[column]) for column in (*modules, *rest)},
        loss=_loss(tables, name),
        degradation_per_year=float(age["degradation_per_year"]),
        years_before=float(age["years_before"]),
        in_service_year=int(age["in_service_year"]),
    )


def orientations(tables: Tables, fleet: str) -> pd.DataFrame:
    """Return the orientations of a fleet; their shares add up to one whatever a study sets.

    Parameters
    ----------
    tables : Tables
    fleet : str
        Of `fleet_names`.

    Returns
    -------
    pandas.DataFrame
        In the order of ``pv_orientations.csv``; ``tilt`` and ``azimuth`` in degrees, clockwise from north, ``share``.
        Rows with a range have the share that table or study state; the others divide what is left in proportion.

    Raises
    ------
    InputError
        If the stated shares leave less than nothing.
    """
    rows = tables["pv_orientations"]
    rows = rows[rows["fleet"] == fleet].reset_index(drop=True)
    stated = rows["low"].notna().to_numpy()
    share = rows["share"].to_numpy(float)
    left, others = 1 - share[stated].sum(), share[~stated].sum()
    if share.min() < 0 or left < -1e-12 or (others == 0 and left > 1e-12):
        seen = ", ".join(f"{value:g}" for value in share)
        raise InputError([Problem("shares do not fit", f"pv_orientations.csv, {fleet}", seen, "0 to 1, in all 1")])
    share = np.where(stated, share, share * (left / others if others else 0.0))
    return rows[["tilt", "azimuth"]].assign(share=share)


def _loss(tables: Tables, fleet: str) -> float:
    table = tables["pv_losses"]
    percent = dict(zip(table["loss"], table[f"{fleet}_percent"], strict=True))
    return float(pvlib.pvsystem.pvwatts_losses(**percent, age=0, availability=0)) / 100


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


def sky_at(weather: pd.DataFrame, place: Place, clock: Clock = DEFAULT_CLOCK) -> Sky:
    """Return sun and light at a place, the sun at mid-interval.

    Parameters
    ----------
    weather : pandas.DataFrame
        Columns of `twin.core.weather_table.VARIABLES`.
    place : Place
        Where.
    clock : Clock
        Says in which fiscal year the weather begins.

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
    year = clock.fiscal_year_at(index[0])
    return Sky(zenith, sun_azimuth, dni, extra, ghi, dhi, weather["temp_air"].to_numpy(), wind, year)


@lru_cache(maxsize=16)
def _sun_at(nanoseconds: bytes, place: Place) -> tuple[np.ndarray, np.ndarray]:
    """Return zenith and azimuth of the sun at instants (int64, UTC): the same for every weather of a year."""
    times = pd.DatetimeIndex(np.frombuffer(nanoseconds, dtype=np.int64), tz="UTC")
    sun = pvlib.solarposition.get_solarposition(times, place.latitude, place.longitude, place.altitude_m)
    return sun["zenith"].to_numpy(), sun["azimuth"].to_numpy()


def oriented_per_kw(tables: Tables, sky: Sky, fleet: str, tilt: float, azimuth: float) -> np.ndarray:
    """Return AC output per kW dc of one orientation of a fleet of ``pv_fleets.csv``; see `module_per_kw`."""
    return module_per_kw(sky, read_pv_fleet(tables, fleet), tilt, azimuth)


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
    result: np.ndarray = dc * _inverter_efficiency(dc * fleet.dc_ac_ratio, fleet.inverter_efficiency)
    return result


def fleet_per_kw(tables: Tables, sky: Sky, fleet: str) -> np.ndarray:
    """Return AC output per kW dc of a fleet with its mix of orientations, before clipping; (T,) kW per kW dc."""
    made, mix = read_pv_fleet(tables, fleet), orientations(tables, fleet)
    parts = [share * module_per_kw(sky, made, tilt, azimuth) for tilt, azimuth, share in mix.itertuples(index=False)]
    result: np.ndarray = np.sum(parts, axis=0)
    return result


def clipped_output(per_kw: np.ndarray, dc_mw: float, contract_mw: float) -> np.ndarray:
    """Return AC output in MW, clipped at the contract; (T,)."""
    return np.minimum(per_kw * dc_mw, contract_mw)


def _inverter_efficiency(load: np.ndarray, rated: float) -> np.ndarray:
    """Return the PVWatts inverter's efficiency at a dc load in units of its rating; above it, that at the rating."""
    within = np.minimum(load, 1.0)
    output = pvlib.inverter.pvwatts(within, 1.0, rated)
    result: np.ndarray = np.divide(output, within, out=np.zeros_like(within), where=within > 0)
    return result


@cache
def _diffuse_through_glass(tilt: float) -> tuple[float, float]:
    """Return the shares of the light of sky and ground that pass the glass; horizontal modules see no ground."""
    shares = pvlib.iam.marion_diffuse("physical", tilt)
    return float(shares["sky"]), float(np.nan_to_num(shares["ground"]))


@dataclass(frozen=True)
class PvPlant:
    """A plant.

    Attributes
    ----------
    dc_kw, ac_kw : float
        Modules at standard conditions; the most that leaves the inverters.
    fleet : str
        Row of ``pv_fleets.csv`` that says how it is built.
    tilt, azimuth : float, optional
        Degrees, azimuth clockwise from north (180 is south); both or none: without them the fleet's own mix.
    in_service_year : int, optional
        Fiscal year of the first full year with new modules; without it the fleet's own years of use.
    """

    dc_kw: float
    ac_kw: float
    fleet: str = "ground"
    tilt: float | None = None
    azimuth: float | None = None
    in_service_year: int | None = None


def pv_plant_kw(tables: Tables, weather: pd.DataFrame, place: Place, plant: PvPlant) -> np.ndarray:
    """Return a plant's modelled AC power.

    For ``goto-twin validate pv``, beside a measurement: the sky and the plant are as given, outages are not modelled.

    Parameters
    ----------
    tables : Tables
    weather : pandas.DataFrame
        Of one place: columns `twin.core.weather_table.VARIABLES` on a time-zone aware index of equal steps, interval
        means, label = start (`WeatherTable.values[place_id]`).
    place : Place
        Where.
    plant : PvPlant

    Returns
    -------
    numpy.ndarray
        (T,) kW, mean over the interval, 0 to `ac_kw`.

    Raises
    ------
    InputError
        With everything that is wrong with plant and weather.
    """
    raise_if_any(_problems(tables, weather, plant))
    sky = sky_at(weather, place)
    fleet = read_pv_fleet(tables, plant.fleet)
    if plant.in_service_year is not None:
        fleet = replace(fleet, years_before=0.0, in_service_year=plant.in_service_year)
    mix = orientations(tables, plant.fleet)
    if plant.tilt is not None:
        mix = pd.DataFrame({"tilt": [plant.tilt], "azimuth": [plant.azimuth], "share": [1.0]})
    parts = [share * module_per_kw(sky, fleet, tilt, azimuth) for tilt, azimuth, share in mix.itertuples(index=False)]
    per_kw = np.sum(parts, axis=0)
    return clipped_output(per_kw, plant.dc_kw, plant.ac_kw)


def _problems(tables: Tables, weather: pd.DataFrame, plant: PvPlant) -> list[Problem]:
    found = []
    for name, value in (("dc_kw", plant.dc_kw), ("ac_kw", plant.ac_kw)):
        if not 0 < value < np.inf:
            found.append(Problem("not a size", f"PV plant, {name}", str(value), "kW, above 0"))
    if plant.fleet not in fleet_names(tables):
        found.append(Problem("unknown pv_fleet", "PV plant, fleet", plant.fleet, ", ".join(fleet_names(tables))))
    if (plant.tilt is None) != (plant.azimuth is None):
        found.append(Problem("half an orientation", "PV plant", f"{plant.tilt}, {plant.azimuth}", "tilt and azimuth"))
    for angle, largest, name in ((plant.tilt, 90.0, "tilt"), (plant.azimuth, 360.0, "azimuth")):
        if angle is not None and not 0 <= angle <= largest:
            found.append(Problem("not an angle", f"PV plant, {name}", str(angle), f"0 to {largest:g} degrees"))
    for column in VARIABLES:
        if column not in weather:
            found.append(Problem("column missing", "weather", column, ", ".join(VARIABLES)))
        elif weather[column].isna().any():
            seen = f"{int(weather[column].isna().sum())} of {len(weather)}"
            found.append(Problem("missing values", f"weather, {column}", seen, "a value in each step"))
    if pd.DatetimeIndex(weather.index).tz is None:
        found.append(Problem("no time zone", "weather, index", str(weather.index[0]), "a time zone"))
    return found
