"""Figures of the calibration record on wind."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from wind_farms import LAGS_HOURS, FarmYear, autocorrelation, hourly

from reports.document.style import look, svg

COLOURS = ("#0072b2", "#56b4e9", "#009e73", "#e69f00", "#d55e00", "#cc79a7", "#999999")
"""Okabe and Ito, apart for every eye."""


def draw_duration(path: Path, years: dict[str, FarmYear], area: pd.Series | None) -> None:
    """Draw the duration curve of each farm and of the Kyushu area."""
    with look(1.2):
        figure = Figure(figsize=(7.5, 4.5), layout="constrained")
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
        figure = Figure(figsize=(7.5, 4.5), layout="constrained")
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


def _save(figure: Figure, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(svg(figure))
