"""The data dictionary as a page: ``python -m studies.data_dictionary > docs/reference/data_dictionary.md``."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator

from twin.core.quantities import KPIS, TABLES, Quantity

HEADER = ("name", "unit", "sign", "range", "meaning", "意味")
OPENING = """# Data dictionary

Generated from `twin/core/quantities.csv` by `make docs`; do not edit. A test holds that it is up to date.

Steps are labelled with their start, in the island's time zone; energies are sums over the simulated days. Generation
is positive for plants, consumption for loads and batteries (charging); the link's flow is positive for export. A figure
that is not defined, e.g. the net benefit of a study without a reference, is `null`. Money is in the island's currency
(JPY for Goto). In formulas `hours` is the length of a step, sums are over solved steps, and a column without a table is
one of `system`.
"""


def data_dictionary() -> str:
    """Return the page: key figures, then the columns of each table, in English and Japanese."""
    return (
        "\n".join([OPENING, "## Key figures (`kpis.json`)", "", *_rows(KPIS.values(), formula=True), *_tables()]) + "\n"
    )


def _tables() -> Iterator[str]:
    for name, columns in TABLES.items():
        yield from ("", f"## Table `{name}.parquet`", "", *_rows(columns.values()))


def _rows(quantities: Iterable[Quantity], *, formula: bool = False) -> Iterator[str]:
    header = (*HEADER, "formula") if formula else HEADER
    yield _row(header)
    yield _row(["---"] * len(header))
    for one in quantities:
        cells = (f"`{one.name}`", one.unit or "-", one.sign, one.range or "-", one.meaning_en, one.meaning_ja)
        yield _row((*cells, one.formula) if formula else cells)


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


if __name__ == "__main__":
    sys.stdout.buffer.write(data_dictionary().encode("utf-8"))
