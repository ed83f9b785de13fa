"""The frame of a question's page: question, answer in three sentences, figure, table, what would change it."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from reports.document import digits
from reports.document.blocks import (
    Answer,
    Block,
    Bullets,
    Heading,
    Paragraph,
    Table,
    Tile,
    Tiles,
    figure_block,
    numbered,
)
from reports.document.style import Picture
from reports.document.texts import Words
from reports.reading.labels import japanese_element, value_label
from twin.core.quantities import KPIS, MONEY

Record = Mapping[str, Any]
MILLION = 1e6


@dataclass(frozen=True)
class Page:
    """What a page says in one language.

    Attributes
    ----------
    answer : list of str
        Three sentences.
    pictures : list of Picture
    tables : list of Table
    turns : list of str
        What would change the answer.
    tiles : list of Tile, optional
    notes : list of str, optional
        What is assumed, and what is left out.
    """

    answer: list[str]
    pictures: list[Picture]
    tables: list[Table]
    turns: list[str]
    tiles: list[Tile] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def blocks(record: Record, page: Page, words: Words) -> list[Block]:
    """Return a page in its frame."""
    found: list[Block] = [
        Paragraph(stretch(record, words), is_note=True),
        Heading(words("title.question"), is_small=True),
        Paragraph(words.of(record, "asks")),
        Answer(words("title.answer"), page.answer),
        *([Tiles(page.tiles)] if page.tiles else []),
        *(figure_block(picture, words) for picture in page.pictures),
        *page.tables,
        Heading(words("question.turns"), is_small=True),
        Bullets(page.turns),
        *(Paragraph(note, is_note=True) for note in [*page.notes, *_checked(record, words)]),
    ]
    return numbered(found, words)


def stretch(record: Record, words: Words) -> str:
    """Return which time and weather the numbers are of."""
    days = [date.fromisoformat(record[key]) for key in ("first", "last")]
    first, last = (words("format.date", year=day.year, month=day.month, day=day.day) for day in days)
    period = words("question.year" if record["is_year"] else "question.days", first=first, last=last,
                   days=digits.plain(record["days"]), year=record["fiscal_year"])  # fmt: skip
    years = record["weather_years"]
    kind = "given" if record["weather"] != "synthetic" else "many" if years else "normal"
    weather = words(f"question.weather.{kind}", last=years)
    return words("question.about", period=period, weather=weather, members=record["members"], study=record["study"])


def _checked(record: Record, words: Words) -> list[str]:
    check = record.get("sample_check")
    if check is None:
        return []
    error = check["max_vm_error_pu"]
    largest = digits.NOT_DEFINED if error is None else digits.scientific(error)
    return [words("question.checked", states=check["states"], unsolved=check["unsolved"], error=largest)]


# --- values of the record's rows


def rows_of(record: Record, scenario: str, point: str | None = None) -> list[Record]:
    """Return a scenario's rows, of all weather years; of one sweep point where one is named."""
    return [row for row in record["rows"] if row["scenario"] == scenario and point in (None, row["point"])]


def points_of(record: Record) -> list[str]:
    """Return the sweep points in their order."""
    return list(dict.fromkeys(row["point"] for row in record["rows"]))


def values_of(record: Record, scenario: str, name: str, point: str | None = None) -> list[float]:
    """Return the known values of a key figure, over weather years and sweep points."""
    found = (row["kpis"][name] for row in rows_of(record, scenario, point))
    return [value for value in found if value is not None and math.isfinite(value)]


def mean(values: Sequence[float]) -> float:
    """Return the mean, NaN of nothing."""
    return sum(values) / len(values) if values else math.nan


def unit_of(name: str, record: Record) -> str:
    """Return the unit of a key figure, amounts of money in millions."""
    if name in KPIS:
        return digits.MILLION_MONEY if KPIS[name].unit == MONEY else KPIS[name].unit
    endings = {"_mwh": "MWh", "_percent": "%", "_mw": "MW", "_hours": "h", "_jpy": digits.MILLION_MONEY, "_days": "d"}
    name = name.rstrip("0123456789").rstrip("_")
    return next((unit for ending, unit in endings.items() if name.endswith(ending)), "")


