"""The sheet of `connect`: what a new plant meets by month and cause, the grid before and after, the other plants."""

from __future__ import annotations

import math

from reports.document import digits, style
from reports.document.blocks import Table, Tile
from reports.document.style import Picture
from reports.document.texts import Words
from reports.figures.questions import bars
from reports.sections.questions.page import Page, Record, element, figures_table

BEFORE, AFTER, WITH_BATTERY, INTER_TRIP = "before", "after", "with_battery", "intertrip"
PLANT = "new_plant"
GRID = ("curtailed_congestion_mwh", "congested_hours", "criterion_broken_hours", "link_n1_max_loading_percent",
        "losses_mwh", "vm_min_pu", "vm_max_pu", "all_outage_violation_hours")  # fmt: skip
MOST_PLANTS, MOST_BRANCHES = 8, 6
WEAK_BELOW = 3.0
"""Short-circuit ratio below which a bus is called weak here (an assumption)."""
NOTICED_MWH = 0.05
"""A change of another plant below it is not shown."""


def page(record: Record, words: Words) -> Page:
    """Return the sheet in one language."""
    rows = {row["scenario"]: row for row in record["rows"]}
    own, asked = rows[AFTER]["total"], record["asked"]
    ratio = record["short_circuit_mva"] / asked["mw"]
    tiles = [
        Tile(digits.quantity(own["delivered_mwh"], "MWh"), "MWh", words("connect.tile.delivered")),
        Tile(_percent(own["link_mwh"], own["available_mwh"]), "%", words("connect.tile.congestion")),
        Tile(_percent(own["area_balance_mwh"], own["available_mwh"]), "%", words("connect.tile.area_balance")),
        Tile(digits.fixed(ratio, 1), "", words("connect.tile.ratio")),
    ]
    tables = [
        _months(rows[AFTER], words),
        figures_table(record, GRID, words),
        _others(record, rows, words),
        _loadings(record, rows, words),
    ]
    return Page(
        answer=_answer(record, rows, ratio, words),
        pictures=[_figure(rows[AFTER], words)],
        tables=[table for table in tables if table.rows],
        turns=[words(f"connect.turn.{name}") for name in ("link", "weather", "operator", "queue")],
        tiles=tiles,
        notes=[
            words("connect.note", hours=digits.plain(record["battery_hours"]), study=record["base_study"]),
            words("note.estimate"),
        ],
    )


def _answer(record: Record, rows: dict[str, Record], ratio: float, words: Words) -> list[str]:
    own, asked = rows[AFTER]["total"], record["asked"]
    energy = {
        name.removesuffix("_mwh"): digits.quantity(mwh, "MWh") for name, mwh in own.items() if name.endswith("_mwh")
    }
    before, after = rows[BEFORE]["kpis"], rows[AFTER]["kpis"]
    lost = _change_of_others(rows[BEFORE], rows[AFTER])
    low, high = _voltages(record, rows)
    found = [
        words(
            "connect.answer.own", percent=_percent(own["link_mwh"], own["available_mwh"]),
            hours=digits.quantity(own["link_hours"], "h"),
            area_percent=_percent(own["area_balance_mwh"], own["available_mwh"]), **energy,
        ),
        words(
            "connect.answer.others", mwh=digits.difference(lost, "MWh"),
            before=digits.quantity(before["criterion_broken_hours"], "h"),
            after=digits.quantity(after["criterion_broken_hours"], "h"),
            losses=digits.difference(after["losses_mwh"] - before["losses_mwh"], "MWh"),
        ),
        words(
            f"connect.answer.bus.{'weak' if ratio < WEAK_BELOW else 'strong'}", bus=words.of(asked, "bus"),
            mva=digits.fixed(record["short_circuit_mva"], 0), ratio=digits.fixed(ratio, 1),
            weak=digits.plain(WEAK_BELOW), low=low, high=high,
        ),
    ]  # fmt: skip
    if WITH_BATTERY in rows:
        stored = rows[WITH_BATTERY]["total"]
        found.append(
            words(
                "connect.answer.battery", mwh=digits.plain(asked["battery_mwh"]),
                cut=digits.quantity(stored["link_mwh"], "MWh"),
                delivered=digits.difference(stored["delivered_mwh"] - own["delivered_mwh"], "MWh"),
            )
        )  # fmt: skip
    trip = rows[INTER_TRIP]
    found.append(
        words(
            "connect.answer.intertrip", cut=digits.quantity(trip["total"]["link_mwh"], "MWh"),
            shed=digits.quantity(trip["intertrip"]["shed_max_mw"], "MW"),
            armed=digits.quantity(trip["intertrip"]["armed_hours"], "h"),
        )
    )  # fmt: skip
    return found


