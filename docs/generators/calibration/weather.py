"""Rows of the calibration record: the synthetic weather against normals, standard years and what is known of spread."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Drawing
from scipy.special import gamma
from scipy.stats import wasserstein_distance, weibull_min

from calibration.rows import Figure, Row
from network_models.island import find_island
from network_models.reading import island_tables
from twin.core.clock import fiscal_year
from twin.core.weather_table import Place, WeatherTable
from weather.climate import Climate, read_climates
from weather.conversion import wind_at_height
from weather.readers.formats import read
from weather.readers.reading import WeatherFile
from weather.sun import sun_over
from weather.synthetic.typhoon import read_typhoon_climate, sea_wind, storm_wind, typhoons_of_year
from weather.synthetic.year import synthetic_year

GOTO = island_tables(find_island())
TOPIC = "Weather"
FUKUE_SUN_HOURS = np.array([81.5, 107.4, 150.9, 175.7, 191.0, 122.2, 156.9, 197.6, 165.4, 177.7, 127.8, 96.2])
SUNSHINE_W_PER_M2 = 120.0
"""JMA counts sunshine while the beam is stronger than this."""
STORM_YEARS = range(1, 401)
GALE_M_PER_S = 17.2
SEED = 1
FISCAL_YEAR = 2022
YEAR = fiscal_year(FISCAL_YEAR)
NORMAL_YEARS = range(1, 6)
"""Seeds of the normal years whose months are compared with the normals."""
RANDOM_YEARS = range(1, 41)
LIKE_STATION_YEARS = range(1, 9)
LAGS_HOURS = (1, 3, 6, 12, 24, 48)
DULL, CLEAR = 0.4, 0.7
YAKUSHIMA = Place("yakushima", 30.38, 130.66, 36.0, 10.0, 0.1)
MIYAZAKI = Place("miyazaki", 31.94, 131.41, 9.0, 10.0, 0.1)
STATIONS = (YAKUSHIMA, MIYAZAKI)
Sample = dict[str, np.ndarray]
STYLE = {"svg.hashsalt": "goto-twin", "font.size": 8, "axes.spines.top": False, "axes.spines.right": False}
MODEL, MEASURED, SHADE = "#1f5f8b", "#c0504d", "#9dbfd6"
CUT_OUT_M_PER_S = 25.0


def rows(data: Path | None) -> list[Row]:
    """Return the rows; those that need a measured series are not computed without `data`."""
    return [*_irradiation(), *_temperature(), *_wind(), *_spread(), *_storms(), *_persistence(data), *_distances(data)]


def figures(folder: Path, data: Path | None) -> list[Figure]:
    """Write the figures of the topic; see `weather_figures`."""
    return pictures(folder, data)


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


@cache
def normal_year(seed: int) -> WeatherTable:
    """Return the normal year of all places."""
    return synthetic_year(GOTO, FISCAL_YEAR, 0, seed)


@cache
def random_years() -> dict[str, list[pd.DataFrame]]:
    """Return the random years at Fukue and offshore."""
    climates = read_climates(GOTO)
    two = {place: climates[place] for place in ("fukue", "offshore")}
    years = [synthetic_year(GOTO, FISCAL_YEAR, number, SEED, climates=two).values for number in RANDOM_YEARS]
    return {place: [year[place] for year in years] for place in two}


def monthly(values: pd.Series) -> np.ndarray:
    """Return the means of the calendar months, January first."""
    return values.groupby(pd.DatetimeIndex(values.index).month).mean().to_numpy()


def daily_extremes(temperature: pd.Series) -> tuple[np.ndarray, np.ndarray]:
    """Return the monthly means of the daily maxima and minima."""
    days = temperature.groupby(pd.DatetimeIndex(temperature.index).normalize())
    return monthly(days.max()), monthly(days.min())


def autocorrelation(values: pd.Series, steps_per_hour: int) -> np.ndarray:
    """Return the autocorrelation at `LAGS_HOURS` of the deviation from the mean day of each month."""
    times = pd.DatetimeIndex(values.index)
    deviation = values - values.groupby([times.month, times.hour * 60 + times.minute]).transform("mean")
    return np.array([deviation.autocorr(lag * steps_per_hour) for lag in LAGS_HOURS])


@cache
def station_year(data: Path, place_id: str) -> pd.DataFrame:
    """Return a station's standard year on the fiscal year, half-hourly."""
    folder = data / "weather"
    if place_id == "yakushima":
        file = WeatherFile(folder / "yakushima_standard_year_hourly.csv", "expanded_amedas")
        return read(file, YAKUSHIMA, FISCAL_YEAR)
    file = WeatherFile(folder / "miyazaki_standard_year.has", "hasp", wind_height_m=MIYAZAKI.wind_height_m)
    return read(file, MIYAZAKI, FISCAL_YEAR)


