"""The report of a run: what stands in it and in which order."""

from __future__ import annotations

import pandas as pd

from reports.document.blocks import (
    Answer,
    Block,
    Bullets,
    Code,
    Document,
    Heading,
    Paragraph,
    Tiles,
    figure_block,
    numbered,
)
from reports.document.style import Picture
from reports.document.texts import Words
from reports.figures import batteries, curtailment, link, scenarios
from reports.reading.detail import Detail, Focus
from reports.reading.labels import kpi_label, member_label, point_label
from reports.reading.run_folder import benefit_kpi, controlled_scenarios
from reports.reading.uncertainty import Analysis, Uncertainty
from reports.sections import answer, checks, onset, outages, tables, uncertainty
from twin.core.quantities import shown_in
from twin.metrics.run_folder import Run

NOT_COVERED = ("stability", "low_voltage", "headroom", "half_hours", "order", "rating")
DAYS_OF_A_YEAR = 365


def document(run: Run, focus: Focus, detail: Detail, analysis: Analysis, words: Words) -> Document:
    """Return the report of a run in one language."""
    period = _period(run, detail, words)
    first, *others = answer.sentences(run, focus, period, words)
    blocks = [
        Heading(words("title.question"), is_small=True),
        Paragraph(words("question")),
        Answer(words("title.answer"), [first + uncertainty.sentence(run, focus, analysis, words), *others]),
        Tiles(answer.tiles(run, focus, words, analysis)),
        *_page_one(run, detail, analysis, words),
        *_link(run, focus, detail, words),
        *_curtailment(run, focus, detail, words),
        *onset.section(run, words),
        *uncertainty.section(run, focus, analysis, words),
        *_headroom(run, focus, detail, words),
        *outages.section(run, focus, detail, words),
        *_scenarios(run, focus, words),
        *_batteries(run, focus, detail, words),
        *_balance_and_checks(run, focus, words),
        *_basis(run, words),
    ]
    return Document(
        language=words.language,
        title=words.of(run.study, "title"),
        subtitle=words("report.subtitle", period=period),
        blocks=numbered(blocks, words),
        footer=words("page.of", page="<page>", pages="<pages>"),
    )


def _figure(picture: Picture | None, words: Words, otherwise: str = "") -> list[Block]:
    """Return a figure, or the text of the key `otherwise` where nothing was drawn."""
    if picture is not None:
        return [figure_block(picture, words)]
    return [Paragraph(words(otherwise))] if otherwise else []


def _period(run: Run, detail: Detail, words: Words) -> str:
    index = pd.DatetimeIndex(detail.link.index)
    first, last = (words("format.date", year=day.year, month=day.month, day=day.day) for day in (index[0], index[-1]))
    key = "period.year" if detail.days >= DAYS_OF_A_YEAR else "period.part"
    return words(key, fiscal_year=run.study["fiscal_year"], days=f"{detail.days:.0f}", first=first, last=last)


def _page_one(run: Run, detail: Detail, analysis: Analysis, words: Words) -> list[Block]:
    labels = [point_label(run, point, words) for point in run.points]
    notes = [words("note.estimate")]
    if len(labels) > 1:
        notes.insert(0, words("note.range", points=words("list.separator").join(labels)))
    if isinstance(analysis, Uncertainty) and analysis.is_of_same_days:
        notes.insert(1, words("note.tiles_uncertain"))
    if detail.days < DAYS_OF_A_YEAR:
        notes.insert(0, words("note.part", days=f"{detail.days:.0f}"))
    return [figure_block(scenarios.headline(run, words), words), Paragraph(" ".join(notes), is_note=True)]


def _link(run: Run, focus: Focus, detail: Detail, words: Words) -> list[Block]:
    drawn = (draw(run, focus, detail, words) for draw in (link.duration, link.heat_map, link.worst_day))
    figures = (figure_block(picture, words) for picture in drawn)
    return [Heading(words("section.link")), *figures, tables.voltage_controls(run, focus, detail, words)]