def _percent(part: float, whole: float) -> str:
    return digits.quantity(100.0 * part / whole, "%") if whole > 0.0 else digits.NOT_DEFINED


def _change_of_others(before: Record, after: Record) -> float:
    changes = (
        after["units"][unit]["link_mwh"] - before["units"].get(unit, {"link_mwh": 0.0})["link_mwh"]
        for unit in after["units"]
        if unit != PLANT
    )
    return math.fsum(changes)


def _voltages(record: Record, rows: dict[str, Record]) -> tuple[str, str]:
    """Return the lowest and highest voltage before and after, at the plant's bus where it is watched."""
    name = record["asked"]["bus_en"]
    ends = []
    for which in (0, 1):
        values = []
        for scenario in (BEFORE, AFTER):
            watched = rows[scenario]["voltages"]
            kpi = rows[scenario]["kpis"]["vm_min_pu" if which == 0 else "vm_max_pu"]
            values.append(watched[name][which] if name in watched else kpi)
        ends.append(words_of_change(values))
    return ends[0], ends[1]


def words_of_change(values: list[float]) -> str:
    """Return a value before and after, in per unit."""
    return " → ".join(digits.quantity(value, "pu") for value in values)


def _months(row: Record, words: Words) -> Table:
    columns = ("month", "available", "unavailable", "area_balance", "link", "hours", "delivered")
    header = [words(f"connect.column.{name}") for name in columns]
    rows = []
    for month in row["plant"]:
        energies = [month[f"{name}_mwh"] for name in ("available", "unavailable", "area_balance", "link")]
        cells = [digits.quantity(value, "MWh") for value in energies]
        cells += [digits.quantity(month["link_hours"], "h"), digits.quantity(month["delivered_mwh"], "MWh")]
        rows.append([words("question.month", month=month["month"]), *cells])
    return Table(words("connect.table.months"), header, ["left"] + ["right"] * 6, rows)


def _others(record: Record, rows: dict[str, Record], words: Words) -> Table:
    before, after = rows[BEFORE]["units"], rows[AFTER]["units"]
    none = {"link_mwh": 0.0, "delivered_mwh": 0.0, "area_balance_mwh": 0.0}
    changes = {
        unit: {name: after[unit][name] - before.get(unit, none)[name] for name in none}
        for unit in after
        if unit != PLANT
    }
    largest = sorted(changes, key=lambda unit: -abs(changes[unit]["link_mwh"]))
    shown = [unit for unit in largest if abs(changes[unit]["link_mwh"]) >= NOTICED_MWH][:MOST_PLANTS]
    body = [
        [
            words.of(record["units"][unit], "name"),
            digits.quantity(before.get(unit, none)["link_mwh"], "MWh"),
            digits.difference(changes[unit]["link_mwh"], "MWh"),
            digits.difference(changes[unit]["delivered_mwh"], "MWh"),
        ]
        for unit in shown
    ]
    header = [words(f"connect.column.{name}") for name in ("plant", "cut_before", "cut_change", "delivered_change")]
    return Table(words("connect.table.others"), header, ["left"] + ["right"] * 3, body)


def _loadings(record: Record, rows: dict[str, Record], words: Words) -> Table:
    before, after = rows[BEFORE]["loadings"], rows[AFTER]["loadings"]
    fullest = sorted(after, key=lambda name: -after[name])[:MOST_BRANCHES]
    body = [
        [element(record, name, words), digits.fixed(before.get(name, math.nan), 1), digits.fixed(after[name], 1)]
        for name in fullest
    ]
    header = [words(f"connect.column.{name}") for name in ("branch", "loading_before", "loading_after")]
    return Table(words("connect.table.loadings"), header, ["left", "right", "right"], body)


def _figure(row: Record, words: Words) -> Picture:
    ticks = [words("question.month", month=month["month"]) for month in row["plant"]]
    colours = {"area_balance": style.CAUSE_COLOURS["area_balance"], "link": style.CAUSE_COLOURS["congestion_n1"]}
    series = [
        (words(f"connect.column.{name}"), [month[f"{name}_mwh"] for month in row["plant"]], colour)
        for name, colour in colours.items()
    ]
    return bars("cuts_by_month", words("connect.figure"), ticks, "MWh", series)
