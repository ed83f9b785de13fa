"""The data dictionary as a page: ``python -m studies.data_dictionary > docs/reference/data_dictionary.md``."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator

from twin.core.quantities import KPIS, TABLES, Quantity

HEADER = ("name", "unit", "sign", "meaning", "意味")
OPENING = """# Data dictionary

Generated from `twin/core/quantities.py` by `make docs`; do not edit. A test holds that it is up to date.

Half-hours, label = start, Asia/Tokyo; energies are sums over the simulated days. Generation is positive for plants,
consumption for loads and batteries (charging); the link's flow is positive for export. A figure that is not defined,
e.g. the net benefit of a study without a reference, is `null`.
"""


def data_dictionary() -> str:
    """Return the page: key figures, then the columns of each table, in English and Japanese."""
    return "\n".join([OPENING, "## Key figures (`kpis.json`)", "", *_rows(KPIS.values()), *_tables()]) + "\n"


def _tables() -> Iterator[str]:
    for name, columns in TABLES.items():
        yield from ("", f"## Table `{name}.parquet`", "", *_rows(columns.values()))


def _rows(quantities: Iterable[Quantity]) -> Iterator[str]:
    yield _row(HEADER)
    yield _row(["---"] * len(HEADER))
    for quantity in quantities:
        yield _row((f"`{quantity.name}`", quantity.unit or "-", quantity.sign, quantity.meaning, quantity.meaning_ja))


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


if __name__ == "__main__":
    sys.stdout.buffer.write(data_dictionary().encode("utf-8"))
