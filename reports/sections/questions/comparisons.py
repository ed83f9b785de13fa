"""The pages of scenarios beside each other: inter-trip, tariffs, FIP, blackout, the way to 2040."""

from __future__ import annotations

from collections.abc import Sequence

from reports.document import digits
from reports.document.blocks import Table
from reports.document.style import Picture
from reports.document.texts import Words
from reports.figures.questions import courses, dots
from reports.sections.questions.page import (
    MILLION,
    Page,
    Record,
    differences_table,
    figures_table,
    label,
    mean,
    range_text,
    shown,
    title,
    unit_of,
    values_of,
)

CONGESTION = "curtailed_congestion_mwh"
CASH = tuple(f"cash_{party}_jpy" for party in
             ("plant_owners", "sites", "homes", "aggregator", "retailer", "network", "outside"))  # fmt: skip


def _text(record: Record, scenario: str, name: str, words: Words) -> str:
    """Return a key figure's range over weather years and sweep points, without its unit."""
    return range_text(values_of(record, scenario, name), unit_of(name, record), words)


def _change(record: Record, scenario: str, name: str, words: Words, base: str | None = None) -> str:
    """Return the range of a key figure's difference from a scenario, by default the reference, with sign."""
    mine, other = (values_of(record, one, name) for one in (scenario, base or record["reference"]))
    unit = unit_of(name, record)
    scale = MILLION if unit == digits.MILLION_MONEY else 1.0
    changes = [(a - b) / scale for a, b in zip(mine, other, strict=True)]
    ends = dict.fromkeys(digits.difference(end, unit) for end in (min(changes), max(changes)))
    return words.between.join(ends)


def _dots(record: Record, names: Sequence[str], caption: str, words: Words) -> Picture:
    scenarios = list(record["scenarios"])
    panels = []
    for name in names:
        scale = MILLION if unit_of(name, record) == digits.MILLION_MONEY else 1.0
        values = [[value / scale for value in values_of(record, scenario, name)] for scenario in scenarios]
        panels.append((label(name, record, words).replace("\n", ", "), values))
    return dots(record["kind"], caption, [title(record, scenario, words) for scenario in scenarios], panels)


def intertrip(record: Record, words: Words) -> Page:
    """Return the page of `intertrip`."""
    none, capped = record["reference"], "cap_14"
    trips = record["trips_per_year"]
    armed = max(values_of(record, capped, "armed_hours"), default=0.0)
    names = words("list.separator").join(words.of(plant, "name") for plant in record["trippable"])
    often = {"value": digits.NOT_DEFINED, "low": digits.NOT_DEFINED, "high": digits.NOT_DEFINED}
    if trips is not None:
        often = {name: digits.quantity(value, "") for name, value in trips.items()}
    columns = (CONGESTION, "congested_hours", "shed_max_mw", "armed_hours", "link_n1_max_loading_percent",
               "link_conductor_max_c", "link_survivor_min_minutes", "link_emergency_30min_min_a")  # fmt: skip
    return Page(
        answer=[
            words("intertrip.answer.saved", none=_text(record, none, CONGESTION, words),
                  capped=_text(record, capped, CONGESTION, words),
                  free=_text(record, "no_cap", CONGESTION, words)),
            words("intertrip.answer.shed", plants=names, mw=_text(record, capped, "shed_max_mw", words),
                  free=_text(record, "no_cap", "shed_max_mw", words), armed=digits.quantity(armed, "h"), **often),
            words("intertrip.answer.cable", percent=_text(record, capped, "link_n1_max_loading_percent", words),
                  minutes=_text(record, capped, "link_survivor_min_minutes", words),
                  ampere=_text(record, capped, "link_emergency_30min_min_a", words)),
        ],
        pictures=[_dots(record, (CONGESTION, "shed_max_mw"), words("intertrip.figure"), words)],
        tables=[figures_table(record, columns, words), differences_table(record, (CONGESTION, "delivered_mwh"), words)],
        turns=[words(f"intertrip.turn.{name}") for name in ("rating", "who", "time")],
        notes=[words("intertrip.note"), words("note.estimate")],
    )  # fmt: skip


