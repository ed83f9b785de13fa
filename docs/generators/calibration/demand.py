"""Rows of the calibration record: demand of the islands and of single homes."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas

from calibration.model_year import CALENDAR_YEAR, SEED
from calibration.rows import Figure, Row
from network_models.island import find_island
from network_models.model import grid_of
from network_models.reading import island_tables
from twin.core.clock import fiscal_year, step_hours
from twin.resources.calendar import is_free_day
from twin.resources.demand import CLASSES, area_demand, class_shapes
from twin.resources.site_demand import demand_shapes, site_demand
from weather.synthetic.year import synthetic_year

GOTO = island_tables(find_island())
TOPIC = "Demand"
KYUSHU_MONTHS = np.array([1.117, 1.058, 0.918, 0.873, 0.849, 0.993, 1.149, 1.168, 1.019, 0.874, 0.876, 1.103])
"""Monthly means of the Kyushu area over the year's, FY2022, January first (docs/goto_facts.md 4)."""
WINTER, SUMMER = (12, 1, 2), (7, 8)
GROUP = 5
NAN = float("nan")
RANGE_OF_HOMES = "range of the five homes, on which the spreads were chosen"
HOMES_SOURCE, ABSENT_SERIES = "[camsl2021]", "no measured series at hand"
WEATHER_YEARS = range(6)
HEATING_BELOW_C, COOLING_ABOVE_C = 16.0, 20.0
NIGHT, NOON, HEATERS_RUN = (0, 6), (9, 15), (2, 6)
DRAWS = 200
TOWN = "fukue"
STATISTICS = {
    "load factor": "load factor of a home",
    "variation": "standard deviation of its half-hours over its mean",
    "lag 1": "correlation of neighbouring half-hours",
    "lag 48": "correlation of half-hours a day apart",
    "share 9-15 h": "share of its energy used at 9-15 h",
    "night over noon": "demand at 0-5 h over that at 9-14 h",
    "peak per MWh": "peak in kW per MWh of its year",
}
MODEL, MEASURED = "#1f5f8b", "#c0504d"
SEASONS = {"December to February": (12, 1, 2), "July and August": (7, 8)}


def rows(data: Path | None) -> list[Row]:
    """Return the rows; those that need a measured series are not computed without `data`."""
    return [*_energy(), *_peaks(), *_courses(), *_measured_years(data), *_homes(data)]


def _energy() -> list[Row]:
    gwh = class_gwh_of_city()
    civil = gwh["residential"] + gwh["commercial"] + gwh["public"]
    by_construction = "met by construction: tests that nothing is lost between shapes, areas and noise"
    facts = [
        ("residential", "[goto_plan2024, P05]", 82.305998, gwh["residential"]),
        ("commercial", "[goto_plan2024, P06]", 57.777960, gwh["commercial"]),
        ("public", "[goto_plan2024, P07]", 14.157823, gwh["public"]),
        ("civil, all three", "[goto_plan2024, P04]", 154.241781, civil),
    ]
    found = [
        Row(TOPIC, f"Demand of Goto City, {name}", source, "GWh/y", value, model, value - 1e-4, value + 1e-4,
            by_construction)
        for name, source, value, model in facts
    ]  # fmt: skip
    islands = float(np.mean([island_demand(number).sum() / 2000 for number in WEATHER_YEARS]))
    return [
        *found,
        Row(TOPIC, "Demand of Goto City with industry and fisheries", "[model, docs/plan.md 3]",
            "GWh/y", 196.0, sum(gwh.values()),
            195.5, 196.5, "156.5 GWh over 80 %, rounded"),
        Row(TOPIC, "Demand of all islands on the link", "[model, docs/goto_facts.md 4]",
            "GWh/y", 320.0, islands, 260.0, 380.0,
            "range of docs/goto_facts.md 4; nothing is published"),
    ]  # fmt: skip


