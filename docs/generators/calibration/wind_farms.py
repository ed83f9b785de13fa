"""The wind farms and the tidal turbine of Goto in a normal year, and the measured wind of the Kyushu area."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

from network_models.island import find_island
from network_models.reading import island_tables
from twin.core.clock import fiscal_year, step_hours
from twin.core.tables import Tables
from twin.resources.plants import down_share, farm_of, hub_speed, wind_scales
from twin.resources.tidal import current_speed, tidal_per_unit
from twin.resources.wind import Farm, farm_curve, farm_per_unit
from weather.synthetic.year import NORMAL_YEAR, synthetic_year

GOTO = island_tables(find_island())

SEED = 20240614
"""The default study's."""

CALENDAR_YEAR, TIDAL_YEAR = 2026, 2025
AREA_WIND_MW = 600.0
"""Installed in the Kyushu area in FY2021-22 (README of the data folder; +-5 %)."""

AREA_FILE = "kyushu_area/kyushu_area_supply_demand_hourly_fy2021_fy2022.csv"
LAGS_HOURS = np.arange(1, 49)


@dataclass(frozen=True)
class FarmYear:
    """A farm in the normal year: `speed` at the hub (m/s) and `per_unit` of its contract, before outages; (T,)."""

    plant: pd.Series
    farm: Farm
    index: pd.DatetimeIndex
    speed: np.ndarray
    per_unit: np.ndarray
    at_place: np.ndarray

    @property
    def contract_mw(self) -> float:
        """Contract."""
        return float(self.plant["contract_mw"])

    @property
    def metered_gwh(self) -> float:
        """Energy of the year after outages, by the drawn outages of 40 weather years."""
        return float(self.per_unit.mean() * (1 - self.down_share(40)) * self.contract_mw * 8.76)

    @property
    def metered_at_place(self) -> float:
        """Capacity factor after outages with the place's own wind, without the farm's factor."""
        return float(self.at_place.mean() * self.plant["availability"])

    @property
    def mean_speed(self) -> float:
        """Mean wind speed at the hub, wake and outages not counted, m/s."""
        return float(self.speed.mean())

    @property
    def largest(self) -> float:
        """Largest output per unit."""
        return float(self.per_unit.max())

    @property
    def hourly_step(self) -> float:
        """Standard deviation of the steps of hourly means, per unit."""
        return float(np.diff(hourly(self.per_unit, self.index)).std())

    @property
    def storm_hours(self) -> float:
        """Turbine-hours per turbine lost to storms."""
        return float((1 - farm_curve(GOTO, self.farm).storm.running_share(self.speed)).sum() * step_hours(self.index))

    def down_share(self, draws: int) -> float:
        """Return the mean share of units out of order over so many weather years."""
        return _down_share(str(self.plant.name), draws)


@cache
def farm_years() -> dict[str, FarmYear]:
    """Return every wind farm of ``plants.csv`` in the normal year, whether in service or not."""
    weather = synthetic_year(GOTO, CALENDAR_YEAR, NORMAL_YEAR, SEED)
    plants = GOTO["plants"].set_index("plant_id")
    scales = wind_scales(GOTO, plants, weather)
    years = {}
    for name, scale in scales.items():
        row = plants.loc[name]
        farm = farm_of(row, weather.places[row["place"]])
        at_place = hub_speed(row, weather)
        speed = scale * at_place
        output, unscaled = farm_per_unit(GOTO, speed, farm), farm_per_unit(GOTO, at_place, farm)
        years[name] = FarmYear(row, farm, weather.index, speed, output, unscaled)
    return years


def capacity_factor_at(mean_speed: float) -> float:
    """Return the capacity factor of one HTW2.1-80 without losses in a Weibull wind with k 2 and that mean."""
    middles = (np.arange(20000) + 0.5) / 20000
    speed = 2 * mean_speed / np.sqrt(np.pi) * np.sqrt(-np.log(1 - middles))
    return float(farm_per_unit(GOTO, speed, Farm("HTW2.1-80", 1, at_sea=True)).mean())


@dataclass(frozen=True)
class TidalYear:
    """The tidal turbine in the year of its trial."""

    metered_gwh: float
    largest_speed: float
    spring_days: float

    @staticmethod
    def gwh_at(rated_speed: float) -> float:
        """Return the energy of the year with another rated speed."""
        return _tidal_gwh(island_tables(find_island(), {"parameters": {"tidal_rated_speed": rated_speed}}))


def tidal_year() -> TidalYear:
    """Return energy, largest current and the period of springs."""
    largest = float(np.abs(current_speed(GOTO, fiscal_year(TIDAL_YEAR))).max())
    index = pd.date_range(f"{TIDAL_YEAR - 5}-04-01", periods=48 * 2953, freq="30min", tz="Asia/Tokyo")
    daily = tidal_per_unit(GOTO, index).reshape(-1, 48).mean(axis=1)
    spectrum = np.abs(np.fft.rfft((daily - daily.mean()) * np.hanning(len(daily))))
    frequency = np.fft.rfftfreq(len(daily))
    strongest = int(np.argmax(np.where(frequency < 0.1, spectrum, 0.0)))
    return TidalYear(_tidal_gwh(GOTO), largest, float(1 / frequency[strongest]))


def area_wind_per_unit(data: Path) -> pd.Series | None:
    """Return the hourly wind output of the Kyushu area before curtailment, per unit; None without the file."""
    if not (data / AREA_FILE).is_file():
        return None
    table = pd.read_csv(data / AREA_FILE, index_col=0, parse_dates=True)
    return (table["wind_actual_MWh"] + table["wind_curtailed_MWh"]) / AREA_WIND_MW


def hourly(values: np.ndarray, index: pd.DatetimeIndex) -> np.ndarray:
    """Return hourly means."""
    return values.reshape(-1, round(1 / step_hours(index))).mean(axis=1)


def autocorrelation(values: np.ndarray) -> np.ndarray:
    """Return the correlation of an hourly series with itself over `LAGS_HOURS`."""
    return np.array([np.corrcoef(values[:-lag], values[lag:])[0, 1] for lag in LAGS_HOURS])


@cache
def _down_share(name: str, draws: int) -> float:
    plant, index = GOTO["plants"].set_index("plant_id").loc[name], fiscal_year(CALENDAR_YEAR, 60)
    return float(
        np.mean([down_share(GOTO, index, plant, seed=SEED, weather_year=year).mean() for year in range(draws)])
    )


def _tidal_gwh(tables: Tables) -> float:
    plant = tables["plants"].set_index("plant_id").loc["naru_tidal"]
    output = tidal_per_unit(tables, fiscal_year(TIDAL_YEAR)).mean()
    return float(output * plant["availability"] * plant["contract_mw"] * 8.76)
