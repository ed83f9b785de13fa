"""Rows of the calibration record: demand of the islands and of single homes."""

from __future__ import annotations

from pathlib import Path

import demand_figures
import numpy as np
import pandas as pd
from demand_homes import STATISTICS, diversity, measured_homes, model_homes, statistics
from demand_years import (
    WEATHER_YEARS,
    class_gwh_of_city,
    island_demand,
    island_demand_of_area,
    measured_area,
    months,
    slopes_of_months,
    workday_spread,
)
from rows import Figure, Row

from network_models.island import find_island
from network_models.reading import island_tables

GOTO = island_tables(find_island())

TOPIC = "Demand"
KYUSHU_MONTHS = np.array([1.117, 1.058, 0.918, 0.873, 0.849, 0.993, 1.149, 1.168, 1.019, 0.874, 0.876, 1.103])
"""Monthly means of the Kyushu area over the year's, FY2022, January first (docs/goto_facts.md 4)."""

WINTER, SUMMER = (12, 1, 2), (7, 8)
GROUP = 5
NAN = float("nan")
RANGE_OF_HOMES = "range of the five homes, on which the spreads were chosen"
HOMES_SOURCE, ABSENT_SERIES = "[camsl2021]", "no measured series at hand"


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
    return demand_figures.figures(folder, data)
