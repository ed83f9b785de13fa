"""Figures of the calibration record: months and years of the synthetic weather, and a typhoon."""

from __future__ import annotations

from pathlib import Path

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Drawing
from rows import Figure
from weather_years import (
    LAGS_HOURS,
    RANDOM_YEARS,
    SEED,
    STATIONS,
    YEAR,
    area_wind,
    autocorrelation,
    clearness_like,
    clearness_sample,
    monthly,
    random_years,
    station_year,
)

from network_models.island import find_island
from network_models.reading import island_tables
from weather.climate import read_climates
from weather.synthetic.typhoon import read_typhoon_climate, typhoons_of_year

GOTO = island_tables(find_island())

STYLE = {"svg.hashsalt": "goto-twin", "font.size": 8, "axes.spines.top": False, "axes.spines.right": False}
MODEL, MEASURED, SHADE = "#1f5f8b", "#c0504d", "#9dbfd6"
CUT_OUT_M_PER_S = 25.0


def figures(folder: Path, data: Path | None) -> list[Figure]:
    """Write the figures into `folder`; without `data` only the months and the storm."""
    with mpl.rc_context(STYLE):
        found = [_months(folder / "weather_months.svg")]
        return [*found, _measured(folder / "weather_measured.svg", data)] if data else found


def _months(path: Path) -> Figure:
    drawing = Drawing(figsize=(9, 5), layout="constrained")
    axes = drawing.subplots(2, 2)
    fukue, offshore = read_climates(GOTO)["fukue"], read_climates(GOTO)["offshore"]
    years = random_years()
    _spread(axes[0, 0], [0.024 * monthly(year["ghi"]) for year in years["fukue"]], fukue.ghi_kwh_per_m2_day)
    _spread(axes[0, 1], [monthly(year["temp_air"]) for year in years["fukue"]], fukue.temp_air_mean_c)
    _spread(axes[1, 0], [monthly(year["wind_speed"]) for year in years["offshore"]], offshore.wind_mean_m_per_s)
    axes[0, 0].set(title="global irradiation at Fukue, kWh/m2 a day")
    axes[0, 1].set(title="temperature at Fukue, C")
    axes[1, 0].set(title="wind offshore at 60 m, m/s")
    axes[0, 0].legend(frameon=False)
    _storm(axes[1, 1])
    lines = f"Months of {len(RANDOM_YEARS)} synthetic years (thin, mean thick) and the normals (dots; JMA 1991-2020, "
    caption = f"{lines}offshore the published mean with Kamiotsu's seasons); the week of a strong typhoon."
    return _saved(drawing, path, caption)


def _spread(axes: Axes, years: list[np.ndarray], normals: np.ndarray) -> None:
    months = np.arange(1, 13)
    for year in years:
        axes.plot(months, year, color=SHADE, linewidth=0.5)
    axes.plot(months, np.mean(years, axis=0), color=MODEL, linewidth=2, label="mean of the synthetic years")
    axes.plot(months, normals, "o", color=MEASURED, markersize=4, label="normals")
    axes.set(xticks=months, xlabel="month")


def _storm(axes: Axes) -> None:
    """Draw wind and irradiance around the typhoon that blows hardest."""
    climate, years = read_typhoon_climate(GOTO), random_years()
    strongest = int(np.argmax([year["wind_speed"].max() for year in years["offshore"]]))
    wind, ghi = years["offshore"][strongest]["wind_speed"], years["fukue"][strongest]["ghi"]
    typhoons = typhoons_of_year(GOTO, YEAR, climate, SEED, RANDOM_YEARS[strongest], is_normal=False)
    nearest = min((typhoon.nearest for typhoon in typhoons), key=lambda time: abs(time - wind.idxmax()))
    week = slice(nearest.normalize() - pd.Timedelta(days=3), nearest.normalize() + pd.Timedelta(days=4))
    days = (wind[week].index - wind[week].index[0]) / pd.Timedelta(days=1)
    axes.fill_between(days, ghi[week] / 25.0, color="#f2d9a0", label="irradiance, 25 W/m2")
    axes.plot(days, wind[week], color=MODEL, label="wind offshore, m/s")
    axes.axhline(CUT_OUT_M_PER_S, color=MEASURED, linewidth=1, linestyle="--", label="cut-out")
    axes.set(title="the strongest typhoon of these years", xlabel="day", xlim=(0, 7), ylim=(0, 68))
    axes.legend(frameon=False, loc="upper left", ncols=3)


def _measured(path: Path, data: Path) -> Figure:
    drawing = Drawing(figsize=(9, 2.8), layout="constrained")
    axes = drawing.subplots(1, 4)
    for place, axis in zip(STATIONS, axes, strict=False):
        ghi = station_year(data, place.place_id)["ghi"]
        own, like = clearness_sample(ghi, place), clearness_like(ghi, place)
        name = "daily clear-sky index"
        for sample, colour, label in ((own, MEASURED, "standard year"), (like, MODEL, "synthetic")):
            axis.plot(np.sort(sample[name]), np.linspace(0, 100, len(sample[name])), color=colour, label=label)
        axis.set(title=f"{place.place_id.title()}, days", xlabel="of the clear sky", ylabel="% of the days below")
        if place is STATIONS[0]:
            _runs(axes[2], own["runs of dull days"], like["runs of dull days"])
            axis.legend(frameon=False)
    lags = np.array(LAGS_HOURS)
    model = [autocorrelation(frame["wind_speed"], 2) for frame in random_years()["offshore"][:10]]
    axes[3].plot(lags, np.mean(model, axis=0), "o-", color=MODEL, markersize=3, label="offshore")
    axes[3].plot(lags, autocorrelation(area_wind(data), 1), "s--", color="black", markersize=3, label="area's output")
    ground = autocorrelation(station_year(data, "miyazaki")["wind_speed"], 2)
    axes[3].plot(lags, ground, "^--", color=MEASURED, markersize=3, label="Miyazaki, ground")
    axes[3].set(title="wind, autocorrelation", xlabel="h", xticks=[1, 12, 24, 48])
    axes[3].legend(frameon=False)
    others = "the standard years (Expanded AMeDAS) and the wind output of the Kyushu area (Kyuden T&D)"
    return _saved(drawing, path, f"Synthetic years against {others}.")


def _runs(axes: Axes, own: np.ndarray, like: np.ndarray) -> None:
    for runs, colour in ((own, MEASURED), (like, MODEL)):
        lengths = np.arange(1, max(own.max(), like.max()) + 1)
        axes.plot(lengths, [100.0 * (runs >= length).mean() for length in lengths], color=colour)
    axes.set(title="Yakushima, dull spells", xlabel="days", ylabel="% at least so long", yscale="log")


def _saved(drawing: Drawing, path: Path, caption: str) -> Figure:
    path.parent.mkdir(parents=True, exist_ok=True)
    drawing.savefig(path, metadata={"Date": None})
    return Figure(path, caption)
