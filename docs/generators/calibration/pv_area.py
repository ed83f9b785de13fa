"""The PV of the Kyushu area: as measured, and as the model's fleets make it from synthetic weather at eleven places."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

from network_models.island import find_island
from network_models.reading import island_tables
from studies.measured.series import read_measured
from twin.core.weather_table import Place
from twin.resources.pv import Sky, fleet_per_kw, sky_at
from weather.climate import Climate, read_climates
from weather.readers.formats import read
from weather.readers.reading import WeatherFile
from weather.synthetic.parameters import read_process
from weather.synthetic.year import synthetic_year

GOTO = island_tables(find_island())

FOLDER = Path(__file__).parent
INSTALLED_MW = {2021: 10_900.0, 2022: 11_600.0}
"""Estimates of ``shared/data/README.md``, to be fitted within 5 %."""

NAGASAKI_GHI_MJ = (7.5, 10.4, 13.7, 16.9, 18.1, 15.0, 17.7, 18.5, 15.2, 13.1, 9.4, 7.4)
"""JMA normals of Nagasaki 47817, MJ/m2 a day, January first (docs/goto_facts.md 5.1)."""

MIYAZAKI = Place("miyazaki", 31.94, 131.41, 9.0, 10.0, 0.1)
YAKUSHIMA = Place("yakushima", 30.38, 130.66, 36.0, 10.0, 0.1)
YEAR, SEED, WEATHER_YEARS = 2021, 20240614, (1, 2, 3)

AREA_CLOUD_LENGTH_KM = 330.0
"""Length over which days are alike. The area's days spread by 0.39 (FY2021); the model's by 0.28 at the shipped 100 km,
0.36 at 330, 0.37 at 480: longer adds little. 100 km are for the islands; one Gaussian kernel cannot serve both."""


@dataclass(frozen=True)
class AreaYears:
    """Hourly output per kW of modules, kW per kW.

    Attributes
    ----------
    area, site : numpy.ndarray
        (years, 8760): the whole area, and ground-mounted plants at Fukue under the same skies.
    """

    area: np.ndarray
    site: np.ndarray


@cache
def measured_per_kw(data: Path, year: int) -> np.ndarray:
    """Return the area's PV before curtailment over the installed capacity; (8760,) kW per kW, hourly."""
    area = read_measured(GOTO, data, year).area
    return (area["solar_actual_MWh"] + area["solar_curtailed_MWh"]).to_numpy(float) / INSTALLED_MW[year]


@cache
def modelled_years(
    data: Path, cloud_length_km: float = AREA_CLOUD_LENGTH_KM, weather_years: tuple[int, ...] = WEATHER_YEARS
) -> AreaYears:
    """Return the model's area and one site in random weather years.

    Parameters
    ----------
    data : pathlib.Path
        Data folder: Miyazaki's standard year gives the south its normals.
    cloud_length_km : float
        Length over which days are alike.
    weather_years : tuple of int
        Which draws.
    """
    fukue = read_climates(GOTO)["fukue"]
    process = replace(read_process(GOTO), cloud_day_length_km=cloud_length_km)
    places = pd.read_csv(FOLDER / "pv_area_places.csv")
    climates = {str(row["place_id"]): _climate(row, fukue, data) for _, row in places.iterrows()}
    area, site = [], []
    for weather_year in weather_years:
        weather = synthetic_year(GOTO, YEAR, weather_year, SEED, climates=climates | {"fukue": fukue}, process=process)
        skies = {name: sky_at(weather.values[name], place) for name, place in weather.places.items()}
        weighted = zip(places["place_id"], places["share"], strict=True)
        area.append(hourly(np.sum([share * _area_fleets(skies[name]) for name, share in weighted], axis=0)))
        site.append(hourly(fleet_per_kw(GOTO, skies["fukue"], "ground")))
    return AreaYears(np.array(area), np.array(site))


@cache
def sites_under_real_skies(data: Path) -> dict[str, np.ndarray]:
    """Return ground-mounted plants under the standard years of two stations; (8760,), the files' hours from half past.

    Yakushima's file has no wind: 3 m/s cool the modules there.
    """
    file = WeatherFile(data / "weather" / "yakushima_standard_year_hourly.csv", "expanded_amedas")
    yakushima = read(file, YAKUSHIMA, YEAR).assign(wind_speed=3.0)
    skies = {"Miyazaki": sky_at(_miyazaki(data), MIYAZAKI), "Yakushima": sky_at(yakushima, YAKUSHIMA)}
    return {name: hourly(np.roll(fleet_per_kw(GOTO, sky, "ground"), -1)) for name, sky in skies.items()}


def hourly(half_hourly: np.ndarray) -> np.ndarray:
    """Return hourly means."""
    return half_hourly.reshape(-1, 2).mean(axis=1)


def _area_fleets(sky: Sky) -> np.ndarray:
    fleets = pd.read_csv(FOLDER / "pv_area_fleets.csv")
    mix = zip(fleets["fleet"], fleets["share"], strict=True)
    return np.sum([share * fleet_per_kw(GOTO, sky, str(fleet)) for fleet, share in mix], axis=0)


def _climate(row: pd.Series, fukue: Climate, data: Path) -> Climate:
    ghi = np.array(NAGASAKI_GHI_MJ) / 3.6 if row["ghi_station"] == "nagasaki" else _miyazaki_ghi(data)
    place = Place(str(row["place_id"]), float(row["latitude"]), float(row["longitude"]), 20.0, 10.0, 0.1)
    return replace(fukue, place=place, ghi_kwh_per_m2_day=ghi)


@cache
def _miyazaki_ghi(data: Path) -> np.ndarray:
    ghi = _miyazaki(data)["ghi"]
    return ghi.groupby(pd.DatetimeIndex(ghi.index).month).mean().to_numpy() * 24 / 1000


@cache
def _miyazaki(data: Path) -> pd.DataFrame:
    file = WeatherFile(data / "weather" / "miyazaki_standard_year.has", "hasp", wind_height_m=10.0)
    return read(file, MIYAZAKI, YEAR)