def tariffs(record: Record, words: Words) -> Page:
    """Return the page of `tariffs`."""
    energy = (CONGESTION, "congested_hours", "moved_up_mwh", "moved_down_mwh", "flexible_losses_mwh",
              "unmet_service_mwh", "up_dr_jpy")  # fmt: skip
    return Page(
        answer=[
            words("tariffs.answer.moved", free=_text(record, "free_hour", "moved_up_mwh", words),
                  back=_text(record, "free_hour", "moved_down_mwh", words),
                  few=_text(record, "free_hour_1600", "moved_up_mwh", words),
                  price=_text(record, "price", "moved_up_mwh", words),
                  signals=_text(record, "signals", "moved_up_mwh", words)),
            words("tariffs.answer.congestion", habit=_text(record, "habit", CONGESTION, words),
                  free=_change(record, "free_hour", CONGESTION, words),
                  price=_change(record, "price", CONGESTION, words),
                  signals=_change(record, "signals", CONGESTION, words)),
            words("tariffs.answer.money", retailer=_change(record, "free_hour", "cash_retailer_jpy", words),
                  homes=_change(record, "free_hour", "cash_homes_jpy", words),
                  paid=_text_money(record, "free_hour", "up_dr_jpy", words)),
        ],
        pictures=[_dots(record, ("moved_up_mwh", CONGESTION), words("tariffs.figure"), words)],
        tables=[figures_table(record, energy, words), differences_table(record, CASH, words)],
        turns=[words(f"tariffs.turn.{name}") for name in ("elasticity", "link", "windows")],
        notes=[words("tariffs.note"), words("note.estimate")],
    )  # fmt: skip


def _text_money(record: Record, scenario: str, name: str, words: Words) -> str:
    values = [value / MILLION for value in values_of(record, scenario, name)]
    return range_text(values, digits.MILLION_MONEY, words)


def fip(record: Record, words: Words) -> Page:
    """Return the page of `fip`."""
    alone = _change(record, "fip_alone", CONGESTION, words, "fit_alone")
    policy = _change(record, "fip_aware", CONGESTION, words, "fip_rest")
    helps = mean(values_of(record, "fip_aware", CONGESTION)) <= mean(values_of(record, "fip_rest", CONGESTION))
    columns = (CONGESTION, "congested_hours", "curtailed_area_balance_mwh", "delivered_mwh", "battery_losses_mwh",
               "energy_used_mwh")  # fmt: skip
    return Page(
        answer=[
            words("fip.answer.who", owners=_change(record, "fip_rest", "cash_plant_owners_jpy", words),
                  aggregator=_change(record, "fip_rest", "cash_aggregator_jpy", words),
                  outside=_change(record, "fip_rest", "cash_outside_jpy", words),
                  area=_change(record, "fip_rest", "curtailed_area_balance_mwh", words)),
            words("fip.answer.why", rest=_change(record, "fip_rest", CONGESTION, words), alone=alone),
            words("fip.answer.policy.helps" if helps else "fip.answer.policy.harms", change=policy,
                  price=_change(record, "fip_price", CONGESTION, words, "fip_rest"),
                  grid=_change(record, "fip_grid", CONGESTION, words, "fip_aware")),
        ],
        pictures=[_dots(record, (CONGESTION, "curtailed_area_balance_mwh"), words("fip.figure"), words)],
        tables=[figures_table(record, columns, words), differences_table(record, CASH, words)],
        turns=[words(f"fip.turn.{name}") for name in ("order", "share", "size")],
        notes=[words("fip.note"), words("note.estimate")],
    )  # fmt: skip


