"""Figures of the calibration record on PV."""

from __future__ import annotations

from pathlib import Path

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Drawing
from pv_area import AreaYears, measured_per_kw, modelled_years, sites_under_real_skies
from pv_shapes import month_hour, steps
from rows import Figure

MONTHS = ("Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec", "Jan", "Feb", "Mar")
MEASURED, MODEL, SITE = "#222222", "#d95f02", "#1b6ca8"


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
