"""The report's tables, from key figures and the study's facts."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

from reports.document import digits
from reports.document.blocks import Table
from reports.document.texts import Words
from reports.reading.detail import Detail, Focus
from reports.reading.labels import element_label, kpi_label, member_label, point_label, scenario_title, shown_unit
from reports.sections.answer import CONGESTION
from twin.core.quantities import shown_in
from twin.metrics import kpis as key_figures
from twin.metrics.run_folder import Member, Run

MOST_BINDING = 6
DIMENSIONLESS = ("", "1", "-", "year", None)
IDENTIFYING_FACTS = ("seed", "days", "code", "inputs_sha256")
CHECKSUM, CHECKSUM_DIGITS_SHOWN = re.compile("[0-9a-f]{40,64}"), 16


def scenarios(run: Run, point: str, words: Words) -> Table:
    """Return key figures by scenario: the value at `point`, below it the range over all sweep points."""
    rows = []
    for name in shown_in("report"):
        if is_nothing_everywhere(run, name):
            continue
        unit, scale = shown_unit(name)
        cells = []
        for scenario in run.scenarios:
            value = run.member(scenario, point).kpis[name] * scale
            text = digits.quantity(value, unit)
            over_points = digits.span((v * scale for v in run.kpi(scenario, name)), unit, words.between)
            cells.append(text if over_points == text else f"{text}\n{over_points}")
        rows.append([kpi_label(name, words), words.unit(unit), *cells])
    titles = [scenario_title(run, scenario, words) for scenario in run.scenarios]
    header = [words("column.kpi"), words("column.unit"), *titles]
    return Table(words("table.scenarios"), header, _align("ll", len(titles)), rows)


def is_zero_everywhere(run: Run, name: str) -> bool:
    """Return whether a key figure is zero in all members."""
    return all(member.kpis[name] == 0 for member in run.members)


def is_nothing_everywhere(run: Run, name: str) -> bool:
    """Return whether a key figure is zero or not defined in all members."""
    return all(member.kpis[name] == 0 or math.isnan(member.kpis[name]) for member in run.members)


def points_congestion(run: Run, words: Words) -> Table:
    """Return the congestion cut, sweep points x scenarios."""
    return _by_point(
        run, run.scenarios, lambda member: member.kpis[CONGESTION], words("table.points.congestion"), words
    )


CAUSES = (
    "congestion_alone_mwh", "curtailed_area_balance_mwh", "congestion_and_area_balance_mwh",
    "congestion_masked_by_area_balance_mwh",
)  # fmt: skip


def causes(run: Run, point: str, words: Words) -> Table:
    """Return what congestion and the area's balance cut, each alone and together, by scenario."""
    rows = [
        [scenario_title(run, scenario, words)]
        + [digits.quantity(run.member(scenario, point).kpis[name], "MWh") for name in CAUSES]
        for scenario in run.scenarios
    ]
    header = [words("column.item"), *(words(f"column.{name}") for name in CAUSES)]
    caption = words("table.causes", point=point_label(run, point, words))
    return Table(caption, header, _align("l", len(CAUSES)), rows)


SECURITY_COLUMNS = (
    CONGESTION, "congested_hours", "link_conductor_max_c", "link_at_once_low_vm_min_pu",
    "link_controlled_low_vm_min_pu", "link_redispatched_low_vm_min_pu", "redispatch_max_mw",
    "forecast_operator_missed_hours", "n1_import_headroom_after_min_mw",
)  # fmt: skip


def points_security(run: Run, scenario: str, words: Words) -> Table:
    """Return what each criterion costs and leaves open in a scenario: a row a sweep point."""
    units = {name: shown_unit(name) for name in SECURITY_COLUMNS}
    rows = []
    for point in run.points:
        kpis = run.member(scenario, point).kpis
        cells = [digits.quantity(kpis[name] * units[name][1], units[name][0]) for name in SECURITY_COLUMNS]
        rows.append([point_label(run, point, words), *cells])
    header = [f"{words(f'column.security.{name}')}, {words.unit(units[name][0])}" for name in SECURITY_COLUMNS]
    caption = words("table.points.security", scenario=scenario_title(run, scenario, words))
    return Table(caption, [words("column.point"), *header], _align("l", len(header)), rows)


def points_benefit(run: Run, scenarios_shown: tuple[str, ...], kpi: str, words: Words) -> Table:
    """Return the net benefit, sweep points x controlled scenarios."""
    caption = words("table.points.benefit", against=words(f"against.{kpi}"))
    return _by_point(run, scenarios_shown, lambda member: member.kpis[kpi], caption, words)


def _by_point(
    run: Run, scenarios_shown: tuple[str, ...], value: Callable[[Member], float], caption: str, words: Words
) -> Table:
    rows = [
        [
            point_label(run, point, words),
            *(digits.quantity(value(run.member(scenario, point)), "MWh") for scenario in scenarios_shown),
        ]
        for point in run.points
    ]
    titles = [scenario_title(run, scenario, words) for scenario in scenarios_shown]
    return Table(caption, [words("column.point"), *titles], _align("l", len(titles)), rows)


