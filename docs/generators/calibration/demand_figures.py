"""Figures of the calibration record: the course of demand, and how homes differ."""

from __future__ import annotations

from pathlib import Path

import matplotlib as mpl
import numpy as np
import pandas as pd
from demand_homes import STATISTICS, measured_homes, model_homes, statistics
from demand_years import island_demand, measured_area, months
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas
from rows import Figure

MODEL, MEASURED = "#1f5f8b", "#c0504d"
SEASONS = {"December to February": (12, 1, 2), "July and August": (7, 8)}


def figures(folder: Path, data: Path | None) -> list[Figure]:
    """Write the figures into `folder`; without `data` the measured lines and the homes are missing."""
    with mpl.rc_context({"svg.hashsalt": "goto-twin", "font.size": 8}):
        found = [_courses(folder / "demand_courses.svg", data)]
        return [*found, _homes(folder / "demand_homes.svg", data)] if data else found


def _courses(path: Path, data: Path | None) -> Figure:
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


def _homes(path: Path, data: Path) -> Figure:
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
