"""The experiment `compare-policies`: several policies under the same weather years, differences in pairs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from studies.execution.provenance import policy_inputs
from studies.execution.workers import Progress
from studies.experiments.certificate.certify import NONE, PUBLIC, Certificate, HeldOut
from studies.experiments.certificate.identity import policy_name
from studies.experiments.certificate.scores import Kpis, paired_difference
from studies.experiments.key_figures import own_kpis, previous_price
from studies.experiments.runner import Experiment, Work
from studies.study.cases import study_case
from studies.study.file.members import Member as StudyMember
from studies.study.file.members import resolved
from studies.study.file.policy_files import load_policy
from studies.study.file.schema import Study
from twin.operation.member import Member

COMPARED = (
    "energy_used_mwh", "net_supply_jpy", "curtailed_congestion_mwh", "criterion_broken_hours",
    "all_outage_violation_hours", "cash_sites_jpy", "cash_plant_owners_jpy", "battery_wear_percent_per_year",
    "clipped_commands",
)  # fmt: skip


class PolicyComparison(Experiment):
    """Policies in the base case of a certificate at the calibrated forecast error, each weather year a pair.

    Parameters
    ----------
    policies : sequence of str
        As a user names them; the others are compared with the first, and all with none.
    study, folder, years, data, days, held_out
        As of `Certificate`.
    """

    record_file = "policies.json"

    def __init__(
        self,
        study: Study,
        policies: Sequence[str],
        folder: Path,
        years: int | None = None,
        data: Path | None = None,
        days: tuple[int, int] | None = None,
        held_out: HeldOut = PUBLIC,
    ) -> None:
        base = Certificate(study, NONE, folder, years, data, days, held_out)
        super().__init__(base.study, data, days)
        self.base, self.folder = base, folder
        self.policies = list(dict.fromkeys([NONE, *policies]))
        self.runs = [(year, policy) for year in base.years for policy in self.policies]

    def members(self) -> list[StudyMember]:
        """Return a member for each year and policy."""
        wanted = []
        for k, (year, policy) in enumerate(self.runs):
            of_year = {} if year is None else {"weather.weather_year": year}
            path = f"year={year}/{k % len(self.policies)}-{policy_name(policy)}"
            wanted.append((self.base.scenario, path, self.base.point | of_year))
        return resolved(self.study, wanted)

    def files(self) -> dict[str, Path]:
        """Return the study's files and those of the policies."""
        found = super().files()
        for policy in self.policies:
            found |= policy_inputs(policy, self.folder)
        return found

    def facts(self) -> dict[str, Any]:
        """Return which policies and years are compared."""
        return {"policies": [policy_name(policy) for policy in self.policies], "years": list(self.base.years)}

    def prepare(self, progress: Progress) -> None:
        """Make the case, each run with a policy of its own."""
        policies = [load_policy(policy, self.folder, "POLICY") for _, policy in self.runs]

        def settled(made: list[Member]) -> list[Member]:
            return [replace(member, policy=policy) for member, policy in zip(made, policies, strict=True)]

        self.case = study_case(self.study, self.members(), self.data, self.days, settled)

    def reduce(self, work: Work) -> dict[str, Any]:
        """Return each policy's means and its paired differences against none and against the first policy."""
        year_before, kpis = previous_price(self.study, self.data), []
        for m, (member, folder) in enumerate(zip(self.members(), self.folders(work.folder), strict=True)):
            kpis.append(own_kpis(member.study, self.case, m, folder, year_before))
        of_policy = {policy: kpis[k :: len(self.policies)] for k, policy in enumerate(self.policies)}
        first = self.policies[min(1, len(self.policies) - 1)]
        return {
            **work.facts,
            "policies": [
                {
                    "policy": policy_name(policy),
                    "figures": {name: _compared(mine, of_policy[NONE], of_policy[first], name) for name in COMPARED},
                }
                for policy, mine in of_policy.items()
            ],
        }

    def report(self, folder: Path, record: Mapping[str, Any]) -> None:
        """Write no pages: the table on the terminal and the record are the report."""


def _compared(mine: Sequence[Kpis], none: Sequence[Kpis], first: Sequence[Kpis], name: str) -> dict[str, Any] | None:
    """Return the mean and both differences of a key figure; None where a run lacks it."""
    rows = [[value for kpis in some if (value := kpis[name]) is not None] for some in (mine, none, first)]
    if any(len(row) < len(mine) for row in rows):
        return None
    own, others, of_first = rows
    return {
        "mean": sum(own) / len(own),
        "against_none": asdict(paired_difference(own, others)),
        "against_first": asdict(paired_difference(own, of_first)),
    }
