"""The page of `holding`: what PV behind the meter adds to the link, and what each control takes back of it."""

from __future__ import annotations

import math

from reports.document import digits
from reports.document.blocks import Table, Tile
from reports.document.texts import Words
from reports.sections.questions.page import (
    Page,
    Record,
    beside,
    differences_table,
    figures_table,
    mean,
    range_text,
    scenario_dots,
    title,
    values_of,
    with_cases,
)

CONGESTION, LOADING = "curtailed_congestion_mwh", "tight_loading_percent"
HELD = "held"
"""Scenario that the sentences are about."""
ENERGY = (CONGESTION, "congested_hours", LOADING, "tight_headroom_mw", "link_n1_max_loading_percent",
          "curtailed_behind_the_meter_mwh", "site_export_mwh", "battery_wear_percent_per_year")  # fmt: skip
AGAINST = ("energy_used_mwh", "self_consumption_mwh", "cash_sites_jpy", "cash_aggregator_jpy", "cash_retailer_jpy",
           "cash_plant_owners_jpy", "cash_network_jpy", "cash_outside_jpy")  # fmt: skip


def page(record: Record, words: Words) -> Page:
    """Return the page in one language."""
    held = [row for row in record["taken_back"] if row["scenario"] == HELD]
    uncontrolled = held[0]["uncontrolled"]
    shares = {name: _shares(held, name) for name in (CONGESTION, LOADING)}
    equivalent = [mw for row in held for mw in row["equivalent_mw"]]
    tiles = [
        Tile(range_text(shares[name], "%", words), "%", words(f"holding.tile.{name}")) for name in (CONGESTION, LOADING)
    ]
    tiles.append(Tile(range_text(equivalent, "MW", words), "MW", words("holding.tile.equivalent")))
    panels = [(words(f"holding.axis.{name}"), name) for name in (CONGESTION, LOADING)]
    percent = digits.plain(record["tight_percent"])
    return Page(
        answer=_answer(record, held, uncontrolled, words),
        pictures=[scenario_dots(record, words("holding.figure", percent=percent), panels, words)],
        tables=[_taken_back(record, words), figures_table(record, ENERGY, words),
                differences_table(record, AGAINST, words)],
        turns=[words(f"holding.turn.{name}") for name in ("demand", "link", "size", "interval")],
        tiles=tiles,
        notes=[words("holding.note", percent=percent), words("note.estimate")],
    )  # fmt: skip


def _answer(record: Record, held: list[Record], uncontrolled: str, words: Words) -> list[str]:
    reference = record["reference"]
    levels = {
        f"{name}_{kind}": range_text(values_of(record, scenario, quantity), unit, words)
        for name, scenario in (("none", reference), ("loose", uncontrolled), ("held", HELD))
        for kind, quantity, unit in (("mwh", CONGESTION, "MWh"), ("percent", LOADING, "%"))
    }
    congestion, loading = (_shares(held, name) for name in (CONGESTION, LOADING))
    equivalent = [mw for row in held for mw in row["equivalent_mw"]]
    whole = all(math.isclose(value, 100.0, abs_tol=0.5) for value in loading)
    verdict = "neutral" if whole else "better" if loading and min(loading) > 100.0 else "partly"
    cost = [found["paired"]["energy_used_mwh"]["mean"] for found in record["differences"] if found["scenario"] == HELD]
    base = [
        found["paired"]["energy_used_mwh"]["mean"]
        for found in record["differences"]
        if found["scenario"] == uncontrolled
    ]
    return [
        words(
            f"holding.answer.{verdict}" if loading else "holding.answer.nothing",
            congestion=range_text(congestion, "%", words), loading=range_text(loading, "%", words), **levels,
        ),
        words("holding.answer.equivalent", mw=range_text(equivalent, "MW", words)),
        words("holding.answer.cost", less=range_text([other - mine for mine, other in zip(cost, base, strict=True)],
                                                     "MWh", words)),
    ]  # fmt: skip


def _shares(rows: list[Record], name: str) -> list[float]:
    """Return the share that is taken back, one value a sweep point; those that add nothing are left out."""
    found = (row[f"{name}_taken_back_percent"] for row in rows)
    return [value for value in found if value is not None]


def _taken_back(record: Record, words: Words) -> Table:
    rows = []
    for scenario in dict.fromkeys(row["scenario"] for row in record["taken_back"]):
        own = [row for row in record["taken_back"] if row["scenario"] == scenario]
        cells = []
        for name, unit in ((CONGESTION, "MWh"), (LOADING, "%")):
            by_year = [value for row in own for value in row[f"{name}_taken_back_percent_by_year"] if value is not None]
            total = (row[f"{name}_taken_back_percent"] for row in own)
            cells += [
                *(beside(digits.difference(mean(row[f"{name}_{part}"]), unit) for row in own)
                  for part in ("added", "left")),
                beside(digits.NOT_DEFINED if value is None else digits.quantity(value, "%") for value in total)
                + f"\n{range_text(by_year, '%', words)}",
            ]  # fmt: skip
        equivalent = [mw for row in own for mw in row["equivalent_mw"]]
        cells.append(beside(digits.difference(mean(row["equivalent_mw"]), "MW") for row in own)
                     + f"\n{range_text(equivalent, 'MW', words)}")  # fmt: skip
        rows.append([title(record, scenario, words), *cells])
    columns = ("added_mwh", "left_mwh", "back_mwh", "added_percent", "left_percent", "back_percent", "equivalent")
    header = [words("question.column.scenario"), *(words(f"holding.column.{name}") for name in columns)]
    return Table(with_cases(words("holding.table"), record, words), header, ["left"] + ["right"] * 7, rows)
