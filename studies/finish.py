"""What is made once all members have run: key figures, comparisons and the study's record."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from network_models.goto import parameter_table
from studies.cash import previous_price, write_payments
from studies.loop_members import AREA_BALANCE_OFF, ONSET, OTHER_OPERATOR
from studies.members import Member as StudyMember
from studies.members import label
from studies.output import study_record, write_json
from studies.sources import status_counts
from studies.study import Study
from twin.loop.case import Case
from twin.loop.state import stored_at_start_mwh
from twin.results.benefit import net_benefit
from twin.results.kpis import (
    CONGESTED_ABOVE_MW,
    congestion_mw,
    congestion_mwh,
    member_kpis,
    read_table,
)
from twin.schema import CONGESTION_CAUSES

TWINS = "twins"
_COMPARED = [*(f"{cause}_mw" for cause in CONGESTION_CAUSES), "criterion_broken", "forecast_missed", "failure"]
"""Columns of ``system`` that counterfactuals are compared by."""
_OF_TWINS = (
    "perfect_operator_curtailed_congestion_mwh", "forecast_operator_curtailed_congestion_mwh",
    "forecast_operator_missed_hours", "congestion_masked_by_area_balance_mwh",
)  # fmt: skip
SITE_KINDS = {
    "existing_plain": ("Existing small PV", "既設小規模太陽光"),
    "existing_battery": ("Existing small PV with battery", "既設小規模太陽光(蓄電池付)"),
    "new": ("New small PV", "新設小規模太陽光"),
}
VM_TOLERANCE_PU = 1e-6
"""Largest voltage deviation of a sampled state from pandapower that counts as agreement."""


def write_kpis(study: Study, case: Case, members: list[StudyMember], run: Path, data: Path | None) -> None:
    """Write ``kpis.json`` and payments of all members; comparisons are with members of the same sweep point."""
    year_before = previous_price(study, data)
    loop_members = {(m.scenario, m.label): (k, m) for k, m in enumerate(case.members) if not m.twin}
    kpis_of = {}
    for member in members:
        k, loop_member = loop_members[member.scenario, member.label]
        folder = run / member.path
        kpis = own_kpis(member.study, case, k, folder, year_before)
        has_twins = study.compare.counterfactuals
        kpis_of[member.path] = kpis | _twin_kpis(folder, loop_member.operator, case.step_hours, has_twins=has_twins)
    for member in members:
        at_point = {other.scenario: other for other in members if other.label == member.label}
        kpis = kpis_of[member.path] | _benefits(study, member, at_point, run, case.step_hours)
        kpis |= _kept_off(member, at_point.get(study.compare.uncontrolled or ""), kpis_of)
        write_json(run / member.path / "kpis.json", dict(sorted(kpis.items())))


def own_kpis(study: Study, case: Case, m: int, folder: Path, year_before: np.ndarray | None) -> dict[str, float | None]:
    """Write a member's payments and return its key figures, but for comparisons with other members.

    Parameters
    ----------
    study : Study
        The member's own.
    case : Case
    m : int
        The member's position in the case.
    folder : pathlib.Path
        With the member's tables.
    year_before : numpy.ndarray, optional
        From `studies.cash.previous_price`.
    """
    cash = write_payments(study, case, case.members[m], folder, year_before)
    return cash | member_kpis(folder, stored_at_start_mwh(case, m), float(case.battery_mwh[m].sum()), case.step_hours)


def _twin_kpis(folder: Path, operator: str, hours: float, *, has_twins: bool) -> dict[str, float | None]:
    """Return what needs a counterfactual: congestion without area balance, and under either operator."""
    system = read_table(folder, "system", _COMPARED)
    own = congestion_mwh(system, hours)
    if not has_twins:
        return dict.fromkeys(_OF_TWINS) | {f"{operator}_operator_curtailed_congestion_mwh": own}
    other = read_table(folder / TWINS / OTHER_OPERATOR, "system", _COMPARED)
    kinds = {operator: own, "forecast" if operator == "perfect" else "perfect": congestion_mwh(other, hours)}
    kpis: dict[str, float | None] = {f"{kind}_operator_curtailed_congestion_mwh": mwh for kind, mwh in kinds.items()}
    forecast = system if operator == "forecast" else other
    kpis["forecast_operator_missed_hours"] = hours * float(forecast["forecast_missed"].sum())
    twin = folder / TWINS / AREA_BALANCE_OFF
    without = congestion_mwh(read_table(twin, "system", _COMPARED), hours) if twin.exists() else own
    kpis["congestion_masked_by_area_balance_mwh"] = without - own
    return kpis


def _benefits(
    study: Study, member: StudyMember, at_point: dict[str, StudyMember], run: Path, hours: float
) -> dict[str, float | None]:
    """Net benefits against the scenarios that the study names; None where it names none."""
    compared = {"net_benefit": study.compare.reference, "net_benefit_of_control": study.compare.uncontrolled}
    kpis: dict[str, float | None] = {}
    for name, scenario in compared.items():
        base = at_point.get(scenario or "")
        found = None if base is None else net_benefit(run / member.path, run / base.path, hours)
        kpis[f"{name}_mwh"] = None if found is None else found.mwh
        kpis[f"{name}_jpy"] = None if found is None else found.jpy
    return kpis


def _kept_off(
    member: StudyMember, uncontrolled: StudyMember | None, kpis_of: dict[str, dict[str, float | None]]
) -> dict[str, float | None]:
    """Return the feed-in of small PV avoided in area-balance half-hours: a value for all of Kyushu, never added."""
    name = "small_pv_kept_off_in_area_balance_mwh"
    if uncontrolled is None:
        return {name: None}
    theirs, mine = (kpis_of[one.path]["site_export_in_area_balance_mwh"] for one in (uncontrolled, member))
    return {name: None if theirs is None or mine is None else theirs - mine}


def onset_rows(
    study: Study, members: list[StudyMember], tries: list[StudyMember], run: Path, hours: float
) -> list[dict[str, Any]]:
    """Return the congestion of the values that were tried one at a time, after the member that they start from."""
    if not tries:
        return []
    middle = {key: tries[0].sweep[key] for key in study.sweep_values if key in tries[0].sweep}
    base = next(
        m for m in members if m.scenario == tries[0].scenario and all(m.sweep[k] == v for k, v in middle.items())
    )
    rows = [
        {"key": "", "value": "", "scenario": base.scenario, "member": base.label, **_congestion(run / base.path, hours)}
    ]
    for one in tries:
        key = next(key for key in study.onset_values if key in one.sweep and one.label == label({key: one.sweep[key]}))
        found = _congestion(run / ONSET / one.label, hours)
        rows.append({"key": key, "value": one.sweep[key], "scenario": one.scenario, "member": base.label, **found})
    return rows


def _congestion(folder: Path, hours: float) -> dict[str, float]:
    system = read_table(folder, "system", _COMPARED)
    return {
        "curtailed_congestion_mwh": congestion_mwh(system, hours),
        "congested_hours": hours * float((congestion_mw(system) > CONGESTED_ABOVE_MW).sum()),
        "criterion_broken_hours": hours * float(system["criterion_broken"].sum()),
    }


def write_study_record(
    study: Study, members: list[StudyMember], case: Case, onset: list[dict[str, Any]], run: Path, repeat_command: str
) -> None:
    """Write ``study.json``: the resolved study and what the report needs beside the tables."""
    record = study_record(study, members) | {
        "assumptions": _assumptions(members) if study.grid.is_goto else [],
        "sources": status_counts(),
        "units": _units(case),
        "onset": onset,
        "sample_check": sample_summary([run / member.path for member in members]),
        "repeat_command": repeat_command,
    }
    write_json(run / "study.json", record)


def sample_summary(folders: list[Path]) -> dict[str, Any]:
    """Return how far the sampled states are from pandapower's."""
    tables = [pq.read_table(folder / "sample_check.parquet").to_pandas() for folder in folders]
    states = [row for table in tables for row in table.to_dict("records")]
    solved = [row for row in states if row["solved"]]
    return {
        "half_hours": len(
            {(number, row["step"]) for number, table in enumerate(tables) for row in table.to_dict("records")}
        ),
        "states": len(states),
        "unsolved": len(states) - len(solved),
        "max_vm_error_pu": max((row["vm_error_pu"] for row in solved), default=None),
        "max_loading_error_percent": max((row["loading_error_percent"] for row in solved), default=None),
        "tolerance_pu": VM_TOLERANCE_PU,
    }