def _peaks() -> list[Row]:
    years = [island_demand(number) for number in WEATHER_YEARS]

    def mean(of_year: list[float]) -> float:
        return float(np.mean(of_year))

    return [
        Row(TOPIC, "Peak, mean of six weather years", "[model, docs/goto_facts.md 4]",
            "MW", 63.0, mean([y.max() for y in years]),
            48.0, 72.0, "range of docs/goto_facts.md 4, from energy and load factor"),
        Row(TOPIC, "Minimum, mean of six weather years", "[model, docs/goto_facts.md 4]",
            "MW", 25.0, mean([y.min() for y in years]),
            20.0, 26.0, "40 % of the peak; range of docs/goto_facts.md 4"),
        Row(TOPIC, "Load factor", "[model, docs/goto_facts.md 4]",
            "1", 0.58, mean([y.mean() / y.max() for y in years]), 0.53, 0.62,
            "the Kyushu area's 0.58-0.62 (FY2018-22); Goto may lie below"),
        Row(TOPIC, "Minimum over peak", "[model, docs/goto_facts.md 4]",
            "1", 0.40, mean([y.min() / y.max() for y in years]), 20 / 63,
            26 / 63, "Kyushu area 0.40 in both years; 20 and 26 MW over 63 MW"),
    ]  # fmt: skip


def _courses() -> list[Row]:
    normal = island_demand(0)
    error = float(np.sqrt(np.mean((months(normal) - KYUSHU_MONTHS) ** 2)))
    normals = GOTO.by_month("temperature_normals", "temperature_c").sort_index().to_numpy(float)
    published, model = (slopes_of_months(shape, normals) for shape in (KYUSHU_MONTHS, months(normal)))
    why = (
        "regression on twelve months with Fukue's normals; half as much again for other classes and one year's weather"
    )
    return [
        Row(TOPIC, "Monthly means: root mean square from the Kyushu area's", "[kyuden_area, FY2022]", "1", 0.0, error,
            0.0, 0.051, "what FY2021 and FY2022 differ by"),
        Row(TOPIC, "Heating: monthly demand per kelvin below 16 C", "[kyuden_area, FY2022] [jma_normals, Fukue 47843]",
            "%/K", published[0], model[0],
            published[0] / 1.5, 1.5 * published[0], why),
        Row(TOPIC, "Cooling: monthly demand per kelvin above 20 C", "[kyuden_area, FY2022] [jma_normals, Fukue 47843]",
            "%/K", published[1], model[1],
            published[1] / 1.5, 1.5 * published[1], why),
        Row(TOPIC, "Hour of the highest mean demand, December to February", "[model, docs/goto_facts.md 4]", "h", 18.0,
            peak_hour(normal, WINTER), 18.0, 20.0, "Kyushu area 18 h; Goto expected at 18-20 h"),
        Row(TOPIC, "Hour of the highest mean demand, July and August", "[model, docs/goto_facts.md 4]", "h", 14.0,
            peak_hour(normal, SUMMER), 14.0, 19.0,
            "Kyushu area 14 h, net of PV behind the meter; the model is gross and level within 3 % from 11 to 18 h"),
        *(
            Row(TOPIC, f"Demand at 18-20 h over that at 11-13 h, {name}", "[model, docs/goto_facts.md 4]", "1", kyushu,
                evening_over_noon(normal, which), kyushu, 1.15 * kyushu,
                "Kyushu area; expectation: Goto flatter at noon and higher at 18-20 h, by how much is open")
            for name, which, kyushu in (("December to February", WINTER, 1.105), ("July and August", SUMMER, 0.931))
        ),
    ]  # fmt: skip


def _measured_years(data: Path | None) -> list[Row]:
    peak, published, model = NAN, pd.Series(NAN, range(1, 13)), pd.Series(NAN, range(1, 13))
    if data:
        area = measured_area(data)
        peak, published = island_demand_of_area(area, 2022).max(), workday_spread(area)
        model = pd.concat([workday_spread(island_demand(number)) for number in WEATHER_YEARS], axis=1).mean(axis=1)
    found = [
        Row(TOPIC, "Peak with the measured area demand of FY2022", "[model, docs/goto_facts.md 4]",
            "MW", 63.0, peak, 48.0, 72.0,
            "the cold spell of January 2023 in the area's series; docs/goto_facts.md 4" if data else ABSENT_SERIES)
    ]  # fmt: skip
    for name, which in (("December to March", [12, 1, 2, 3]), ("June to September", [6, 7, 8, 9])):
        spread, of_model = (100 * float(of.loc[which].mean(skipna=False)) for of in (published, model))
        why = "slopes were set on it; a third either way: two years are few and hold one rare cold spell"
        found.append(
            Row(TOPIC, f"Spread of work days within a month, {name}", "[kyuden_area, FY2021-22]", "%", spread, of_model,
                0.67 * spread, 1.33 * spread, why if data else ABSENT_SERIES)
        )  # fmt: skip
    return found


