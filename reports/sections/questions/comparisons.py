"""The pages of scenarios beside each other: inter-trip, tariffs, FIP, blackout, maintenance, the way to 2040."""

from __future__ import annotations

import math
from collections.abc import Sequence

from reports.document import digits
from reports.document.blocks import Table
from reports.document.style import Picture
from reports.document.texts import Words
from reports.figures.questions import courses
from reports.sections.questions.page import (
    MILLION,
    Page,
    Record,
    beside,
    differences_table,
    element,
    figures_table,
    label,
    mean,
    points_of,
    range_text,
    scenario_dots,
    shown,
    title,
    unit_of,
    values_of,
    with_cases,
)
from twin.cable.ratings import MOST_MINUTES
from twin.core.clock import HOURS_PER_YEAR
from twin.metrics.questions.supply_hours import HORIZON_HOURS

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
    return scenario_dots(record, caption, [(label(name, record, words).replace("\n", ", "), name) for name in names],
                         words)  # fmt: skip


def intertrip(record: Record, words: Words) -> Page:
    """Return the page of `intertrip`."""
    none, capped = record["reference"], "cap_14"
    names = words("list.separator").join(words.of(plant, "name") for plant in record["trippable"])
    holds = values_of(record, capped, "link_survivor_min_minutes")
    columns = (CONGESTION, "congested_hours", "shed_max_mw", "armed_hours", "link_n1_max_loading_percent",
               "link_conductor_max_c", "link_survivor_min_minutes", "link_emergency_30min_min_a")  # fmt: skip
    return Page(
        answer=[
            words("intertrip.answer.saved", none=_text(record, none, CONGESTION, words),
                  capped=_text(record, capped, CONGESTION, words),
                  free=_text(record, "no_cap", CONGESTION, words)),
            words("intertrip.answer.shed", plants=names, mw=_text(record, capped, "shed_max_mw", words),
                  free=_text(record, "no_cap", "shed_max_mw", words),
                  armed=_text(record, capped, "armed_hours", words), **_trips(record, capped, words)),
            words("intertrip.answer.cable", percent=_text(record, capped, "link_n1_max_loading_percent", words),
                  minutes=_text(record, capped, "link_survivor_min_minutes", words),
                  week=words("intertrip.week") if max(holds, default=0.0) >= MOST_MINUTES else "",
                  ampere=_text(record, capped, "link_emergency_30min_min_a", words)),
        ],
        pictures=[_dots(record, (CONGESTION, "shed_max_mw"), words("intertrip.figure"), words)],
        tables=[figures_table(record, columns, words), differences_table(record, (CONGESTION, "delivered_mwh"), words)],
        turns=[words(f"intertrip.turn.{name}") for name in ("rating", "who", "time")],
        notes=[words("intertrip.note"), words("note.estimate")],
    )  # fmt: skip


def _trips(record: Record, scenario: str, words: Words) -> dict[str, str]:
    """Return how often a circuit is lost, and in a whole year how seldom while inter-trip stands armed."""
    trips = record["trips_per_year"]
    if trips is None:
        return dict.fromkeys(("value", "low", "high"), digits.NOT_DEFINED) | {"often": ""}
    told = {name: digits.quantity(value, "") for name, value in trips.items()}
    part = max(values_of(record, scenario, "armed_hours"), default=0.0) / HOURS_PER_YEAR
    if part <= 0.0 or not record["is_year"]:
        return told | {"often": ""}
    years = {name: digits.fixed(float(f"{1.0 / (part * trips[end]):.2g}"), 0)
             for name, end in (("years", "value"), ("fewest", "high"), ("most", "low"))}  # fmt: skip
    return told | {"often": words("intertrip.answer.often", **years)}


