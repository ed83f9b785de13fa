"""The frame of a question's page: question, answer in three sentences, figure, table, what would change it."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
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
from reports.figures.questions import dots
from reports.reading.labels import japanese_element, key_label, value_label
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
        Paragraph(words.either(" ", "").join([*page.notes, *_checked(record, words)]), is_note=True),
    ]
    return numbered(found, words)


def stretch(record: Record, words: Words) -> str:
    """Return which time and weather the numbers are of."""
    days = [date.fromisoformat(record[key]) for key in ("first", "last")]
    first, last = (words("format.date", year=day.year, month=day.month, day=day.day) for day in days)
    on_the_way = [point["year"] for point in record.get("years", [])] or [record["fiscal_year"]]
    whole = "question.year" if len(set(on_the_way)) == 1 else "question.years"
    period = words(whole if record["is_year"] else "question.days", first=first, last=last, year=min(on_the_way),
                   days=digits.plain(record["days"]), last_year=max(on_the_way))  # fmt: skip
    years = record["weather_years"]
    kind = "given" if record["weather"] != "synthetic" else "many" if years else "normal"
    weather = words(f"question.weather.{kind}", last=years)
    swept, cases = dict.fromkeys(key for row in record["rows"] for key in row["sweep"]), ""
    if swept and record["kind"] not in ("onset", "hosting"):  # theirs are what the page itself is about
        cases = words("question.cases", key=words("list.separator").join(key_label(key, words) for key in swept),
                      cases=" / ".join(point_title(record, point, words) for point in points_of(record)))  # fmt: skip
    return words("question.about", period=period, weather=weather, members=record["members"], study=record["study"],
                 cases=cases)  # fmt: skip


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
    if value is None or math.isnan(value):
        return digits.NOT_DEFINED
    return digits.quantity(value / MILLION if unit == digits.MILLION_MONEY else value, unit)


def range_text(values: Sequence[float], unit: str, words: Words) -> str:
    """Return the smallest and largest value, or the one that they share; whole ones, e.g. 53 h, without digits."""
    known = [value for value in values if math.isfinite(value)]
    is_whole = all(value == 0.0 or (abs(value) > 0.5 and abs(value - round(value)) < 0.05) for value in known)
    return digits.span(known, "count" if is_whole and unit in ("h", "%", "MW") else unit, words.between)


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


# --- the figure and the tables that several pages have


def scenario_dots(record: Record, caption: str, panels: Sequence[tuple[str, str]], words: Words) -> Picture:
    """Return the figure of key figures by scenario, case and weather year; (label of the axis, key figure) a panel."""
    points, drawn = points_of(record), []
    for text, name in panels:
        scale = MILLION if unit_of(name, record) == digits.MILLION_MONEY else 1.0
        values = [[[value / scale for value in values_of(record, scenario, name, point)] for point in points]
                  for scenario in record["scenarios"]]  # fmt: skip
        drawn.append((text, values))
    rows = [title(record, scenario, words) for scenario in record["scenarios"]]
    cases = [point_title(record, point, words) for point in points] if len(points) > 1 else [""]
    return dots(record["kind"], caption, rows, cases, drawn)


def figures_table(record: Record, names: Sequence[str], words: Words) -> Table:
    """Return a row a scenario: each key figure, case by case; of several weather years the mean, below it the range."""
    several = len({row["year"] for row in record["rows"]}) > 1
    rows = []
    for scenario in record["scenarios"]:
        cells = []
        for name in names:
            means = [mean(values_of(record, scenario, name, point)) for point in points_of(record)]
            values = values_of(record, scenario, name)
            scale = MILLION if unit_of(name, record) == digits.MILLION_MONEY else 1.0
            spread = range_text([value / scale for value in values], unit_of(name, record), words)
            cells.append(beside(shown(value, name, record) for value in means) +
                         (f"\n{spread}" if several and len(set(values)) > 1 else ""))  # fmt: skip
        rows.append([title(record, scenario, words), *cells])
    header = [words("question.column.scenario"), *(label(name, record, words) for name in names)]
    caption = words("question.table.figures.many" if several else "question.table.figures")
    return Table(with_cases(caption, record, words), header, ["left"] + ["right"] * len(names), rows)


def differences_table(record: Record, names: Sequence[str], words: Words, left_out: Collection[str] = ()) -> Table:
    """Return a row a scenario: differences from the reference, case by case; of several years mean and interval."""
    of: dict[str, list[Record]] = {}
    for found in record["differences"]:
        if found["scenario"] not in left_out:
            of.setdefault(found["scenario"], []).append(found["paired"])
    rows = [
        [title(record, scenario, words), *(_difference([case[name] for case in cases], name, record) for name in names)]
        for scenario, cases in of.items()
    ]
    header = [words("question.column.scenario"), *(label(name, record, words) for name in names)]
    several = any(case[name] and case[name]["low"] is not None for cases in of.values() for case in cases
                  for name in names)  # fmt: skip
    caption = words("question.table.differences.many" if several else "question.table.differences",
                    reference=title(record, record["reference"], words))  # fmt: skip
    return Table(with_cases(caption, record, words), header, ["left"] + ["right"] * len(names), rows)


def beside(texts: Iterable[str]) -> str:
    """Return what a cell says of each case, in the order of the caption; once where all say the same."""
    return " / ".join(found) if len(set(found := list(texts))) > 1 else found[0]


def with_cases(caption: str, record: Record, words: Words) -> str:
    """Return a caption that names the cases whose numbers stand beside each other in the cells."""
    points = points_of(record)
    cases = " / ".join(point_title(record, point, words) for point in points)
    return words("question.table.cases", caption=caption, cases=cases) if len(points) > 1 else caption


def _difference(cases: Sequence[Record | None], name: str, record: Record) -> str:
    """Return a mean difference with its sign, case by case; in a second line half the width of its 95 % interval."""
    unit = unit_of(name, record)
    scale = MILLION if unit == digits.MILLION_MONEY else 1.0
    known = [paired for paired in cases if paired is not None]
    if not known:
        return digits.NOT_DEFINED
    text = beside(digits.difference(paired["mean"] / scale, unit) for paired in known)
    widths = [(paired["high"] - paired["low"]) / 2.0 / scale for paired in known if paired["low"] is not None]
    return f"{text}\n±{beside(digits.quantity(width, unit) for width in widths)}" if any(widths) else text
