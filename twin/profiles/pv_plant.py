"""One PV plant that a user knows: its output from the weather at its place, to lay beside a measurement."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from twin.errors import Problem, raise_if_any
from twin.profiles.pv import clipped_output, module_per_kw, sky_at
from twin.profiles.pv_fleets import fleet_names, orientations, read_pv_fleet
from twin.weather_table import VARIABLES, Place


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


def pv_plant_kw(weather: pd.DataFrame, place: Place, plant: PvPlant) -> np.ndarray:
    """Return a plant's modelled AC power.

    For ``goto-twin validate pv``, beside a measurement: the sky and the plant are as given, outages are not modelled.

    Parameters
    ----------
    weather : pandas.DataFrame
        Of one place: columns `twin.weather_table.VARIABLES` on a time-zone aware index of equal steps, interval means,
        label = start (`WeatherTable.values[place_id]`).
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
    raise_if_any(_problems(weather, plant))
    sky = sky_at(weather, place)
    fleet = read_pv_fleet(plant.fleet)
    if plant.in_service_year is not None:
        fleet = replace(fleet, years_before=0.0, in_service_year=plant.in_service_year)
    mix = orientations(plant.fleet)
    if plant.tilt is not None:
        mix = pd.DataFrame({"tilt": [plant.tilt], "azimuth": [plant.azimuth], "share": [1.0]})
    parts = [share * module_per_kw(sky, fleet, tilt, azimuth) for tilt, azimuth, share in mix.itertuples(index=False)]
    per_kw = np.sum(parts, axis=0)
    return clipped_output(per_kw, plant.dc_kw, plant.ac_kw)


def _problems(weather: pd.DataFrame, plant: PvPlant) -> list[Problem]:
    found = []
    for name, value in (("dc_kw", plant.dc_kw), ("ac_kw", plant.ac_kw)):
        if not 0 < value < np.inf:
            found.append(Problem("not a size", f"PV plant, {name}", str(value), "kW, above 0"))
    if plant.fleet not in fleet_names():
        found.append(Problem("unknown pv_fleet", "PV plant, fleet", plant.fleet, ", ".join(fleet_names())))
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
        found.append(Problem("no time zone", "weather, index", str(weather.index[0]), "Asia/Tokyo"))
    return found
