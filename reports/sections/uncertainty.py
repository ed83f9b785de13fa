"""The section on uncertainty: headlines as ranges, what moves them, and how much of it rests on estimates."""

from __future__ import annotations

import math

from reports.document import digits
from reports.document.blocks import Block, Heading, Paragraph, Table, figure_block
from reports.document.texts import Words
from reports.figures import swings
from reports.reading.detail import Focus
from reports.reading.labels import kpi_label, scenario_title, shown_unit
from reports.reading.substitutes import substitutes
from reports.reading.uncertainty import Analysis, Headline, Uncertainty, Unusable, uncertainty_file
from twin.metrics.run_folder import Run

TABLE_KPIS = (
    "curtailed_congestion_percent_of_available", "perfect_operator_curtailed_congestion_mwh",
    "forecast_operator_curtailed_congestion_mwh", "congested_hours", "criterion_broken_hours",
    "curtailed_area_balance_mwh", "curtailed_voltage_mwh", "n1_export_headroom_before_min_mw",
    "n1_export_headroom_after_min_mw", "link_n1_max_loading_percent", "link_max_export_mw", "local_supply_percent",
    "net_benefit_mwh", "net_benefit_of_control_mwh",
)  # fmt: skip
OF_OTHER_SCENARIOS = (*TABLE_KPIS[:2], *TABLE_KPIS[-2:])
"""All headlines stand in the workbook."""
MOST_NAMED = 3
PERCENT = 100.0


def section(run: Run, focus: Focus, found: Analysis, words: Words) -> list[Block]:
    """Return the section; without an analysis it says how to make one, and how many numbers are estimates."""
    counts = _counts(run, words)
    heading = Heading(words("section.uncertainty"), message=_message(run, focus, found, words), starts_page=True)
    if isinstance(found, Unusable):
        file = uncertainty_file(run).relative_to(run.path.parent).as_posix()
        return [heading, Paragraph(words(f"text.uncertainty.{found.why}", study=run.study["name"], file=file) + counts)]
    moved = found.of(found.shown_scenario(focus.scenario))
    blocks: list[Block] = [heading, Paragraph(_how(found, words) + counts)]
    if not moved:
        return [*blocks, Paragraph(words("text.uncertainty.nothing")), *_left_out(found, words)]
    blocks += [Paragraph(_finding(run, moved[0], found, words))]
    picture = swings.headline(run, focus, found, words)
    blocks += [] if picture is None else [figure_block(picture, words)]
    return [*blocks, table(run, focus, found, words), *_left_out(found, words)]


def _message(run: Run, focus: Focus, found: Analysis, words: Words) -> str:
    """Return the range of the first headline; that nothing is known about it where there is no analysis."""
    return sentence(run, focus, found, words).strip() or words("message.uncertainty.missing")


def table(run: Run, focus: Focus, found: Uncertainty, words: Words) -> Table:
    """Return the headlines that an unknown moves: those of the scenario shown, then what control changes in others."""
    first = found.shown_scenario(focus.scenario)
    shown = [one for one in found.of(first) if one.kpi in TABLE_KPIS]
    others = [name for name in found.scenarios if name != first]
    shown += [one for name in others for one in found.of(name) if one.kpi in OF_OTHER_SCENARIOS]
    columns = ("headline", "base", "p05_p95", "min_max", "moved_by", "weather_share", "estimate_share")
    header = [words(f"column.{name}") for name in columns]
    align = ["left", "right", "right", "right", "left", "right", "right"]
    widths = ["1.5fr", "auto", "auto", "auto", "1.9fr", "0.6fr", "0.65fr"]
    rows = [_row(run, one, found, words) for one in shown]
    return Table(words("table.uncertainty", samples=found.samples), header, align, rows, widths)


def percentiles(one: Headline, words: Words) -> str:
    """Return the range from the 5th to the 95th percentile in the key figure's shown unit."""
    unit, scale = shown_unit(one.kpi)
    return digits.span((one.p05 * scale, one.p95 * scale), unit, words.between)


