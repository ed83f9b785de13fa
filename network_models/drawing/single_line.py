"""The single-line diagram, drawn from the positions in the tables."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from network_models.drawing import symbols
from network_models.drawing.symbols import (
    CABLE,
    INK,
    MUTED,
    OVERHEAD,
    WORDS,
    Language,
    bus_colours,
    drawing_font,
    main_kv,
    megawatts,
    without_voltage,
)
from twin.core.errors import InputError, Problem
from twin.network.model import GridModel

_HANGER_STEP = 2.15
_CIRCUIT_GAP = 0.8
_TEXT = 7.6
_LINE_TEXT = 6.6
_ROOMY = 4.9
"""Length from which a line has room for its conductor and rating."""


@dataclass(frozen=True)
class _Diagram:
    """What is drawn on, in which language, of which model."""

    axes: Axes
    model: GridModel
    language: Language

    @property
    def colours(self) -> dict[float, str]:
        """Colour of each level of voltage, the highest first."""
        return bus_colours(self.model.net)

    @property
    def main_kv(self) -> float:
        """Voltage of the buses that the grid's voltage band is for."""
        return main_kv(self.model)

    @property
    def buses(self) -> pd.DataFrame:
        """Buses that have a place of their own in the diagram."""
        buses = self.model.net.bus
        result: pd.DataFrame = buses[buses["x"].notna() & buses["in_service"]]
        return result

    def word(self, key: str) -> str:
        return WORDS[self.language][key]

    def name(self, bus: int) -> str:
        row = self.model.net.bus.loc[bus]
        return str(row["name_ja"] if self.language == "ja" else row["name"])

    def label(self, x: float, y: float, text: str, size: float = _TEXT, colour: str = INK, above: bool = False) -> None:
        """Write centred text below (or above) a point."""
        side = "bottom" if above else "top"
        self.axes.text(x, y, text, fontsize=size, color=colour, ha="center", va=side, linespacing=1.25, zorder=7)

    def second_of_two(self, line: pd.Series) -> bool | None:
        """Tell whether the line is the lower of two circuits drawn between separate points; None for a single line."""
        ends = self.buses.loc[[line["from_bus"], line["to_bus"]]]
        points = ends[ends["y_low"] == ends["y_high"]]
        beside = self.buses[self.buses["x"].isin(points["x"]) & (self.buses["y_low"] == self.buses["y_high"])]
        if len(beside) == len(points):
            return None
        return bool(points["y_low"].iloc[0] == beside["y_low"].min())


def single_line_diagram(model: GridModel, language: Language = "en") -> Figure:
    """Draw the network as a single-line diagram.

    Buses stand as vertical bars at the table's positions, transformers to a lower voltage hang below them with load
    and plants.
    Loads are labelled with the yearly mean, plants with their contract MW.

    Parameters
    ----------
    model : GridModel
        A network whose ``net.bus`` has the columns ``x y_low y_high name_ja``, as that of an island has them.
    language : {"en", "ja"}

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    InputError
        If the network has no diagram positions (guest networks).
    """
    if "x" not in model.net.bus:
        problem = Problem("no diagram positions", "network, buses", "", "columns x, y_low, y_high", "add the positions")
        raise InputError([problem])
    with drawing_font(language):
        figure = Figure(figsize=(17.5, 10.8), dpi=120)
        axes = figure.add_axes((0.01, 0.01, 0.98, 0.98))
        diagram = _Diagram(axes, model, language)
        _draw_buses(diagram)
        _draw_lines(diagram)
        _draw_main_transformers(diagram)
        _draw_source(diagram)
        for bus in diagram.buses.index:
            _draw_hangers(diagram, int(bus))
        _draw_frame(diagram)
    return figure


