"""Rows of the calibration record: the synthetic weather against normals, standard years and what is known of spread."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import weather_figures
from rows import Figure, Row
from scipy.special import gamma
from scipy.stats import wasserstein_distance, weibull_min
from weather_years import (
    LAGS_HOURS,
    NORMAL_YEARS,
    RANDOM_YEARS,
    SEED,
    STATIONS,
    YEAR,
    area_wind,
    autocorrelation,
    clearness_like,
    clearness_sample,
    daily_extremes,
    monthly,
    normal_year,
    random_years,
    station_year,
)

from network_models.island import find_island
from network_models.reading import island_tables
from weather.climate import read_climates
from weather.conversion import wind_at_height
from weather.synthetic.typhoon import read_typhoon_climate, sea_wind, storm_wind, typhoons_of_year

GOTO = island_tables(find_island())

TOPIC = "Weather"
FUKUE_SUN_HOURS = np.array([81.5, 107.4, 150.9, 175.7, 191.0, 122.2, 156.9, 197.6, 165.4, 177.7, 127.8, 96.2])
SUNSHINE_W_PER_M2 = 120.0
"""JMA counts sunshine while the beam is stronger than this."""

STORM_YEARS = range(1, 401)
GALE_M_PER_S = 17.2


def rows(data: Path | None) -> list[Row]:
    """Return the rows; those that need a measured series are not computed without `data`."""
    return [*_irradiation(), *_temperature(), *_wind(), *_spread(), *_storms(), *_persistence(data), *_distances(data)]


def figures(folder: Path, data: Path | None) -> list[Figure]:
    """Write the figures of the topic; see `weather_figures`."""
    return weather_figures.figures(folder, data)


def _row(fact: str, source: str, unit: str, published: float, model: float, tolerance: float, why: str) -> Row:
    return Row(TOPIC, fact, source, unit, published, model, published - tolerance, published + tolerance, why)


def _worst(deviations: list[np.ndarray]) -> float:
    every = np.concatenate(deviations)
    return float(every[np.abs(every).argmax()])


def _irradiation() -> list[Row]:
    climates = read_climates(GOTO)
    fukue = [normal_year(seed).values["fukue"] for seed in NORMAL_YEARS]
    months = [
        100.0 * (monthly(frame["ghi"]) * 0.024 / climates[place].ghi_kwh_per_m2_day - 1.0)
        for seed in NORMAL_YEARS
        for place, frame in normal_year(seed).values.items()
    ]
    yearly = float(np.mean([frame["ghi"].sum() / 2000.0 for frame in fukue]))
    hours = np.mean([_sun_hours(frame["dni"].to_numpy()) for frame in fukue], axis=0)
    daily_mj = yearly / 365.0 * 3.6
    return [
        _row("Irradiation of a normal year at Fukue", "[jma_normals, docs/goto_facts.md 5.1]",
            "kWh/m2", 1326.0, yearly, 0.01 * 1326.0,
             "met by construction; 1 % for the days of the months"),
        _row("Irradiation, month and place furthest off", "[jma_normals, docs/goto_facts.md 5.1]",
            "%", 0.0, _worst(months), 3.0,
             "3 % (docs/concepts/resources/weather.md); five places, five normal years"),
        _row("The same against the nearest station that measures it", "[jma_normals, Nagasaki 47817]",
            "MJ/m2 a day", 13.6,
             daily_mj, 0.07 * 13.6, "another place, 100 km away, with 5 % more sunshine hours"),
        _row("Sunshine hours of a normal year at Fukue", "[jma_normals, docs/goto_facts.md 5.1]",
            "h", FUKUE_SUN_HOURS.sum(), hours.sum(),
             0.1 * FUKUE_SUN_HOURS.sum(),
             "not fitted: half-hours with a beam above 120 W/m2; 10 %, since half-hour means hide short sun and shade "
             "and the split of beam and diffuse is off by as much"),
        _row("Sunshine hours, month furthest off", "[jma_normals, docs/goto_facts.md 5.1]", "%", 0.0,
             _worst([100.0 * (hours / FUKUE_SUN_HOURS - 1.0)]), 15.0, "as the year, and months differ in their clouds"),
    ]  # fmt: skip


def _sun_hours(dni: np.ndarray) -> np.ndarray:
    return np.array([(dni[YEAR.month == month] > SUNSHINE_W_PER_M2).sum() / 2.0 for month in range(1, 13)])


def _temperature() -> list[Row]:
    climates = read_climates(GOTO)
    months, highest, lowest = [], [], []
    for seed in NORMAL_YEARS:
        for place, frame in normal_year(seed).values.items():
            climate = climates[place]
            most, least = daily_extremes(frame["temp_air"])
            months.append(monthly(frame["temp_air"]) - climate.temp_air_mean_c)
            highest.append(most - climate.temp_air_max_c)
            lowest.append(least - climate.temp_air_min_c)
    fukue, kamigoto = (
        float(np.mean([normal_year(seed).values[place]["temp_air"].mean() for seed in NORMAL_YEARS]))
        for place in ("fukue", "kamigoto")
    )
    return [
        _row("Temperature of a normal year at Fukue", "[jma_normals, docs/goto_facts.md 5.1]",
            "C", 17.0, fukue, 0.1, "rounding of the normals"),
        _row("Temperature of a normal year at Kamigoto (Arikawa)", "[jma_normals, docs/goto_facts.md 5.1]",
            "C", 17.1, kamigoto, 0.1,
             "rounding of the normals"),
        _row("Temperature, month and place furthest off", "[jma_normals, docs/goto_facts.md 5.1]",
            "C", 0.0, _worst(months), 0.5, "0.5 C (docs/concepts/resources/weather.md)"),
        _row("Mean of the daily maxima, mean difference", "[jma_normals, docs/goto_facts.md 5.1]",
            "C", 0.0, float(np.mean(highest)), 0.5,
             "as the mean temperature"),
        _row("Mean of the daily minima, mean difference", "[jma_normals, docs/goto_facts.md 5.1]",
            "C", 0.0, float(np.mean(lowest)), 0.5,
             "as the mean temperature; the range of the day is one number for the year"),
    ]  # fmt: skip


def _wind() -> list[Row]:
    climates = read_climates(GOTO)
    months = [
        100.0 * (monthly(frame["wind_speed"]) / climates[place].wind_mean_m_per_s - 1.0)
        for seed in NORMAL_YEARS
        for place, frame in normal_year(seed).values.items()
    ]
    offshore = climates["offshore"].place
    years = [normal_year(seed).values["offshore"]["wind_speed"] for seed in NORMAL_YEARS]
    shape, _, scale = weibull_min.fit(np.concatenate([year.to_numpy() for year in years]), floc=0.0)
    mean = float(np.mean([year.mean() for year in years]))
    higher = replace(offshore, wind_height_m=70.0)
    at_70_m = float(wind_at_height(years[0] * (mean / years[0].mean()), offshore.wind_height_m, higher).mean())
    return [
        _row("Wind offshore at 60 m", "[goto_energy_about]", "m/s", 7.5, mean, 0.05 * 7.5,
             "5 % (docs/concepts/resources/weather.md)"),
        _row("Wind offshore at 70 m", "[env2013_1508]", "m/s", 7.0, at_70_m, 0.05 * 7.0,
             "5 % (docs/concepts/resources/weather.md); both published values cannot hold at one site: "
             "the model is at the "
             "demonstration site's"),
        _row("Wind, month and place furthest off", "[jma_normals, AMeDAS Kamiotsu and Arikawa]", "%", 0.0,
             _worst(months), 5.0,
             "5 % (docs/concepts/resources/weather.md); the yearly means of the onshore places are estimates"),
        Row(TOPIC, "Weibull shape offshore", "[model, docs/goto_facts.md 5.2]",
            "-", 2.0, float(shape), 1.8, 2.2, "range: docs/goto_facts.md 5.2"),
        _row("Weibull scale offshore", "[model, docs/goto_facts.md 5.2]", "m/s", 8.46, float(scale), 0.05 * 8.46,
             f"5 % as the mean; {7.5 / gamma(1.5):.2f} by formula"),
    ]  # fmt: skip


def _spread() -> list[Row]:
    fukue, offshore = (random_years()[place] for place in ("fukue", "offshore"))
    irradiation = np.array([frame["ghi"].mean() for frame in fukue])
    temperature = np.array([frame["temp_air"].mean() for frame in fukue])
    wind = np.array([frame["wind_speed"].mean() for frame in offshore])
    error = f"{len(RANDOM_YEARS)} years tell it within {100 / np.sqrt(2 * len(RANDOM_YEARS)):.0f} % of itself"
    return [
        Row(TOPIC, "Yearly irradiation, standard deviation over years", "[thevenard2013]", "%", 3.9,
            _percent(irradiation), 3.0, 5.0, f"customary 3 to 5 %; {error}"),
        Row(TOPIC, "Yearly wind, standard deviation over years", "[pryor2018]", "%", 6.0, _percent(wind),
            4.0, 6.0, f"6 % is customary and by that paper rather too much; {error}"),
        Row(TOPIC, "Yearly temperature, standard deviation over years", "[adeac_toyotsu, 1951-1993]", "C", 0.37,
            float(temperature.std(ddof=1)), 0.3, 0.5,
            f"14.6 to 16.2 C, the range of 43 normal values with 0.37 C; warming comes on top; {error}"),
    ]  # fmt: skip


def _percent(yearly: np.ndarray) -> float:
    return float(100.0 * yearly.std(ddof=1) / yearly.mean())


def _storms() -> list[Row]:
    climate = read_typhoon_climate(GOTO)
    distance = np.arange(1.0, 800.0)
    reach = float(distance[sea_wind(distance, climate.peak_m_per_s, climate) >= GALE_M_PER_S].max())
    return [
        Row(TOPIC, "Radius of 17.2 m/s of the median typhoon", "[jmr2011]", "km", 265.0,
            reach, 250.0, 280.0, "mean of typhoons near south-west Japan"),
        _row("10-minute wind at 10 m once in 50 years at Fukue", "[building_code2000]", "m/s",
             36.0, _fifty_year_wind(), 0.15 * 36.0,
             "not fitted; typhoons only, over open land (0.03 m); the eighth largest of 400 years"),
    ]  # fmt: skip


@cache
def _fifty_year_wind() -> float:
    climate = read_typhoon_climate(GOTO)
    open_land = replace(read_climates(GOTO)["fukue"].place, wind_height_m=10.0, roughness_length_m=0.03)
    largest = []
    for number in STORM_YEARS:
        typhoons = typhoons_of_year(GOTO, YEAR, climate, SEED, number, is_normal=False)
        largest.append(storm_wind(typhoons, open_land, YEAR, climate).max())
    return float(np.sort(largest)[-len(STORM_YEARS) // 50])


def _persistence(data: Path | None) -> list[Row]:
    model = np.mean([autocorrelation(frame["wind_speed"], 2) for frame in random_years()["offshore"][:10]], axis=0)
    station = area = np.full(len(LAGS_HOURS), np.nan)
    if data:
        station = autocorrelation(station_year(data, "miyazaki")["wind_speed"], 2)
        area = autocorrelation(area_wind(data), 1)
    found = []
    for lag, one, ground, wide in zip(LAGS_HOURS, model, station, area, strict=True):
        low, high = min(ground, wide) - 0.05, max(ground, wide) + 0.05
        why = (
            f"between the ground station of Miyazaki ({ground:.2f}) and the area's output ({wide:.2f}), 0.05 about them"
        )
        value = float(one) if data else float("nan")
        found.append(
            Row(TOPIC, f"Offshore wind, autocorrelation after {lag} h",
                "[kyuden_area, FY2021-22] [expanded_ameda, Miyazaki]", "-",
                float(wide), value, float(low), float(high), why if data else "the data are not there")
        )  # fmt: skip
    return found


def _distances(data: Path | None) -> list[Row]:
    if data is None:
        why = "the standard years are not there"
        return [Row(TOPIC, "Distance from a standard year", "[expanded_ameda]", "-", 0.0, np.nan, 0.0, 0.0, why)]
    own = {place.place_id: clearness_sample(station_year(data, place.place_id)["ghi"], place) for place in STATIONS}
    like = {place.place_id: clearness_like(station_year(data, place.place_id)["ghi"], place) for place in STATIONS}
    found = []
    for name in next(iter(own.values())):
        yardstick = float(wasserstein_distance(*(sample[name] for sample in own.values())))
        for place, sample in own.items():
            distance = float(wasserstein_distance(like[place][name], sample[name]))
            found.append(
                Row(TOPIC, f"Distance of {name} from {place.title()}", "[expanded_ameda]", "-", 0.0, distance,
                    0.0, yardstick, f"nearer than the two stations to each other ({yardstick:.3f}); Wasserstein")
            )  # fmt: skip
    return found