def area_wind(data: Path) -> pd.Series:
    """Return the hourly wind output of the Kyushu area of two years, curtailed energy added, MWh."""
    table = pd.read_csv(next((data / "kyushu_area").glob("*supply_demand*.csv")), index_col=0, parse_dates=True)
    return table["wind_actual_MWh"] + table["wind_curtailed_MWh"]


def clearness_sample(ghi: pd.Series, place: Place) -> Sample:
    """Return daily clear-sky index, its hour-to-hour steps, and lengths of runs of clear and of dull days.

    Hours begin at half past, as those of the standard years do.
    """
    clear = np.roll(sun_over(YEAR, place).clear_sky, -1).reshape(-1, 24, 2).mean(axis=2)
    hourly = np.roll(ghi.to_numpy(), -1).reshape(-1, 24, 2).mean(axis=2)
    index = hourly / np.where(clear > 80.0, clear, np.nan)
    steps = np.diff(index, axis=1)
    daily = hourly.sum(axis=1) / clear.sum(axis=1)
    return {
        "daily clear-sky index": daily,
        "hour-to-hour steps": steps[np.isfinite(steps)],
        "runs of clear days": run_lengths(daily > CLEAR),
        "runs of dull days": run_lengths(daily < DULL),
    }


def run_lengths(flags: np.ndarray) -> np.ndarray:
    """Return the lengths of the runs of true values."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], flags.astype(int), [0]])))
    return edges[1::2] - edges[::2]


def clearness_like(ghi: pd.Series, place: Place) -> Sample:
    """Return the sample of synthetic years at `place` that have the monthly means of `ghi` as normals."""
    normals = monthly(ghi) * 24 / 1000
    climate: Climate = replace(read_climates(GOTO)["fukue"], place=place, ghi_kwh_per_m2_day=normals)
    years = [
        synthetic_year(GOTO, FISCAL_YEAR, number, SEED, climates={place.place_id: climate}).values[place.place_id][
            "ghi"
        ]
        for number in LIKE_STATION_YEARS
    ]
    samples = [clearness_sample(year, place) for year in years]
    return {name: np.concatenate([sample[name] for sample in samples]) for name in samples[0]}


def pictures(folder: Path, data: Path | None) -> list[Figure]:
    """Write the figures into `folder`; without `data` only the months and the storm."""
    with mpl.rc_context(STYLE):
        found = [_months(folder / "weather_months.svg")]
        return [*found, _measured(folder / "weather_measured.svg", data)] if data else found


def _months(path: Path) -> Figure:
    drawing = Drawing(figsize=(9, 5), layout="constrained")
    axes = drawing.subplots(2, 2)
    fukue, offshore = read_climates(GOTO)["fukue"], read_climates(GOTO)["offshore"]
    years = random_years()
    _draw_spread(axes[0, 0], [0.024 * monthly(year["ghi"]) for year in years["fukue"]], fukue.ghi_kwh_per_m2_day)
    _draw_spread(axes[0, 1], [monthly(year["temp_air"]) for year in years["fukue"]], fukue.temp_air_mean_c)
    _draw_spread(axes[1, 0], [monthly(year["wind_speed"]) for year in years["offshore"]], offshore.wind_mean_m_per_s)
    axes[0, 0].set(title="global irradiation at Fukue, kWh/m2 a day")
    axes[0, 1].set(title="temperature at Fukue, C")
    axes[1, 0].set(title="wind offshore at 60 m, m/s")
    axes[0, 0].legend(frameon=False)
    _storm(axes[1, 1])
    lines = f"Months of {len(RANDOM_YEARS)} synthetic years (thin, mean thick) and the normals (dots; JMA 1991-2020, "
    caption = f"{lines}offshore the published mean with Kamiotsu's seasons); the week of a strong typhoon."
    return _saved(drawing, path, caption)


def _draw_spread(axes: Axes, years: list[np.ndarray], normals: np.ndarray) -> None:
    months = np.arange(1, 13)
    for year in years:
        axes.plot(months, year, color=SHADE, linewidth=0.5)
    axes.plot(months, np.mean(years, axis=0), color=MODEL, linewidth=2, label="mean of the synthetic years")
    axes.plot(months, normals, "o", color=MEASURED, markersize=4, label="normals")
    axes.set(xticks=months, xlabel="month")


def _storm(axes: Axes) -> None:
    """Draw wind and irradiance around the typhoon that blows hardest."""
    climate, years = read_typhoon_climate(GOTO), random_years()
    strongest = int(np.argmax([year["wind_speed"].max() for year in years["offshore"]]))
    wind, ghi = years["offshore"][strongest]["wind_speed"], years["fukue"][strongest]["ghi"]
    typhoons = typhoons_of_year(GOTO, YEAR, climate, SEED, RANDOM_YEARS[strongest], is_normal=False)
    nearest = min((typhoon.nearest for typhoon in typhoons), key=lambda time: abs(time - wind.idxmax()))
    week = slice(nearest.normalize() - pd.Timedelta(days=3), nearest.normalize() + pd.Timedelta(days=4))
    days = (wind[week].index - wind[week].index[0]) / pd.Timedelta(days=1)
    axes.fill_between(days, ghi[week] / 25.0, color="#f2d9a0", label="irradiance, 25 W/m2")
    axes.plot(days, wind[week], color=MODEL, label="wind offshore, m/s")
    axes.axhline(CUT_OUT_M_PER_S, color=MEASURED, linewidth=1, linestyle="--", label="cut-out")
    axes.set(title="the strongest typhoon of these years", xlabel="day", xlim=(0, 7), ylim=(0, 68))
    axes.legend(frameon=False, loc="upper left", ncols=3)


def _measured(path: Path, data: Path) -> Figure:
    drawing = Drawing(figsize=(9, 2.8), layout="constrained")
    axes = drawing.subplots(1, 4)
    for place, axis in zip(STATIONS, axes, strict=False):
        ghi = station_year(data, place.place_id)["ghi"]
        own, like = clearness_sample(ghi, place), clearness_like(ghi, place)
        name = "daily clear-sky index"
        for sample, colour, label in ((own, MEASURED, "standard year"), (like, MODEL, "synthetic")):
            axis.plot(np.sort(sample[name]), np.linspace(0, 100, len(sample[name])), color=colour, label=label)
        axis.set(title=f"{place.place_id.title()}, days", xlabel="of the clear sky", ylabel="% of the days below")
        if place is STATIONS[0]:
            _runs(axes[2], own["runs of dull days"], like["runs of dull days"])
            axis.legend(frameon=False)
    lags = np.array(LAGS_HOURS)
    model = [autocorrelation(frame["wind_speed"], 2) for frame in random_years()["offshore"][:10]]
    axes[3].plot(lags, np.mean(model, axis=0), "o-", color=MODEL, markersize=3, label="offshore")
    axes[3].plot(lags, autocorrelation(area_wind(data), 1), "s--", color="black", markersize=3, label="area's output")
    ground = autocorrelation(station_year(data, "miyazaki")["wind_speed"], 2)
    axes[3].plot(lags, ground, "^--", color=MEASURED, markersize=3, label="Miyazaki, ground")
    axes[3].set(title="wind, autocorrelation", xlabel="h", xticks=[1, 12, 24, 48])
    axes[3].legend(frameon=False)
    others = "the standard years (Expanded AMeDAS) and the wind output of the Kyushu area (Kyuden T&D)"
    return _saved(drawing, path, f"Synthetic years against {others}.")


def _runs(axes: Axes, own: np.ndarray, like: np.ndarray) -> None:
    for runs, colour in ((own, MEASURED), (like, MODEL)):
        lengths = np.arange(1, max(own.max(), like.max()) + 1)
        axes.plot(lengths, [100.0 * (runs >= length).mean() for length in lengths], color=colour)
    axes.set(title="Yakushima, dull spells", xlabel="days", ylabel="% at least so long", yscale="log")


def _saved(drawing: Drawing, path: Path, caption: str) -> Figure:
    path.parent.mkdir(parents=True, exist_ok=True)
    drawing.savefig(path, metadata={"Date": None})
    return Figure(path, caption)
