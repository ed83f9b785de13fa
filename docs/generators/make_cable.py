"""Tables and picture of docs/concepts/grid/cable.md: python docs/generators/make_cable.py MEMBER docs/figures.

MEMBER is the folder of a member of a run of a whole year with one conductor (`goto_2030`, 300 mm2). The ranges of the
cable tables are swept one at a time on the member's currents.
"""

from __future__ import annotations

import sys
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd

from network_models.island import find_island
from network_models.model import build_grid
from network_models.reading import island_tables, row_names
from network_models.tables.declarations import DECLARATIONS
from twin.core.errors import InputError
from twin.metrics.cable_temperature import cable_table
from twin.metrics.series import read_table

TABLES = ("cables", "cable_layers", "cable_sections", "cable_temperatures")
WEEK = 7 * 48
COLUMNS = {
    "hottest": ("circuit_1_conductor_c", "max"), "emergency 2 h": ("emergency_2h_a", "min"),
    "emergency 24 h": ("emergency_24h_a", "min"), "cyclic": ("cyclic_rating_a", "min"),
    "survivor minutes": ("survivor_minutes", "min"),
}  # fmt: skip


def ends() -> dict[str, tuple[dict[str, dict[str, float]], dict[str, dict[str, float]]]]:
    """Return the values of each unknown at its two ends; rows with the same ``varies_with`` are one."""
    found: dict[str, tuple[dict[str, dict[str, float]], dict[str, dict[str, float]]]] = {}
    for table in TABLES:
        frame = island_tables(find_island("goto"))[table]
        for name, (_, row) in zip(row_names(DECLARATIONS[table], frame), frame.iterrows(), strict=True):
            if row["low"] < row["high"]:
                unknown = row["varies_with"] or f"{table}.{name}"
                for values, end in zip(found.setdefault(unknown, ({}, {})), ("low", "high"), strict=True):
                    values.setdefault(table, {})[name] = float(row[end])
    return found


def judged(link: pd.DataFrame, values: dict[str, dict[str, float]]) -> str:
    """Return the figures of a set of values as cells of a table."""
    island = find_island("goto")
    try:
        circuits = build_grid(island, island_tables(island, values), 2030, parameters={"conductor_mm2": 300}).cables
    except InputError as error:
        return f"refused: {error.problems[0].what} " + "| " * (len(COLUMNS) - 1)
    table = cable_table(circuits, link, 0.5).to_pandas()
    return " | ".join(f"{table[column].agg(of):.0f}" for column, of in COLUMNS.values())


def draw(member: Path, folder: Path) -> None:
    """Draw the week with the hottest conductor: current of a circuit, survivor, temperatures."""
    link, cable = read_table(member, "link"), read_table(member, "cable")
    hottest = int(cable["circuit_1_conductor_c"].to_numpy().argmax())
    first = min(max(hottest - WEEK // 2, 0), len(cable) - WEEK)
    rows = slice(first, first + WEEK)
    figure, (above, below) = plt.subplots(2, 1, figsize=(9, 5.5), sharex=True)
    time = cable["time"][rows].dt.tz_localize(None)
    above.plot(time, link["circuit_1_loading_percent"][rows], label="circuit 1")
    above.plot(time, link["n1_loading_percent"][rows], label="survivor after a trip")
    above.set_ylabel("loading, % of rating")
    below.plot(time, cable["circuit_1_conductor_c"][rows], color="tab:red", label="conductor 1, hottest section")
    below.axhline(90.0, color="black", linestyle="--", label="limit")
    below.set_ylabel("degrees Celsius")
    for axes in (above, below):
        axes.legend(loc="center right", fontsize=8)
        axes.grid(alpha=0.3)
    figure.tight_layout()
    figure.savefig(folder / "cable_worst_week.png", dpi=110, metadata={"Software": None})


if __name__ == "__main__":
    draw(Path(sys.argv[1]), Path(sys.argv[2]))
    flows = read_table(Path(sys.argv[1]), "link")
    print("| unknown | end |", " | ".join(COLUMNS), "|")
    print("|---" * (len(COLUMNS) + 2) + "|")
    print("| base | |", judged(flows, {}), "|")
    for unknown, both in ends().items():
        for end, values in zip(("low", "high"), both, strict=True):
            print(f"| {unknown} | {end} |", judged(flows, values), "|")
