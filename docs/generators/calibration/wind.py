"""Rows and figures of the calibration record on wind and tide."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas

from calibration.rows import Figure, Row
from network_models.island import find_island
from network_models.reading import island_tables
from reports.document.style import look, svg
from twin.core.clock import fiscal_year, step_hours
from twin.core.tables import Tables
from twin.resources.plants import down_share, farm_of, hub_speed, wind_scales
from twin.resources.tidal import current_speed, tidal_per_unit
from twin.resources.wind import Farm, farm_curve, farm_per_unit
from weather.synthetic.year import NORMAL_YEAR, synthetic_year

row = partial(Row, "Wind and tide")
ONSHORE_CITY = ("tamanoura_wind", "tomie_wind", "kishiku_wind")
"""Goto City's farms of 2010: 16.4 MW by kamigoto_oe, 17.0 MW in plants.csv (a unit of Kishiku is newer)."""
PUBLISHED_SPEED = (7.0, 7.6)
"""m/s at 60 to 70 m: Kabashima 7.0, demonstration 7.5, officer 7.45 (docs/goto_facts.md 5.2), places.csv up to 7.6."""
WINTER, SUMMER = (12, 1, 2), (6, 7, 8)
DRAWS = 40
GOTO = island_tables(find_island())
SEED = 20240614
"""The default study's."""
CALENDAR_YEAR, TIDAL_YEAR = 2026, 2025
AREA_WIND_MW = 600.0
"""Installed in the Kyushu area in FY2021-22 (README of the data folder; +-5 %)."""
AREA_FILE = "kyushu_area/kyushu_area_supply_demand_hourly_fy2021_fy2022.csv"
LAGS_HOURS = np.arange(1, 49)
COLOURS = ("#0072b2", "#56b4e9", "#009e73", "#e69f00", "#d55e00", "#cc79a7", "#999999")
"""Okabe and Ito, apart for every eye."""


def rows(data: Path | None) -> list[Row]:
    """Return the rows; those on the Kyushu area need its measured years in `data`."""
    return [*_offshore(), *_onshore(), *_outages(), *_tide(), *_area(data)]


def figures(folder: Path, data: Path | None) -> list[Figure]:
    """Draw the duration curves of the farms and the autocorrelation of speed and output."""
    area = None if data is None else area_wind_per_unit(data)
    duration, memory = folder / "wind_duration.svg", folder / "wind_autocorrelation.svg"
    draw_duration(duration, farm_years(), area)
    draw_autocorrelation(memory, farm_years()["floating_farm"], farm_years()["tamanoura_wind"], area)
    area_text = "" if area is None else f"; Kyushu area: Kyuden T&D, FY2021-22, over {AREA_WIND_MW:g} MW"
    return [
        Figure(
            duration, f"Output of the wind farms of Goto in a normal year, highest first, before outages{area_text}."
        ),
        Figure(memory, f"Autocorrelation of wind speed and of farm output over 1 to 48 h{area_text}."),
    ]


def _offshore() -> list[Row]:
    single, farm = farm_years()["haenkaze"], farm_years()["floating_farm"]
    set_so = "met by construction (wind-speed factor); range: docs/goto_facts.md 5.2, 31.3 to 35.7 %"
    needs = "undisturbed wind that the planned 35 % needs with the losses of the model; range: published means"
    at_place = f"{needs}; 8 turbines with wake. At 7.5 m/s they give {100 * farm.metered_at_place:.0f} %"
    speed = "Mean wind at the hub of "
    return [
        row(
            "はえんかぜ, energy of a year",
            "[itmedia2016]",
            "GWh",
            6.13,
            single.metered_gwh,
            *_gwh(0.313, 0.357),
            set_so,
        ),
        row(
            f"{speed}はえんかぜ",
            "[model, docs/goto_facts.md 5.2]",
            "m/s",
            7.5,
            single.mean_speed,
            *PUBLISHED_SPEED,
            needs,
        ),
        row(
            f"{speed}the floating farm",
            "[model, docs/goto_facts.md 5.2]",
            "m/s",
            7.5,
            farm.mean_speed,
            *PUBLISHED_SPEED,
            at_place,
        ),
        *(_at_mean_speed(speed, published) for speed, published in ((7.0, 31.3), (7.5, 35.7))),
    ]


