"""What every key figure and table column means: name, unit, sign, range, meaning in both languages, formula."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from pathlib import Path

from twin.core.errors import Problem, raise_if_any

QUANTITIES_FILE = Path(__file__).with_name("quantities.csv")
KPI, COLUMN = "kpi", "column:"
SIGNS = ("any", "not negative", "export positive", "charging positive")
SHOWN = ("report", "sample")
"""Where key figures appear: in the report's table of scenarios, among the headlines of the uncertainty analysis."""
MONEY = "money"
"""Stands in units for the island's currency."""
RANGE_MARK = ".."


class CutCause(StrEnum):
    """Why a unit delivers less than it could, in the ledger's order; the order is a convention."""

    UNAVAILABLE = "unavailable"
    BEHIND_THE_METER = "behind_the_meter"
    AREA_BALANCE = "area_balance"
    CONGESTION_N0 = "congestion_n0"
    CONGESTION_N1 = "congestion_n1"
    CONGESTION_FIRM = "congestion_firm"
    VOLTAGE = "voltage"

    @property
    def is_congestion(self) -> bool:
        """Whether the cut relieves an overload."""
        return self.value.startswith("congestion")

    @property
    def column(self) -> str:
        """Column of the ledger and of the table ``system``."""
        return f"{self.value}_mw"


CONGESTION_CAUSES = tuple(cause for cause in CutCause if cause.is_congestion)


@dataclass(frozen=True)
class Quantity:
    """A named number.

    Attributes
    ----------
    name : str
    kind : str
        ``kpi``, or ``column:`` and the table.
    unit : str
        With `MONEY` in place of a currency; empty for texts and plain numbers.
    sign : str
        One of `SIGNS`.
    range : str
        ``low..high``, either end may be missing; empty where nothing is ruled out.
    shown : str
        Some of `SHOWN`, separated by blanks.
    meaning_en, meaning_ja : str
    formula : str
        Of key figures, in columns of the member's tables and other key figures.
    """

    name: str
    kind: str
    unit: str
    sign: str
    range: str
    shown: str
    meaning_en: str
    meaning_ja: str
    formula: str

    @property
    def is_money(self) -> bool:
        """Whether it is an amount of money."""
        return self.unit == MONEY

    def unit_in(self, currency: str) -> str:
        """Return the unit as it is shown, money in the island's currency."""
        return self.unit.replace(MONEY, currency)

    @property
    def limits(self) -> tuple[float, float]:
        """Lowest and highest value that is possible."""
        low, _, high = self.range.partition(RANGE_MARK)
        return float(low or "-inf"), float(high or "inf")

    def meaning(self, language: str) -> str:
        """Return the meaning, ``en`` or ``ja``."""
        return self.meaning_ja if language == "ja" else self.meaning_en


@dataclass(frozen=True)
class Quantities:
    """All quantities: `kpis` by name, `tables` by name of the table and of the column, in the file's order."""

    kpis: dict[str, Quantity]
    tables: dict[str, dict[str, Quantity]]


def read_quantities(file: Path = QUANTITIES_FILE) -> Quantities:
    """Read the table of quantities.

    Raises
    ------
    InputError
        With every row that is wrong.
    """
    with file.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    names = [field.name for field in fields(Quantity)]
    raise_if_any(_problems(file, names, rows))
    kpis: dict[str, Quantity] = {}
    tables: dict[str, dict[str, Quantity]] = {}
    for row in rows:
        found = Quantity(**{name: row[name] for name in names})
        of = kpis if found.kind == KPI else tables.setdefault(found.kind.removeprefix(COLUMN), {})
        of[found.name] = found
    return Quantities(kpis, tables)


def _problems(file: Path, names: list[str], rows: list[dict[str, str]]) -> Iterable[Problem]:
    seen: set[tuple[str, str]] = set()
    for number, row in enumerate(rows, start=2):
        where = f"{file.name}, row {number}"
        if list(row) != names or None in row.values():
            yield Problem("other columns", where, ", ".join(map(str, row)), ", ".join(names))
            continue
        yield from (Problem(what, f"{where}, {column}", row[column], accepted)
                    for column, what, accepted, is_right in _checks(row) if not is_right)  # fmt: skip
        if (row["kind"], row["name"]) in seen:
            yield Problem("the quantity stands twice", where, f"{row['kind']} {row['name']}")
        seen.add((row["kind"], row["name"]))


def _checks(row: Mapping[str, str]) -> Iterable[tuple[str, str, str, bool]]:
    """Yield column, what would be wrong, what is accepted, and whether it is right."""
    is_kpi = row["kind"] == KPI
    yield "name", "no name", "a name", bool(row["name"])
    yield "kind", "unknown kind", f"{KPI} or {COLUMN}TABLE", is_kpi or row["kind"].startswith(COLUMN)
    yield "sign", "unknown sign", ", ".join(SIGNS), row["sign"] in SIGNS
    yield "range", "no range", f"LOW{RANGE_MARK}HIGH", not row["range"] or _is_range(row["range"])
    places = set(SHOWN if is_kpi else ())
    yield "shown", "unknown place", ", ".join(SHOWN), set(row["shown"].split()) <= places
    yield "meaning_en", "no meaning", "a text", bool(row["meaning_en"])
    yield "meaning_ja", "no meaning", "a text", bool(row["meaning_ja"])
    yield "formula", "a key figure needs its formula", "a text", bool(row["formula"]) or not is_kpi


def _is_range(text: str) -> bool:
    low, mark, high = text.partition(RANGE_MARK)
    try:
        return bool(mark) and float(low or "-inf") < float(high or "inf")
    except ValueError:
        return False


_READ = read_quantities()
KPIS = _READ.kpis
"""Key figures of a member (`kpis.json`)."""
TABLES = _READ.tables
"""Columns of a member's tables, by file name without suffix."""


def shown_in(place: str) -> list[str]:
    """Return the key figures that appear in one of `SHOWN`, in order."""
    return [name for name, quantity in KPIS.items() if place in quantity.shown.split()]