def sentence(run: Run, focus: Focus, found: Analysis, words: Words) -> str:
    """Return the range of the most important headline for page one; empty where nothing is known about it."""
    if isinstance(found, Unusable):
        return ""
    moved = found.of(focus.scenario)
    if not moved or not moved[0].certain:
        return ""
    return words("answer.uncertainty", **_facts(run, moved[0], found, words))


def _finding(run: Run, one: Headline, found: Uncertainty, words: Words) -> str:
    facts = _facts(run, one, found, words)
    text = words("text.uncertainty.range", **facts)
    text += words("text.uncertainty.most" if one.certain else "text.uncertainty.too_few", **facts)
    if math.isfinite(one.estimate_share):
        percent = digits.fixed(PERCENT * one.estimate_share, 0)
        text += words("text.uncertainty.estimates", percent=percent, explained=_percent(one.r2))
    return text


def _facts(run: Run, one: Headline, found: Uncertainty, words: Words) -> dict[str, str]:
    unit, scale = shown_unit(one.kpi)
    separator = words("list.separator")
    return {
        "headline": kpi_label(one.kpi, words),
        "scenario": scenario_title(run, one.scenario, words),
        "unit": words.unit(unit),
        "base": digits.quantity(one.base * scale, unit),
        "range": percentiles(one, words),
        "samples": str(found.samples),
        "most": separator.join(_named(one, name, found, words) for name in one.certain[:MOST_NAMED]),
    }


def _row(run: Run, one: Headline, found: Uncertainty, words: Words) -> list[str]:
    unit, scale = shown_unit(one.kpi)
    named = [_named(one, name, found, words) for name in one.certain[:MOST_NAMED]]
    return [
        f"{kpi_label(one.kpi, words)} ({words.choice('unit', unit)})\n{scenario_title(run, one.scenario, words)}",
        digits.quantity(one.base * scale, unit),
        percentiles(one, words),
        digits.span((one.min * scale, one.max * scale), unit, words.between),
        words("list.separator").join(named) or digits.NOT_DEFINED,
        _percent(one.weather_share),
        _percent(one.estimate_share),
    ]


def _named(one: Headline, name: str, found: Uncertainty, words: Words) -> str:
    title = words.of(found.unknowns[name], "title")
    return words("uncertainty.named", title=title, percent=_percent(one.shares[name]["share"]))


def _percent(share: float) -> str:
    return digits.fixed(PERCENT * share, 0)


def _how(found: Uncertainty, words: Words) -> str:
    text = words(
        "text.uncertainty", samples=found.samples, unknowns=len(found.unknowns), weather_years=found.weather_years
    )
    text += words("text.uncertainty.failed" if found.failed else "text.uncertainty.all_solved", failed=found.failed)
    return text if found.is_of_same_days else text + words("text.uncertainty.other_days")


def _counts(run: Run, words: Words) -> str:
    """Say how many of the tables' numbers are estimates; empty in runs that did not count them."""
    counts = run.study.get("sources") or {}
    total = sum(counts.values())
    if not total:
        return ""
    shares = {name: digits.fixed(PERCENT * counts.get(name, 0) / total, 0) for name in counts}
    return words("text.uncertainty.counts", count=total, **shares)


def _left_out(found: Uncertainty, words: Words) -> list[Block]:
    """Say what was not varied and why, a few names a reason; and what stands in place of measured inputs."""
    replaced = [
        Paragraph(sentence, is_note=True) for sentence in substitutes({"substitutes": found.substitutes}, words)
    ]
    reasons: dict[str, list[str]] = {}
    for row in found.left_out:
        reasons.setdefault(words.of(row, "reason"), []).append(words.of(row, "title"))
    if not reasons:
        return [*replaced]
    parts = (words("uncertainty.left_out", names=_few(names, words), reason=why) for why, names in reasons.items())
    return [Paragraph(words("note.uncertainty", parts=words("list.separator").join(parts)), is_note=True), *replaced]


def _few(names: list[str], words: Words) -> str:
    shown = words("sweep.separator").join(names[:MOST_NAMED])
    others = len(names) - MOST_NAMED
    return shown if others <= 0 else shown + words("uncertainty.and_others", count=others)
