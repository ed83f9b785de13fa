"""Rows and figures of the calibration record on area balance and price."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.figure import Figure as Canvas

from calibration.rows import Figure, Row
from network_models.island import find_island
from network_models.reading import island_tables
from twin.core.clock import DEFAULT_CLOCK, Clock, fiscal_year
from twin.core.weather_table import WeatherTable
from twin.resources.area_market.balance import (
    AreaCalibration,
    AreaDrivers,
    AreaYear,
    area_year,
    calibrate,
    cut_share,
    is_glut,
    price_ratio,
    surplus_mw,
)
from twin.resources.area_market.drivers import area_drivers
from twin.resources.area_market.orders import plant_orders
from weather.synthetic.year import synthetic_year

GOTO = island_tables(find_island())
row = partial(Row, "Area balance and price")
TESTED = "fitted on FY2021, tested on FY2022 with measured demand, PV, wind, must-run plants and export"
ALONE = "fit of FY2021 without offset, synthetic weather, nuclear at its mean of FY2021 in every month"
MISSING = "needs the measured years of the Kyushu area"
YEARS = 6
INSTALLED_PV_MW = {2021: 10_900.0, 2022: 11_600.0, 2024: 12_300.0}
"""Fitted to the area's output, +-5 %; FY2024: 0.35 GW a year more, an estimate."""
MUST_RUN = ["nuclear_MWh", "hydro_MWh", "geothermal_MWh", "biomass_MWh"]
HOURS = fiscal_year(2030, 60)
BLUE, RED = "#0072b2", "#d55e00"
"""Okabe and Ito: measured, modelled."""
MONTHS = ["Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec", "Jan", "Feb", "Mar"]
FROM, TO = 7, 17
STYLE = {"svg.hashsalt": "goto-twin", "font.size": 10}


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


@dataclass(frozen=True)
class AreaHours:
    """Hours of a fiscal year of the area: cut in MWh, price in JPY/kWh, floor price as share of the hour."""

    index: pd.DatetimeIndex
    potential_mwh: float
    cut: np.ndarray
    price: np.ndarray
    floor: np.ndarray

    @property
    def cut_percent(self) -> float:
        """Cut over the PV and wind that there would have been."""
        return 100 * float(self.cut.sum()) / self.potential_mwh

    def days_above(self, mwh: float) -> int:
        """Return on how many days an hour has more than this cut."""
        return int((self.cut.reshape(-1, 24).max(axis=1) > mwh).sum())

    def percent_of_cut(self, inside: np.ndarray) -> float:
        """Return the part of the cut energy in the hours `inside`, (T,) bool."""
        return 100 * float(self.cut[inside].sum() / self.cut.sum())

    def price_at(self, hour: int) -> float:
        """Return the mean price at an hour of the day over the mean of all."""
        return float(self.price[self.index.hour == hour].mean() / self.price.mean())


Pair = tuple[AreaHours, AreaHours]
"""A year as measured and as modelled."""


@cache
def measured_and_model(data: Path, year: int) -> tuple[AreaHours, AreaHours]:
    """Return a fiscal year as measured, and modelled with the measured demand, PV, wind, must-run plants and export.

    The modelled price has the measured yearly mean and no measured months.
    """
    area, price = _area(data, year), _price_of_hours(data, year)
    index = pd.DatetimeIndex(area.index)
    drivers = _measured_drivers(area)
    surplus = surplus_mw(GOTO, index, drivers)
    tables = island_tables(find_island(), {"area_parameters": {"pv_installed_mw": INSTALLED_PV_MW[year]}})
    controllable = drivers.controllable_mw(tables)
    share = cut_share(surplus, controllable, GOTO.value("area_balance_largest_share"))
    glut = is_glut(GOTO, surplus, share)
    ratio = np.where(glut, GOTO.value("price_floor") / GOTO.value("price_mean"), price_ratio(GOTO, drivers))
    slots = price.to_numpy().reshape(-1, 2)
    cut = (area["solar_curtailed_MWh"] + area["wind_curtailed_MWh"]).to_numpy(float)
    potential, at_floor = float((drivers.pv_mw + drivers.wind_mw).sum()), slots <= GOTO.value("price_floor") + 1e-9
    measured = AreaHours(index, potential, cut, slots.mean(axis=1), at_floor.mean(axis=1))
    modelled_price = ratio * slots.mean() / ratio.mean()
    return measured, AreaHours(index, potential, share * controllable, modelled_price, glut.astype(float))


def month_and_hour(year: AreaHours) -> np.ndarray:
    """Return the cut by month (April first) and hour of the day; (12, 24) MWh."""
    table = np.zeros((12, 24))
    np.add.at(table, ((year.index.month.to_numpy() - 4) % 12, year.index.hour.to_numpy()), year.cut)
    return table


@dataclass(frozen=True)
class SyntheticYear:
    """A weather year of an area: drivers and orders, hourly."""

    drivers: AreaDrivers
    orders: AreaYear

    @property
    def cut_mwh(self) -> np.ndarray:
        """Cut of the area; (8760,)."""
        return self.orders.cut_pv * self.drivers.controllable_mw(GOTO)


