"""The section on constraint zones: how long each held units, and what it took from whom."""

from __future__ import annotations

from reports.document import digits
from reports.document.blocks import Block, Heading, Paragraph, Table, figure_block
from reports.document.digits import NOT_DEFINED, quantity
from reports.document.texts import Words
from reports.figures import zones as figures
from reports.reading.detail import Focus
from reports.reading.labels import element_label, scenario_title
from reports.reading.zones import ZonesOfMember, read_zones
from twin.metrics.run_folder import Run

ACTIVITY = {"held_hours": "h", "stopped_hours": "h", "trim_hours": "h", "trip_hours": "h", "most_percent": "%",
            "cut_mwh": "MWh"}  # fmt: skip


def section(run: Run, focus: Focus, words: Words) -> list[Block]:
    """Return what the zones of every scenario did; nothing where no operator works by zones."""
    found = read_zones(run, focus.point)
    if not found:
        return []
    energy, hours, of, zone = max(
        (row.cut_mwh, row.held_hours, one, name) for one in found for name, row in one.activity.iterrows()
    )
    key = "message.zones" if energy > 0 else "message.zones.none"
    message = words(
        key, zone=_title(of, str(zone), words), scenario=scenario_title(run, of.member.scenario, words),
        hours=quantity(hours, "h"), energy=quantity(energy, "MWh"),
    )  # fmt: skip
    return [
        Heading(words("section.zones"), message=message, starts_page=True),
        Paragraph(words("text.zones")),
        _activity(run, found, words),
        *(figure_block(figures.flows(run, one, words), words) for one in found),
        *(_cuts(run, one, words) for one in found if len(one.cuts)),
        Paragraph(words("note.zones"), is_note=True),
    ]


def _title(found: ZonesOfMember, zone: str, words: Words) -> str:
    return words.of(found.facts[zone], "title")


def _activity(run: Run, found: list[ZonesOfMember], words: Words) -> Table:
    rows = [
        [scenario_title(run, one.member.scenario, words), _title(one, str(zone), words), _rules(one, str(zone), words),
         *(quantity(float(row[name]), unit) for name, unit in ACTIVITY.items())]
        for one in found for zone, row in one.activity.iterrows()
    ]  # fmt: skip
    header = [
        words(f"column.{name}") for name in ("scenario", "zone", "zone_rules", *(f"zone.{key}" for key in ACTIVITY))
    ]
    widths = ["1.5fr", "1.3fr", "1.5fr", *["0.8fr"] * len(ACTIVITY)]
    return Table(words("table.zones"), header, ["left"] * 3 + ["right"] * len(ACTIVITY), rows, widths)


def _rules(found: ZonesOfMember, zone: str, words: Words) -> str:
    """Return limit and margins, e.g. "12.5 MW; trim 100 %, trip -, release 90 %"."""
    facts = found.facts[zone]
    margins = {name: facts[f"{name}_percent"] for name in ("trim", "trip", "release")}
    shown = {name: NOT_DEFINED if value is None else f"{digits.fixed(value, 0)} %" for name, value in margins.items()}
    key = "zones.rules" if facts["is_line"] else "zones.rules.circuit"
    return words(key, limit=quantity(facts["limit_mw"], "MW"), **shown)


def _cuts(run: Run, found: ZonesOfMember, words: Words) -> Table:
    zones = list(found.facts)
    rows = [
        [element_label(run, str(unit), words), *(quantity(float(row[name]), "MWh") for name in (*zones, "cut_mwh")),
         quantity(float(row["percent"]), "%")]
        for unit, row in found.cuts.iterrows()
    ]  # fmt: skip
    header = [words("column.zone.plant"), *(_title(found, zone, words) for zone in zones), words("column.total"),
              words("column.zone.percent")]  # fmt: skip
    caption = words("table.zone_cuts", scenario=scenario_title(run, found.member.scenario, words))
    return Table(caption, header, ["left", *["right"] * (len(zones) + 2)], rows)
