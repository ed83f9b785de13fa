"""Rows of the calibration record on PV: published yields, and the area's two measured years."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

import numpy as np
from pv_area import AreaYears, measured_per_kw, modelled_years, sites_under_real_skies
from pv_figures import figures
from pv_shapes import day_spread, duration_distance, month_hour, shape_distance_percent, steps
from rows import Row

from network_models.island import find_island
from network_models.reading import island_tables
from twin.resources.pv import clipped_output, fleet_per_kw, read_pv_fleet, sky_at
from weather.climate import read_climates
from weather.synthetic.year import NORMAL_YEAR, synthetic_year

GOTO = island_tables(find_island())

__all__ = ["figures", "rows"]

SEEDS = range(1, 9)
AVAILABILITY = 0.98
"""Of the PV plants in plants.csv."""

INSTALLED_TOLERANCE = 0.05
MODULES_PER_KW = (1.0, 1.25)
"""kW of modules behind a kW that the area lists: inverters of Goto's own plants carry 1.0 to 1.2."""

MEASURED_YEARS = (2021, 2022)
SOURCE = "[kyuden_area, FY2021-22]"
row = partial(Row, "PV")


def rows(data: Path | None) -> list[Row]:
    """Return the rows; those on the area need the measured years and a real sky in `data`."""
    return [*_yields(), *_area(data)]


@dataclass(frozen=True)
class Spread:
    """A yield of the normal year over seeds, kWh/kW."""

    mean: float
    sd: float

    @property
    def told(self) -> str:
        """Mean and spread in words."""
        return f"{len(SEEDS)} normal years: standard deviation {100 * self.sd / self.mean:.1f} %"

    def around(self, published: float, least_percent: float = 1.5) -> tuple[float, float]:
        """Return a range of three standard deviations, at least `least_percent`."""
        part = max(3 * self.sd / self.mean, least_percent / 100)
        return published * (1 - part), published * (1 + part)


def _yields() -> list[Row]:
    port, reused = normal_yield("ground", 2014), normal_yield("reused_panel", 2026)
    port = Spread(port.mean * AVAILABILITY, port.sd * AVAILABILITY)
    kogamidake = normal_yield("ground", 2018, clip=5.0 / 5.3).mean * AVAILABILITY * 5.3 / 1000
    physics = reused.mean / read_pv_fleet(GOTO, "reused_panel").output_factor
    plan = 8_316_832 / 7000
    loss = read_pv_fleet(GOTO, "ground").loss
    return [
        row(
            "Yield of Fukue port, new, after outages", "[okawara2013]", "kWh/kW dc", 1085.0, port.mean,
            *port.around(1085.0),
            f"{port.told}; losses are PVWatts' own ({loss:.1%}) times {read_pv_fleet(GOTO, 'ground').output_factor:g}."
            " The figure was announced at the opening on 2013-12-11: a forecast of the owner, not a measurement",
        ),
        row(
            "First year of Kogamidake, 5.3 MW dc, 5 MW ac", "[techon2016_01]", "GWh", 6.79,
            kogamidake, 6.79 * 0.9, 6.79 * 1.1,
            "range: as far as PVWatts claims to be right over a year (10 %). Two owners announce 1,085 and 1,281 kWh/kW"
            " on one island; the model follows the lower, the range of its row pv_fleets ground reaches to the higher",
        ),
        row(
            "Yield of reused panels, first year", "[goto_plan2024, P38 over P33]",
                "kWh/kW", plan, reused.mean, *reused.around(plan),
            f"{reused.told}; met by counting {read_pv_fleet(GOTO, 'reused_panel').output_factor:g} kW of modules a kW:"
            " P108 states 10 kW on the AC side",
        ),
        row(
            "Yield of reused panels if the plan's kW are modules", "[goto_plan2024, P38 over P33]",
                "kWh/kW", plan, physics,
            *reused.around(plan, 5.0),
            "modules after ten years of use, 0.5 % a year [jordan2013], roofs in several directions: old panels"
            " are planned to yield more than new ones at the port of the same island",
        ),
    ]  # fmt: skip


@cache
def normal_yield(fleet: str, year: int, clip: float = np.inf) -> Spread:
    """Return the yield at Fukue in normal years, before outages.

    Parameters
    ----------
    fleet : str
        Of ``pv_fleets.csv``.
    year : int
        Fiscal year: sets the age.
    clip : float
        kW of inverter per kW of modules.
    """
    fukue = read_climates(GOTO)["fukue"]
    found = []
    for seed in SEEDS:
        weather = synthetic_year(GOTO, year, NORMAL_YEAR, seed, climates={"fukue": fukue})
        sky = sky_at(weather.values["fukue"], fukue.place)
        found.append(clipped_output(fleet_per_kw(GOTO, sky, fleet), 1.0, clip).sum() / 2)
    return Spread(float(np.mean(found)), float(np.std(found, ddof=1)))