def _homes(data: Path | None) -> list[Row]:
    of_homes, of_model, of_groups = pd.DataFrame(NAN, [0], list(STATISTICS)), None, (NAN, NAN, NAN)
    if data:
        measured, homes = measured_homes(data), model_homes()
        of_homes, of_model, groups = statistics(measured), statistics(homes), diversity(homes, GROUP)
        of_groups = float(diversity(measured, GROUP)[0]), float(groups.mean()), 2 * float(groups.std())
    found = [
        Row(TOPIC, f"Median home without water heater: {words}", HOMES_SOURCE,
            "kW/MWh" if name.startswith("peak") else "1", of_homes[name].median(skipna=False),
            NAN if of_model is None else of_model[name].median(), of_homes[name].min(skipna=False),
            of_homes[name].max(skipna=False), RANGE_OF_HOMES if data else ABSENT_SERIES)
        for name, words in STATISTICS.items()
    ]  # fmt: skip
    published, model, width = of_groups
    why = "one group of five: two standard deviations between groups of the model" if data else ABSENT_SERIES
    return [
        *found,
        Row(TOPIC, f"Peaks of {GROUP} homes of equal energy over the peak of their sum", HOMES_SOURCE, "1",
            published, model, published - width, published + width, why),
    ]  # fmt: skip


def peak_hour(demand: pd.Series, which: tuple[int, ...]) -> float:
    """Return the hour of the day with the highest mean demand in some months."""
    season = demand[pd.DatetimeIndex(demand.index).month.isin(which)]
    return float(np.argmax(season.groupby(lambda time: time.hour).mean().to_numpy()))


def evening_over_noon(demand: pd.Series, which: tuple[int, ...]) -> float:
    """Return the mean of 18-20 h over that of 11-13 h in some months."""
    hour = demand[pd.DatetimeIndex(demand.index).month.isin(which)].groupby(lambda time: time.hour).mean()
    return float(hour.loc[18:20].mean() / hour.loc[11:13].mean())


def figures(folder: Path, data: Path | None) -> list[Figure]:
    """Write the figures of the topic; see `demand_figures`."""
    return pictures(folder, data)


@cache
def weather_year(number: int) -> tuple[pd.DatetimeIndex, dict[str, np.ndarray]]:
    """Return the index and the temperature (T,) by place of a synthetic year."""
    weather = synthetic_year(GOTO, CALENDAR_YEAR, number, SEED)
    return weather.index, {name: table["temp_air"].to_numpy() for name, table in weather.values.items()}


@cache
def island_demand(number: int) -> pd.Series:
    """Return the demand of all areas in a weather year, (T,) MW."""
    index, temperature = weather_year(number)
    areas = grid_of("goto", CALENDAR_YEAR).areas
    shapes = {place: class_shapes(GOTO, index, temperature[place]) for place in areas["place"].unique()}
    return pd.Series(area_demand(GOTO, areas, shapes, index, seed=SEED, weather_year=number).sum(axis=1), index)


def class_gwh_of_city() -> dict[str, float]:
    """Return the energy of each class in Goto City in the normal year, each run by itself."""
    index, temperature = weather_year(0)
    areas = grid_of("goto", CALENDAR_YEAR).areas
    areas = areas[areas["municipality"].astype(bool)]
    shapes = {place: class_shapes(GOTO, index, temperature[place]) for place in areas["place"].unique()}
    energy = {}
    for name in CLASSES:
        only = areas.assign(**{f"{other}_kwh": 0.0 for other in CLASSES if other != name})
        energy[name] = area_demand(GOTO, only, shapes, index, seed=SEED, weather_year=0).sum() / 2 / 1000
    return energy


