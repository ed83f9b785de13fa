"""Lay a model's power beside what a user measured with the same wind, sun or temperature."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from rich.table import Table

from network_models.island import Island
from network_models.reading import island_tables
from reports.document.style import look
from studies.experiments.validation.measured_pairs import (
    BIN_WIDTH,
    DRIVERS,
    UNITS,
    Comparison,
    Pair,
    Reading,
    Scores,
    clock_problems,
    compare,
    read_pair,
    require,
)
from studies.experiments.validation.power_curves import read_power_curve, require_same_capacity
from twin.core.clock import Clock
from twin.core.errors import InputError, Problem, raise_if_any
from twin.core.tables import Tables
from twin.core.weather_table import VARIABLES, Place
from twin.resources.demand import class_demand_kw
from twin.resources.plants import farm_of
from twin.resources.pv import PvPlant, pv_plant_kw
from twin.resources.wind import Farm, farm_per_unit, known_turbines
from weather.climate import Climate, read_climates
from weather.quality.checks import frame_problems
from weather.sun import beam_and_diffuse, sun_over

WARMEST_HOUR = 13.5
"""Of the normal day that stands in for a temperature that was not measured."""


@dataclass(frozen=True)
class Subject:
    """What was measured; None where it is not needed or taken from `plant`.

    Attributes
    ----------
    plant : str
        Row of ``plants.csv``.
    capacity_mw : float
        Largest AC output.
    turbine, units, at_sea
        See `twin.resources.wind.Farm`.
    power_curve : pathlib.Path
        Curve of the user's own, in place of a turbine of the table.
    dc_mw, fleet, tilt, azimuth, in_service_year
        See `twin.resources.pv.PvPlant`.
    place : str
        Place of ``places.csv`` where the sun is computed.
    latitude, longitude : float
        WGS84 degrees, in place of those of `place`.
    demand_class : str
        See `twin.resources.demand.class_demand_kw`.
    """

    plant: str | None = None
    capacity_mw: float | None = None
    turbine: str | None = None
    units: int | None = None
    power_curve: Path | None = None
    at_sea: bool = False
    dc_mw: float | None = None
    fleet: str | None = None
    tilt: float | None = None
    azimuth: float | None = None
    in_service_year: int | None = None
    place: str | None = None
    latitude: float | None = None
    longitude: float | None = None
    demand_class: str | None = None


@dataclass(frozen=True)
class Model:
    """A model of what was measured.

    Attributes
    ----------
    label : str
    capacity_mw : float or None
        What errors are divided by; None for demand.
    power_mw : callable
        The model's power for a `Pair`, MW.
    problems : callable
        What is physically wrong with the drivers of a `Pair`.
    """

    label: str
    capacity_mw: float | None
    power_mw: Callable[[Pair], np.ndarray]
    problems: Callable[[Pair], list[Problem]] = lambda _: []


OPTIONS = {
    "wind": {"plant", "capacity_mw", "turbine", "units", "power_curve", "at_sea"},
    "pv": {
        "plant", "capacity_mw", "dc_mw", "fleet", "tilt", "azimuth", "in_service_year", "place", "latitude",
        "longitude",
    },
    "demand": {"demand_class"},
}  # fmt: skip
"""Attributes of `Subject` that each kind takes."""


def build_model(island: Island, kind: str, subject: Subject) -> Model:
    """Return the model of what was measured.

    Raises
    ------
    InputError
        With all that is missing, unknown, contradictory or without effect in `subject`.
    """
    given = [field.name for field in fields(subject) if getattr(subject, field.name) != field.default]
    raise_if_any(
        Problem(
            f"has no effect for {kind}",
            f"--{name.replace('_', '-')}",
            str(getattr(subject, name)),
            repair="leave it out",
        )
        for name in given
        if name not in OPTIONS[kind]
    )
    return {"wind": _wind, "pv": _pv, "demand": _demand}[kind](island, subject)


def _wind(island: Island, subject: Subject) -> Model:
    tables = island_tables(island)
    own = read_power_curve(subject.power_curve) if subject.power_curve else None
    if subject.plant:
        row = _plant(tables, subject.plant, "wind")
        farm, capacity = farm_of(row, _place(island, subject, str(row["place"])).place), float(row["contract_mw"])
        capacity = subject.capacity_mw or capacity
    elif own is not None:
        _need({"--units": subject.units})
        farm = Farm(str(subject.power_curve), int(subject.units or 1), subject.at_sea)
        capacity = subject.capacity_mw or own.rated_mw * farm.units
    else:
        _need({"--turbine": subject.turbine, "--units": subject.units, "--capacity-mw": subject.capacity_mw})
        farm = Farm(str(subject.turbine), int(subject.units or 1), subject.at_sea)
        capacity = float(subject.capacity_mw or 0)
    if own is not None:
        if subject.turbine:
            raise InputError([Problem("a turbine and a curve", "--turbine, --power-curve", repair="give one of them")])
        require_same_capacity(own, farm.units, capacity)
    elif farm.turbine not in known_turbines(tables):
        repair = "or give --power-curve FILE (wind_speed, power_kw)"
        seen = ", ".join(known_turbines(tables))
        raise InputError([Problem("unknown turbine", "--turbine", farm.turbine, seen, repair)])

    def power_mw(pair: Pair) -> np.ndarray:
        speed = pair.drivers["wind_speed"].ffill().bfill().to_numpy()
        return capacity * farm_per_unit(tables, speed, farm, own.turbine if own else None)

    return Model(
        f"{farm.units} x {Path(farm.turbine).name if own else farm.turbine}, {capacity:g} MW", capacity, power_mw
    )


def _pv(island: Island, subject: Subject) -> Model:
    tables = island_tables(island)
    row = _plant(tables, subject.plant, "pv") if subject.plant else None
    dc_mw, ac_mw, fleet = subject.dc_mw, subject.capacity_mw, subject.fleet
    if row is not None:
        dc_mw, ac_mw, fleet = dc_mw or row["dc_mw"], ac_mw or row["contract_mw"], fleet or row["pv_fleet"]
    _need({"--dc-mw": dc_mw, "--capacity-mw": ac_mw})
    plant = PvPlant(
        1000 * float(dc_mw or 0), 1000 * float(ac_mw or 0), fleet or island.settings.default_pv_fleet, subject.tilt,
        subject.azimuth, subject.in_service_year,
    )  # fmt: skip
    climate = _place(island, subject, str(row["place"]) if row is not None else None)

    def power_mw(pair: Pair) -> np.ndarray:
        pair.notes.append("the wind at the modules is the place's monthly mean")
        if "temp_air" not in pair.drivers:
            pair.notes.append("temperature was not given: the month's normal day cools the modules")
        return pv_plant_kw(tables, _whole_weather(pair, climate), climate.place, plant) / 1000

    def problems(pair: Pair) -> list[Problem]:
        found = frame_problems(_whole_weather(pair, climate), climate.place, pair.index, pair.where)
        derived = [f"{pair.where}, {name}" for name in VARIABLES if name not in pair.drivers]
        return [problem for problem in found if problem.where not in derived]

    label = f"PV {plant.fleet}, {plant.dc_kw:g} kW dc, {plant.ac_kw:g} kW ac"
    return Model(label, plant.ac_kw / 1000, power_mw, problems)


def _demand(island: Island, subject: Subject) -> Model:
    tables = island_tables(island)
    _need({"--class": subject.demand_class})
    name = str(subject.demand_class)

    def power_mw(pair: Pair) -> np.ndarray:
        temperature = pair.drivers["temp_air"].interpolate(limit_direction="both").to_numpy()
        shape = class_demand_kw(tables, name, pair.index, temperature, 1.0, _clock(island))
        used = pair.complete
        result: np.ndarray = shape * pair.measured_mw[used].sum() / shape[used].sum()
        return result

    return Model(f"demand, {name}; its energy is set to the measured one", None, power_mw)


def _whole_weather(pair: Pair, climate: Climate) -> pd.DataFrame:
    """Return all variables without gaps: nights where irradiance is missing, the place's normals for the rest."""
    weather = pd.DataFrame(index=pair.index)
    weather["ghi"] = pair.drivers["ghi"].clip(lower=0).fillna(0.0)
    sun = sun_over(pair.index, climate.place)
    if {"dni", "dhi"} <= set(pair.drivers):
        weather["dni"], weather["dhi"] = pair.drivers["dni"].fillna(0.0), pair.drivers["dhi"].fillna(0.0)
    else:
        weather["dni"], weather["dhi"] = beam_and_diffuse(weather["ghi"].to_numpy(), sun, pair.index)
    normal = _normal_temperature(pair.index, climate)
    weather["temp_air"] = pair.drivers["temp_air"].fillna(normal) if "temp_air" in pair.drivers else normal
    weather["wind_speed"] = climate.wind_mean_m_per_s[pair.index.month - 1]
    return weather[list(VARIABLES)]


