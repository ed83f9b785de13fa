"""Real input: measured series of an area's supply, demand and price, read, checked, and driving the same model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from twin.core.clock import DEFAULT_CLOCK, MINUTES_OF_DAY, MINUTES_OF_HALF_HOUR, MINUTES_OF_HOUR, Clock, step_minutes
from twin.core.errors import InputError, Problem, raise_if_any
from twin.core.tables import Tables
from twin.core.weather_table import WeatherTable
from twin.network.model import GridModel
from twin.resources.area_market.balance import area_parameter
from twin.resources.area_market.orders import plant_orders
from twin.resources.demand import area_demand, class_shapes
from twin.resources.plants import plant_down_share
from twin.resources.profiles import Profiles, WeatherShapes, build_profiles
from twin.resources.resampling import held_over_steps, hourly_to_steps, month_and_step, rank_mapped, season
from twin.resources.site_demand import site_demand
from twin.resources.sites import SiteFleet


@dataclass(frozen=True)
class SeriesFile:
    """A measured file: where it lies in the data folder, what stamps its rows, and its step."""

    name: str
    pattern: str
    time_columns: tuple[str, ...]
    step_minutes: int


def series_files(tables: Tables) -> dict[str, SeriesFile]:
    """Return the files of measured series of an island (``measured_files.csv``) by name."""
    return {
        str(row["file"]): SeriesFile(
            str(row["file"]), str(row["pattern"]), tuple(str(row["time_columns"]).split()), int(row["step_minutes"])
        )
        for row in tables["measured_files"].to_dict("records")
    }


@dataclass(frozen=True)
class Measured:
    """Measured series of one fiscal year.

    Attributes
    ----------
    year : int
        Calendar year in which the fiscal year begins.
    area : pandas.DataFrame
        Hourly; MWh per hour (mean MW) ``demand_MWh solar_actual_MWh solar_curtailed_MWh wind_actual_MWh
        wind_curtailed_MWh``; actual is after curtailment.
    forecast : pandas.DataFrame
        Hourly; ``demand_actual_10MW demand_forecast_10MW``, unit 10 MW.
    price : pandas.DataFrame
        Half-hourly; ``price_jpy_per_kwh``.
    """

    year: int
    area: pd.DataFrame
    forecast: pd.DataFrame
    price: pd.DataFrame


def read_measured(tables: Tables, folder: Path, year: int, clock: Clock = DEFAULT_CLOCK) -> Measured:
    """Read the three files of a data folder and check the rows of one fiscal year.

    Parameters
    ----------
    tables : Tables
    folder : pathlib.Path
        Data folder with the files of ``measured_files.csv``.
    year : int
        Fiscal year; other rows are left out.
    clock : Clock
        Time zone of the files and first month of the fiscal year; each file has its own step.

    Returns
    -------
    Measured

    Raises
    ------
    InputError
        With everything wrong in all files: missing or several files, encoding, columns, times that cannot be read,
        gaps, rows given twice, values that are no numbers, out of range, or in another unit.
    """
    problems: list[Problem] = []
    frames = {file.name: _read(tables, folder, file, year, clock, problems) for file in series_files(tables).values()}
    raise_if_any(problems)
    raise_if_any(_contradictions(tables, frames["area"], frames["forecast"]))
    return Measured(year, **frames)


def read_price(tables: Tables, folder: Path, year: int, clock: Clock = DEFAULT_CLOCK) -> pd.Series | None:
    """Return the area price of one fiscal year from a data folder; None where the file has no row of that year.

    Raises
    ------
    InputError
        As `read_measured`, where it has some.
    """
    problems: list[Problem] = []
    price = _read(tables, folder, series_files(tables)["price"], year, clock, problems)
    if not len(price.columns) or len(price):
        raise_if_any(problems)
    return price["price_jpy_per_kwh"] if len(price) else None


def _read(
    tables: Tables, folder: Path, file: SeriesFile, year: int, clock: Clock, problems: list[Problem]
) -> pd.DataFrame:
    columns = tables["measured_columns"].query("file == @file.name")
    raw = _raw(folder, file, list(columns["column"]), problems)
    if raw is None:
        return pd.DataFrame()
    where, frame = raw
    wanted = clock.with_step(file.step_minutes).fiscal_year(year)
    local = _times(frame, file).dt.tz_localize(clock.timezone, ambiguous="NaT", nonexistent="NaT")
    times = local.dt.tz_convert(wanted.tz)
    for row in np.flatnonzero(times.isna())[:3]:
        seen = " ".join(str(value) for value in frame.loc[row, list(file.time_columns)])
        problems.append(Problem("time cannot be read", f"{where}, row {row + 2}", seen, "2022-04-01 00:00"))
    inside = times.isin(wanted).to_numpy()
    problems.extend(_time_problems(times[times.notna()], wanted, where))
    values = frame.loc[inside, columns["column"]].apply(pd.to_numeric, errors="coerce")
    values.index = pd.DatetimeIndex(times[inside], name="time")
    problems.extend(_value_problems(values, columns, where))
    named: pd.DataFrame = values.rename(columns=dict(zip(columns["column"], columns["quantity"], strict=True)))
    return named


def _raw(
    folder: Path, file: SeriesFile, columns: list[str], problems: list[Problem]
) -> tuple[Path, pd.DataFrame] | None:
    found = sorted(folder.glob(file.pattern))
    if len(found) != 1:
        what = "no such file" if not found else "several files"
        seen = ", ".join(path.name for path in found)
        problems.append(Problem(what, str(folder / file.pattern), seen, "one file", "see README of the data folder"))
        return None
    path = found[0]
    try:
        frame = pd.read_csv(path, encoding="utf-8-sig", dtype=str)
    except UnicodeDecodeError as error:
        problems.append(Problem("wrong encoding", str(path), str(error), "UTF-8", "save it as UTF-8"))
        return None
    except (pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        problems.append(Problem("not a table", str(path), str(error), "comma-separated values"))
        return None
    missing = [name for name in (*file.time_columns, *columns) if name not in frame.columns]
    problems.extend(Problem("column missing", str(path), name, ", ".join(frame.columns)) for name in missing)
    return None if missing else (path, frame)


def _times(frame: pd.DataFrame, file: SeriesFile) -> pd.Series:
    """Return the starts of the rows' intervals as the file writes them; NaT where they cannot be read."""
    if "slot" in file.time_columns:
        slots = pd.to_numeric(frame["slot"], errors="coerce")
        slots = slots.where(slots.between(1, MINUTES_OF_DAY // file.step_minutes))
        minutes = pd.to_timedelta((slots - 1) * file.step_minutes, unit="min")
        return pd.to_datetime(frame["date"], errors="coerce", format="%Y-%m-%d") + minutes
    text = frame[list(file.time_columns)].agg(" ".join, axis=1)
    return pd.to_datetime(text, errors="coerce", format="%Y-%m-%d %H:%M")


def _time_problems(times: pd.Series, wanted: pd.DatetimeIndex, where: Path) -> list[Problem]:
    found = []
    gaps = wanted.difference(pd.DatetimeIndex(times))
    if len(gaps):
        seen = f"{len(gaps)} missing, the first {gaps[0]}"
        found.append(Problem("gap", str(where), seen, f"every step from {wanted[0]} to {wanted[-1]}"))
    inside = times[times.isin(wanted)]
    twice = inside[inside.duplicated()]
    if len(twice):
        found.append(
            Problem("rows given twice", str(where), f"{len(twice)}, the first {twice.iloc[0]}", "one row a step")
        )
    backwards = inside.diff() < pd.Timedelta(0)
    if backwards.any():
        found.append(Problem("times run backwards", str(where), str(inside[backwards].iloc[0]), "rising times"))
    return found


def _value_problems(values: pd.DataFrame, columns: pd.DataFrame, where: Path) -> list[Problem]:
    found = []
    for row in columns.to_dict("records"):
        series = values[row["column"]]
        place = f"{where}, {row['column']}"
        if series.isna().any():
            seen = f"{int(series.isna().sum())} rows, the first at {series.index[series.isna()][0]}"
            found.append(Problem("not a number", place, seen, row["unit"]))
        outside = series[(series < row["lowest"]) | (series > row["highest"])]
        if len(outside):
            seen = f"{len(outside)} rows, the first {outside.iloc[0]:g} at {outside.index[0]}"
            found.append(Problem("out of range", place, seen, f"{row['lowest']:g} to {row['highest']:g} {row['unit']}"))
        if len(series) and not row["mean_low"] <= series.mean() <= row["mean_high"]:
            accepted = f"a mean of {row['mean_low']:g} to {row['mean_high']:g} {row['unit']}"
            found.append(Problem("looks like another unit", place, f"a mean of {series.mean():g}", accepted))
    return found


def _contradictions(tables: Tables, area: pd.DataFrame, forecast: pd.DataFrame) -> list[Problem]:
    ratio = float(10 * forecast["demand_actual_10MW"].sum() / area["demand_MWh"].sum())
    if abs(ratio - 1) <= tables.value("measured_demand_agreement"):
        return []
    seen = f"{ratio:.3f} times the demand of the area file"
    where = series_files(tables)["forecast"].pattern
    return [Problem("demand differs between the files", where, seen, "the same demand")]


def profiles_from_measured(
    tables: Tables,
    model: GridModel,
    weather: WeatherTable,
    fleet: SiteFleet,
    measured: Measured,
    *,
    seed: int,
    weather_year: int,
    farm_scales: Mapping[str, float] | None = None,
    weather_shapes: WeatherShapes | None = None,
) -> Profiles:
    """Return the profiles of a measured fiscal year.

    Demand: the area's hourly demand is the shape from which the classes of the islands are made; class totals are met
    as ever. PV and wind: the area is an average over 300 km, so only its ranks are used: every plant and site shape
    keeps its own values of `weather` and has them in the order of the area's output before curtailment, PV within
    each month and step of the day, wind within each season. All plants of a kind then move together, which is
    on the safe side for congestion. Cuts and prices are the actual ones.

    Parameters
    ----------
    tables : Tables
    model, fleet, seed, weather_year, farm_scales, weather_shapes
        See `twin.resources.profiles.build_profiles`.
    weather : WeatherTable
        Weather on the same fiscal year, for the plants' own distributions.
    measured : Measured
        From `twin.resources.measured.read_measured`.

    Returns
    -------
    Profiles

    Raises
    ------
    InputError
        Where `weather` is not on the fiscal year, or model and weather do not fit together.
    """
    _check_index(weather, measured)
    index, plants, areas, area = weather.index, model.plants, model.areas, measured.area
    minutes = step_minutes(index)
    key = {"seed": seed, "weather_year": weather_year}
    own = build_profiles(tables,
        model, weather, fleet, seed=seed, weather_year=weather_year, area_level_percent=0, farm_scales=farm_scales,
        shapes=weather_shapes,
    )  # fmt: skip

    available = own.plant_available_mw.copy()
    is_pv, is_wind = ((plants["kind"] == kind).to_numpy() for kind in ("pv", "wind"))
    sun = held_over_steps(_potential(area, "solar"), _minutes_of(area), minutes)
    available[:, is_pv] = rank_mapped(available[:, is_pv], sun, month_and_step(index))
    wind = hourly_to_steps(_potential(area, "wind"), MINUTES_OF_HOUR // minutes)
    available[:, is_wind] = rank_mapped(available[:, is_wind], wind, season(index))

    shapes = class_shapes(tables, index, None, area["demand_MWh"].to_numpy(float), weather.clock)
    cut_pv = _cut_share(area, "solar", area_parameter(tables, "controllable_pv_share"), minutes)
    cut_wind = _cut_share(area, "wind", area_parameter(tables, "controllable_wind_share"), minutes)
    orders = plant_orders(tables, index, cut_pv, cut_wind, available, plants, clock=weather.clock, **key)
    price = measured.price["price_jpy_per_kwh"].to_numpy(float)
    return replace(
        own,
        plant_available_mw=available,
        plant_unavailable_mw=available * plant_down_share(tables, plants, index, **key),
        area_demand_mw=area_demand(tables, areas, dict.fromkeys(areas["place"], shapes), index, **key),
        site_pv_per_kw=rank_mapped(own.site_pv_per_kw, sun, month_and_step(index)),
        site_demand_per_kwh=site_demand(tables, index, shapes, fleet.demand_shapes, **key),
        area_cut_pv=cut_pv,
        area_cut_wind=cut_wind,
        area_physical=orders.physical,
        area_settled=orders.settled,
        price_jpy_per_kwh=held_over_steps(price, _minutes_of(measured.price), minutes),
    )


def measured_demand_error(measured: Measured, minutes: int = MINUTES_OF_HALF_HOUR) -> np.ndarray:
    """Return the operator's relative error of the area's demand forecast, for `make_forecasts`; (T,) by step."""
    forecast = measured.forecast
    error = forecast["demand_forecast_10MW"].to_numpy() / forecast["demand_actual_10MW"].to_numpy() - 1
    return held_over_steps(error, _minutes_of(forecast), minutes)


def _minutes_of(series: pd.DataFrame) -> int:
    return step_minutes(pd.DatetimeIndex(series.index))


def _potential(area: pd.DataFrame, kind: str) -> np.ndarray:
    """Return the area's output in MW before curtailment; (H,)."""
    return (area[f"{kind}_actual_MWh"] + area[f"{kind}_curtailed_MWh"]).to_numpy(float)


def _cut_share(area: pd.DataFrame, kind: str, controllable_share: float, minutes: int) -> np.ndarray:
    """Return curtailed over controllable output; (T,) 0..1, the same in all steps of an hour."""
    potential = _potential(area, kind) * controllable_share
    curtailed = area[f"{kind}_curtailed_MWh"].to_numpy(float)
    share = np.divide(curtailed, potential, out=np.zeros_like(potential), where=potential > 0)
    return held_over_steps(np.minimum(share, 1.0), _minutes_of(area), minutes)


def _check_index(weather: WeatherTable, measured: Measured) -> None:
    index, minutes = weather.index, step_minutes(weather.index)
    wanted = weather.clock.with_step(minutes).fiscal_year(measured.year)
    if not index.equals(wanted):
        seen = f"{index[0]} to {index[-1]}, {len(index)} steps"
        accepted = f"{wanted[0]} to {wanted[-1]}, every {minutes} minutes"
        raise InputError([Problem("weather and measured series differ in time", "weather", seen, accepted)])
