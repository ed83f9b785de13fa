"""The experiment `run`: from a checked study to results and a report."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Literal

import matplotlib as mpl
import numpy as np

from network_models.drawing import map_figure, single_line_diagram
from network_models.references import read_references, readable
from reports import write_report
from studies.execution.folders import RUN_FILE, write_json
from studies.execution.workers import Progress, Workers
from studies.experiments.key_figures import none_where_nan, own_kpis, previous_price, sample_summary
from studies.experiments.runner import Experiment, Work
from studies.measured.feed import read_feed, required
from studies.sources import status_counts
from studies.study.cases import AREA_BALANCE_OFF, ONSET, OTHER_OPERATOR, counterfactuals, study_case
from studies.study.file.members import BASE, members, middle_point, onset_members, onset_tries
from studies.study.file.members import Member as StudyMember
from studies.study.file.schema import Study
from studies.study.islands import element_names_ja, island_of, tables_of
from studies.study.zones import zone_facts
from twin.core.units import KW_PER_MW, KWH_PER_MWH
from twin.metrics.comparisons import congestion_of, net_benefit, operator_kpis
from twin.metrics.kpis import or_none
from twin.metrics.series import series_of_folder
from twin.network.model import GridModel
from twin.network.monitored import element_names
from twin.operation.case import Case
from twin.operation.member import Member

FOLDER = "network"
LANGUAGES: tuple[Literal["en", "ja"], ...] = ("en", "ja")


def write_network_figures(model: GridModel, run: Path) -> None:
    """Write ``network/single_line_<language>.svg`` and ``network/map_<language>.svg``; the same bytes every time.

    Parameters
    ----------
    model : GridModel
        Of an island; guest networks carry no coordinates.
    run : pathlib.Path
        Results folder.
    """
    folder = run / FOLDER
    folder.mkdir(exist_ok=True)
    with mpl.rc_context({"svg.hashsalt": "goto-twin", "svg.fonttype": "none"}):
        for language in LANGUAGES:
            for name, draw in (("single_line", single_line_diagram), ("map", map_figure)):
                figure = draw(model, language)
                figure.savefig(folder / f"{name}_{language}.svg", metadata={"Date": None})


TWINS = "twins"
SITE_KINDS = {
    "existing_plain": ("Existing small PV", "既設小規模太陽光"),
    "existing_battery": ("Existing small PV with battery", "既設小規模太陽光(蓄電池付)"),
    "new": ("New small PV", "新設小規模太陽光"),
}


def write_kpis(
    study: Study, case: Case, members: list[StudyMember], run: Path, data: Path | None, workers: Workers
) -> None:
    """Write ``kpis.json`` and payments of all members; comparisons are with members of the same sweep point.

    The workers share the members; `case` goes to them, so it should be without its series.
    """
    year_before = previous_price(study, data)
    position = {(m.scenario, m.label): k for k, m in enumerate(case.members) if not m.twin}
    kpis_of: dict[str, dict[str, float | None]] = {}
    shares = [members[first :: workers.count] for first in range(min(workers.count, len(members)))]
    calls = [
        partial(_kpis_alone, study, case, share, [position[m.scenario, m.label] for m in share], run, year_before)
        for share in shares
    ]
    workers.here.make(calls, lambda _, found: kpis_of.update(found))
    for member in members:
        at_point = {other.scenario: other for other in members if other.label == member.label}
        kpis = kpis_of[member.path] | none_where_nan(_benefits(study, member, at_point, run, case.step_hours))
        kpis |= _kept_off(member, at_point.get(study.compare.uncontrolled or ""), kpis_of)
        write_json(run / member.path / "kpis.json", dict(sorted(kpis.items())))


def _kpis_alone(
    study: Study, case: Case, members: list[StudyMember], position: list[int], run: Path, year_before: np.ndarray | None
) -> dict[str, dict[str, float | None]]:
    """Return the key figures of some members, by path, that need no other member; write payments and temperatures."""
    kpis_of = {}
    for member, k in zip(members, position, strict=True):
        folder, operator = run / member.path, case.members[k].operator
        kpis = own_kpis(member.study, case, k, folder, year_before)
        has_twins = study.compare.counterfactuals
        kpis_of[member.path] = kpis | _twin_kpis(folder, operator, case.step_hours, has_twins=has_twins)
    return kpis_of


def _twin_kpis(folder: Path, operator: str, hours: float, *, has_twins: bool) -> dict[str, float | None]:
    """Return what needs a counterfactual: congestion without area balance, and under either operator."""
    own = series_of_folder(folder, hours)
    if not has_twins:
        return operator_kpis(own, operator, None, None)
    other, without = (folder / TWINS / name for name in (OTHER_OPERATOR, AREA_BALANCE_OFF))
    off = series_of_folder(without, hours) if without.exists() else own
    return operator_kpis(own, operator, series_of_folder(other, hours), off)


def _benefits(
    study: Study, member: StudyMember, at_point: dict[str, StudyMember], run: Path, hours: float
) -> dict[str, float | None]:
    """Net benefits against the scenarios that the study names; None where it names none."""
    compared = {"net_benefit": study.compare.reference, "net_benefit_of_control": study.compare.uncontrolled}
    kpis: dict[str, float | None] = {}
    for name, scenario in compared.items():
        base = at_point.get(scenario or "")
        own = series_of_folder(run / member.path, hours)
        found = None if base is None else net_benefit(own, series_of_folder(run / base.path, hours))
        kpis[f"{name}_mwh"] = None if found is None else found.mwh
        kpis[f"{name}_jpy"] = None if found is None else or_none(found.jpy)
    return kpis


def _kept_off(
    member: StudyMember, uncontrolled: StudyMember | None, kpis_of: dict[str, dict[str, float | None]]
) -> dict[str, float | None]:
    """Return the feed-in of small PV avoided in area-balance half-hours: a value for the whole area, never added."""
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
    middle = middle_point(study)
    base = next(member for member in members if (member.scenario, member.sweep) == (tries[0].scenario, middle))
    start = {"key": "", "value": "", "scenario": base.scenario, "member": base.label}
    rows = [start | congestion_of(series_of_folder(run / base.path, hours))]
    for one, (key, value) in zip(tries, onset_tries(study), strict=True):
        found = congestion_of(series_of_folder(run / ONSET / one.folders[1], hours))
        rows.append({"key": key, "value": value, "scenario": one.scenario, "member": base.label, **found})
    return rows


def study_record(study: Study, all_members: list[StudyMember]) -> dict[str, Any]:
    """Return the part of ``study.json`` that follows from the study file.

    What only the run knows is added by `StudyRun.reduce`.
    """
    names = list(study.scenario) or [BASE]
    return {
        "name": study.name,
        "title_en": study.title("en"),
        "title_ja": study.title("ja"),
        "fiscal_year": study.period.fiscal_year,
        "reference": study.compare.reference,
        "uncontrolled": study.compare.uncontrolled,
        "scenarios": {
            name: {"title_en": study.scenario_title(name, "en"), "title_ja": study.scenario_title(name, "ja")}
            for name in names
        },
        "sweep": study.sweep_values,
        "members": [
            {"scenario": member.scenario, "member": member.label, "sweep": member.sweep, "path": member.path}
            for member in all_members
        ],
        "study": study.model_dump(mode="json"),
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
         "area": row.area, "contract_mw": float(case.units.contract_mw[base, case.plants + k])}
        for k, (name, row) in enumerate(groups.iterrows())
    ]  # fmt: skip
    return rows


def _study_ranges(study: Study) -> list[dict[str, Any]]:
    """Return the ranges of the study's own keys, as the island's tables state them."""
    tables = tables_of(study)
    if "study_ranges" not in tables:
        return []
    columns = ["key", "base", "low", "high", "unit", "title_en", "title_ja", "source", "status"]
    rows: list[dict[str, Any]] = json.loads(tables["study_ranges"][columns].to_json(orient="records"))
    return rows


def _scenario_facts(case: Case, members: list[StudyMember]) -> dict[str, dict[str, float]]:
    """Return by scenario what stands at its small sites: number and MW of PV, kWh of batteries; at any sweep point."""
    found: dict[str, dict[str, float]] = {}
    positions = {(member.scenario, member.label): k for k, member in enumerate(case.members) if not member.twin}
    for member in members:
        has_pv = case.sites.with_pv(new_pv=member.study.fleet.new_pv)
        batteries_kwh = case.fleet.battery_mwh[positions[member.scenario, member.label]].sum() * KWH_PER_MWH
        found.setdefault(member.scenario, {
            "sites": int(has_pv.sum()),
            "site_pv_mw": float(case.sites.pv_ac_kw[has_pv].sum() / KW_PER_MW),
            "battery_kwh": float(batteries_kwh),
        })  # fmt: skip
    return found


def _assumptions(members: list[StudyMember]) -> list[dict[str, Any]]:
    """Return the network's parameters, with the values that the members use in place of the table's."""
    used: dict[str, list[Any]] = {}
    for member in members:
        grid = member.study.grid
        values = dict(grid.parameters) | ({} if grid.conductor_mm2 is None else {"conductor_mm2": grid.conductor_mm2})
        for key, value in values.items():
            if value not in used.setdefault(key, []):
                used[key].append(value)
    rows = json.loads(tables_of(members[0].study)["grid_parameters"].to_json(orient="records"))
    references = read_references(island_of(members[0].study).folder)
    return [
        {"key": row["key"], "value": ", ".join(map(str, used.get(row["key"], [row["value"]]))), "unit": row["unit"],
         "low": row["low"], "high": row["high"], "source": row["source"], "status": row["status"],
         "meaning_en": row["name_en"], "meaning_ja": row["name_ja"],
         "source_en": readable(row["source"], references, "en"),
         "source_ja": readable(row.get("source_ja") or row["source"], references, "ja")}
        for row in rows
    ]  # fmt: skip


SAMPLED_HALF_HOURS, SAMPLED_PER_MEMBER = 50, 2


class StudyRun(Experiment):
    """A study as it is written: all members with their counterfactuals, and the values that ``[onset]`` tries."""

    record_file = RUN_FILE
    scratch = ()

    @property
    def folder_name(self) -> str:
        """The study's name, with the fiscal year where the command line gives it."""
        year = self.study.asked_year
        return self.study.name if year is None else f"{self.study.name}_{year}"

    def simulations(self) -> int:
        """Return the number of members, counterfactuals and tries."""
        twins = 2 if self.study.compare.counterfactuals else 0
        return len(members(self.study)) * (1 + twins) + len(onset_tries(self.study))

    def prepare(self, progress: Progress) -> None:
        """Make the case of all members, counterfactuals and tries."""
        self.own, self.tries = members(self.study), onset_members(self.study)
        self.case = study_case(self.study, [*self.own, *self.tries], self.data, self.days, self._with_counterfactuals)

    def _with_counterfactuals(self, settled: list[Member]) -> list[Member]:
        """Return every member with its counterfactuals, then the values that are tried."""
        count = len(self.own)
        beside = counterfactuals if self.study.compare.counterfactuals else lambda _: []
        own = [some for member in settled[:count] for some in (member, *beside(member))]
        return [*own, *(replace(member, twin=ONSET) for member in settled[count:])]

    def folders(self, place: Path) -> list[Path]:
        """Return the members' folders; those of counterfactuals lie inside."""
        own = {(member.scenario, member.label): place / member.path for member in self.own}
        tried = {member.label: place / ONSET / member.folders[1] for member in self.tries}
        found = []
        for member in self.case.members:
            if member.twin == ONSET:
                found.append(tried[member.label])
            else:
                folder = own[member.scenario, member.label]
                found.append(folder / TWINS / member.twin if member.twin else folder)
        return found

    def simulate(self, work: Work) -> None:
        """Run the members; their tables stay."""
        with work.timed("simulation"):
            self.run_members(work, max(SAMPLED_PER_MEMBER, -(-SAMPLED_HALF_HOURS // len(self.own))))

    def reduce(self, work: Work) -> dict[str, Any]:
        """Write key figures and manifests of the members and the network's drawings; return the resolved study."""
        write_kpis(self.study, self.case, self.own, work.folder, self.data, work.workers)
        for member in self.own:
            facts = work.facts | {"study": member.study.model_dump(mode="json")}
            write_json(work.folder / member.path / "manifest.json", facts)
        if self.study.grid.is_island:
            write_network_figures(self.case.model, work.folder)
        told = {member.path: zone_facts(member.study) for member in self.own}
        zones = {path: of_member for path, of_member in told.items() if of_member}
        zone_names_ja = {one["zone"]: f"区域{one['title_ja']}" for of_member in zones.values() for one in of_member}
        return study_record(self.study, self.own) | {
            "assumptions": _assumptions(self.own) if self.study.grid.is_island else [],
            "island": {"name": island_of(self.study).name, "absent": list(island_of(self.study).absent())},
            "sources": status_counts(island_of(self.study)),
            "units": _units(self.case),
            "link_elements": element_names(self.case.model.net, [one.element for one in self.case.model.roles.link]),
            "element_names_ja": (element_names_ja(self.study) if self.study.grid.is_island else {}) | zone_names_ja,
            "zones": zones,
            "study_ranges": _study_ranges(self.study) if self.study.grid.is_island else [],
            "scenario_facts": _scenario_facts(self.case, self.own),
            "currency": self.case.model.currency,
            "feed": self._feed_record(),
            "substitutes": self.substitutes_record(),
            "onset": onset_rows(self.study, self.own, self.tries, work.folder, self.case.step_hours),
            "sample_check": sample_summary([work.folder / member.path for member in self.own]),
            "repeat_command": self._repeat_command(),
        }

    def _feed_record(self) -> dict[str, float | str]:
        """Return what was found and masked in the feed; nothing without one."""
        if self.study.weather.source != "feed":
            return {}
        return read_feed(tables_of(self.study), required(self.data)).record

    def _repeat_command(self) -> str:
        words = ["goto-twin", "run", f"studies/{self.study.name}.toml"]
        words += ["--data", "DATA"] if self.data is not None else []
        words += ["--year", str(self.study.asked_year)] if self.study.asked_year is not None else []
        return " ".join(words + (["--days", f"{self.days[0]}:{self.days[1]}"] if self.days else []))

    def report(self, folder: Path, record: dict[str, Any]) -> None:
        """Write the report from the results files."""
        write_report(folder)
