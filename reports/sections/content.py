"""What stands in a report and in which order."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from reports.document.blocks import Block, Bullets, Code, Document, FigureBlock, Heading, Paragraph, Table
from reports.document.style import Picture
from reports.document.texts import Words
from reports.figures import batteries as figures_battery
from reports.figures import curtailment as figures_curtailment
from reports.figures import link as figures_day
from reports.figures import link as figures_headroom
from reports.figures import link as figures_link
from reports.figures import scenarios as figures
from reports.figures import swings as figures_onset
from reports.figures import swings as figures_uncertainty
from reports.reading.detail import Detail
from reports.reading.onset import read_onset
from reports.reading.run_folder import Run
from reports.reading.selection import Focus, controlled_scenarios, member_label, point_label
from reports.reading.uncertainty import Uncertainty, read_uncertainty
from reports.sections import answer, checks, tables
from reports.sections import outages as outage_section
from reports.sections import uncertainty as uncertainty_section
from twin.core.quantities import shown_in

NOT_COVERED = ("stability", "low_voltage", "headroom", "half_hours", "order", "rating")
DAYS_OF_A_YEAR = 365


def document(run: Run, focus: Focus, detail: Detail, words: Words) -> Document:
    """Return the report of a run in one language."""
    uncertainty = read_uncertainty(run)
    pictures = _pictures(run, focus, detail, uncertainty, words)
    period = _period(run, detail, words)
    blocks = [
        *_page_one(run, detail, uncertainty, pictures, words),
        *_link(run, focus, detail, pictures, words),
        *_curtailment(run, focus, detail, pictures, words),
        *_onset(run, pictures, words),
        *_uncertainty(run, focus, uncertainty, pictures, words),
        *_headroom(pictures, words),
        *outage_section.section(run, focus, detail, words),
        *_scenarios(run, focus, words),
        *_batteries(detail, pictures, words),
        *_balance_and_checks(run, focus, words),
        *_basis(run, words),
    ]
    return Document(
        language=words.language,
        labels={"question": words("title.question"), "answer": words("title.answer")}
        | {"page": words("page.of", page="<page>", pages="<pages>")},
        title=words.of(run.study, "title"),
        subtitle=words("report.subtitle", period=period),
        question=words("question"),
        answer=_answer(run, focus, period, uncertainty, words),
        tiles=answer.tiles(run, focus, words, uncertainty),
        blocks=_numbered(blocks, words),
        pictures={_file(picture, words): picture for picture in pictures.values()},
    )


def _answer(run: Run, focus: Focus, period: str, uncertainty: Uncertainty | None, words: Words) -> list[str]:
    first, *others = answer.sentences(run, focus, period, words)
    return [first + uncertainty_section.sentence(run, focus, uncertainty, words), *others]


def _numbered(blocks: list[Block], words: Words) -> list[Block]:
    """Return the blocks with numbered captions, figures and tables each from 1."""
    counts = {"figure": 0, "table": 0}
    numbered: list[Block] = []
    for block in blocks:
        if isinstance(block, FigureBlock | Table):
            counts[block.kind] += 1
            caption = words(f"caption.{block.kind}", number=counts[block.kind], caption=block.caption)
            block = replace(block, caption=caption)
        numbered.append(block)
    return numbered


def _pictures(
    run: Run, focus: Focus, detail: Detail, uncertainty: Uncertainty | None, words: Words
) -> dict[str, Picture]:
    drawn = (
        figures.headline(run, words),
        figures_link.duration(run, focus, detail, words),
        figures_link.heat_map(run, focus, detail, words),
        figures_day.worst_day(run, focus, detail, words),
        figures_curtailment.by_scenario(run, focus, words),
        figures_curtailment.by_month_and_unit(run, focus, detail, words),
        figures_onset.tornado(run, words),
        None if uncertainty is None else figures_uncertainty.headline(run, focus, uncertainty, words),
        figures_headroom.distribution(run, focus, detail, words),
        figures_battery.state_of_charge(run, focus, detail, words),
    )
    return {picture.name: picture for picture in drawn if picture is not None}


def _file(picture: Picture, words: Words) -> str:
    return f"{picture.name}_{words.language}.svg"


def _figure(pictures: dict[str, Picture], name: str, words: Words) -> FigureBlock:
    return FigureBlock(_file(pictures[name], words), pictures[name].caption)


def _period(run: Run, detail: Detail, words: Words) -> str:
    index = pd.DatetimeIndex(detail.link.index)
    first, last = (words("format.date", year=day.year, month=day.month, day=day.day) for day in (index[0], index[-1]))
    key = "period.year" if detail.days >= DAYS_OF_A_YEAR else "period.part"
    return words(key, fiscal_year=run.study["fiscal_year"], days=f"{detail.days:.0f}", first=first, last=last)


def _page_one(
    run: Run, detail: Detail, uncertainty: Uncertainty | None, pictures: dict[str, Picture], words: Words
) -> list[Block]:
    labels = [point_label(run, point, words) for point in run.points]
    notes = [words("note.estimate")]
    if len(labels) > 1:
        notes.insert(0, words("note.range", points=words("list.separator").join(labels)))
    if uncertainty is not None and uncertainty.is_of_same_days:
        notes.insert(1, words("note.tiles_uncertain"))
    if detail.days < DAYS_OF_A_YEAR:
        notes.insert(0, words("note.part", days=f"{detail.days:.0f}"))
    return [_figure(pictures, "headline", words), Paragraph(" ".join(notes), is_note=True)]


def _link(run: Run, focus: Focus, detail: Detail, pictures: dict[str, Picture], words: Words) -> list[Block]:
    names = ("link_duration", "link_heat_map", "link_worst_day")
    figures_of_link = (_figure(pictures, name, words) for name in names)
    voltage = tables.voltage_controls(run, focus, detail, words)
    return [Heading(words("section.link")), *figures_of_link, voltage]


def _curtailment(run: Run, focus: Focus, detail: Detail, pictures: dict[str, Picture], words: Words) -> list[Block]:
    member = member_label(run, run.member(focus.scenario, focus.point), words)
    binding: Block = Paragraph(words("text.curtailment.nothing"))
    if len(detail.binding):
        binding = tables.binding(detail, words("table.binding", member=member), words)
    return [
        Heading(words("section.curtailment")),
        Paragraph(words("text.curtailment")),
        _figure(pictures, "curtailment_by_scenario", words),
        _figure(pictures, "curtailment_by_month_and_plant", words),
        binding,
    ]


def _onset(run: Run, pictures: dict[str, Picture], words: Words) -> list[Block]:
    onset = read_onset(run)
    if onset is None:
        return []
    member = member_label(run, run.member(onset.scenario, onset.point), words)
    return [
        Heading(words("section.onset")),
        Paragraph(words("text.onset", member=member)),
        _figure(pictures, "congestion_onset", words)
        if "congestion_onset" in pictures
        else Paragraph(words("text.onset.nothing")),
        tables.onset(run, onset, words),
    ]


def _uncertainty(
    run: Run, focus: Focus, uncertainty: Uncertainty | None, pictures: dict[str, Picture], words: Words
) -> list[Block]:
    figure = _figure(pictures, "uncertainty", words) if "uncertainty" in pictures else None
    return uncertainty_section.section(run, focus, uncertainty, figure, words)


def _headroom(pictures: dict[str, Picture], words: Words) -> list[Block]:
    return [
        Heading(words("section.headroom")),
        Paragraph(words("text.headroom")),
        _figure(pictures, "n1_headroom", words)
        if "n1_headroom" in pictures
        else Paragraph(words("text.headroom.undefined")),
    ]


def _scenarios(run: Run, focus: Focus, words: Words) -> list[Block]:
    point = point_label(run, focus.point, words)
    has_sweep = len(run.points) > 1
    blocks: list[Block] = [
        Heading(words("section.scenarios")),
        Paragraph(words("text.scenarios" if has_sweep else "text.scenarios.one", point=point)),
        tables.scenarios(run, focus.point, words),
    ]
    zero = [tables.kpi_label(n, words) for n in shown_in("report") if tables.is_zero_everywhere(run, n)]
    if zero:
        names = words("list.separator").join(zero)
        blocks.append(Paragraph(words("text.scenarios.zero", names=names), is_note=True))
    if has_sweep:
        blocks.append(tables.points_congestion(run, words))
        controlled = controlled_scenarios(run)
        if controlled:
            blocks.append(tables.points_benefit(run, controlled, figures.benefit_kpi(run), words))
    return blocks


def _batteries(detail: Detail, pictures: dict[str, Picture], words: Words) -> list[Block]:
    heading = Heading(words("section.battery"))
    if "battery_charge" not in pictures:
        return [heading, Paragraph(words("text.battery.nothing"))]
    notes = [] if detail.congested.any() else [Paragraph(words("text.battery.uncongested"))]
    return [heading, *notes, _figure(pictures, "battery_charge", words)]


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


def _basis(run: Run, words: Words) -> list[Block]:
    return [
        Heading(words("section.assumptions")),
        *_assumptions(run, words),
        Heading(words("section.not_covered")),
        Bullets([words(f"not_covered.{name}") for name in NOT_COVERED]),
        Heading(words("section.repeat")),
        Paragraph(words("text.repeat")),
        Code(run.study["repeat_command"]),
        tables.provenance(run, words),
    ]