def voltage_controls(run: Run, focus: Focus, detail: Detail, words: Words) -> Table:
    """Return how the taps and the reactors of a member move, and where the voltage stays."""
    kpis = run.member(focus.scenario, focus.point).kpis
    rows = []
    for name, column, moves in (
        ("taps", "main_tap_position", "tap_operations_per_year"),
        ("reactors", "reactors_in_service", "reactor_operations_per_year"),
    ):
        positions = digits.span(detail.system[column].astype(float).dropna().unique(), "count", words.between)
        is_there = positions != digits.NOT_DEFINED
        operations = digits.quantity(kpis[moves], "count") if is_there else digits.NOT_DEFINED
        rows.append([words(f"control.{name}"), positions, operations])
    vm_pu = digits.span((kpis["vm_min_pu"], kpis["vm_max_pu"]), "pu", words.between)
    hours = [digits.quantity(kpis[f"voltage_{name}_hours"], "h") for name in ("support", "outside")]
    member = member_label(run, run.member(focus.scenario, focus.point), words)
    caption = words("table.controls", member=member, vm_pu=vm_pu, support=hours[0], outside=hours[1])
    return Table(caption, [words(f"column.{n}") for n in ("control", "positions", "moves")], _align("l", 2), rows)


def energy_balance(run: Run, point: str, words: Words) -> Table:
    """Return both sides of the energy identity by scenario."""
    kpis = [run.member(scenario, point).kpis for scenario in run.scenarios]
    told = ("energy_balance_mismatch_mwh", "unsupplied_mwh")
    columns = [key_figures.energy_balance(of_one) | {name: of_one[name] for name in told} for of_one in kpis]
    rows = [
        [words(f"balance.{name}"), *(_balance_cell(name, column[name]) for column in columns)] for name in columns[0]
    ]
    titles = [scenario_title(run, scenario, words) for scenario in run.scenarios]
    return Table(words("table.balance"), [words("column.item"), *titles], _align("l", len(titles)), rows)


def _balance_cell(name: str, value: float) -> str:
    return digits.scientific(value) if name == "energy_balance_mismatch_mwh" else digits.fixed(value, 1)


def assumptions(run: Run, words: Words) -> Table:
    """Return the study's assumptions with range, status and source."""
    rows = []
    for entry in run.study["assumptions"]:
        low, high = digits.plain(entry["low"]), digits.plain(entry["high"])
        unit = "" if entry["unit"] in DIMENSIONLESS else f" {words.unit(entry['unit'])}"
        rows.append(
            [
                f"{words.of(entry, 'meaning')}\n{entry['key']}",
                words.choice("assumed", digits.plain(entry["value"])) + unit,
                low if low == high else f"{low}{words.between}{high}",
                words.choice("status", entry["status"]),
                words.of(entry, "source") if f"source_{words.language}" in entry else str(entry["source"]),
            ]
        )
    header = [words(f"column.{name}") for name in ("assumption", "value", "range", "status", "source")]
    align = ["left", "right", "right", "left", "left"]
    return Table(words("table.assumptions"), header, align, rows, ["1.7fr", "auto", "auto", "auto", "2fr"])


def provenance(run: Run, words: Words) -> Table:
    """Return the facts of the run's manifest that identify it: seed, days, code, hashes of inputs."""
    facts = {key: run.manifest[key] for key in IDENTIFYING_FACTS if run.manifest.get(key) is not None}
    header = [words("column.item"), words("column.value")]
    return Table(words("table.provenance"), header, ["left", "left"], _rows(facts), ["auto", "1fr"])


def _rows(facts: dict[str, Any], prefix: str = "") -> list[list[str]]:
    rows = []
    for key, value in facts.items():
        if isinstance(value, dict):
            rows += _rows(value, f"{prefix}{key}: ")
        else:
            text = "-".join(str(part) for part in value) if isinstance(value, list) else str(value)
            rows.append([f"{prefix}{key}", f"{text[:CHECKSUM_DIGITS_SHOWN]}…" if CHECKSUM.fullmatch(text) else text])
    return rows


def _align(left: str, numbers: int) -> list[str]:
    return ["left"] * len(left) + ["right"] * numbers


def binding(run: Run, detail: Detail, caption: str, words: Words) -> Table:
    """Return the elements and outages that bind the congestion cut, the largest first."""
    shown = detail.binding.head(MOST_BINDING)
    rows = [
        [
            element_label(run, element, words),
            element_label(run, outage, words) or words("outage.none"),
            digits.quantity(energy_mwh, "MWh"),
            f"{half_hours:,}",
        ]
        for element, outage, energy_mwh, half_hours in shown.itertuples(index=False, name=None)
    ]
    header = [words(f"column.{name}") for name in ("element", "outage", "energy", "half_hours")]
    return Table(caption, header, ["left", "left", "right", "right"], rows, ["1fr", "1fr", "auto", "auto"])