def _normal_temperature(index: pd.DatetimeIndex, climate: Climate) -> pd.Series:
    """Return the month's mean temperature with a cosine between its mean extremes, warmest at `WARMEST_HOUR`."""
    month = index.month - 1
    swing = (climate.temp_air_max_c - climate.temp_air_min_c)[month] / 2
    hours = index.hour + index.minute / 60 - WARMEST_HOUR
    return pd.Series(climate.temp_air_mean_c[month] + swing * np.cos(2 * np.pi * hours / 24), index)


def _plant(tables: Tables, name: str, kind: str) -> pd.Series:
    plants = tables["plants"].set_index("plant_id")
    rows = {str(plant): row for plant, row in plants[plants["kind"] == kind].iterrows()}
    if name not in rows:
        raise InputError([Problem(f"no such {kind} plant", "--plant", name, ", ".join(rows))])
    return rows[name]


def _place(island: Island, subject: Subject, of_plant: str | None) -> Climate:
    climates = read_climates(island_tables(island))
    name = subject.place or of_plant or island.settings.default_place
    if name not in climates:
        raise InputError([Problem("no such place", "--place", name, ", ".join(climates))])
    climate = climates[name]
    if (subject.latitude is None) != (subject.longitude is None):
        raise InputError([Problem("half a position", "--latitude, --longitude", accepted="both or none")])
    if subject.latitude is None or subject.longitude is None:
        return climate
    at = climate.place
    moved = Place(name, subject.latitude, subject.longitude, at.altitude_m, at.wind_height_m, at.roughness_length_m)
    return Climate(**{**vars(climate), "place": moved})


