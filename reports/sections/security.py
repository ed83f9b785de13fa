"""The report on a grid's security before any management: outages, branches by month, headroom of buses, inter-trip."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from reports.document import digits
from reports.document.blocks import Answer, Block, Heading, Paragraph, Table, Tile, Tiles, figure_block, numbered
from reports.document.texts import Words
from reports.figures.security import headroom_map

MOST_PICTURES = 6
SINGLE, CORRIDOR = "n-1", "common-corridor"

Record = Mapping[str, Any]


def sections(record: Record, words: Words) -> list[Block]:
    """Return the report of a security analysis in one language, from its record ``security.json``."""
    about = words("security.subtitle", scenario=words.of(record, "scenario"), period=_period(record, words))
    blocks = [
        Paragraph(about, is_note=True),
        Heading(words("title.question"), is_small=True),
        Paragraph(words("security.question")),
        Answer(words("title.answer"), _answer(record, words)),
        Tiles(_tiles(record, words)),
        *outages(record, words),
        *headroom(record, words),
        *intertrip(record, words),
    ]
    return numbered(blocks, words)


def _period(record: Record, words: Words) -> str:
    first, last = (date.fromisoformat(record[key]) for key in ("first", "last"))
    days = [words("format.date", year=day.year, month=day.month, day=day.day) for day in (first, last)]
    return words("security.period", first=days[0], last=days[1])


def _class(record: Record, name: str) -> Record:
    return next(row for row in record["classes"] if row["class"] == name)


def _hours(record: Record) -> float:
    return float(record["steps"] * record["step_hours"])


def _answer(record: Record, words: Words) -> list[str]:
    single, corridor = _class(record, SINGLE), _class(record, CORRIDOR)
    found = [
        words(
            "security.answer.outages", count=single["contingencies"], hours=digits.quantity(_hours(record), "h"),
            broken=digits.quantity(single["hours_violated"], "h"), unsolved=single["unsolved"],
        )
    ]  # fmt: skip
    if corridor["contingencies"]:
        hours = digits.quantity(corridor["hours_violated"], "h")
        found.append(words("security.answer.corridors", count=corridor["contingencies"], hours=hours))
    if record["headroom"]:
        rows = sorted(record["headroom"], key=lambda row: _known(row["guaranteed_mw"]))
        low, high = rows[0], rows[-1]
        found.append(
            words(
                "security.answer.headroom", low=low["bus"], low_mw=_mw(low["guaranteed_mw"]), high=high["bus"],
                high_mw=_mw(high["guaranteed_mw"]),
            )
        )  # fmt: skip
    if record["intertrip"]:
        insufficient = sum(1 for row in record["intertrip"] if row["insufficient_half_hours"])
        largest = max(row["largest_shed_mw"] for row in record["intertrip"])
        found.append(words("security.answer.intertrip", largest=_mw(largest), insufficient=insufficient))
    return found


def _tiles(record: Record, words: Words) -> list[Tile]:
    single = _class(record, SINGLE)
    worst = max((row["loading_percent"] or 0.0 for row in record["outages"]), default=math.nan)
    return [
        Tile(digits.quantity(single["hours_violated"], "h"), "h", words("security.tile.hours")),
        Tile(digits.fixed(worst, 1), "%", words("security.tile.loading")),
        Tile(str(single["unsolved"]), "", words("security.tile.unsolved")),
    ]


def outages(record: Record, words: Words) -> list[Block]:
    """Return the worst outages, and the branches that they fill most, month by month."""
    header = [words(f"column.{name}") for name in ("outage", "loading_after", "branch", "lowest_vm", "violated_h")]
    header += [words(f"column.{name}") for name in ("demand_lost", "infeed_lost")]
    rows = [
        [
            row["outage"],
            digits.fixed(_known(row["loading_percent"]), 1),
            row["element"] or digits.NOT_DEFINED,
            digits.quantity(_known(row["low_vm_pu"]), "pu"),
            digits.quantity(row["hours_violated"], "h"),
            _mw(row["demand_lost_mw"]),
            _mw(row["infeed_lost_mw"]),
        ]
        for row in record["outages"]
    ]
    worst = Table(words("security.table.outages"), header, ["left", "right", "left", *["right"] * 4], rows)
    return [
        Heading(words("security.section.outages")),
        Paragraph(words("security.text.outages")),
        worst,
        _branches(record["branches"], words),
    ]


def _branches(branches: Sequence[Record], words: Words) -> Table:
    months = list(branches[0]["months"]) if branches else []
    header = [words("column.branch"), *(month[2:] for month in months), words("column.over_h")]
    rows = [
        [
            row["branch"],
            *(digits.fixed(_known(row["months"][month]), 0) for month in months),
            digits.quantity(row["hours_over_continuous"], "h"),
        ]
        for row in branches
    ]
    return Table(words("security.table.branches"), header, ["left", *["right"] * (len(months) + 1)], rows)


def headroom(record: Record, words: Words) -> list[Block]:
    """Return the headroom of the buses; nothing where none was asked for."""
    if not record["headroom"]:
        return []
    columns = ("bus", "guaranteed", "exceeded_95", "median", "negative_h", "not_healed_h", "binding")
    hours = record["step_hours"]
    rows = [
        [
            row["bus"],
            *(_mw(row[key]) for key in ("guaranteed_mw", "exceeded_95_percent_mw", "median_mw")),
            *(digits.quantity(row[f"{key}_half_hours"] * hours, "h") for key in ("negative", "not_healed")),
            row["binding"] or digits.NOT_DEFINED,
        ]
        for row in record["headroom"]
    ]
    table = Table(
        words("security.table.headroom"), [words(f"security.column.{name}") for name in columns],
        ["left", *["right"] * 5, "left"], rows,
    )  # fmt: skip
    return [
        Heading(words("security.section.headroom")),
        Paragraph(words("security.text.headroom")),
        table,
        *(
            figure_block(headroom_map(row, number, words), words)
            for number, row in enumerate(record["headroom"][:MOST_PICTURES], start=1)
        ),
        Paragraph(words("security.note.headroom"), is_note=True),
    ]


def intertrip(record: Record, words: Words) -> list[Block]:
    """Return what inter-trip sheds after each outage; nothing where it was not asked for."""
    if not record["intertrip"]:
        return []
    has_rates = "expected_mwh_per_year" in record["intertrip"][0]
    columns = ["outage", "needed_h", "largest_shed", "at_once", "settled", "insufficient_h"]
    columns += ["expected_shed", "expected_insufficient_h"] if has_rates else []
    rows = [_intertrip_row(row, record["step_hours"], has_rates) for row in record["intertrip"]]
    header = [words(f"security.column.{name}") for name in columns]
    table = Table(words("security.table.intertrip"), header, ["left", *["right"] * (len(columns) - 1)], rows)
    note = "security.note.intertrip" if has_rates else "security.note.no_rates"
    return [
        Heading(words("security.section.intertrip")),
        Paragraph(words("security.text.intertrip")),
        table,
        Paragraph(words(note), is_note=True),
    ]


def _intertrip_row(row: Record, hours: float, has_rates: bool) -> list[str]:
    cells = [
        row["outage"],
        digits.quantity(row["needed_half_hours"] * hours, "h"),
        _mw(row["largest_shed_mw"]),
        digits.fixed(_known(row["worst_at_once_percent"]), 1),
        digits.fixed(_known(row["worst_settled_percent"]), 1),
        digits.quantity(row["insufficient_half_hours"] * hours, "h"),
    ]
    if has_rates:
        cells += [digits.quantity(row["expected_mwh_per_year"], "MWh")]
        cells += [digits.fixed(row["expected_insufficient_hours_per_year"], 2)]
    return cells


def _known(value: float | None) -> float:
    return math.nan if value is None else float(value)


def _mw(value: float | None) -> str:
    return digits.quantity(_known(value), "MW")