def shown(value: float | None, name: str, record: Record) -> str:
    """Return a key figure as it is written, without its unit."""
    unit = unit_of(name, record)
    if value is None:
        return digits.NOT_DEFINED
    return digits.quantity(value / MILLION if unit == digits.MILLION_MONEY else value, unit)


def range_text(values: Sequence[float], unit: str, words: Words) -> str:
    """Return the smallest and largest value, or the one that they share."""
    return digits.span(values, unit, words.between)


def title(record: Record, scenario: str, words: Words) -> str:
    """Return the title of a scenario."""
    return words.of(record["scenarios"][scenario], "title")


def point_title(record: Record, point: str, words: Words) -> str:
    """Return a sweep point as a reader knows it, e.g. "conductor 240 mm2"."""
    sweep = next(row["sweep"] for row in record["rows"] if row["point"] == point)
    return words("sweep.separator").join(value_label(key, value, words) for key, value in sweep.items())


def element(record: Record, name: str, words: Words) -> str:
    """Return a branch or an outage as a reader of the language calls it."""
    if words.language == "en" or not name:
        return name or digits.NOT_DEFINED
    return japanese_element(name, record["element_names_ja"], words)


def label(name: str, record: Record, words: Words) -> str:
    """Return the heading of a key figure's column, with its unit."""
    unit = unit_of(name, record)
    shown_unit = words("question.million", money=words.money) if unit == digits.MILLION_MONEY else words.unit(unit)
    text = words(f"question.kpi.{name}")
    return f"{text}\n{shown_unit}" if shown_unit else text


# --- tables that several pages have


def figures_table(record: Record, names: Sequence[str], words: Words, point: str | None = None) -> Table:
    """Return a row a scenario: the mean of each key figure over weather years and sweep points, below it the range."""
    rows = []
    for scenario in record["scenarios"]:
        cells = []
        for name in names:
            values = values_of(record, scenario, name, point)
            scale = MILLION if unit_of(name, record) == digits.MILLION_MONEY else 1.0
            spread = range_text([value / scale for value in values], unit_of(name, record), words)
            cells.append(shown(mean(values) if values else None, name, record) +
                         (f"\n{spread}" if len(set(values)) > 1 else ""))  # fmt: skip
        rows.append([title(record, scenario, words), *cells])
    header = [words("question.column.scenario"), *(label(name, record, words) for name in names)]
    several = len({(row["year"], row["point"]) for row in record["rows"]}) > 1
    caption = words("question.table.figures.many" if several else "question.table.figures")
    return Table(caption, header, ["left"] + ["right"] * len(names), rows)


def differences_table(record: Record, names: Sequence[str], words: Words, left_out: Collection[str] = ()) -> Table:
    """Return a row a scenario and case: the mean difference from the reference, below it its 95 % interval."""
    rows = []
    for found in record["differences"]:
        if found["scenario"] in left_out:
            continue
        cells = []
        for name in names:
            paired = found["paired"][name]
            cells.append(digits.NOT_DEFINED if paired is None else difference_text(paired, name, record, words))
        name = title(record, found["scenario"], words)
        case = point_title(record, found["point"], words) if len(points_of(record)) > 1 else ""
        rows.append([f"{name}{words('sweep.separator')}{case}" if case else name, *cells])
    header = [words("question.column.scenario"), *(label(name, record, words) for name in names)]
    reference = title(record, record["reference"], words)
    many = record["differences"] and any(row["low"] is not None for row in _pairs(record))
    caption = words("question.table.differences.many" if many else "question.table.differences", reference=reference)
    return Table(caption, header, ["left"] + ["right"] * len(names), rows)


def difference_text(paired: Record, name: str, record: Record, words: Words) -> str:
    """Return a mean difference with its sign, and its interval in a second line."""
    unit = unit_of(name, record)
    scale = MILLION if unit == digits.MILLION_MONEY else 1.0
    text = digits.difference(paired["mean"] / scale, unit)
    if paired["low"] is None:
        return text
    low, high = (digits.difference(paired[end] / scale, unit) for end in ("low", "high"))
    return f"{text}\n{low}{words.between}{high}"


def _pairs(record: Record) -> list[Record]:
    return [paired for found in record["differences"] for paired in found["paired"].values() if paired is not None]