def synthetic_years(count: int, installed_mw: float, level_percent: float | None) -> list[SyntheticYear]:
    """Return weather years 0, 1, ... of an area with so much PV.

    Parameters
    ----------
    count : int
    installed_mw : float
    level_percent : float or None
        Level of the normal year; None for no offset: what the fit of FY2021 gives by itself.
    """
    years = []
    area = AreaCalibration(0.0, 1.0, 1.0)
    tables = island_tables(find_island(), {"area_parameters": {"pv_installed_mw": installed_mw}})
    for number in range(count):
        drivers = area_drivers(tables, _weather(number), seed=1, weather_year=number)
        if level_percent is not None and number == 0:
            area = calibrate(tables, HOURS, drivers, drivers.pv_mw, drivers.wind_mw, level_percent=level_percent)
        years.append(SyntheticYear(drivers, area_year(tables, HOURS, drivers, area)))
    return years


@cache
def _weather(number: int) -> WeatherTable:
    return synthetic_year(GOTO, 2030, number, 1, Clock(step_minutes=60))


def _area(data: Path, year: int) -> pd.DataFrame:
    (path,) = data.glob("kyushu_area/kyushu_area_supply_demand_hourly_*.csv")
    frame = pd.read_csv(path)
    frame.index = pd.to_datetime(frame["datetime_start_JST"]).dt.tz_localize(DEFAULT_CLOCK.timezone)
    return frame.loc[fiscal_year(year, 60)]


def _price_of_hours(data: Path, year: int) -> pd.Series:
    (path,) = data.glob("jepx/jepx_kyushu_spot_halfhourly_*.csv")
    frame = pd.read_csv(path)
    times = pd.to_datetime(frame["date"]) + pd.to_timedelta((frame["slot"] - 1) * 30, unit="min")
    return (
        frame["kyushu_price_jpy_per_kwh"].set_axis(times.dt.tz_localize(DEFAULT_CLOCK.timezone)).loc[fiscal_year(year)]
    )


def _measured_drivers(area: pd.DataFrame) -> AreaDrivers:
    pv, wind = (
        (area[f"{kind}_actual_MWh"] + area[f"{kind}_curtailed_MWh"]).to_numpy(float) for kind in ("solar", "wind")
    )
    demand, must_run = area["demand_MWh"].to_numpy(float), area[MUST_RUN].sum(axis=1).to_numpy(float)
    net = pd.Series(demand - must_run - pv - wind)
    usual = net.groupby(area.index.month).transform("mean").to_numpy()
    return AreaDrivers(demand, pv, wind, must_run, -area["interconnection_MWh"].to_numpy(float), usual)


def draw_cut(path: Path, measured: AreaHours, model: AreaHours) -> None:
    """Draw the cut by month and hour of the day, measured beside modelled, on one scale."""
    tables = {"measured": month_and_hour(measured), "model": month_and_hour(model)}
    highest = max(table.max() for table in tables.values()) / 1000
    with mpl.rc_context(STYLE):
        figure = Canvas(figsize=(8.5, 4.2), layout="constrained")
        for axes, (name, table) in zip(figure.subplots(1, 2, sharey=True), tables.items(), strict=True):
            image = axes.imshow(table[:, FROM:TO] / 1000, cmap="cividis", vmin=0, vmax=highest, aspect="auto")
            axes.set(title=f"{name}, {table.sum() / 1000:.0f} GWh", xlabel="hour of the day")
            axes.set_xticks(range(TO - FROM), [str(hour) for hour in range(FROM, TO)])
            axes.set_yticks(range(12), MONTHS)
        figure.colorbar(image, ax=figure.axes, label="GWh")
        _save(figure, path)


def draw_price(path: Path, measured: AreaHours, model: AreaHours) -> None:
    """Draw the mean price by hour of the day and the duration curve, measured and modelled."""
    with mpl.rc_context(STYLE):
        figure = Canvas(figsize=(8.5, 3.6), layout="constrained")
        by_hour, duration = figure.subplots(1, 2)
        percent = 100 * (np.arange(len(measured.price)) + 0.5) / len(measured.price)
        for name, year, colour in (("measured", measured, BLUE), ("model", model, RED)):
            mean = np.bincount(year.index.hour, year.price) / np.bincount(year.index.hour)
            by_hour.plot(range(24), mean, color=colour, label=name)
            duration.plot(percent[::4], np.sort(year.price)[::-1][::4], color=colour, label=name)
        by_hour.set(xlabel="hour of the day", ylabel="mean price, JPY/kWh", xlim=(0, 23), ylim=(0, None))
        duration.set(xlabel="% of the year", ylabel="price, JPY/kWh", xlim=(0, 100), ylim=(0, 60))
        by_hour.legend(frameon=False)
        _save(figure, path)


def _save(figure: Canvas, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, format="svg", metadata={"Date": None})
