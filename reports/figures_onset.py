"""Where congestion begins: the cut at each value tried alone, as bars from the cut at the start."""

from __future__ import annotations

from matplotlib.axes import Axes

from reports import digits, style
from reports.onset import Change, Onset, read_onset
from reports.onset_words import change_name, change_value
from reports.run_folder import Run
from reports.selection import member_label
from reports.style import Picture
from reports.texts import Words

MORE, LESS = style.SERIES[1], style.SERIES[0]
ROOM_FOR_NUMBERS = 1.14


def tornado(run: Run, words: Words) -> Picture | None:
    """Draw a bar a tried value; None where nothing was tried or nothing is congested."""
    onset = read_onset(run)
    if onset is None or not any(change.is_congested for change in (onset.start, *onset.changes)):
        return None
    with style.look():
        drawing, axes = style.figure(0.75 + 0.2 * len(onset.changes))
        ax = axes[0, 0]
        _bars(ax, onset, words)
        names = [
            words("tried.row", name=change_name(run, change.key, words), value=change_value(run, change, words))
            for change in onset.changes
        ]
        ax.set_yticks(range(len(names)), names)
        _between_groups(ax, onset.changes)
        ax.set_xlabel(words("axis.onset"))
        member = member_label(run, run.member(onset.scenario, onset.point), words)
        return Picture("congestion_onset", style.svg(drawing), words("figure.onset", member=member))


def _bars(ax: Axes, onset: Onset, words: Words) -> None:
    start = onset.start.cut_mwh
    for label, colour, rises in ((words("tried.more"), MORE, True), (words("tried.less"), LESS, False)):
        rows = [row for row, change in enumerate(onset.changes) if (change.difference_mwh > 0) == rises]
        lengths = [onset.changes[row].difference_mwh for row in rows]
        if rows:
            ax.barh(rows, lengths, left=start, height=0.66, color=colour, label=label)
    for row, change in enumerate(onset.changes):
        text = digits.quantity(change.cut_mwh, "MWh")
        end = max(start, change.cut_mwh)
        ax.annotate(text, (end, row), (3, 0), textcoords="offset points", va="center", size=7)
    ax.axvline(start, color=style.INK, linewidth=0.9, label=words("tried.start", energy=digits.quantity(start, "MWh")))
    ax.set_xlim(0, max(start, *(change.cut_mwh for change in onset.changes)) * ROOM_FOR_NUMBERS)
    ax.set_ylim(len(onset.changes) - 0.4, -0.6)
    ax.xaxis.set_major_formatter(lambda value, _: digits.plain(float(value)))
    ax.grid(visible=False, axis="y")
    ax.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=3, handlelength=1.0)


def _between_groups(ax: Axes, changes: tuple[Change, ...]) -> None:
    for row in range(1, len(changes)):
        if changes[row].key != changes[row - 1].key:
            ax.axhline(row - 0.5, color=style.GRID, linewidth=0.5)
