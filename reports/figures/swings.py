"""What moves congestion: values tried one at a time, and shares of the variance."""

from __future__ import annotations

import math
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from reports.document import digits, style
from reports.document.style import Picture
from reports.document.texts import Words
from reports.reading.detail import Focus
from reports.reading.labels import change_name, change_value, kpi_label, member_label, scenario_title
from reports.reading.onset import Change, Onset, read_onset
from reports.reading.uncertainty import Headline, Uncertainty
from twin.core.quantities import KPIS
from twin.metrics.run_folder import Run

MORE, LESS = style.SERIES[1], style.SERIES[0]
ROOM_FOR_SWING_NUMBERS = 1.14


def tornado(run: Run, words: Words) -> Picture | None:
    """Draw a bar a tried value; None where nothing was tried or nothing is congested."""
    onset = read_onset(run)
    if onset is None or not any(change.is_congested for change in (onset.start, *onset.changes)):
        return None

    def draw() -> Figure:
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
        return drawing

    member = member_label(run, run.member(onset.scenario, onset.point), words)
    return Picture("congestion_onset", words("figure.onset", member=member), draw)


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
    ax.set_xlim(0, max(start, *(change.cut_mwh for change in onset.changes)) * ROOM_FOR_SWING_NUMBERS)
    ax.set_ylim(len(onset.changes) - 0.4, -0.6)
    ax.xaxis.set_major_formatter(lambda value, _: digits.plain(float(value)))
    ax.grid(visible=False, axis="y")
    ax.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=3, handlelength=1.0)


def _between_groups(ax: Axes, changes: tuple[Change, ...]) -> None:
    for row in range(1, len(changes)):
        if changes[row].key != changes[row - 1].key:
            ax.axhline(row - 0.5, color=style.GRID, linewidth=0.5)


MOST_UNKNOWNS = 10
AT_LOW, AT_HIGH = style.SERIES[0], style.SERIES[1]
STATUS_COLOURS = {"published": style.SERIES[2], "derived": style.SERIES[5], "estimate": style.SERIES[4]}
OTHER_COLOUR = "#a8b0b8"
PERCENT = 100.0
ROOM_FOR_NUMBERS = 1.3


@dataclass(frozen=True)
class _Row:
    """A row of both halves; `unknown` is empty where the row stands for something else."""

    label: str
    unknown: str
    share: float
    colour: str


def headline(run: Run, focus: Focus, found: Uncertainty, words: Words) -> Picture | None:
    """Draw the headline that comes first; None where no unknown moves any.

    With too few samples for shares there is only the left half.
    """
    scenario = found.shown_scenario(focus.scenario)
    moved = [one for one in found.of(scenario) if one.ranked or one.ranked_by_swing]
    if not moved:
        return None
    shown, rows = moved[0], _rows(found, moved[0], words)
    names = {"headline": kpi_label(shown.kpi, words), "scenario": scenario_title(run, scenario, words)}

    def draw() -> Figure:
        height = 1.0 + 0.25 * len(rows)
        if shown.ranked:
            drawing, axes = style.figure(height, columns=2, width_ratios=[1.25, 1], sharey=True)
            _shares(axes[0, 1], shown, rows, words)
        else:
            drawing, axes = style.figure(height)
        _tornado(axes[0, 0], shown, rows, words)
        return drawing

    caption = words("figure.uncertainty" if shown.ranked else "figure.uncertainty.alone", **names)
    return Picture("uncertainty", caption, draw)


def _rows(found: Uncertainty, shown: Headline, words: Words) -> list[_Row]:
    """Return the unknowns with the largest shares, then all others together, the weather and what is not explained."""
    ranked = shown.ranked
    rows = [
        _Row(
            words.of(found.unknowns[name], "title"), name, shown.shares.get(name, {}).get("share", math.nan),
            STATUS_COLOURS.get(found.unknowns[name]["status"], OTHER_COLOUR),
        )
        for name in (ranked or shown.ranked_by_swing)[:MOST_UNKNOWNS]
    ]  # fmt: skip
    others = ranked[MOST_UNKNOWNS:]
    rest = (
        (words("uncertainty.others", count=len(others)), sum(shown.shares[name]["share"] for name in others)),
        (words("uncertainty.weather", count=found.weather_years), shown.weather_share),
        (words("uncertainty.rest"), shown.rest_share),
    )
    rows += [_Row(label, "", share, OTHER_COLOUR) for label, share in rest if share > 0]
    return rows


def _tornado(ax: Axes, shown: Headline, rows: list[_Row], words: Words) -> None:
    unit = KPIS[shown.kpi].unit
    ends = {"at_low": (AT_LOW, words("uncertainty.at_low")), "at_high": (AT_HIGH, words("uncertainty.at_high"))}
    for end, (colour, label) in ends.items():
        values = [shown.tornado.get(row.unknown, {}).get(end, math.nan) - shown.base for row in rows]
        ax.barh(range(len(rows)), values, left=shown.base, height=0.62, color=colour, label=label)
    base = words("uncertainty.base", value=digits.quantity(shown.base, unit), unit=words.unit(unit))
    ax.axvline(shown.base, color=style.INK, linewidth=0.9, label=base)
    ax.set_yticks(range(len(rows)), [style.wrapped(row.label) for row in rows], size=7)
    ax.set_ylim(len(rows) - 0.4, -0.6)
    ax.set_xlabel(words("axis.uncertainty", headline=kpi_label(shown.kpi, words), unit=words.unit(unit)))
    ax.xaxis.set_major_formatter(lambda value, _: digits.plain(round(float(value), 9)))
    ax.grid(visible=False, axis="y")
    ax.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=3, handlelength=1.0, columnspacing=1.0)


def _shares(ax: Axes, shown: Headline, rows: list[_Row], words: Words) -> None:
    percent = [PERCENT * row.share for row in rows]
    ax.barh(range(len(rows)), percent, height=0.62, color=[row.colour for row in rows])
    for number, row in enumerate(rows):
        ends = shown.shares.get(row.unknown, {"low": math.nan, "high": math.nan})
        low, high = (PERCENT * ends[name] for name in ("low", "high"))
        ax.plot([low, high], [number, number], color=style.INK, linewidth=0.8)
        end = max(percent[number], high) if math.isfinite(high) else percent[number]
        text = digits.fixed(percent[number], 1)
        ax.annotate(text, (end, number), (3, 0), textcoords="offset points", va="center", size=7)
    ends_of_bars = [PERCENT * share["high"] for share in shown.shares.values() if math.isfinite(share["high"])]
    ax.set_xlim(0, ROOM_FOR_NUMBERS * max([*percent, *ends_of_bars]))
    ax.set_xlabel(words("axis.variance_share"))
    ax.grid(visible=False, axis="y")
    used = dict.fromkeys(row.colour for row in rows if row.unknown)
    patches = [
        Patch(color=colour, label=words(f"status.{status}"))
        for status, colour in STATUS_COLOURS.items() if colour in used
    ]  # fmt: skip
    ax.legend(handles=patches, loc="lower left", bbox_to_anchor=(0, 1), ncols=3, handlelength=1.0, columnspacing=1.0)
