"""Rows of the calibration record on PV: published yields, and the area's two measured years."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Drawing
from scipy.stats import wasserstein_distance

from calibration.rows import Figure, Row
from network_models.island import find_island
from network_models.reading import island_tables
from studies.measured.series import read_measured
from twin.core.clock import fiscal_year
from twin.core.weather_table import Place
from twin.resources.pv import Sky, clipped_output, fleet_per_kw, read_pv_fleet, sky_at
from weather.climate import Climate, read_climates
from weather.readers.formats import read
from weather.readers.reading import WeatherFile
from weather.synthetic.parameters import read_process
from weather.synthetic.year import NORMAL_YEAR, synthetic_year

GOTO = island_tables(find_island())
SEEDS = range(1, 9)
AVAILABILITY = 0.98
"""Of the PV plants in plants.csv."""
INSTALLED_TOLERANCE = 0.05
MODULES_PER_KW = (1.0, 1.25)
"""kW of modules behind a kW that the area lists: inverters of Goto's own plants carry 1.0 to 1.2."""
MEASURED_YEARS = (2021, 2022)
SOURCE = "[kyuden_area, FY2021-22]"
row = partial(Row, "PV")
FOLDER = Path(__file__).parent
INSTALLED_MW = {2021: 10_900.0, 2022: 11_600.0}
"""Estimates, to be fitted within 5 %."""
NAGASAKI_GHI_MJ = (7.5, 10.4, 13.7, 16.9, 18.1, 15.0, 17.7, 18.5, 15.2, 13.1, 9.4, 7.4)
"""JMA normals of Nagasaki 47817, MJ/m2 a day, January first (docs/goto_facts.md 5.1)."""
MIYAZAKI = Place("miyazaki", 31.94, 131.41, 9.0, 10.0, 0.1)
YAKUSHIMA = Place("yakushima", 30.38, 130.66, 36.0, 10.0, 0.1)
YEAR, SEED, WEATHER_YEARS = 2021, 20240614, (1, 2, 3)
AREA_CLOUD_LENGTH_KM = 330.0
"""Length over which days are alike. The area's days spread by 0.39 (FY2021); the model's by 0.28 at the shipped 100 km,
0.36 at 330, 0.37 at 480: longer adds little. 100 km are for the islands; one Gaussian kernel cannot serve both."""
INDEX = fiscal_year(2021, 60)
MONTHS = ("Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec", "Jan", "Feb", "Mar")
MEASURED, MODEL, SITE = "#222222", "#d95f02", "#1b6ca8"


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


def month_hour(output: np.ndarray) -> np.ndarray:
    """Return means by month (April first) and hour; (12, 24) from (8760,) or (years, 8760), in units of the mean."""
    years = np.atleast_2d(output)
    months = (INDEX.month.to_numpy() - 4) % 12
    keys = [months, INDEX.hour.to_numpy()]
    means = [pd.Series(year / year.mean()).groupby(keys).mean().to_numpy().reshape(12, 24) for year in years]
    return np.mean(means, axis=0)


def shape_distance_percent(one: np.ndarray, other: np.ndarray) -> float:
    """Return the root mean square difference of two `month_hour`, in percent of the highest value of the first."""
    return float(np.sqrt(((one - other) ** 2).mean()) / one.max() * 100)


def duration_distance(one: np.ndarray, other: np.ndarray) -> float:
    """Return the Wasserstein distance of hourly outputs, each in units of its mean, nights included."""
    return float(wasserstein_distance(one / one.mean(), other / other.mean()))


def steps(output: np.ndarray) -> np.ndarray:
    """Return hour-to-hour steps in units of the mean output."""
    return np.diff(output) / output.mean()


def day_spread(output: np.ndarray) -> float:
    """Return the standard deviation of a day's energy over its month's mean day."""
    days = pd.Series(output.reshape(-1, 24).sum(axis=1))
    months = INDEX.month.to_numpy()[::24]
    return float((days / days.groupby(months).transform("mean")).std())