def measured_area(data: Path) -> pd.Series:
    """Return the demand of the Kyushu area of FY2021 and FY2022, hourly MW."""
    file = data / "kyushu_area/kyushu_area_supply_demand_hourly_fy2021_fy2022.csv"
    area = pd.read_csv(file, index_col=0, parse_dates=True)["demand_MWh"].astype(float)
    return area.set_axis(pd.DatetimeIndex(area.index).tz_localize("Asia/Tokyo"))


def island_demand_of_area(area: pd.Series, year: int) -> pd.Series:
    """Return the demand of the islands when the area's demand is that of a measured fiscal year, (T,) MW."""
    index, areas = fiscal_year(year), grid_of("goto", CALENDAR_YEAR).areas
    shapes = class_shapes(GOTO, index, None, area.loc[f"{year}-04-01" : f"{year + 1}-03-31"].to_numpy())
    places = dict.fromkeys(areas["place"], shapes)
    return pd.Series(area_demand(GOTO, areas, places, index, seed=SEED, weather_year=0).sum(axis=1), index)


def months(demand: pd.Series) -> np.ndarray:
    """Return the monthly means over the mean, January first; (12,)."""
    return (demand.groupby(pd.DatetimeIndex(demand.index).month).mean() / demand.mean()).to_numpy()


def workday_spread(demand: pd.Series) -> pd.Series:
    """Return by month how work days spread around a line through the month: standard deviation over the mean."""
    work = demand[~is_free_day(GOTO, pd.DatetimeIndex(demand.index))]
    day = work.groupby(pd.DatetimeIndex(work.index).date).mean()
    dates = pd.DatetimeIndex(day.index)
    spread = {}
    for (year, month), days in day.groupby([dates.year, dates.month]):
        number = pd.DatetimeIndex(days.index).day.to_numpy(float)
        line = np.polyval(np.polyfit(number, days.to_numpy(), 1), number)
        spread[year, month] = np.std(days.to_numpy() - line, ddof=2) / days.mean()
    return pd.Series(spread).groupby(level=1).mean()


def slopes_of_months(of_months: np.ndarray, normals: np.ndarray) -> tuple[float, float]:
    """Return heating and cooling of monthly demand in percent of the mean per kelvin, by least squares on the V.

    `normals` are the months' normal temperatures; the V has its corners at 16 and 20 C.
    """
    heat, cool = np.clip(HEATING_BELOW_C - normals, 0, None), np.clip(normals - COOLING_ABOVE_C, 0, None)
    design = np.column_stack([np.ones(12), heat, cool])
    _, heating, cooling = np.linalg.lstsq(design, of_months, rcond=None)[0]
    return 100 * heating, 100 * cooling


def measured_homes(data: Path) -> pd.DataFrame:
    """Return a year of the five homes, kWh per half-hour, a column each (CAMSL sample, October 2017 on)."""
    table = pd.read_csv(data / "household/japan_5_households_30min.csv", parse_dates=["datetime_JST"])
    wide = table.pivot_table(index="datetime_JST", columns="customer_id", values="energy_Wh_per_30min")
    return wide.loc["2017-10-01":"2018-09-30 23:30"] / 1000.0


@cache
def model_homes() -> pd.DataFrame:
    """Return the model's homes without a night water heater in the normal year; none of the five has one."""
    index, temperature = weather_year(0)
    homes = tuple(shape for shape in demand_shapes(GOTO) if shape.demand_class == "residential")
    shapes = class_shapes(GOTO, index, temperature[TOWN])
    kw_per_kwh = site_demand(GOTO, index, shapes, homes, seed=SEED, weather_year=0)
    demand = pd.DataFrame(kw_per_kwh * step_hours(index), index)
    of_night = demand[_between(demand, HEATERS_RUN)].sum()
    return demand.loc[:, of_night < 1.5 * of_night.median()]


