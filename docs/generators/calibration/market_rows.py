"""Rows and figures of the calibration record on area balance and price."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from market_figures import draw_cut, draw_price
from market_years import HOURS, INSTALLED_PV_MW, AreaHours, SyntheticYear, measured_and_model, synthetic_years
from rows import Figure, Row

from network_models.island import find_island
from network_models.reading import island_tables
from twin.resources.area_market.orders import plant_orders

GOTO = island_tables(find_island())

row = partial(Row, "Area balance and price")

TESTED = "fitted on FY2021, tested on FY2022 with measured demand, PV, wind, must-run plants and export"
ALONE = "fit of FY2021 without offset, synthetic weather, nuclear at its mean of FY2021 in every month"
MISSING = "needs the measured years of the Kyushu area"
YEARS = 6

Pair = tuple[AreaHours, AreaHours]
"""A year as measured and as modelled."""


def rows(data: Path | None) -> list[Row]:
    """Return the rows; those on FY2022 need the measured years in `data`."""
    pair = None if data is None else measured_and_model(data, 2022)
    return [*_cut(pair), *_price(pair), *_synthetic(), *_classes_2024()]


def figures(folder: Path, data: Path | None) -> list[Figure]:
    """Draw the cut by month and hour and the price of FY2022, measured and modelled."""
    if data is None:
        return []
    cut, price, pair = folder / "area_cut_fy2022.svg", folder / "area_price_fy2022.svg", measured_and_model(data, 2022)
    draw_cut(cut, *pair)
    draw_price(price, *pair)
    source = "Kyuden T&D and JEPX, FY2022; model fitted on FY2021, with measured drivers"
    return [
        Figure(cut, f"Cut for area balance by month and hour of the day, measured and modelled ({source})."),
        Figure(price, f"Price of the Kyushu area: mean by hour of the day and duration curve ({source})."),
    ]


def _tested(
    pair: Pair | None,
    fact: str,
    source: str,
    unit: str,
    of: Callable[[AreaHours], float],
    published: float,
    tolerance: float,
    remark: str = "",
) -> Row:
    """Return a row on FY2022 that fits within `tolerance` of the measured value; `published` where that is absent."""
    measured, model = (published, float("nan")) if pair is None else (float(of(year)) for year in pair)
    why = MISSING if pair is None else "; ".join(filter(None, [TESTED, f"{100 * tolerance:.0f} %", remark]))
    return row(fact, source, unit, measured, model, measured * (1 - tolerance), measured * (1 + tolerance), why)


def _cut(pair: Pair | None) -> list[Row]:
    def spring(year: AreaHours) -> float:
        return year.percent_of_cut(np.isin(year.index.month, (3, 4, 5)))

    def march(year: AreaHours) -> float:
        return year.percent_of_cut(year.index.month == 3)

    def noon(year: AreaHours) -> float:
        return year.percent_of_cut((year.index.hour >= 10) & (year.index.hour < 14))

    tiny = "69 of the measured days have at most 100 MWh in any hour: the model knows no such cuts"
    pumps = "in cut hours of March 2023 the pumps took 0.6 GW, 0.9 to 1.2 GW in the months around: no driver"
    return [
        _tested(pair, "Cut of PV and wind in FY2022", "[kyuden_area]", "GWh", lambda y: y.cut.sum() / 1000, 449, 0.15),
        _tested(pair, "The same over all PV and wind", "[kyuden_area, docs/goto_facts.md 6.1]",
            "%", lambda y: y.cut_percent, 3.01, 0.15),
        _tested(pair, "Days with a cut, FY2022", "[kyuden_area, docs/goto_facts.md 6.1]",
            "days", lambda y: y.days_above(0), 149, 0.15, tiny),
        _tested(pair, "Days with more than 100 MWh in an hour, FY2022", "[kyuden_area]", "days",
                lambda y: y.days_above(100), 80, 0.15),
        _tested(pair, "Cut energy of March to May over the year, FY2022", "[kyuden_area, docs/goto_facts.md 6.1]",
            "%", spring, 81, 0.15, pumps),
        _tested(pair, "Cut energy of March over the year, FY2022", "[kyuden_area, docs/goto_facts.md 6.1]",
            "%", march, 56, 0.15, pumps),
        _tested(pair, "Cut energy at 10 to 14 h over the day, FY2022", "[kyuden_area]", "%", noon, 77, 0.15),
    ]  # fmt: skip


def _price(pair: Pair | None) -> list[Row]:
    buyers = "the market has floor prices in summer too (18 % of July 2022), when nothing is cut"
    curve = "curve of FY2021"
    return [
        _tested(pair, "Slots at 0.01 JPY/kWh, FY2022", "[jepx_spot, docs/goto_facts.md 7]",
            "%", lambda y: 100 * y.floor.mean(), 10.9, 0.2,
                buyers),
        _tested(pair, "Price at 12 h over the mean, FY2022", "[jepx_spot]",
            "1", lambda y: y.price_at(12), 0.43, 0.2, curve),
        _tested(pair, "Price at 18 h over the mean, FY2022", "[jepx_spot]",
            "1", lambda y: y.price_at(18), 1.88, 0.2, curve),
    ]  # fmt: skip


def _synthetic() -> list[Row]:
    years = synthetic_years(YEARS, INSTALLED_PV_MW[2021], None)
    gwh = np.array([year.cut_mwh.sum() / 1000 for year in years])
    days = np.array([_days(year) for year in years])
    spread = f"{YEARS} weather years: {gwh.min():.0f} to {gwh.max():.0f} GWh, {days.min()} to {days.max()} days"
    return [
        row("Cut of PV and wind with the plants of FY2021", "[kyuden_area]", "GWh", 535, float(gwh.mean()), 375, 695,
            f"{ALONE}; {spread}; 30 %: two years and their nuclear outages cannot tell the mean better"),
        row("Days with a cut with the plants of FY2021", "[kyuden_area, docs/goto_facts.md 6.1]",
            "days", 108, float(days.mean()), 76, 140,
            f"{ALONE}; {spread}; 30 %"),
    ]  # fmt: skip


def _days(year: SyntheticYear) -> int:
    return int((year.cut_mwh.reshape(-1, 24).sum(axis=1) > 0).sum())


def _classes_2024() -> list[Row]:
    """FY2024 at the level of the forecast, 8.6 % of the controlled plant: what each class of PV is not paid for."""
    (year,) = synthetic_years(1, INSTALLED_PV_MW[2024], 8.6)
    hours = pd.date_range("2024-04-01", periods=len(HOURS), freq="h", tz=HOURS.tz)
    classes = {"old rule, offline": ("old", "offline"), "old rule, online": ("old", "online"),
               "unlimited": ("unlimited", "online")}  # fmt: skip
    published = {"old rule, offline": 10.0, "old rule, online": 7.1, "unlimited": 9.2}
    found = []
    for name, (rule, control) in classes.items():
        plants = pd.DataFrame(
            {"kind": "pv", "area_rule": rule, "area_control": control, "scheme": "FIT"}, index=range(40)
        )
        output = np.repeat(year.drivers.pv_mw[:, None], len(plants), axis=1)
        orders = plant_orders(GOTO,
            hours, year.orders.cut_pv, year.orders.cut_wind, output, plants, seed=1, weather_year=0
        )  # fmt: skip
        percent = 100 * float((orders.settled * output).sum() / output.sum())
        found.append(
            row(f"PV of class {name} in FY2024, settled cut", "[kyuden_td_forecast2024]", "%",
                published[name], percent, 0.85 * published[name], 1.15 * published[name],
                "normal weather year at 8.6 % of the controlled plant (same forecast); 15 %: one weather year")
        )  # fmt: skip
    return [*found, *_prices_2024()]


def _prices_2024() -> list[Row]:
    (year,) = synthetic_years(1, INSTALLED_PV_MW[2024], 4.8 * 8.6 / 6.2)
    price = year.orders.price_jpy_per_kwh
    by_hour = np.bincount(HOURS.hour, price) / price.sum() * 24
    why = "normal weather year at the actual 4.8 % of all (6.7 % of the controlled plant); curve of FY2021"
    noon, evening = 5.3 / 10.86, 16.9 / 10.86
    return [
        row("Slots at 0.01 JPY/kWh, FY2024", "[jepx_spot, docs/goto_facts.md 7]",
            "%", 6.7, 100 * float((price <= 0.0101).mean()), 5.0, 8.4,
            f"{why}; 25 %: one weather year"),
        row("Price at 12 h over the mean, FY2024", "[jepx_spot, docs/goto_facts.md 7]",
            "1", noon, float(by_hour[12]), 0.8 * noon, 1.2 * noon,
            f"{why}; 20 %"),
        row("Price at 18 h over the mean, FY2024", "[jepx_spot, docs/goto_facts.md 7]",
            "1", evening, float(by_hour[18]), 0.8 * evening,
            1.2 * evening, f"{why}; 20 %"),
    ]  # fmt: skip
