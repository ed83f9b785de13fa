"""What an uncertainty analysis found, as a table on the terminal."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.table import Table

from studies.output import UNCERTAINTY_FILE
from twin.schema import KPIS

MATTER_MOST = 3
LONGEST_TITLE = 40


def uncertainty_tables(folder: Path) -> list[Table]:
    """Return a table a scenario: the headlines' ranges and the unknowns that carry most of their variance.

    Parameters
    ----------
    folder : pathlib.Path
        Results of ``goto-twin uncertainty``.
    """
    record = json.loads((folder / UNCERTAINTY_FILE).read_text(encoding="utf-8"))
    titles = {unknown["name"]: unknown["title_en"] for unknown in record["unknowns"]}
    return [_table(record, scenario, kpis, titles) for scenario, kpis in record["headlines"].items()]


def _table(record: Mapping[str, Any], scenario: str, kpis: Mapping[str, Any], titles: Mapping[str, str]) -> Table:
    failed = len(record["failed"])
    table = Table(
        title=f"{record['study']}, {scenario}: {record['samples']} samples, {failed} failed and left out",
        caption="p05 to p95: 90 % of the samples; share: of the samples' variance, * of their ranks' variance",
    )
    table.add_column("headline", overflow="fold")
    for column in ("base", "p05", "p50", "p95"):
        table.add_column(column, justify="right")
    table.add_column("what matters most (share)", overflow="fold")
    for name, found in kpis.items():
        numbers = [_number(found[key]) for key in ("base", "p05", "p50", "p95")]
        table.add_row(f"{name.replace('_', ' ')}, {KPIS[name].unit}", *numbers, _most(found, titles))
    return table


def _most(found: Mapping[str, Any], titles: Mapping[str, str]) -> str:
    """Return the largest shares whose interval leaves out zero; without any shares the largest one-at-a-time swings."""
    mark = "*" if found["scale"] == "rank" else ""
    if found["shares"]:
        certain = [row for row in found["shares"] if row["low"] > 0.0][:MATTER_MOST]
        parts = [f"{titles[row['unknown']][:LONGEST_TITLE]} {100.0 * row['share']:.0f} %{mark}" for row in certain]
        return "; ".join([*parts, f"weather year {100.0 * found['weather_share']:.0f} %{mark}"])
    swings = found["tornado"][:MATTER_MOST]
    return "; ".join(
        f"{titles[row['unknown']][:LONGEST_TITLE]} {_number(row['at_low'])} to {_number(row['at_high'])}"
        for row in swings
    )


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:,.{0 if abs(value) >= 1000 else 2}f}"