def tariffs(record: Record, words: Words) -> Page:
    """Return the page of `tariffs`."""
    energy = (CONGESTION, "congested_hours", "moved_up_mwh", "moved_down_mwh", "flexible_losses_mwh",
              "unmet_service_mwh", "up_dr_jpy")  # fmt: skip
    up = {name: _text(record, name, "moved_up_mwh", words) for name in record["scenarios"]}
    change = {
        name: _change(record, name, CONGESTION, words) for name in record["scenarios"] if name != record["reference"]
    }
    return Page(
        answer=[
            words("tariffs.answer.moved", back=_text(record, "free_hour", "moved_down_mwh", words), **up),
            words("tariffs.answer.none") if not _is_congested(record) else
            words("tariffs.answer.congestion", habit=_text(record, "habit", CONGESTION, words), **change),
            words("tariffs.answer.money", **{
                f"{party}_{name}": _change(record, name, f"cash_{party}_jpy", words)
                for party in ("retailer", "homes", "aggregator") for name in ("free_hour", "linked_price")
            }, free=_text_money(record, "free_hour", "up_dr_jpy", words),
                  noon=_text_money(record, "order_10_14", "up_dr_jpy", words)),
        ],
        pictures=[_dots(record, ("moved_up_mwh", CONGESTION), words("tariffs.figure"), words)],
        tables=[figures_table(record, energy, words), differences_table(record, CASH, words, _other_homes(record))],
        turns=[words(f"tariffs.turn.{name}") for name in ("elasticity", "link", "windows")],
        notes=[words("tariffs.note"), words("note.estimate")],
    )  # fmt: skip


def _other_homes(record: Record) -> list[str]:
    """Return the scenarios with another number of homes than the reference: their bills are no difference of tariff."""
    homes = record["homes"]
    return [name for name in record["scenarios"] if homes[name] != homes[record["reference"]]]


def _text_money(record: Record, scenario: str, name: str, words: Words) -> str:
    values = [value / MILLION for value in values_of(record, scenario, name)]
    return range_text(values, digits.MILLION_MONEY, words)


def fip(record: Record, words: Words) -> Page:
    """Return the page of `fip`."""
    columns = (CONGESTION, "congested_hours", "curtailed_area_balance_mwh", "delivered_mwh", "battery_losses_mwh",
               "energy_used_mwh")  # fmt: skip
    return Page(
        answer=[
            words("fip.answer.who", owners=_change(record, "fip_none", "cash_plant_owners_jpy", words),
                  aggregator=_change(record, "fip_none", "cash_aggregator_jpy", words),
                  outside=_change(record, "fip_none", "cash_outside_jpy", words),
                  area=_change(record, "fip_none", "curtailed_area_balance_mwh", words),
                  traded=_change(record, "fip_price", "cash_plant_owners_jpy", words, "fip_none")),
            *(_fip_at_the_link(record, words) if _is_congested(record) else [words("fip.answer.none")]),
        ],
        pictures=[_dots(record, (CONGESTION, "curtailed_area_balance_mwh"), words("fip.figure"), words)],
        tables=[figures_table(record, columns, words), differences_table(record, CASH, words)],
        turns=[words(f"fip.turn.{name}") for name in ("order", "share", "size")],
        notes=[words("fip.note"), words("note.estimate")],
    )  # fmt: skip


def _is_congested(record: Record) -> bool:
    """Return whether any scenario has congestion, so that something can be told of it."""
    return any(mwh > NOTICED_MWH for name in record["scenarios"] for mwh in values_of(record, name, CONGESTION))


def _fip_at_the_link(record: Record, words: Words) -> list[str]:
    """Return what the move does to congestion, why, and what policies and batteries in the grid change of it."""
    helps = mean(values_of(record, "fip_aware", CONGESTION)) <= mean(values_of(record, "fip_none", CONGESTION))
    sizes = {name: _change(record, f"fip_grid_{name}", CONGESTION, words, "fip_aware")
             for name in ("half", "example", "double")}  # fmt: skip
    return [
        words("fip.answer.why", fit=_text(record, "fit", CONGESTION, words),
              none=_change(record, "fip_none", CONGESTION, words),
              alone=_change(record, "fip_alone", CONGESTION, words, "fit_alone")),
        words("fip.answer.policy.helps" if helps else "fip.answer.policy.harms",
              change=_change(record, "fip_aware", CONGESTION, words, "fip_none"),
              rest=_change(record, "fip_rest", CONGESTION, words, "fip_none"),
              price=_change(record, "fip_price", CONGESTION, words, "fip_none"), **sizes),
    ]  # fmt: skip


