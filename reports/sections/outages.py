"""The section on N-1 over all outages: which branches are filled, what is cut off, how often a limit is broken."""

from __future__ import annotations

import math

import pandas as pd

from reports.document import digits
from reports.document.blocks import Block, Heading, Paragraph, Table
from reports.document.texts import Words
from reports.reading.detail import Detail, Focus
from reports.reading.labels import element_label, member_label, scenario_title
from reports.reading.outages import CORRIDOR, NO_BREAK, AllOutages, corridor_name, fold
from twin.metrics.run_folder import Run

MOST_BRANCHES = 10
MOST_OUTAGES = {"demand_lost_mw": 6, "infeed_lost_mw": 2, "hours_violated": 4}
"""Rows taken one after the other, the largest of each column first, none twice."""
SHOWN_FROM_MW = 0.05


def section(run: Run, focus: Focus, detail: Detail, words: Words) -> list[Block]:
    """Return the heading, what is judged, how often a limit is broken, and the two tables."""
    member = member_label(run, run.member(focus.scenario, focus.point), words)
    found = detail.all_outages
    return [
        Heading(words("section.outages")),
        Paragraph(words("text.outages", count=len(found.single))),
        Paragraph(_how_often(run, focus, words) + _intact(found, member, words)),
        branches(run, found, words("table.outage_branches", member=member), words),
        outages(run, found, _losses_caption(found, member, words), words),
        Paragraph(words("note.outages"), is_note=True),
    ]


def _how_often(run: Run, focus: Focus, words: Words) -> str:
    kpis = {
        key: run.kpi(focus.scenario, f"all_outage_{key}")
        for key in ("violation_hours", "overload_hours", "voltage_only_hours", "unsolved_cases", "low_vm_min_pu")
    }
    spans = {key: digits.span(values, _unit(key), words.between) for key, values in kpis.items()}
    size = "some" if max(kpis["violation_hours"]) > 0 else "none"
    title = scenario_title(run, focus.scenario, words)
    text = words(f"text.outages.{size}", scenario=title, count=len(run.points), **spans)
    if max(kpis["unsolved_cases"]) > 0:
        text += words("text.outages.unsolved", cases=spans["unsolved_cases"])
    return text


def _intact(found: AllOutages, member: str, words: Words) -> str:
    """Say how long limits are broken without any outage; empty where they never are."""
    if found.intact_hours_violated == 0.0:
        return ""
    return words("text.outages.intact", member=member, hours=digits.quantity(found.intact_hours_violated, "h"))


def _unit(key: str) -> str:
    return {"unsolved_cases": "count", "low_vm_min_pu": "pu"}.get(key, "h")


def branches(run: Run, found: AllOutages, caption: str, words: Words) -> Table:
    """Return the branches with the highest loading after any single outage; parallel circuits in one row."""
    shown = fold(found.branches, "element", ["outage"])
    shown = shown.sort_values("loading_percent", ascending=False, kind="stable").head(MOST_BRANCHES)
    rows = [_branch_row(run, row, words) for _, row in shown.iterrows()]
    header = [words(f"column.{n}") for n in ("branch", "loading_after", "after_outage", "when", "over_h", "both_h")]
    align = ["left", "right", "left", "left", "right", "right"]
    return Table(caption, header, align, rows, ["1.7fr", "0.75fr", "1.7fr", "auto", "0.8fr", "0.9fr"])


def _branch_row(run: Run, row: pd.Series, words: Words) -> list[str]:
    export, imported = (digits.quantity(row[f"hours_{side}_breach"], "h") for side in ("export", "import"))
    return [
        element_label(run, str(row["element"]), words),
        digits.fixed(row["loading_percent"], 1),
        element_label(run, str(row["outage"]), words) or digits.NOT_DEFINED,
        _time(row["time"], words),
        digits.quantity(row["hours_over_continuous"], "h"),
        words("column.both", one=export, other=imported),
    ]


def _time(time: pd.Timestamp, words: Words) -> str:
    return digits.NOT_DEFINED if pd.isna(time) else time.strftime(words("format.half_hour")).replace(" ", NO_BREAK)


def _losses_caption(found: AllOutages, member: str, words: Words) -> str:
    breaking = int((found.single["hours_violated"] > 0.0).sum())
    return words("table.outage_losses", member=member, breaking=breaking, count=len(found.single))


def outages(run: Run, found: AllOutages, caption: str, words: Words) -> Table:
    """Return the outages with the largest consequences, and below them the double circuits."""
    single = fold(found.single, "outage", ["element"])
    rows = [_outage_row(run, row, words) for _, row in _largest(single).iterrows()]
    cut = found.corridors[found.corridors["demand_lost_mw"] >= SHOWN_FROM_MW]
    cut = cut.sort_values("demand_lost_mw", ascending=False, kind="stable")
    rows += [_outage_row(run, row, words) for _, row in cut.iterrows()]
    header = [
        words(f"column.{n}")
        for n in ("outage", "demand_lost", "infeed_lost", "lowest_vm", "highest_vm", "loading_after", "violated_h")
    ]
    return Table(caption, header, ["left", *["right"] * 6], rows, ["2.2fr", *["1fr"] * 6])


def _largest(single: pd.DataFrame) -> pd.DataFrame:
    chosen: list[int] = []
    for column, count in MOST_OUTAGES.items():
        smallest = 0.0 if column == "hours_violated" else SHOWN_FROM_MW
        ranked = single[single[column] > smallest].sort_values(column, ascending=False, kind="stable")
        chosen += [number for number in ranked.index if number not in chosen][:count]
    unsolved = single.index[single["steps_unsolved"] > 0]
    chosen += [number for number in unsolved if number not in chosen]
    return single.loc[chosen].sort_values([*MOST_OUTAGES], ascending=False, kind="stable")


def _outage_row(run: Run, row: pd.Series, words: Words) -> list[str]:
    return [
        "\n".join([_name(run, str(row["outage"]), words), *_remarks(row, words)]),
        _power(row["demand_lost_mw"]),
        _power(row["infeed_lost_mw"]),
        digits.quantity(row["low_vm_pu"], "pu"),
        digits.quantity(row["high_vm_pu"], "pu"),
        digits.fixed(row["loading_percent"], 1),
        digits.quantity(row["hours_violated"], "h"),
    ]


def _name(run: Run, outage: str, words: Words) -> str:
    return element_label(run, corridor_name(outage), words)


def _remarks(row: pd.Series, words: Words) -> list[str]:
    remarks = []
    if row["class"] == CORRIDOR:
        remarks.append(words("outage.corridor"))
    if row["steps_unsolved"] > 0:
        remarks.append(words("outage.unsolved", count=digits.fixed(row["steps_unsolved"], 0)))
    elif math.isnan(row["loading_percent"]) and math.isnan(row["low_vm_pu"]):
        remarks.append(words("outage.all_dead"))
    return [words("list.separator").join(remarks)] if remarks else []


def _power(p_mw: float) -> str:
    return digits.quantity(p_mw, "MW") if p_mw >= SHOWN_FROM_MW else digits.NOT_DEFINED