def _draw_buses(diagram: _Diagram) -> None:
    for bus, row in diagram.buses.iterrows():
        colour = diagram.colours[row["vn_kv"]]
        if row["y_low"] == row["y_high"]:
            (point,) = diagram.axes.plot(row["x"], row["y_low"], "o", color=colour, markersize=3.6, zorder=5)
            point.set_gid(f"{symbols.BUS}{row['name']}")
            continue
        symbols.busbar(diagram.axes, [row["x"]] * 2, [row["y_low"], row["y_high"]], colour, str(row["name"]))
        diagram.axes.text(
            row["x"], row["y_high"] + 0.25, without_voltage(diagram.name(int(str(bus))), diagram.main_kv),
            fontsize=9.0, color=colour, ha="center", va="bottom", zorder=7,
        )  # fmt: skip


def _meeting_height(diagram: _Diagram, first: int, second: int) -> float:
    """Return the middle of the heights that both busbars cover."""
    ends = diagram.buses.loc[[first, second]]
    return float((ends["y_low"].max() + ends["y_high"].min()) / 2)


def _draw_lines(diagram: _Diagram) -> None:
    lines = diagram.model.net.line
    lines = lines[lines["in_service"]]
    for _, circuits in lines.groupby(["from_bus", "to_bus"], sort=False):
        count = len(circuits)
        for number, (_, line) in enumerate(circuits.iterrows()):
            height = _meeting_height(diagram, line["from_bus"], line["to_bus"])
            _draw_line(diagram, line, height + (0.5 * (count - 1) - number) * _CIRCUIT_GAP)
        _label_line(diagram, circuits)


def _draw_line(diagram: _Diagram, line: pd.Series, height: float) -> None:
    left, right = sorted(diagram.buses.loc[[line["from_bus"], line["to_bus"]], "x"])
    is_cable = line["type"] == "cs"
    colour, width = (CABLE, 2.2) if is_cable else (OVERHEAD, 1.4)
    symbols.wire(diagram.axes, [left, right], [height] * 2, colour, width, str(line["name"]))
    if is_cable:
        symbols.cable_end(diagram.axes, left + 0.18, height, 1.0, CABLE)
        symbols.cable_end(diagram.axes, right - 0.18, height, -1.0, CABLE)


def _label_line(diagram: _Diagram, circuits: pd.DataFrame) -> None:
    line = circuits.iloc[0]
    height = _meeting_height(diagram, line["from_bus"], line["to_bus"])
    left, right = sorted(diagram.buses.loc[[line["from_bus"], line["to_bus"]], "x"])
    half = 0.5 * (len(circuits) - 1) * _CIRCUIT_GAP
    length, conductor = f"{line['length_km']:g} km", str(line["std_type"])
    middle, colour = (left + right) / 2, CABLE if line["type"] == "cs" else MUTED
    if right - left > _ROOMY:
        many = f"{len(circuits)} × " if len(circuits) > 1 else ""
        text = f"{many}{length}  {conductor}  {line['max_i_ka'] * 1000:.0f} A"
        diagram.label(middle, height + half + 0.16, text, _LINE_TEXT, colour, above=True)
        return
    parallel = diagram.second_of_two(line)
    if parallel is not True:
        diagram.label(middle, height + half + 0.16, length, _LINE_TEXT, colour, above=True)
    if parallel is not False:
        diagram.label(middle, height - half - 0.14, conductor.replace(" mm²", ""), _LINE_TEXT - 0.8, colour)


def _draw_main_transformers(diagram: _Diagram) -> None:
    trafos = diagram.model.net.trafo
    placed = trafos[trafos["lv_bus"].isin(diagram.buses.index)]
    for _, group in placed.groupby(["hv_bus", "lv_bus"]):
        for number, (_, row) in enumerate(group.iterrows()):
            height = _meeting_height(diagram, row["hv_bus"], row["lv_bus"])
            height += (0.5 * (len(group) - 1) - number) * 1.0
            ends = list(diagram.buses.loc[[row["hv_bus"], row["lv_bus"]], "x"])
            symbols.wire(diagram.axes, ends, [height] * 2)
            symbols.transformer(diagram.axes, sum(ends) / 2, height, vertical=False, branch=str(row["name"]))
        many = f"{len(group)} × " if len(group) > 1 else ""
        row = group.iloc[0]
        text = f"{many}{row['sn_mva']:g} MVA\n{row['vn_hv_kv']:g}/{row['vn_lv_kv']:g} kV\nvk {row['vk_percent']:g} %"
        diagram.label(sum(ends) / 2, height - 0.5, text, _LINE_TEXT, MUTED)