def _area(data: Path | None) -> list[Row]:
    if data is None:
        absent = "needs the folder shared/data"
        return [row("Yearly and hourly shape of the area's PV", SOURCE, "-", *[np.nan] * 4, absent)]
    years, measured = modelled_years(data), {year: measured_per_kw(data, year) for year in MEASURED_YEARS}
    return [*_area_energy(years, measured), *_area_shape(years, measured), *_area_spread(years, measured, data)]


def _area_energy(years: AreaYears, measured: dict[int, np.ndarray]) -> list[Row]:
    model, (least, most) = years.area.sum(axis=1).mean(), MODULES_PER_KW
    found = []
    for year, output in measured.items():
        seen = output.sum()
        low, high = seen / (1 + INSTALLED_TOLERANCE) / most, seen / (1 - INSTALLED_TOLERANCE) / least
        why = (
            f"measured per kW listed (capacity +-5 %), modelled per kW of modules: {seen / model:.2f} kW of modules a"
            " kW, 1.0 to 1.25 accepted; capacity and overbuild cannot be told apart"
        )
        found.append(row(f"Yield of the area's PV, FY{year}", SOURCE, "kWh/kW", seen, model, low, high, why))
    return found


def _area_shape(years: AreaYears, measured: dict[int, np.ndarray]) -> list[Row]:
    first, second = measured.values()
    both, model = np.array([first, second]), month_hour(years.area)
    apart = shape_distance_percent(month_hour(first), month_hour(second))
    alike = float(np.corrcoef(first, second)[0, 1])
    guessed = np.mean([[np.corrcoef(year, output)[0, 1] for year in years.area] for output in both])
    durations = np.mean([[duration_distance(year, output) for year in years.area] for output in both])
    yardstick = "yardstick: how far FY2021 and FY2022 are from each other"
    return [
        row(
            "Means by month and hour, rms difference from both years", SOURCE, "% of the highest mean", apart,
            shape_distance_percent(month_hour(both), model), 0.0, apart, yardstick,
        ),
        row(
            "Correlation of the same hours of two years", SOURCE, "-", alike, float(guessed),
            alike - 0.05, alike + 0.05,
            f"{yardstick}; no sky of these years is at hand, so this is the correlation of climates: it shows sun,"
            " season and typical clouds, never whether an hour is met",
        ),
        row(
            "Duration curve, distance from the measured ones", SOURCE, "of the mean output",
            duration_distance(first, second), float(durations), 0.0, 3 * duration_distance(first, second),
            f"{yardstick}; accepted to three times that: the model has too few hours of the whole area in full sun",
        ),
    ]  # fmt: skip


def _area_spread(years: AreaYears, measured: dict[int, np.ndarray], data: Path) -> list[Row]:
    peak, ramp, days = [np.mean([f(x) for x in measured.values()]) for f in (_peak, _ramp, day_spread)]
    shipped = modelled_years(data, 100.0, (1,))
    site, real = np.mean([_ramp(x) for x in years.site]), [_ramp(x) for x in sites_under_real_skies(data).values()]
    return [
        row(
            "Highest hour of the area over its mean", SOURCE, "-", peak, np.mean([_peak(x) for x in years.area]),
            peak * 0.9, peak * 1.1, "mean of two years; 10 %: the years differ, overbuild that clips is unknown",
        ),
        row(
            "Hourly steps of the area (99.9 % quantile) over its mean", SOURCE, "-", ramp,
            np.mean([_ramp(x) for x in years.area]), ramp * 0.9, ramp * 1.1, "mean of two years; 10 %",
        ),
        row(
            "Spread of days of the area, FY2022", SOURCE, "of the month's mean day", day_spread(measured[2022]),
            np.mean([day_spread(x) for x in years.area]), 0.9 * day_spread(measured[2022]),
            1.1 * day_spread(measured[2022]), "days alike over 330 km, set by FY2021; 10 %: three model years",
        ),
        row(
            "Spread of days of the area with the islands' cloud length, 100 km", SOURCE, "of the month's mean day",
            days, np.mean([day_spread(x) for x in shipped.area]), 0.9 * days, 1.1 * days,
            "100 km are for the islands: over 300 km the area gets too steady; one Gaussian kernel cannot serve both",
        ),
        row(
            "Hourly steps of one site (99.9 % quantile) over its mean",
            "[expanded_ameda] [model, docs/concepts/resources/pv.md]", "-", float(np.mean(real)), site,
            min(real), max(real),
            f"between two stations' real skies; the area has {ramp:.1f}, one site {site / ramp:.1f} times that",
        ),
    ]  # fmt: skip


def _peak(output: np.ndarray) -> float:
    return float(output.max() / output.mean())


def _ramp(output: np.ndarray) -> float:
    return float(np.quantile(np.abs(steps(output)), 0.999))