def figures(folder: Path, data: Path | None) -> list[Figure]:
    """Draw the figures into `folder`; none without measured years in `data`."""
    if data is None:
        return []
    years = modelled_years(data)
    measured = {year: measured_per_kw(data, year) for year in (2021, 2022)}
    drawn = (
        (
            "pv_area_month_hour.svg", _month_hour(years, measured),
            "PV of the Kyushu area by month and hour, in units of the year's mean: two measured years before cuts,"
            " and the model's fleets under three synthetic years at eleven places.",
        ),
        (
            "pv_site_and_area.svg", _site_and_area(years, measured, sites_under_real_skies(data)),
            "One site is sharper than the area: duration of hourly output and frequency of hour-to-hour steps, in units"
            " of the mean output. The real skies are standard years of two stations, through the same chain.",
        ),
    )  # fmt: skip
    return [_saved(folder / name, drawing, caption) for name, drawing, caption in drawn]


def _saved(path: Path, drawing: Drawing, caption: str) -> Figure:
    path.parent.mkdir(parents=True, exist_ok=True)
    with plt.rc_context({"svg.hashsalt": path.stem}):
        drawing.savefig(path, format="svg", metadata={"Date": None})
    plt.close(drawing)
    return Figure(path, caption)


def _month_hour(years: AreaYears, measured: dict[int, np.ndarray]) -> Drawing:
    drawing, panels = plt.subplots(3, 4, figsize=(8.5, 5.6), sharex=True, sharey=True, layout="constrained")
    model = month_hour(years.area)
    for month, panel in enumerate(panels.flat):
        for (year, output), style in zip(measured.items(), ("-", "--"), strict=True):
            panel.plot(month_hour(output)[month], style, color=MEASURED, lw=1.0, label=f"measured FY{year}")
        panel.plot(model[month], color=MODEL, lw=1.8, label="model")
        panel.set_title(MONTHS[month], fontsize=9, loc="left")
        panel.set_xlim(4, 20)
        panel.set_xticks((6, 12, 18))
        panel.grid(alpha=0.25)
    drawing.supxlabel("hour (start, JST)", fontsize=9)
    drawing.supylabel("output over the year's mean", fontsize=9)
    drawing.legend(*panels[0, 0].get_legend_handles_labels(), loc="outside upper right", ncols=3, fontsize=8)
    return drawing


def _site_and_area(years: AreaYears, measured: dict[int, np.ndarray], real: dict[str, np.ndarray]) -> Drawing:
    drawing, (left, right) = plt.subplots(1, 2, figsize=(8.5, 3.6), layout="constrained")
    area = np.concatenate(list(measured.values()))
    for output, label, color, style in (
        (area, "area, measured FY2021-22", MEASURED, "-"),
        (years.area.ravel(), "area, model", MODEL, "-"),
        (years.site.ravel(), "one site at Fukue, model", SITE, "-"),
        (real["Miyazaki"], "one site, real sky (Miyazaki)", SITE, ":"),
        (real["Yakushima"], "one site, real sky (Yakushima)", SITE, "--"),
    ):
        _falling(left, output / output.mean(), label, color, style)
        _falling(right, np.abs(steps(output)), label, color, style)
    left.set_xlim(0, 55)
    left.set(xlabel="% of all hours", ylabel="output over the mean")
    right.set_xscale("log")
    right.set_xlim(0.02, 60)
    right.set(xlabel="% of all hours", ylabel="step from hour to hour over the mean")
    right.legend(fontsize=7)
    for panel in (left, right):
        panel.grid(alpha=0.25)
    return drawing


def _falling(panel: Axes, values: np.ndarray, label: str, color: str, style: str) -> None:
    share = (np.arange(len(values)) + 0.5) / len(values) * 100
    panel.plot(share, np.sort(values)[::-1], style, color=color, lw=1.3, label=label)
