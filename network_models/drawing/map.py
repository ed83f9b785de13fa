"""A map of the network, drawn from the latitudes and longitudes in the tables."""

from __future__ import annotations

import json
import math

import matplotlib.patheffects as effects
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Ellipse

from network_models.drawing.symbols import (
    BRANCH,  # fmt: skip
    BUS,  # fmt: skip
    CABLE,  # fmt: skip
    INK,  # fmt: skip
    KIND_COLOURS,  # fmt: skip
    MUTED,  # fmt: skip
    OVERHEAD,  # fmt: skip
    PAPER,  # fmt: skip
    WORDS,  # fmt: skip
    Language,  # fmt: skip
    bus_colours,  # fmt: skip
    drawing_font,  # fmt: skip
    main_kv,  # fmt: skip
    without_voltage,  # fmt: skip
)
from twin.core.errors import InputError, Problem
from twin.network.model import GridModel

Point = tuple[float, float]
"""Longitude and latitude."""

_KM_PER_DEGREE = 111.32
_CIRCUIT_GAP_KM = 0.9
_BUBBLE_KM = 0.42
_BUBBLE_DROP_KM = 0.5
_SMALLEST_LABEL_MW = 3.0
_LOWEST_DRAWN = 0.3
"""Buses below this share of the main voltage are not drawn."""
_DASHED = (0, (6, 1.6))
_SEA = "#eaf2f8"
_HALO = [effects.withStroke(linewidth=2.6, foreground=_SEA)]


def map_figure(model: GridModel, language: Language = "en") -> Figure:
    """Draw the network on a map: substations, lines, cables, and bubbles for plants and demand.

    A bubble's area is its MW (plants: contract; demand: yearly mean).

    Parameters
    ----------
    model : GridModel
        A network with geographic positions (``net.bus.geo``).
    language : {"en", "ja"}

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    InputError
        If buses have no positions.
    """
    places = _positions(model)
    with drawing_font(language):
        figure = Figure(figsize=(15.0, 11.0), dpi=120)
        axes = figure.add_axes((0.05, 0.05, 0.93, 0.88))
        _draw_branches(axes, model, places)
        _draw_bubbles(axes, model, places)
        _draw_substations(axes, model, places, language)
        _draw_frame(axes, places, language)
        figure.text(0.05, 0.955, f"{model.net.name}  {WORDS[language]['map']}", fontsize=17)
        figure.text(0.98, 0.955, WORDS[language]["scheme"], fontsize=8.5, color=MUTED, ha="right")
    return figure


def _positions(model: GridModel) -> pd.DataFrame:
    """Return ``longitude latitude`` per bus in service."""
    buses = model.net.bus[model.net.bus["in_service"]]
    nowhere = buses.loc[buses["geo"].isna(), "name"]
    if len(nowhere):
        repair = "fill the buses' geo column"
        raise InputError([Problem("buses without a position", "network, buses", ", ".join(nowhere), "", repair)])
    points = [json.loads(geo)["coordinates"][:2] for geo in buses["geo"]]
    return pd.DataFrame(points, index=buses.index, columns=["longitude", "latitude"])


def _draw_branches(axes: Axes, model: GridModel, places: pd.DataFrame) -> None:
    lines = model.net.line[model.net.line["in_service"]]
    routes: dict[frozenset[Point], list[tuple[str, bool]]] = {}
    for _, line in lines.iterrows():
        ends = frozenset(_point(places, line[side]) for side in ("from_bus", "to_bus"))
        if len(ends) == 1:  # within a substation
            continue
        routes.setdefault(ends, []).append((str(line["name"]), bool(line["type"] == "cs")))
    for ends, circuits in routes.items():
        (x1, y1), (x2, y2) = sorted(ends)
        for number, (name, is_cable) in enumerate(circuits):
            dx, dy = _aside(x1, y1, x2, y2, (number - 0.5 * (len(circuits) - 1)) * _CIRCUIT_GAP_KM)
            axes.plot(
                [x1 + dx, x2 + dx], [y1 + dy, y2 + dy], color=CABLE if is_cable else OVERHEAD,
                linewidth=2.0 if is_cable else 1.5, linestyle=_DASHED if is_cable else "-", zorder=2,
                gid=f"{BRANCH}{name}",
            )  # fmt: skip


def _point(places: pd.DataFrame, bus: int) -> Point:
    return float(places["longitude"].loc[bus]), float(places["latitude"].loc[bus])


def _aside(x1: float, y1: float, x2: float, y2: float, distance_km: float) -> tuple[float, float]:
    """Return the shift in degrees that moves a line sideways by a distance."""
    shrink = math.cos(math.radians((y1 + y2) / 2))
    east, north = (x2 - x1) * shrink, y2 - y1
    length = math.hypot(east, north)
    degrees = distance_km / _KM_PER_DEGREE
    return -north / length * degrees / shrink, east / length * degrees


