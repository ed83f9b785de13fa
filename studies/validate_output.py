"""A comparison of model and measurement as tables on the terminal and as a figure."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from rich.table import Table

from reports.style import look
from studies.validate_read import Pair
from studies.validate_scores import BIN_WIDTH, UNITS, Comparison, Scores

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
    axes.set(xlabel="hour of day (Japan)", ylabel="mean MW", xlim=(0, 24))
    axes.set_ylim(bottom=0)
    axes.legend()


def _duration(axes: Axes, frame: pd.DataFrame) -> None:
    percent = 100 * (np.arange(len(frame)) + 0.5) / len(frame)
    for name, colour in (("measured", MEASURED), ("model", MODEL)):
        axes.plot(percent, np.sort(frame[name].to_numpy())[::-1], color=colour, label=name)
    axes.set(xlabel="% of the intervals", ylabel="MW or more", xlim=(0, 100))
    axes.legend()