def blackout(record: Record, words: Words) -> Page:
    """Return the page of `blackout`."""
    all_load, part = (f"{percent:.0f}" for percent in record["load_percent"])
    first, *_, last = record["scenarios"]
    figures = (CONGESTION, "curtailed_area_balance_mwh", "self_consumption_mwh", "site_export_mwh",
               "battery_losses_mwh", "energy_used_mwh", "cash_sites_jpy", "cash_aggregator_jpy",
               "cash_retailer_jpy")  # fmt: skip

    def supplied(who: str) -> str:
        whole, share = (
            list(
                dict.fromkeys(_hours(record, scenario, f"median_hours_{who}_{of}", words) for scenario in (first, last))
            )
            for of in (all_load, part)
        )
        told = {name: words("blackout.answer.pair", low=texts[0], high=texts[1]) if len(texts) > 1 else texts[0]
                for name, texts in (("whole", whole), ("share", share))}  # fmt: skip
        return words("blackout.answer.of_class", who=_customers(who, words), part=part, **told)

    diesel = {name: _text(record, first, f"diesel_{name}", words) for name in
              ("covers_percent", "half_covers_percent", "half_short_max_mw", "saved_percent")}  # fmt: skip
    return Page(
        answer=[
            words("blackout.answer.hours", high_title=title(record, last, words),
                  of_classes=words("list.separator").join(supplied(who) for who in record["customers"]),
                  first=_customers(next(iter(record["customers"])), words),
                  car=_hours(record, first, f"median_hours_{next(iter(record['customers']))}_car_{all_load}", words)),
            words("blackout.answer.diesel", mw=digits.fixed(record["diesel_mw"], 0), **diesel),
            words("blackout.answer.price", title=title(record, last, words),
                  own=_change(record, last, "self_consumption_mwh", words),
                  sites=_change(record, last, "cash_sites_jpy", words),
                  aggregator=_change(record, last, "cash_aggregator_jpy", words),
                  congestion=_change(record, last, CONGESTION, words)),
        ],
        pictures=[_supply_picture(record, all_load, words)],
        tables=[_supply_table(record, words), differences_table(record, figures, words)],
        turns=[words(f"blackout.turn.{name}", least=digits.plain(record["diesel_least_percent"]))
               for name in ("share", "island", "cars", "diesel")],
        notes=[words("blackout.note", sites=record["sites"], mwh=digits.fixed(record["battery_mwh"], 1),
                     cars=digits.plain(record["cars"]), car_kwh=digits.plain(record["car_kwh"])),
               words("note.estimate")],
    )  # fmt: skip


def _hours(record: Record, scenario: str, name: str, words: Words) -> str:
    values = values_of(record, scenario, f"supply_{name}")
    if values and min(values) >= HORIZON_HOURS:
        return words("blackout.answer.week")
    return words("blackout.answer.h", hours=range_text(values, "h", words))


def _customers(who: str, words: Words) -> str:
    """Return a class of customers, by itself or with a car."""
    name, _, car = who.partition("_")
    return words("blackout.with_car" if car else "blackout.without_car", who=words.choice("blackout.customers", name))


def _supply_picture(record: Record, share: str, words: Words) -> Picture:
    panels = [
        (f"{_customers(who, words)}, {words.unit('h')}", f"supply_median_hours_{who}_{share}")
        for who in record["customers"]
    ]
    return scenario_dots(record, words("blackout.figure"), panels, words)


def _supply_table(record: Record, words: Words) -> Table:
    """Return the hours of supply of each class of customers, with and without a car, by reserve and part of demand."""
    shares = [f"{percent:.0f}" for percent in record["load_percent"]]
    found = ("p05_hours", "median_hours", "day_percent")
    rows = [
        [f"{_customers(who, words)}{words('sweep.separator')}{title(record, scenario, words)}",
         *(digits.span(values_of(record, scenario, f"supply_{name}_{who}_{share}"),
                       "%" if name == "day_percent" else "h", words.between) for share in shares for name in found)]
        for name_of in record["customers"] for who in (name_of, f"{name_of}_car") for scenario in record["scenarios"]
    ]  # fmt: skip
    header = [words("question.column.scenario"),
              *(words(f"blackout.column.{name}", part=share) for share in shares for name in found)]  # fmt: skip
    return Table(words("blackout.table"), header, ["left"] + ["right"] * 6, rows)


def maintenance(record: Record, words: Words) -> Page:
    """Return the page of `maintenance`."""
    out = [name for name, calendar in record["calendar"].items() if calendar]
    met = [name for name in out if max(values_of(record, name, "outage_days"), default=0.0) > 0.0]
    return Page(
        answer=_maintenance_answer(record, met, words) if met else [words("maintenance.answer.none"),
                                                                    words("maintenance.answer.none.days")],
        pictures=[_dots(record, ("outage_cut_more_mwh", "outage_circuit_max_percent"), words("maintenance.figure"),
                        words)],
        tables=[figures_table(record, OUTAGE, words),
                differences_table(record, (CONGESTION, "congested_hours", "import_mwh", "losses_mwh", "diesel_mwh"),
                                  words), *_binding(record, words)],
        turns=[words(f"maintenance.turn.{name}") for name in ("rating", "weeks", "criterion", "diesel")],
        notes=[_calendar(record, words), words("maintenance.note"), words("note.estimate")],
    )  # fmt: skip