def _draw_source(diagram: _Diagram) -> None:
    impedance = diagram.model.net.impedance.iloc[0]
    ends = diagram.buses.loc[[impedance["from_bus"], impedance["to_bus"]]]
    height = _meeting_height(diagram, impedance["from_bus"], impedance["to_bus"])
    symbols.wire(diagram.axes, list(ends["x"]), [height] * 2, diagram.colours[float(ends["vn_kv"].iloc[0])], 1.6)
    x = float(ends["x"].max())
    symbols.external_grid(diagram.axes, x + 0.3, height)
    symbols.wire(diagram.axes, [x, x + 0.3], [height] * 2)
    level = f"{impedance['sn_mva'] / 1000:g} GVA"
    diagram.label(sum(ends["x"]) / 2, height - 0.2, level, _LINE_TEXT, MUTED)


def _draw_hangers(diagram: _Diagram, bus: int) -> None:
    """Draw what hangs below a busbar, from left to right."""
    net = diagram.model.net
    banks = net.trafo[(net.trafo["hv_bus"] == bus) & ~net.trafo["lv_bus"].isin(diagram.buses.index)]
    offsets = itertools.count()
    if not banks.empty:
        _draw_bank(diagram, banks, *_branch_off(diagram, bus, next(offsets)))
    shunts = net.shunt[(net.shunt["bus"] == bus) & net.shunt["in_service"] & (net.shunt["q_mvar"] > 0)]
    if bus in set(net.gen["bus"]):
        x, y = _branch_off(diagram, bus, next(offsets))
        symbols.compensator(diagram.axes, x, y)
        low, high = net.gen.loc[net.gen["bus"] == bus, ["min_q_mvar", "max_q_mvar"]].iloc[0]
        diagram.label(x, y - 1.35, f"{diagram.word('svc')}\n{low:+g} / {high:+g}\nMvar")
    if not shunts.empty:
        x, y = _branch_off(diagram, bus, next(offsets))
        symbols.reactor(diagram.axes, x, y)
        diagram.label(x, y - 1.35, f"{diagram.word('reactor')}\n{len(shunts)} × {shunts['q_mvar'].iloc[0]:g} Mvar")
    for kind, text in _direct_plants(diagram, bus):
        x, y = _branch_off(diagram, bus, next(offsets))
        symbols.generator(diagram.axes, x, y - 0.36, kind)
        diagram.label(x, y - 0.95, text)


def _branch_off(diagram: _Diagram, bus: int, number: int) -> tuple[float, float]:
    """Draw the wire from a busbar to its hanger of this number; return where the hanger starts."""
    x, low = (float(diagram.buses[column].loc[bus]) for column in ("x", "y_low"))
    below = low - 0.55
    if number == 0:
        symbols.wire(diagram.axes, [x, x], [low, below])
        return x, below
    reach = x + number * _HANGER_STEP
    symbols.wire(diagram.axes, [x, reach, reach], [low + 0.12, low + 0.12, below])
    return reach, below