def blackout(record: Record, words: Words) -> Page:
    """Return the page of `blackout`."""
    all_load, part = (f"{percent:.0f}" for percent in record["load_percent"])
    names = list(record["scenarios"])
    first, last = names[0], names[-1]
    columns = [f"supply_{what}_hours_{percent}" for percent in (all_load, part)
               for what in ("min", "p05", "median", "evening")]  # fmt: skip
    figures = (CONGESTION, "self_consumption_mwh", "site_export_mwh", "battery_losses_mwh", "energy_used_mwh",
               "cash_sites_jpy", "cash_aggregator_jpy", "cash_retailer_jpy")  # fmt: skip
    return Page(
        answer=[
            words("blackout.answer.hours", sites=record["sites"], part=part,
                  low=_text(record, first, f"supply_median_hours_{all_load}", words),
                  high=_text(record, last, f"supply_median_hours_{all_load}", words),
                  low_part=_text(record, first, f"supply_median_hours_{part}", words),
                  high_part=_text(record, last, f"supply_median_hours_{part}", words),
                  worst=_text(record, last, f"supply_min_hours_{all_load}", words),
                  high_title=title(record, last, words)),
            words("blackout.answer.diesel", mw=digits.fixed(record["diesel_mw"], 0),
                  percent=_text(record, first, "diesel_covers_percent", words)),
            words("blackout.answer.price", title=title(record, last, words),
                  own=_change(record, last, "self_consumption_mwh", words),
                  sites=_change(record, last, "cash_sites_jpy", words),
                  congestion=_change(record, last, CONGESTION, words)),
        ],
        pictures=[_dots(record, (f"supply_median_hours_{all_load}", f"supply_p05_hours_{all_load}"),
                        words("blackout.figure"), words)],
        tables=[figures_table(record, columns, words), differences_table(record, figures, words)],
        turns=[words(f"blackout.turn.{name}") for name in ("share", "island", "cars")],
        notes=[words("blackout.note", sites=record["sites"], mwh=digits.fixed(record["battery_mwh"], 1), part=part),
               words("note.estimate")],
    )  # fmt: skip


def path(record: Record, words: Words) -> Page:
    """Return the page of `path_2040`."""
    years = record["years"]
    names = [row["scenario"] for row in years]
    x = [float(row["year"]) for row in years]
    cut = [mean(values_of(record, name, CONGESTION)) for name in names]
    local = [mean(values_of(record, name, "local_supply_percent")) for name in names]
    area = [mean(values_of(record, name, "curtailed_area_balance_mwh")) for name in names]
    begin = next((row["year"] for row, mwh in zip(years, cut, strict=True) if mwh > 0.05), None)
    columns = ("available_mwh", CONGESTION, "congested_hours", "criterion_broken_hours", "link_n1_max_loading_percent",
               "curtailed_area_balance_mwh", "local_supply_percent", "self_consumption_mwh")  # fmt: skip
    most = names[cut.index(max(cut))]
    told = {"first": years[0]["year"], "last": years[-1]["year"], "year": title(record, most, words)}
    return Page(
        answer=[
            words("path.answer.begins" if begin else "path.answer.never", begin=begin,
                  most=shown(max(cut), CONGESTION, record), **told),
            words("path.answer.local", low=digits.quantity(local[0], "%"), high=digits.quantity(local[-1], "%"),
                  **told),
            words("path.answer.area", low=digits.quantity(area[0], "MWh"), high=digits.quantity(area[-1], "MWh"),
                  **told),
        ],
        pictures=[courses("path", words("path.figure"), x, words("path.year"), [
            ("MWh", [(words(f"question.kpi.{CONGESTION}"), cut),
                     (words("question.kpi.curtailed_area_balance_mwh"), area)]),
            ("%", [(words("question.kpi.local_supply_percent"), local)]),
        ])],
        tables=[figures_table(record, columns, words), _assumed(record, words)],
        turns=[words(f"path.turn.{name}") for name in ("demand", "fit", "plants")],
        notes=[words("path.note"), words("note.estimate")],
    )  # fmt: skip


def _assumed(record: Record, words: Words) -> Table:
    rows = [
        [digits.plain(row["year"]), digits.plain(100.0 * row["demand"]), digits.plain(100.0 * row["share"]),
         digits.plain(row["homes"])]
        for row in record["years"]
    ]  # fmt: skip
    header = [words(f"path.column.{name}") for name in ("year", "demand", "share", "homes")]
    return Table(words("path.table"), header, ["left", "right", "right", "right"], rows)