def statistics(homes: pd.DataFrame) -> pd.DataFrame:
    """Return a row per home with the columns of `STATISTICS`; `homes` are kWh per half-hour."""
    mean, total = homes.mean(), homes.sum()
    night, noon = _between(homes, NIGHT), _between(homes, NOON)
    return pd.DataFrame({
        "load factor": mean / homes.max(),
        "variation": homes.std() / mean,
        "lag 1": [home.autocorr(1) for _, home in homes.items()],
        "lag 48": [home.autocorr(48) for _, home in homes.items()],
        "share 9-15 h": homes[noon].sum() / total,
        "night over noon": homes[night].mean() / homes[noon].mean(),
        "peak per MWh": 2 * homes.max() / total * 1000,
    })  # fmt: skip


def diversity(homes: pd.DataFrame, count: int) -> np.ndarray:
    """Return the sum of the peaks over the peak of the sum for groups of homes of equal energy; at most `DRAWS`."""
    rng = np.random.default_rng(1)
    equal = (homes / homes.mean()).to_numpy()
    found = {tuple(sorted(rng.choice(equal.shape[1], count, replace=False))) for _ in range(DRAWS)}
    return np.array([equal[:, list(g)].max(axis=0).sum() / equal[:, list(g)].sum(axis=1).max() for g in sorted(found)])


def _between(homes: pd.DataFrame, hours: tuple[int, int]) -> np.ndarray:
    hour = pd.DatetimeIndex(homes.index).hour
    return np.asarray((hour >= hours[0]) & (hour < hours[1]))


def pictures(folder: Path, data: Path | None) -> list[Figure]:
    """Write the figures into `folder`; without `data` the measured lines and the homes are missing."""
    with mpl.rc_context({"svg.hashsalt": "goto-twin", "font.size": 8}):
        found = [_draw_courses(folder / "demand_courses.svg", data)]
        return [*found, _draw_homes(folder / "demand_homes.svg", data)] if data else found


def _draw_courses(path: Path, data: Path | None) -> Figure:
    normal = island_demand(0)
    shown = {"islands, normal year": (normal, MODEL)}
    if data:
        shown["Kyushu area, FY2021-22"] = (measured_area(data), MEASURED)
    figure = Canvas(figsize=(9, 2.6), layout="constrained")
    axes = figure.subplots(1, 3)
    for name, (demand, colour) in shown.items():
        for axis, (season, which) in zip(axes, SEASONS.items(), strict=False):
            part = demand[pd.DatetimeIndex(demand.index).month.isin(which)]
            hour = part.groupby(lambda time: time.hour).mean() / part.mean()
            axis.plot(hour.index + 0.5, hour.to_numpy(), color=colour, label=name)
            axis.set(title=season, xlabel="hour", xticks=range(0, 25, 6), ylim=(0.6, 1.3))
        axes[2].plot(range(1, 13), months(demand), color=colour, marker="o", markersize=3)
    axes[0].set_ylabel("demand over its mean")
    axes[0].legend(frameon=False)
    axes[2].set(title="months", xlabel="month", xticks=range(1, 13), ylim=(0.6, 1.3))
    return _saved(figure, path, "Demand of the islands over its mean beside the Kyushu area's (Kyuden T&D area data).")


def _draw_homes(path: Path, data: Path) -> Figure:
    of_model, of_homes = statistics(model_homes()), statistics(measured_homes(data))
    figure = Canvas(figsize=(9, 2.4), layout="constrained")
    axes = figure.subplots(1, len(STATISTICS))
    for axis, name in zip(axes, STATISTICS, strict=True):
        _strip(axis, of_model[name], 0, MODEL)
        _strip(axis, of_homes[name], 1, MEASURED)
        axis.set(title=name, xticks=[0, 1], xticklabels=["model", "five"], xlim=(-0.6, 1.6))
    caption = "Statistics of single homes: the model's without night water heater and the five measured ones (CAMSL)."
    return _saved(figure, path, f"{caption} Bars: medians.")


def _strip(axis: Axes, values: pd.Series, position: int, colour: str) -> None:
    sideways = np.linspace(-0.25, 0.25, len(values))
    axis.plot(position + sideways, values, ".", color=colour, markersize=4, alpha=0.7)
    axis.hlines(values.median(), position - 0.35, position + 0.35, color=colour)


def _saved(figure: Canvas, path: Path, caption: str) -> Figure:
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, format="svg", metadata={"Date": None})
    return Figure(path, caption)