def _draw_bank(diagram: _Diagram, banks: pd.DataFrame, x: float, y: float) -> None:
    model = diagram.model
    bus = banks["lv_bus"].iloc[0]
    symbols.transformer(diagram.axes, x, y - 0.48, vertical=True, branch=str(banks["name"].iloc[0]))
    diagram.axes.text(
        x - 0.45, y - 0.48, f"{len(banks)} × {banks['sn_mva'].iloc[0]:g} MVA", fontsize=_LINE_TEXT, color=MUTED,
        ha="right", va="center", zorder=7,
    )  # fmt: skip
    symbols.wire(diagram.axes, [x, x], [y - 0.95, y - 1.2])
    plants = model.plants[(model.plants["bus"] == bus) & (model.plants["contract_mw"] > 0)]
    by_kind = plants.groupby("kind")["contract_mw"].sum()
    right = x + 0.6 + 0.8 * max(len(by_kind) - 1, 0)
    symbols.busbar(
        diagram.axes, [x - 0.6, right], [y - 1.2] * 2, diagram.colours[float(model.net.bus["vn_kv"].loc[bus])]
    )
    load_mw = model.net.load.loc[model.net.load["bus"] == bus, "p_mw"].sum()
    symbols.load_arrow(diagram.axes, x - (0.35 if len(by_kind) else 0.0), y - 1.2)
    for number, kind in enumerate(by_kind.index):
        place = x + 0.35 + 0.8 * number
        symbols.wire(diagram.axes, [place] * 2, [y - 1.2, y - 1.35])
        symbols.generator(diagram.axes, place, y - 1.68, str(kind))
    rows = [f"{diagram.word('load')} {megawatts(load_mw)}"]
    rows += [f"{diagram.word(str(kind))} {megawatts(value)}" for kind, value in by_kind.items()]
    diagram.label(x, y - 2.15, "\n".join(rows))


def _direct_plants(diagram: _Diagram, bus: int) -> Iterator[tuple[str, str]]:
    """Yield kind and label of what feeds a bus without a bank."""
    model = diagram.model
    plants = model.plants[(model.plants["bus"] == bus) & (model.plants["contract_mw"] > 0)]
    column = "name_ja" if diagram.language == "ja" else "name_en"
    for _, plant in plants.iterrows():
        name = str(plant[column])
        broken = name.replace(" ", "\n", 1) if diagram.language == "en" else name
        yield str(plant["kind"]), f"{broken}\n{megawatts(plant['contract_mw'])}"
    diesels = model.diesels[model.diesels["bus"] == bus]
    if not diesels.empty:
        size = f"{len(diesels)} × {diesels['p_max_mw'].iloc[0]:g} MW"
        yield "diesel", f"{diagram.word('diesel')}\n{size}\n({diagram.word('standby')})"


def _draw_frame(diagram: _Diagram) -> None:
    axes, buses = diagram.axes, diagram.buses
    axes.set_xlim(buses["x"].min() - 2.2, buses["x"].max() + 2.4)
    axes.set_ylim(buses["y_low"].min() - 5.2, buses["y_high"].max() + 2.0)
    axes.set_aspect("equal")
    axes.axis("off")
    left, top = buses["x"].min() - 1.6, buses["y_high"].max() + 1.2
    axes.text(left, top, f"{diagram.model.net.name}  {diagram.word('title')}", fontsize=17, va="top")
    notes = f"{diagram.word('mean')}\n{diagram.word('estimate')}"
    axes.text(left, top - 1.5, notes, fontsize=8.5, color=MUTED, va="top", linespacing=1.5)
    _draw_legend(diagram, buses["x"].max() - 9.0, buses["y_low"].min() + 0.6)


def _draw_legend(diagram: _Diagram, x: float, y: float) -> None:
    axes = diagram.axes
    for number, (kv, colour) in enumerate(diagram.colours.items()):
        symbols.busbar(axes, [x, x + 0.9], [y - 0.85 * number] * 2, colour)
        axes.text(x + 1.3, y - 0.85 * number, f"{kv:g} kV", fontsize=8, va="center")
    x += 4.2
    symbols.wire(axes, [x, x + 1.5], [y] * 2, CABLE, 2.2)
    symbols.cable_end(axes, x, y, 1.0, CABLE)
    symbols.cable_end(axes, x + 1.5, y, -1.0, CABLE)
    symbols.wire(axes, [x, x + 1.5], [y - 0.95] * 2, OVERHEAD, 1.4)
    symbols.transformer(axes, x + 0.75, y - 1.95, vertical=False)
    for number, key in enumerate(("cable", "overhead", "transformer")):
        axes.text(x + 2.0, y - 0.97 * number, diagram.word(key), fontsize=8, va="center")
    for number, kind in enumerate(("pv", "wind", "diesel")):
        symbols.generator(axes, x + 0.2 + 2.4 * number, y - 3.0, kind)
        axes.text(x + 0.7 + 2.4 * number, y - 3.0, diagram.word(kind), fontsize=8, va="center")
