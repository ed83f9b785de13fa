"""The tables of a certificate: what the policy brings, who pays, and what it does to grid, devices and people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reports.digits import NOT_DEFINED, difference, quantity
from reports.document import Table
from reports.texts import Words
from twin.schema import KPIS
from twin.units import JPY_PER_MILLION

LONG_CELLS, SHORT_CELLS = ("1.55fr", "0.75fr", "1.15fr"), ("1fr", "auto", "auto")
"""Widths of the columns: label, none, each level."""
BESIDE_NONE = (
    "criterion_broken_hours", "forecast_missed_hours", "residual_overload_mwh", "voltage_outside_hours",
    "all_outage_violation_hours", "all_outage_overload_hours", "all_outage_unsolved_cases", "unsolved_half_hours",
    "link_n1_max_loading_percent", "site_export_mwh", "local_use_percent", "battery_cycles_per_year",
    "battery_cycles_max_per_year", "battery_wear_percent_per_year", "clipped_commands", "policy_failures",
    "unmet_service_mwh",
)  # fmt: skip
PAYMENTS = (
    "cash_sites_jpy", "cash_homes_jpy", "cash_plant_owners_jpy", "cash_aggregator_jpy", "cash_retailer_jpy",
    "cash_network_jpy", "cash_outside_jpy",
)  # fmt: skip


def scores(record: Mapping[str, Any], words: Words) -> Table:
    """Return the scores at each error level, and what is gained beside what it costs."""
    rows = [
        *_score_rows(record, "energy", "MWh", 1.0, words),
        *_score_rows(record, "value", "MJPY", JPY_PER_MILLION, words),
    ]
    for name in record["levels"][0]["gained_and_lost"]:
        amounts = [difference(level["gained_and_lost"][name], "MWh") for level in record["levels"]]
        rows.append([words(f"certificate.row.{name}"), "", *amounts])
    return _table(
        record,
        words("certificate.caption.scores", count=count_text(record, words)),
        rows,
        LONG_CELLS,
        words,
    )


def _score_rows(record: Mapping[str, Any], name: str, unit: str, per: float, words: Words) -> list[list[str]]:
    found = [level["scores"][name] for level in record["levels"]]
    return [
        [
            words(f"certificate.row.{name}"),
            quantity(found[0]["none"] / per, unit),
            *(quantity(one["mean"] / per, unit) for one in found),
        ],
        [
            words("certificate.row.difference"),
            "",
            *(_with_interval(one["difference"], unit, per, words) for one in found),
        ],
        [
            words("certificate.row.distinguishable"),
            "",
            *(_yes_or_no(one["difference"]["is_distinguishable"], words) for one in found),
        ],
        [words("certificate.row.bound"), "", *(_percent(one["percent_of_bound"]) for one in found)],
        [words("certificate.row.gain"), "", *(_percent(one["percent_of_gain"]) for one in found)],
    ]


def payments(record: Mapping[str, Any], words: Words) -> Table:
    """Return what each party receives less what it pays, with and without the policy."""
    caption = words("certificate.caption.payments", count=count_text(record, words))
    return _table(record, caption, _kpi_rows(record, PAYMENTS, words), SHORT_CELLS, words)


def beside_none(record: Mapping[str, Any], words: Words) -> Table:
    """Return the key figures of grid, devices and people, with and without the policy."""
    caption = words("certificate.caption.beside", count=count_text(record, words))
    return _table(record, caption, _kpi_rows(record, BESIDE_NONE, words), SHORT_CELLS, words)


def _kpi_rows(record: Mapping[str, Any], names: tuple[str, ...], words: Words) -> list[list[str]]:
    runs = [record["none"], *(level["kpis"] for level in record["levels"])]
    return [[words(f"certificate.kpi.{name}"), *(_figure(run[name], name) for run in runs)] for name in names]


def count_text(record: Mapping[str, Any], words: Words) -> str:
    """Return what the numbers are the mean of."""
    count, study = len(record["years"]), record["study"]
    if study["is_part_of_year"]:
        return words("certificate.count.days", count=count, days=f"{study['days']:.0f}")
    return words("certificate.count.year" if count == 1 else "certificate.count.years", count=count)


def _table(
    record: Mapping[str, Any], caption: str, rows: list[list[str]], widths: tuple[str, str, str], words: Words
) -> Table:
    """Return a table; `widths` are those of the label, of none and of a level."""
    factors = [f"{level['error_factor']:g}" for level in record["levels"]]
    header = ["", words("certificate.column.none"), *(words("certificate.column.error", factor=f) for f in factors)]
    tracks = [widths[0], widths[1], *[widths[2]] * len(factors)]
    return Table(caption, header, ["left", *["right"] * (len(header) - 1)], rows, tracks)


def _with_interval(paired: Mapping[str, Any], unit: str, per: float, words: Words) -> str:
    mean = difference(paired["mean"] / per, unit)
    if paired["low"] is None:
        return mean
    low, high = (difference(paired[end] / per, unit) for end in ("low", "high"))
    return f"{mean}\n{low}{words.between}{high}"


def _yes_or_no(is_distinguishable: bool | None, words: Words) -> str:
    if is_distinguishable is None:
        return NOT_DEFINED
    return words("certificate.yes" if is_distinguishable else "certificate.no")


def _percent(value: float | None) -> str:
    return NOT_DEFINED if value is None else quantity(value, "%")


def _figure(value: float | None, name: str) -> str:
    if value is None:
        return NOT_DEFINED
    unit = KPIS[name].unit
    return quantity(value / JPY_PER_MILLION, "MJPY") if unit == "JPY" else quantity(value, unit)