def _draw_bubbles(axes: Axes, model: GridModel, places: pd.DataFrame) -> None:
    """Draw demand and plants of each place as a row of bubbles below it."""
    at_place: dict[Point, dict[str, float]] = {}
    for _, load in model.net.load.iterrows():
        _add(at_place, _point(places, load["bus"]), "load", load["p_mw"])
    for _, plant in model.plants[model.plants["contract_mw"] > 0].iterrows():
        _add(at_place, _point(places, plant["bus"]), plant["kind"], plant["contract_mw"])
    for (longitude, latitude), amounts in at_place.items():
        radii = {kind: _BUBBLE_KM * math.sqrt(amounts[kind]) for kind in KIND_COLOURS if kind in amounts}
        east = -sum(radii.values())
        for kind, radius in radii.items():
            x = longitude + (east + radius) / _km_per_degree_east(latitude)
            y = latitude - (radius + _BUBBLE_DROP_KM) / _KM_PER_DEGREE
            _bubble(axes, (x, y), radius, kind, amounts[kind])
            east += 2 * radius


def _add(at_place: dict[Point, dict[str, float]], point: Point, kind: str, mw: float) -> None:
    amounts = at_place.setdefault(point, {})
    amounts[kind] = amounts.get(kind, 0.0) + mw


def _bubble(axes: Axes, centre: Point, radius_km: float, kind: str, mw: float) -> None:
    width, height = 2 * radius_km / _km_per_degree_east(centre[1]), 2 * radius_km / _KM_PER_DEGREE
    axes.add_patch(
        Ellipse(
            centre, width, height, facecolor=KIND_COLOURS[kind], edgecolor=PAPER, linewidth=0.8, alpha=0.9, zorder=5
        )
    )
    if mw >= _SMALLEST_LABEL_MW:
        axes.text(*centre, f"{mw:.0f}", fontsize=7, ha="center", va="center", zorder=7)


def _km_per_degree_east(latitude: float) -> float:
    return _KM_PER_DEGREE * math.cos(math.radians(latitude))


def _draw_substations(axes: Axes, model: GridModel, places: pd.DataFrame, language: Language) -> None:
    buses = model.net.bus.loc[places.index]
    kv, colours = main_kv(model), bus_colours(model.net)
    drawn = buses[buses["vn_kv"].between(_LOWEST_DRAWN * kv, kv)]
    named: set[Point] = set()
    for bus, row in drawn.sort_values("vn_kv", ascending=False, kind="stable").iterrows():
        longitude, latitude = _point(places, int(str(bus)))
        is_point = "y_low" in buses and row["y_low"] == row["y_high"]
        axes.plot(
            longitude, latitude, "o" if is_point else "s", color=colours[row["vn_kv"]],
            markersize=2.5 if is_point else 6, zorder=6, gid=f"{BUS}{row['name']}",
        )  # fmt: skip
        if is_point or (longitude, latitude) in named:
            continue
        named.add((longitude, latitude))
        name = str(row["name_ja"] if language == "ja" and "name_ja" in buses else row["name"])
        axes.annotate(
            without_voltage(name, kv), (longitude, latitude), xytext=(-4, 6),
            textcoords="offset points", fontsize=9, ha="left", va="bottom", path_effects=_HALO, zorder=8,
        )  # fmt: skip


def _draw_frame(axes: Axes, places: pd.DataFrame, language: Language) -> None:
    words = WORDS[language]
    west, east = places["longitude"].min() - 0.05, places["longitude"].max() + 0.06
    south, north = places["latitude"].min() - 0.07, places["latitude"].max() + 0.05
    middle = (south + north) / 2
    axes.set_xlim(west, east)
    axes.set_ylim(south, north)
    axes.set_aspect(1.0 / math.cos(math.radians(middle)))
    axes.set_facecolor(_SEA)
    axes.grid(color=PAPER, linewidth=1.0)
    axes.tick_params(labelsize=8, colors=MUTED, length=0)
    axes.xaxis.set_major_formatter(lambda degrees, _: f"{abs(degrees):.1f}°{'E' if degrees >= 0 else 'W'}")
    axes.yaxis.set_major_formatter(lambda degrees, _: f"{abs(degrees):.1f}°{'N' if degrees >= 0 else 'S'}")
    for spine in axes.spines.values():
        spine.set_visible(False)
    _draw_scale(axes, (east - 0.02, south + 0.03))
    bubbles = [
        Line2D([], [], linestyle="none", marker="o", markersize=10, color=colour, label=f"{words[kind]} MW")
        for kind, colour in KIND_COLOURS.items()
        if kind != "tidal"
    ]
    routes = [
        Line2D([], [], color=CABLE, linewidth=2.0, linestyle=_DASHED, label=words["cable"]),
        Line2D([], [], color=OVERHEAD, linewidth=1.5, label=words["overhead"]),
    ]
    axes.legend(handles=routes + bubbles, loc="upper left", fontsize=9, frameon=True, facecolor=PAPER, edgecolor="none")
    axes.text(east - 0.02, south + 0.055, words["mean"], fontsize=8.5, color=MUTED, ha="right")


def _draw_scale(axes: Axes, right: Point) -> None:
    """Draw a bar of 10 km that ends at `right`."""
    length = 10.0 / _km_per_degree_east(right[1])
    axes.plot([right[0] - length, right[0]], [right[1]] * 2, color=INK, linewidth=2.5, solid_capstyle="butt", zorder=8)
    axes.text(right[0] - length / 2, right[1] + 0.004, "10 km", fontsize=8.5, ha="center", va="bottom")
