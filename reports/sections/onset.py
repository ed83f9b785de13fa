"""Values that were tried one at a time: the sentence on them for page one, and the section."""

from __future__ import annotations

from reports.document.blocks import Block, Heading, Paragraph, Table, figure_block
from reports.document.digits import NOT_DEFINED, difference, quantity
from reports.document.texts import Words
from reports.figures import swings
from reports.reading.labels import change_name, change_value, member_label, point_label
from reports.reading.onset import Change, Onset, read_onset
from twin.metrics.run_folder import Run


def section(run: Run, words: Words) -> list[Block]:
    """Return what was tried and what it does; nothing where no value was tried."""
    tried = read_onset(run)
    if tried is None:
        return []
    member = member_label(run, run.member(tried.scenario, tried.point), words)
    picture = swings.tornado(run, words)
    return [
        Heading(words("section.onset"), message=sentence(run, words).strip(), starts_page=True),
        Paragraph(words("text.onset", member=member)),
        Paragraph(words("text.onset.nothing")) if picture is None else figure_block(picture, words),
        table(run, tried, words),
    ]


def sentence(run: Run, words: Words) -> str:
    """Return what of the tried values adds or removes most congestion; empty where nothing was tried."""
    onset = read_onset(run)
    if onset is None:
        return ""
    point = point_label(run, onset.point, words)
    if not onset.start.is_congested:
        return _beginning(run, onset, point, words)
    energy = quantity(onset.start.cut_mwh, "MWh")
    return words("tried.some", point=point, energy=energy, up=_growth(run, onset, words), down=_fall(run, onset, words))


def _beginning(run: Run, onset: Onset, point: str, words: Words) -> str:
    """Name for each key the value with the least congestion: there it begins."""
    least = {change.key: change for change in onset.changes if change.is_congested}
    if not least:
        return words("tried.never", point=point, count=len(onset.changes))
    return words("tried.begins", point=point, changes=_list(run, list(least.values()), words))


def _growth(run: Run, onset: Onset, words: Words) -> str:
    most = max(onset.changes, key=lambda change: change.difference_mwh)
    if quantity(most.difference_mwh, "MWh") == "0" or most.difference_mwh < 0:
        return words("tried.up.none")
    return words("tried.up", change=_phrase(run, most, words), energy=quantity(most.cut_mwh, "MWh"))


def _fall(run: Run, onset: Onset, words: Words) -> str:
    gone = [change for change in onset.changes if not change.is_congested]
    if gone:
        return words("tried.down.gone", changes=_list(run, gone, words))
    least = min(onset.changes, key=lambda change: change.difference_mwh)
    if quantity(least.difference_mwh, "MWh") == "0" or least.difference_mwh > 0:
        return words("tried.down.none")
    return words("tried.down", change=_phrase(run, least, words), energy=quantity(least.cut_mwh, "MWh"))


def _list(run: Run, changes: list[Change], words: Words) -> str:
    return words("list.separator").join(_phrase(run, change, words) for change in changes)


def _phrase(run: Run, change: Change, words: Words) -> str:
    return words("tried.change", name=change_name(run, change.key, words), value=change_value(run, change, words))


def table(run: Run, tried: Onset, words: Words) -> Table:
    """Return the congestion at the start and at each value that was tried alone."""
    start = words("tried.start.row", point=point_label(run, tried.point, words))
    rows = [[start, NOT_DEFINED, *_cells(tried.start, NOT_DEFINED)]]
    for change in tried.changes:
        less = difference(change.difference_mwh, "MWh")
        name, value = change_name(run, change.key, words), change_value(run, change, words)
        rows.append([name, value, *_cells(change, less)])
    columns = ("change", "change_value", "cut_mwh", "difference_mwh", "congested_hours", "broken_hours")
    header = [words(f"column.{name}") for name in columns]
    return Table(
        words("table.onset"),
        header,
        ["left"] * 2 + ["right"] * 4,
        rows,
        ["1.5fr", "1.3fr", "1fr", "1fr", "1fr", "1.2fr"],
    )


def _cells(change: Change, difference: str) -> list[str]:
    hours = (quantity(value, "h") for value in (change.congested_hours, change.criterion_broken_hours))
    return [quantity(change.cut_mwh, "MWh"), difference, *hours]