def _units(case: Case) -> list[dict[str, Any]]:
    plants, groups = case.model.plants, case.sites.groups
    base = len(case.members) - 1
    rows = [
        {"unit": str(name), "name_en": row.name_en, "name_ja": row.name_ja, "kind": row.kind, "firmness": firmness,
         "area": row.area, "contract_mw": float(row.contract_mw)}
        for (name, row), firmness in zip(plants.iterrows(), case.members[0].firmness, strict=False)
    ]  # fmt: skip
    areas = case.model.areas
    rows += [
        {"unit": str(name), "name_en": f"{SITE_KINDS[row.kind][0]}, {areas.name_en[row.area]}",
         "name_ja": f"{areas.name_ja[row.area]} {SITE_KINDS[row.kind][1]}", "kind": "site", "firmness": row.cut,
         "area": row.area, "contract_mw": float(case.contract_mw[base, case.plants + k])}
        for k, (name, row) in enumerate(groups.iterrows())
    ]  # fmt: skip
    return rows


def _assumptions(members: list[StudyMember]) -> list[dict[str, Any]]:
    """Return the network's parameters, with the values that the members use in place of the table's."""
    used: dict[str, list[Any]] = {}
    for member in members:
        grid = member.study.grid
        values = dict(grid.parameters) | ({} if grid.conductor_mm2 is None else {"conductor_mm2": grid.conductor_mm2})
        for key, value in values.items():
            if value not in used.setdefault(key, []):
                used[key].append(value)
    rows = json.loads(parameter_table().reset_index().to_json(orient="records"))
    return [
        {"key": row["key"], "value": ", ".join(map(str, used.get(row["key"], [row["value"]]))), "unit": row["unit"],
         "low": row["low"], "high": row["high"], "source": row["source"], "status": row["status"],
         "meaning_en": row["name_en"], "meaning_ja": row["name_ja"]}
        for row in rows
    ]  # fmt: skip