def _need(options: dict[str, object]) -> None:
    missing = [name for name, value in options.items() if not value]
    raise_if_any([Problem("option missing", name, repair="give it, or --plant where there is one") for name in missing])


MEASURED, MODEL = "#0072b2", "#d55e00"
"""Okabe and Ito's blue and vermilion, apart for every eye."""


def tables(found: Comparison, driver: str, label: str) -> list[Table]:
    """Return the tables: overall, by month, by bin of the driver."""
    return [
        _overall(found, label),
        _by("by month", "month", found.by_month, found.base_mw),
        _by(f"by {driver}", f"{driver} {UNITS[driver]}", found.by_bin, found.base_mw),
    ]


def draw(path: Path, pair: Pair, model_mw: np.ndarray, driver: str, title: str) -> None:
    """Write a PNG with the scatter over the driver, energy by month, mean day and duration curves."""
    used = pair.complete
    index = pair.index[used]
    frame = pd.DataFrame({"measured": pair.measured_mw[used], "model": model_mw[used]}, index)
    with look(1.1):
        figure = Figure(figsize=(10, 7), layout="constrained")
        scatter, months, day, duration = figure.subplots(2, 2).ravel()
        figure.suptitle(title)
        _scatter(scatter, pair.drivers[driver].to_numpy()[used], frame, driver)
        _months(months, frame)
        _day(day, frame)
        _duration(duration, frame)
        figure.savefig(path, dpi=130, metadata={"Software": None})


def _overall(found: Comparison, label: str) -> Table:
    overall, base = found.overall, found.base_mw
    table = Table("score", "value", title=label, title_justify="left")
    total = overall.pairs + found.missing
    rows = {
        "intervals compared": f"{overall.pairs}",
        "missing": f"{found.missing} of {total} ({100 * found.missing / total:.1f} %)",
        "energy measured, model": f"{overall.measured_mwh:.2f}, {overall.model_mwh:.2f} MWh",
        "energy ratio": f"{overall.energy_ratio:.3f}",
        "bias": f"{overall.bias_mw:+.4f} MW ({100 * overall.bias_mw / base:+.1f} % of {base:.4g} MW)",
        "nMAE": f"{100 * overall.mae_mw / base:.1f} %",
        "nRMSE": f"{100 * overall.rmse_mw / base:.1f} %",
        "correlation": f"{overall.correlation:.3f}",
        "peak measured, model": f"{overall.peak_measured_mw:.4f}, {overall.peak_model_mw:.4f} MW",
    }
    for name, value in rows.items():
        table.add_row(name, value)
    for note in found.notes:
        table.add_row("note", note)
    return table


def _by(title: str, column: str, groups: dict[str, Scores], base_mw: float) -> Table:
    table = Table(title=title, title_justify="left")
    for name in (column, "pairs", "measured MW", "model MW", "ratio", "bias %", "nMAE %", "nRMSE %"):
        table.add_column(name, justify="right")
    for name, scores in groups.items():
        table.add_row(
            name,
            str(scores.pairs),
            f"{scores.mean_measured_mw:.4f}",
            f"{scores.mean_measured_mw + scores.bias_mw:.4f}",
            "-" if np.isnan(scores.energy_ratio) else f"{scores.energy_ratio:.3f}",
            *(f"{100 * value / base_mw:.1f}" for value in (scores.bias_mw, scores.mae_mw, scores.rmse_mw)),
        )
    return table