OUTAGE = ("outage_days", "outage_cut_mwh", "outage_cut_more_mwh", "outage_import_more_mwh", "outage_import_max_mw",
          "outage_circuit_max_percent", "outage_diesel_hours", "outage_diesel_mwh", "outage_unsupplied_mwh",
          "outage_diesels_carry_percent")  # fmt: skip


def _maintenance_answer(record: Record, met: Sequence[str], words: Words) -> list[str]:
    """Return the sentences of scenarios whose outage lies in the stretch that was run."""
    per_day = {name: mean(values_of(record, name, "outage_cut_more_mwh")) /
               mean(values_of(record, name, "outage_days")) for name in met}  # fmt: skip
    least, most = min(per_day, key=per_day.__getitem__), max(per_day, key=per_day.__getitem__)
    is_several = per_day[most] - per_day[least] > NOTICED_MWH
    alike = [title(record, name, words) for name in met if per_day[name] - per_day[least] <= NOTICED_MWH]
    told = {
        which: _text(record, name, "outage_cut_more_mwh", words) for which, name in (("least", least), ("most", most))
    }
    titles = {"least_title": words("list.separator").join(alike), "most_title": title(record, most, words)}

    def every(name: str) -> list[float]:
        return [value for scenario in met for value in values_of(record, scenario, name)]

    runs = max(every("outage_diesel_hours")) > 0.0
    supply = {name: range_text(every(f"outage_{name}"), unit, words) for name, unit in
              (("import_max_mw", "MW"), ("circuit_max_percent", "%"), ("diesel_hours", "h"), ("diesel_mwh", "MWh"),
               ("unsupplied_mwh", "MWh"), ("import_more_mwh", "MWh"))}  # fmt: skip
    return [
        words("maintenance.answer.cut" if is_several else "maintenance.answer.cut.one", **told, **titles),
        words("maintenance.answer.diesel.runs" if runs else "maintenance.answer.diesel.rests", **supply),
        words("maintenance.answer.risk", mw=digits.fixed(max(every("outage_at_risk_max_mw")), 0),
              diesel=digits.fixed(record["diesel_mw"], 0),
              percent=range_text(every("outage_diesels_carry_percent"), "%", words)),
    ]  # fmt: skip


def _binding(record: Record, words: Words) -> list[Table]:
    """Return what binds the cuts of each scenario over the stretch, case by case, if anything does."""
    found: dict[tuple[str, str, str], dict[str, float]] = {}
    for row in record["rows"]:
        for one in row["binding"]:
            found.setdefault((row["scenario"], one["element"], one["outage"]), {})[row["point"]] = one["mwh"]
    rows = [
        [title(record, scenario, words), element(record, name, words),
         element(record, outage, words) if outage else words("outage.none"),
         beside(digits.quantity(mwh.get(point, 0.0), "MWh") for point in points_of(record))]
        for (scenario, name, outage), mwh in found.items()
    ]  # fmt: skip
    header = [words("question.column.scenario"), *(words(f"onset.column.{name}") for name in
                                                   ("element", "outage", "mwh"))]  # fmt: skip
    caption = with_cases(words("maintenance.table.binding"), record, words)
    return [Table(caption, header, ["left"] * 3 + ["right"], rows)] if rows else []


def _calendar(record: Record, words: Words) -> str:
    """Return which circuit is out, and how long repairs take by the island's table."""
    out = (one["element"] for calendar in record["calendar"].values() for one in calendar)
    elements = dict.fromkeys(element(record, name, words) for name in out)
    repair, trips = record["repair_days"], record["trips_per_year"]
    told = words("maintenance.calendar", element=words("list.separator").join(elements))
    if repair is None or trips is None:
        return told
    days = {name: digits.fixed(value, 0) for name, value in repair.items()}
    often = {f"{name}_a_year": digits.quantity(value, "") for name, value in trips.items()}
    return told + words.either(" ", "") + words("maintenance.repair", **days, **often)