def _gwh(*capacity_factors: float) -> tuple[float, ...]:
    return tuple(factor * 2.0 * 8.76 for factor in capacity_factors)


def _at_mean_speed(speed: float, published_percent: float) -> Row:
    why = "Weibull k 2 through one turbine's curve without losses; 5 %: another curve (V80) than the published numbers'"
    model, low, high = 100 * capacity_factor_at(speed), 0.95 * published_percent, 1.05 * published_percent
    return row(
        f"Capacity factor at {speed} m/s",
        "[model, docs/goto_facts.md 5.2]",
        "%",
        published_percent,
        model,
        low,
        high,
        why,
    )


def _onshore() -> list[Row]:
    city = sum(farm_years()[name].metered_gwh for name in ONSHORE_CITY)
    tamanoura = farm_years()["tamanoura_wind"]
    airport = [_log_law(4.0, 65.0, height, rough) for height, rough in ((15.0, 0.03), (6.5, 0.2), (10.0, 0.1))]
    share = "about 90 % of 27 GWh (FY2012): 85 to 95 %. 17 % of 16.4 MW is the model's target, on 17.0 MW"
    law = "上大津 4.0 m/s by the logarithmic law; anemometer at 6.5 to 15 m (not known), roughness 0.03 to 0.2 m"
    return [
        row("Onshore wind of Goto City in 2010", "[itmedia2016]", "GWh", 24.3, city, 0.85 * 27, 0.95 * 27, share),
        row(
            "Mean wind at Tamanoura, 65 m",
            "[jma_normals, docs/goto_facts.md 5.1]",
            "m/s",
            airport[2],
            tamanoura.mean_speed,
            *airport[:2],
            law,
        ),
    ]


def _outages() -> list[Row]:
    farm = farm_years()["floating_farm"]
    return [
        row("Availability of the floating farm, drawn outages", "[model, docs/goto_facts.md 5.2]", "%", 93.0,
            100 * (1 - farm.down_share(DRAWS)), 92.0, 95.0,
            f"mean of {DRAWS} weather years; range: docs/goto_facts.md 5.2")
    ]  # fmt: skip


def _tide() -> list[Row]:
    tide = tidal_year()
    usual = f"usual rated speeds of 2.4 to 2.7 m/s give {tide.gwh_at(2.7):.1f} to {tide.gwh_at(2.4):.1f} GWh"
    rated = (
        f"set by the rated speed of 1.99 m/s; 3 %: years differ. But {usual}: 3 m/s or 2.41 GWh is not what it seems"
    )
    peak = "all amplitudes add up to 3 m/s; within a year all five are hardly ever in phase"
    month = "half a synodic month; strongest period of the daily energy of 8 years"
    return [
        row(
            "Naru tidal turbine, energy",
            "[denkishimbun2025]",
            "GWh",
            2.41,
            tide.metered_gwh,
            2.41 * 0.97,
            2.41 * 1.03,
            rated,
        ),
        row("Largest current in the Naru strait", "[shindenryoku2021]", "m/s", 3.0, tide.largest_speed, 2.9, 3.0, peak),
        row(
            "Springs follow each other after",
            "[iho_constituents, M2 and S2]",
            "days",
            14.77,
            tide.spring_days,
            14.6,
            14.9,
            month,
        ),
    ]


def _area(data: Path | None) -> list[Row]:
    area = None if data is None else area_wind_per_unit(data)
    farm, onshore = farm_years()["tamanoura_wind"], [farm_years()[name] for name in (*ONSHORE_CITY, "whale_wind")]
    total = 100 * sum(year.metered_gwh for year in onshore) / sum(year.contract_mw for year in onshore) / 8.76
    winter = season_ratio(sum(pd.Series(year.contract_mw * year.per_unit, year.index) for year in onshore)).mean
    if area is None:
        mean = largest = step = nan = float("nan")
        season, total, full, farm_step, winter = SeasonRatio(nan, nan), nan, nan, nan, nan
    else:
        mean, largest, step = 100 * area.mean(), 100 * area.max(), 100 * area.diff().std()
        season, full, farm_step = season_ratio(area), 100 * farm.largest, 100 * farm.hourly_step
    source, here = "[kyuden_area]", "needs the measured years in the data folder" if area is None else ""
    factor = here or f"area over {AREA_WIND_MW:g} MW (+-5 %); islands have more wind than the area's mean site"
    steady = here or "a farm is less steady than the area; above six times it would be noise"
    months = here or "two standard errors from the spread of the measured months"
    never = here or "an area of 300 km never runs full, a farm does"
    low, high = season.mean - 2 * season.standard_error, season.mean + 2 * season.standard_error
    return [
        row("Capacity factor: area, onshore Goto", source, "%", mean, total, 0.8 * mean, 1.4 * mean, factor),
        row("Largest share of capacity: area, Tamanoura", source, "%", largest, full, largest, 100.0, never),
        row("Spread of hourly steps: area, Tamanoura", source, "%", step, farm_step, step, 6 * step, steady),
        row("Winter over summer: area, onshore Goto", source, "1", season.mean, winter, low, high, months),
    ]


