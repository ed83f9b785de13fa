"""The report of a run: what stands in it and in which order."""

from __future__ import annotations

import re

import pandas as pd

from reports.document.blocks import (
    Answer,
    Block,
    Bullets,
    Code,
    Document,
    Heading,
    Paragraph,
    figure_block,
    numbered,
)
from reports.document.style import Picture
from reports.document.texts import Words
from reports.figures import batteries
from reports.figures.link import duration
from reports.figures.scenarios import headline as scenario_dots
from reports.reading.detail import Detail, Focus
from reports.reading.labels import kpi_label, point_label
from reports.reading.run_folder import benefit_kpi, controlled_scenarios, has_market
from reports.reading.substitutes import substitutes
from reports.reading.uncertainty import Analysis, Unusable
from reports.sections import (
    answer,
    checks,
    glossary,
    link,
    measures,
    onset,
    outages,
    studied,
    tables,
    uncertainty,
    zones,
)
from twin.core.clock import step_hours
from twin.core.quantities import shown_in
from twin.metrics.run_folder import Run

NOT_COVERED = ("stability", "low_voltage", "headroom", "half_hours", "order", "rating")
DAYS_OF_A_YEAR, HOURS_OF_DAY = 365, 24
SHOWN_OF_COMMIT = 10
CLAIM = re.compile(r"\bP\d{2,3}\b")
"""A claim of a plan, as sources cite it."""


def document(run: Run, focus: Focus, detail: Detail, analysis: Analysis, words: Words) -> Document:
    """Return the report of a run in one language."""
    told = period(run, words)
    blocks = [
        Answer(words("title.answer"), answer.sentences(run, focus, told, words)),
        *answer.page_one(run, focus, words),
        Paragraph(_note(run, focus, detail, analysis, words), is_note=True),
        *studied.studied(run, words),
        *link.over_the_year(run, focus, detail, words),
        *link.ten_days(run, focus, detail, words),
        *link.imports(run, focus, detail, words),
        *link.voltages(run, focus, detail, words),
        *onset.section(run, words),
        *measures.side_by_side(run, focus, words),
        *measures.who_gains(run, focus, words),
        *measures.cuts(run, focus, detail, words),
        *zones.section(run, focus, words),
        *uncertainty.section(run, focus, analysis, words),
        *studied.questions(run, words, starts_page=not isinstance(analysis, Unusable)),
        *_appendix(run, focus, detail, words),
    ]
    return Document(
        language=words.language,
        title=words.of(run.study, "title"),
        subtitle=words("report.subtitle", period=told, made=made_with(run, words)),
        blocks=numbered(blocks, words),
        footer=words("page.of", page="<page>", pages="<pages>"),
    )


def made_with(run: Run, words: Words) -> str:
    """Return which version of the program made the run, and from which state of its sources."""
    code = run.manifest.get("code", {})
    commit = str(code.get("git_commit") or code.get("sources_sha256") or code.get("sha256") or "")[:SHOWN_OF_COMMIT]
    changed = words("made.changed") if code.get("git_dirty") else ""
    return words("made.with", version=code.get("version", ""), commit=commit, changed=changed)


def _figure(picture: Picture | None, words: Words) -> list[Block]:
    return [] if picture is None else [figure_block(picture, words)]


def period(run: Run, words: Words) -> str:
    """Return the time that a run covers, in words."""
    index = pd.DatetimeIndex(run.members[0].table("link", ["time"])["time"])
    days = len(index) * step_hours(index) / HOURS_OF_DAY
    first, last = (words("format.date", year=day.year, month=day.month, day=day.day) for day in (index[0], index[-1]))
    key = "period.year" if days >= DAYS_OF_A_YEAR else "period.part"
    return words(key, fiscal_year=run.study["fiscal_year"], days=f"{days:.0f}", first=first, last=last)


def _note(run: Run, focus: Focus, detail: Detail, analysis: Analysis, words: Words) -> str:
    notes = [words("note.estimate")]
    if detail.days < DAYS_OF_A_YEAR:
        notes.insert(0, words("note.part", days=f"{detail.days:.0f}"))
    return " ".join(notes) + uncertainty.sentence(run, focus, analysis, words)


def _appendix(run: Run, focus: Focus, detail: Detail, words: Words) -> list[Block]:
    return [
        Heading(words("section.appendix"), message=words("message.appendix"), starts_page=True),
        *_scenarios(run, focus, words),
        *_figure(duration(run, focus, detail, words), words),
        *_figure(scenario_dots(run, words), words),
        *_batteries(run, focus, detail, words),
        *outages.section(run, focus, detail, words),
        *_balance_and_checks(run, focus, words),
        *_basis(run, words),
        Heading(words("section.glossary")),
        glossary.table(words),
    ]


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
    if has_market(run):
        blocks += [tables.causes(run, focus.point, words), Paragraph(words("note.causes"), is_note=True)]
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
    claims = any(CLAIM.search(str(row["source"])) for row in run.study["assumptions"])
    of_plan = words("note.sources.claims") if claims else ""
    note = words("note.sources", island=run.study["island"]["name"], claims=of_plan)
    return [Paragraph(note, is_note=True), tables.assumptions(run, words)]


def _left_out(run: Run, words: Words) -> list[str]:
    """Return what the island has no tables of, and what stands in place of measured inputs, a sentence each."""
    parts = [words.choice("absent", part) for part in run.study["island"]["absent"]]
    absent = [words("not_covered.absent", parts=words("list.separator").join(parts))] if parts else []
    return absent + substitutes(run.study, words)


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
