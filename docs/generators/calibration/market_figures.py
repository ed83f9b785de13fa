"""Figures of the calibration record on area balance and price."""

from __future__ import annotations

from pathlib import Path

import matplotlib as mpl
import numpy as np
from market_years import AreaHours, month_and_hour
from matplotlib.figure import Figure

BLUE, RED = "#0072b2", "#d55e00"
"""Okabe and Ito: measured, modelled."""

MONTHS = ["Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec", "Jan", "Feb", "Mar"]
FROM, TO = 7, 17
STYLE = {"svg.hashsalt": "goto-twin", "font.size": 10}


def draw_cut(path: Path, measured: AreaHours, model: AreaHours) -> None:
    """Draw the cut by month and hour of the day, measured beside modelled, on one scale."""
    tables = {"measured": month_and_hour(measured), "model": month_and_hour(model)}
    highest = max(table.max() for table in tables.values()) / 1000
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(8.5, 4.2), layout="constrained")
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
        figure = Figure(figsize=(8.5, 3.6), layout="constrained")
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


def _save(figure: Figure, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, format="svg", metadata={"Date": None})