def _curtailment(run: Run, focus: Focus, detail: Detail, words: Words) -> list[Block]:
    member = member_label(run, run.member(focus.scenario, focus.point), words)
    binding: Block = Paragraph(words("text.curtailment.nothing"))
    if len(detail.binding):
        binding = tables.binding(detail, words("table.binding", member=member), words)
    return [
        Heading(words("section.curtailment")),
        Paragraph(words("text.curtailment")),
        tables.causes(run, focus.point, words),
        Paragraph(words("note.causes"), is_note=True),
        figure_block(curtailment.by_scenario(run, focus, words), words),
        figure_block(curtailment.by_month_and_unit(run, focus, detail, words), words),
        binding,
    ]


def _headroom(run: Run, focus: Focus, detail: Detail, words: Words) -> list[Block]:
    picture = link.distribution(run, focus, detail, words)
    figure = _figure(picture, words, "text.headroom.undefined")
    return [Heading(words("section.headroom")), Paragraph(words("text.headroom")), *figure]


def _scenarios(run: Run, focus: Focus, words: Words) -> list[Block]:
    point = point_label(run, focus.point, words)
    has_sweep = len(run.points) > 1
    blocks: list[Block] = [
        Heading(words("section.scenarios")),
        Paragraph(words("text.scenarios" if has_sweep else "text.scenarios.one", point=point)),
        tables.scenarios(run, focus.point, words),
    ]
    zero = [kpi_label(n, words) for n in shown_in("report") if tables.is_zero_everywhere(run, n)]
    if zero:
        names = words("list.separator").join(zero)
        blocks.append(Paragraph(words("text.scenarios.zero", names=names), is_note=True))
    if has_sweep:
        blocks.append(tables.points_congestion(run, words))
        blocks += [tables.points_security(run, focus.scenario, words), Paragraph(words("note.security"), is_note=True)]
        controlled = controlled_scenarios(run)
        if controlled:
            blocks.append(tables.points_benefit(run, controlled, benefit_kpi(run), words))
    return blocks


def _batteries(run: Run, focus: Focus, detail: Detail, words: Words) -> list[Block]:
    heading, picture = Heading(words("section.battery")), batteries.state_of_charge(run, focus, detail, words)
    if picture is None:
        return [heading, Paragraph(words("text.battery.nothing"))]
    notes = [] if detail.congested.any() else [Paragraph(words("text.battery.uncongested"))]
    return [heading, *notes, figure_block(picture, words)]


def _balance_and_checks(run: Run, focus: Focus, words: Words) -> list[Block]:
    return [
        Heading(words("section.balance")),
        Paragraph(words("text.balance", point=point_label(run, focus.point, words))),
        tables.energy_balance(run, focus.point, words),
        Heading(words("section.checks")),
        checks.table(run, words),
    ]


def _assumptions(run: Run, words: Words) -> list[Block]:
    if not run.study["assumptions"]:
        return [Paragraph(words("text.assumptions.nothing"))]
    return [Paragraph(words("note.sources"), is_note=True), tables.assumptions(run, words)]


def _left_out(run: Run, words: Words) -> list[str]:
    """Return what the island has no tables of, and the forecasts that were missing, a sentence each."""
    parts = [words.choice("absent", part) for part in run.study["island"]["absent"]]
    absent = [words("not_covered.absent", parts=words("list.separator").join(parts))] if parts else []
    hours = run.study.get("persisted_forecast_hours", 0)
    return absent + ([words("not_covered.forecast", hours=hours)] if hours else [])


def _basis(run: Run, words: Words) -> list[Block]:
    return [
        Heading(words("section.assumptions")),
        *_assumptions(run, words),
        Heading(words("section.not_covered")),
        Bullets([*(words(f"not_covered.{name}") for name in NOT_COVERED), *_left_out(run, words)]),
        Heading(words("section.repeat")),
        Paragraph(words("text.repeat")),
        Code(run.study["repeat_command"]),
        tables.provenance(run, words),
    ]