def path(record: Record, words: Words) -> Page:
    """Return the page of `path_2040`."""
    years = [row for row in record["years"] if not row["variant"]]
    names = [row["scenario"] for row in years]
    cut, local, area = (
        [mean(values_of(record, scenario, name)) for scenario in names]
        for name in (CONGESTION, "local_supply_percent", "curtailed_area_balance_mwh")
    )
    begin = next((row["year"] for row, mwh in zip(years, cut, strict=True) if mwh > NOTICED_MWH), None)
    columns = ("available_mwh", CONGESTION, "congested_hours", "criterion_broken_hours", "link_n1_max_loading_percent",
               "curtailed_area_balance_mwh", "local_supply_percent", "self_consumption_mwh",
               "cash_plant_owners_jpy")  # fmt: skip
    most = names[cut.index(max(cut))]
    told = {"first": years[0]["year"], "last": years[-1]["year"], "year": title(record, most, words)}
    how = "never" if begin is None else "already" if begin == years[0]["year"] else "begins"
    return Page(
        answer=[
            words(f"path.answer.{how}", begin=begin, most=shown(max(cut), CONGESTION, record),
                  now=shown(cut[0], CONGESTION, record), **told),
            words("path.answer.local", low=digits.quantity(local[0], "%"), high=digits.quantity(local[-1], "%"),
                  area_low=digits.quantity(area[0], "MWh"), area_high=digits.quantity(area[-1], "MWh"), **told),
            *_variants(record, words),
        ],
        pictures=[_courses_of_years(record, cut, area, local, words)],
        tables=[figures_table(record, columns, words), _assumed(record, words)],
        turns=[words(f"path.turn.{name}") for name in ("demand", "fit", "plants")],
        notes=[words("path.note"), words("note.estimate")],
    )  # fmt: skip


NOTICED_MWH = 0.05
"""Congestion below it is called none."""


def _variants(record: Record, words: Words) -> list[str]:
    """Return a sentence on what other decisions change in the last year that each was run for."""
    parts = []
    for variant in dict.fromkeys(row["variant"] for row in record["years"] if row["variant"]):
        last = max((row for row in record["years"] if row["variant"] == variant), key=lambda row: row["year"])
        base = next(row for row in record["years"] if not row["variant"] and row["year"] == last["year"])
        parts.append(words("path.variant", title=title(record, last["scenario"], words),
                           mwh=shown(mean(values_of(record, last["scenario"], CONGESTION)), CONGESTION, record),
                           base=shown(mean(values_of(record, base["scenario"], CONGESTION)), CONGESTION,
                                      record)))  # fmt: skip
    return [words("path.answer.variants", variants=words("list.separator").join(parts))] if parts else []


def _courses_of_years(
    record: Record, cut: Sequence[float], area: Sequence[float], local: Sequence[float], words: Words
) -> Picture:
    """Draw congestion, the area's cut and local supply over the years; other decisions as points."""
    years = [row["year"] for row in record["years"] if not row["variant"]]
    others = []
    for variant in dict.fromkeys(row["variant"] for row in record["years"] if row["variant"]):
        at = {row["year"]: mean(values_of(record, row["scenario"], CONGESTION)) for row in record["years"]
              if row["variant"] == variant}  # fmt: skip
        others.append((words.choice("path.variant", variant), [at.get(year, math.nan) for year in years]))
    return courses("path", words("path.figure"), [float(year) for year in years], words("path.year"), [
        (words("path.axis.congestion"), [(words("path.line"), cut), *others]),
        (words("path.axis.area"), [(words("path.line"), area)]),
        (words("path.axis.local"), [(words("path.line"), local)]),
    ])  # fmt: skip


def _assumed(record: Record, words: Words) -> Table:
    columns = ("demand", "share", "homes", "pv", "after_fit", "wind")
    rows = [
        [title(record, row["scenario"], words), digits.fixed(100.0 * row["demand"], 1),
         digits.fixed(100.0 * row["share"], 0), digits.fixed(row["homes"], 0),
         *(digits.fixed(row[name], 1) for name in ("pv_mw", "pv_after_fit_mw", "wind_mw"))]
        for row in record["years"]
    ]  # fmt: skip
    header = [words("question.column.scenario"), *(words(f"path.column.{name}") for name in columns)]
    return Table(words("path.table"), header, ["left"] + ["right"] * len(columns), rows)