@dataclass(frozen=True)
class SeasonRatio:
    """Mean output of December to February over that of June to August."""

    mean: float
    standard_error: float


def season_ratio(series: pd.Series) -> SeasonRatio:
    """Return the ratio, with the error that follows from the spread of the months within a season."""
    index = pd.DatetimeIndex(series.index)
    months = series.groupby([index.year, index.month]).mean()
    parts = [months[months.index.get_level_values(1).isin(season)] for season in (WINTER, SUMMER)]
    ratio = float(parts[0].mean() / parts[1].mean())
    relative = [part.std() / part.mean() / np.sqrt(len(part)) for part in parts]
    return SeasonRatio(ratio, float(ratio * np.hypot(*relative)))


def _log_law(speed: float, height_m: float, measured_at_m: float, roughness_m: float) -> float:
    return float(speed * np.log(height_m / roughness_m) / np.log(measured_at_m / roughness_m))


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


def draw_duration(path: Path, years: dict[str, FarmYear], area: pd.Series | None) -> None:
    """Draw the duration curve of each farm and of the Kyushu area."""
    with look(1.2):
        figure = Canvas(figsize=(7.5, 4.5), layout="constrained")
        axes = figure.subplots()
        for (name, year), colour in zip(years.items(), COLOURS, strict=False):
            label = f"{year.plant['name_en']}, {year.mean_speed:.1f} m/s"
            _falling(axes, year.per_unit, label, colour, lw=2.2 if name == "floating_farm" else 1.2)
        if area is not None:
            _falling(axes, area.to_numpy(), "Kyushu area, FY2021-22", "black", lw=2.2)
        axes.set(xlabel="% of the year", ylabel="% of capacity", xlim=(0, 100), ylim=(0, 103))
        axes.legend()
        _save(figure, path)


def draw_autocorrelation(path: Path, offshore: FarmYear, onshore: FarmYear, area: pd.Series | None) -> None:
    """Draw the autocorrelation of speed (dashed) and output (full) of two farms, and of the area's output."""
    with look(1.2):
        figure = Canvas(figsize=(7.5, 4.5), layout="constrained")
        axes = figure.subplots()
        for year, colour in ((offshore, COLOURS[0]), (onshore, COLOURS[4])):
            for values, what, style in ((year.speed, "wind speed", "--"), (year.per_unit, "output", "-")):
                found = autocorrelation(hourly(values, year.index))
                axes.plot(LAGS_HOURS, found, style, color=colour, label=f"{year.plant['name_en']}, {what}")
        if area is not None:
            axes.plot(LAGS_HOURS, autocorrelation(area.to_numpy()), color="black", lw=2, label="Kyushu area, output")
        axes.axhline(0, color="0.7", lw=0.8)
        axes.set(xlabel="lag in hours", ylabel="autocorrelation", xlim=(0, 48), xticks=range(0, 49, 6), ylim=(-0.1, 1))
        axes.legend()
        _save(figure, path)


def _falling(axes: Axes, per_unit: np.ndarray, label: str, colour: str, lw: float) -> None:
    percent = 100 * (np.arange(len(per_unit)) + 0.5) / len(per_unit)
    axes.plot(percent[::4], 100 * np.sort(per_unit)[::-1][::4], color=colour, lw=lw, label=label)


def _save(figure: Canvas, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(svg(figure))