def _scatter(axes: Axes, driver: np.ndarray, frame: pd.DataFrame, name: str) -> None:
    middle = (np.floor(driver / BIN_WIDTH[name]) + 0.5) * BIN_WIDTH[name]
    axes.scatter(driver, frame["measured"], s=2, color=MEASURED, alpha=0.3, label="measured", rasterized=True)
    means = frame.groupby(middle).mean()
    axes.plot(means.index, means["measured"], color=MEASURED, lw=2, label="measured, mean of bin")
    axes.plot(means.index, means["model"], color=MODEL, lw=2, label="model, mean of bin")
    axes.set(xlabel=f"{name} ({UNITS[name]})", ylabel="MW")
    axes.legend()


def _months(axes: Axes, frame: pd.DataFrame) -> None:
    means = frame.groupby(pd.DatetimeIndex(frame.index).strftime("%Y-%m")).mean()
    at = np.arange(len(means))
    axes.bar(at - 0.2, means["measured"], 0.4, color=MEASURED, label="measured")
    axes.bar(at + 0.2, means["model"], 0.4, color=MODEL, label="model")
    axes.set_xticks(at, means.index, rotation=60)
    axes.set(ylabel="mean MW of the month")
    axes.legend()


def _day(axes: Axes, frame: pd.DataFrame) -> None:
    index = pd.DatetimeIndex(frame.index)
    means = frame.groupby(index.hour + index.minute / 60).mean()
    axes.plot(means.index, means["measured"], color=MEASURED, label="measured")
    axes.plot(means.index, means["model"], color=MODEL, label="model")
    axes.set(xlabel=f"hour of day ({index.tz})", ylabel="mean MW", xlim=(0, 24))
    axes.set_ylim(bottom=0)
    axes.legend()


def _duration(axes: Axes, frame: pd.DataFrame) -> None:
    percent = 100 * (np.arange(len(frame)) + 0.5) / len(frame)
    for name, colour in (("measured", MEASURED), ("model", MODEL)):
        axes.plot(percent, np.sort(frame[name].to_numpy())[::-1], color=colour, label=name)
    axes.set(xlabel="% of the intervals", ylabel="MW or more", xlim=(0, 100))
    axes.legend()


@dataclass(frozen=True)
class Outcome:
    """What `validate_file` found.

    Attributes
    ----------
    comparison : Comparison
    tables : list of rich.table.Table
    figure : pathlib.Path
        PNG.
    """

    comparison: Comparison
    tables: list[Table]
    figure: Path


def validate_file(
    island: Island, kind: str, path: Path, subject: Subject, reading: Reading, out: Path | None = None
) -> Outcome:
    """Run the model on the measured driver of a file and compare.

    Parameters
    ----------
    island : Island
        Whose tables and calendar the model takes.
    kind : str
        ``wind``, ``pv`` or ``demand``.
    path : pathlib.Path
        See `studies.experiments.validation.measured_pairs.read_pair`.
    subject : Subject
        What was measured.
    reading : Reading
        How the file is to be read.
    out : pathlib.Path, optional
        Folder of the figure; default: beside the file.

    Returns
    -------
    Outcome

    Raises
    ------
    InputError
        With every problem of the options, or every problem of the file.
    """
    require(kind)
    model = build_model(island, kind, subject)
    reading = replace(reading, clock=_clock(island))
    pair = read_pair(path, kind, model.capacity_mw, reading, model.problems)
    if not pair.complete.any():
        raise InputError([Problem("power and driver are never measured together", str(path))])
    model_mw = model.power_mw(pair)
    raise_if_any(clock_problems(pair, model_mw, kind, str(path)))
    driver = DRIVERS[kind][0]
    comparison = compare(pair, model_mw, driver, model.capacity_mw)
    figure = _figure(kind, path, out, pair, model_mw, model.label)
    return Outcome(comparison, tables(comparison, driver, model.label), figure)


def _clock(island: Island) -> Clock:
    return Clock(island.settings.time_zone, first_month=island.settings.first_month)


def _figure(kind: str, path: Path, out: Path | None, pair: Pair, model_mw: np.ndarray, label: str) -> Path:
    folder = out or path.parent
    folder.mkdir(parents=True, exist_ok=True)
    figure = folder / f"{path.stem}_validate_{kind}.png"
    draw(figure, pair, model_mw, DRIVERS[kind][0], f"{path.name}: {label}")
    return figure
