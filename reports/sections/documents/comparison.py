"""The report of a comparison: what differs in the results, and what was asked differently."""

from __future__ import annotations

import math
from collections.abc import Sequence

from reports.document import digits
from reports.document.blocks import Answer, Block, Document, Heading, Paragraph, Table, figure_block, numbered
from reports.document.texts import Words
from reports.figures.comparison import bars
from reports.reading.comparison import Comparison
from reports.reading.labels import kpi_label, member_label, shown_unit
from reports.sections.report import made_with, period
from twin.core.quantities import shown_in
from twin.metrics.comparisons import changes
from twin.metrics.run_folder import Member

CONGESTION = "curtailed_congestion_mwh"
TOLD = (CONGESTION, "import_mwh", "energy_used_mwh")
"""What the answer speaks of."""
SAME_MWH = 0.5
"""Energies that differ by less are the same to a reader."""


def document(found: Comparison, words: Words) -> Document:
    """Return the report of a comparison in one language."""
    names = words("list.alternatives").join(found.names)
    blocks: list[Block] = [
        Answer(words("title.answer"), [_sentence(found, number, words) for number in range(1, len(found.runs))]),
        figure_block(bars(found, CONGESTION, words), words),
        _by_member(found, words),
        Heading(words("comparison.section.asked"), is_small=True),
        _runs(found, words),
        *_asked(found, words),
        Heading(words("comparison.section.figures"), is_small=True),
        *_figures(found, words),
        *_left_out(found, words),
    ]
    return Document(
        language=words.language,
        title=words("comparison.title", names=names),
        subtitle=words("comparison.subtitle", count=len(found.members), first=found.names[0]),
        blocks=numbered(blocks, words),
        footer=words("page.of", page="<page>", pages="<pages>"),
    )


def _sentence(found: Comparison, number: int, words: Words) -> str:
    """Say of one of the other runs how congestion, import and energy used differ from the first."""

    def change(kpi: str) -> str:
        known = [value for value in changes(found.members, number, kpi) if math.isfinite(value)]
        ends = (min(known, default=math.nan), max(known, default=math.nan))
        low, high = (digits.difference(value, "MWh") for value in ends)
        return low if low == high else words.between.join((low, high))

    cut = changes(found.members, number, CONGESTION)
    row, largest = _largest(cut)
    key = "same" if not largest >= SAME_MWH else "alone" if len(cut) == 1 else "differs"
    members = found.members[row]
    before, after = (digits.quantity(members[of].kpis[CONGESTION], "MWh") for of in (0, number))
    return words(
        f"comparison.answer.{key}", run=found.names[number], first=found.names[0], before=before, after=after,
        change=change(CONGESTION), member=member_label(found.runs[0], members[0], words),
        imported=change("import_mwh"), used=change("energy_used_mwh"),
    )  # fmt: skip


def _largest(values: Sequence[float]) -> tuple[int, float]:
    """Return the position and the size of the largest of some differences; those that are not defined count as none."""
    sizes = [abs(value) if math.isfinite(value) else 0.0 for value in values]
    return sizes.index(max(sizes)), max(sizes)


def _by_member(found: Comparison, words: Words) -> Table:
    rows = [[member_label(found.runs[0], members[0], words), *_cells(members, CONGESTION)] for members in found.members]
    return Table(
        words("comparison.table.members", first=found.names[0]), [words("comparison.column.member"), *found.names],
        _align(found), rows, ["2fr", *["1fr"] * len(found.runs)],
    )  # fmt: skip


def _cells(members: Sequence[Member], kpi: str) -> list[str]:
    """Return a figure of each run, below it the difference from the first."""
    unit, scale = shown_unit(kpi)
    values = [member.kpis.get(kpi, math.nan) * scale for member in members]
    return [digits.quantity(values[0], unit)] + [
        f"{digits.quantity(value, unit)}\n{digits.difference(value - values[0], unit)}" for value in values[1:]
    ]


def _figures(found: Comparison, words: Words) -> list[Block]:
    """Return the key figures that differ to a reader, of the member whose congestion differs most."""
    largest = [_largest(changes(found.members, number, CONGESTION)) for number in range(1, len(found.runs))]
    members = found.members[max(largest, key=lambda one: one[1])[0]]
    cells = {name: _cells(members, name) for name in dict.fromkeys((*TOLD, *shown_in("report")))}
    differ = {name: row for name, row in cells.items() if any(cell.split("\n")[0] != row[0] for cell in row[1:])}
    member = member_label(found.runs[0], members[0], words)
    if not differ:
        return [Paragraph(words("comparison.same_figures", member=member))]
    rows = [[kpi_label(name, words), words.unit(shown_unit(name)[0]), *row] for name, row in differ.items()]
    caption = words("comparison.table.figures", member=member)
    header = [words("column.item"), words("comparison.column.unit"), *found.names]
    widths = ["2fr", "auto", *["1fr"] * len(found.runs)]
    return [Table(caption, header, ["left", "left", *_align(found)[1:]], rows, widths)]


def _runs(found: Comparison, words: Words) -> Table:
    facts = {
        "comparison.row.title": [words.of(run.study, "title") for run in found.runs],
        "comparison.row.period": [period(run, words) for run in found.runs],
        "comparison.row.made": [made_with(run, words) for run in found.runs],
        "comparison.row.members": [str(len(run.members)) for run in found.runs],
    }
    rows = [[words(key), *values] for key, values in facts.items()]
    align = ["left"] * (1 + len(found.runs))
    widths = ["auto", *["1fr"] * len(found.runs)]
    return Table(words("comparison.table.runs"), [words("column.item"), *found.names], align, rows, widths)


def _asked(found: Comparison, words: Words) -> list[Block]:
    if not found.inputs:
        return [Paragraph(words("comparison.same_inputs"))]
    rows = [[key, *(_written(value) for value in values)] for key, values in found.inputs.items()]
    align = ["left"] * (1 + len(found.runs))
    return [Table(words("comparison.table.inputs"), [words("comparison.column.key"), *found.names], align, rows)]


def _written(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else digits.plain(value)


def _left_out(found: Comparison, words: Words) -> list[Block]:
    if not found.left_out:
        return []
    members = words("list.separator").join(f"{name}: {path}" for name, path in found.left_out)
    return [Paragraph(words("comparison.left_out", members=members), is_note=True)]


def _align(found: Comparison) -> list[str]:
    return ["left", *["right"] * len(found.runs)]
