"""A picture of an episode: the grid with its loadings and voltages, the batteries, the course so far."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from twin.metrics.flows import BlockFlows
from twin.metrics.half_hours import block_of, flows_of
from twin.network.model import GridModel
from twin.operation.case import Case
from twin.operation.record import Record
from twin.operation.state import State

SIZE_INCH, DOTS_PER_INCH = (10.0, 5.0), 80
LOADINGS, VOLTAGES = (0.0, 100.0), (0.9, 1.1)
"""Ends of the colours: % of the rating, pu."""


@dataclass
class Course:
    """What an episode has shown so far, a value a step."""

    export_mw: list[float] = field(default_factory=list)
    loading_percent: list[float] = field(default_factory=list)
    rewards: list[float] = field(default_factory=list)
    flows: BlockFlows | None = None

    def add(self, case: Case, t: int, record: Record, reward: float) -> None:
        """Add a step."""
        self.flows = flows_of(case, block_of(t, record))
        self.export_mw.append(float(self.flows.island_mw[0, 0].sum()))
        self.loading_percent.append(float(self.flows.loading_percent[0, 0].max(initial=0.0)))
        self.rewards.append(reward)


def draw(case: Case, state: State, t: int, course: Course) -> npt.NDArray[np.uint8]:
    """Return the picture before step `t`, (height, width, 3)."""
    figure = Figure(figsize=SIZE_INCH, dpi=DOTS_PER_INCH, layout="constrained")
    canvas = FigureCanvasAgg(figure)
    axes = figure.subplot_mosaic([["grid", "export"], ["grid", "charge"], ["grid", "reward"]], width_ratios=[1.3, 1.0])
    figure.suptitle(f"{case.members[0].scenario}, {case.index[t]:%Y-%m-%d %H:%M}")
    _draw_grid(axes["grid"], case.grid.models[case.members[0].grid], course.flows)
    axes["export"].plot(course.export_mw, label="export, MW")
    axes["export"].axhline(float(case.export_limit_mw[0]), color="tab:red", linewidth=0.8, label="stated limit")
    axes["export"].legend(fontsize=7, loc="upper left")
    energy, stored = case.fleet.battery_kwh[case.fleet.device_class[0]], np.zeros(len(case.sites.groups))
    np.add.at(stored, case.sites.group, state.soc_kwh[0])
    some = np.flatnonzero(energy > 0.0)
    axes["charge"].bar(np.arange(len(some)), 100.0 * stored[some] / energy[some])
    axes["charge"].set(ylim=(0.0, 100.0), ylabel="charge, %", xlabel="site group with batteries")
    axes["reward"].plot(np.cumsum(course.rewards))
    axes["reward"].set(ylabel="reward so far", xlabel="step")
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3].copy()


def _draw_grid(axes: Axes, model: GridModel, flows: BlockFlows | None) -> None:
    """Draw buses and lines, the link in the colour of its loading and watched buses in that of their voltage."""
    net, places = model.net, _places(model)
    circuits = [circuit.element for circuit in model.roles.link]
    for line, (begin, end) in net.line.loc[net.line["in_service"], ["from_bus", "to_bus"]].iterrows():
        axes.plot(places[[begin, end], 0], places[[begin, end], 1], color="0.6", linewidth=1.0, zorder=1)
        if ("line", line) in circuits and flows is not None:
            k = circuits.index(("line", line))
            percent = float(flows.loading_percent[0, 0, k])
            middle = places[[begin, end]].mean(axis=0)
            axes.plot(places[[begin, end], 0], places[[begin, end], 1], color=_colour(percent), linewidth=3.0, zorder=2)
            axes.annotate(f"{percent:.0f} %", middle, (0, 10.0 * (1 - 2 * k)), textcoords="offset points", fontsize=8)
    axes.scatter(places[:, 0], places[:, 1], s=8, color="0.4", zorder=3)
    if flows is not None:
        watched = list(model.roles.voltage_buses)
        x, y = places[watched].T
        low, high = VOLTAGES
        shown = axes.scatter(
            x, y, s=45, c=flows.vm_pu[0, 0], vmin=low, vmax=high, cmap="coolwarm", edgecolors="black", zorder=4
        )
        axes.figure.colorbar(shown, ax=axes, location="bottom", shrink=0.6, label="voltage, pu")
    axes.set_axis_off()


def _colour(percent: float) -> tuple[float, float, float]:
    """Return green at no load, red at the rating."""
    share = float(np.clip((percent - LOADINGS[0]) / (LOADINGS[1] - LOADINGS[0]), 0.0, 1.0))
    return (share, 0.6 * (1.0 - share), 0.1)


def _places(model: GridModel) -> np.ndarray:
    """Return where each bus is drawn, by its number: its position, or on a circle where buses have none."""
    buses = model.net.bus
    places = np.zeros((int(buses.index.max()) + 1, 2))
    angle = 2.0 * np.pi * np.arange(len(buses)) / len(buses)
    for k, (bus, geo) in enumerate(buses["geo"].items() if "geo" in buses else ()):
        known = isinstance(geo, str) and not pd.isna(geo)
        places[bus] = json.loads(geo)["coordinates"][:2] if known else (np.cos(angle[k]), np.sin(angle[k]))
    return places
