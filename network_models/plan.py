"""A public plan for an island as data: its claims, how each is tested, and where its numbers do not meet."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from network_models.island import Island
from network_models.reading import read_tables
from network_models.tables.declarations import PLAN_DECLARATIONS
from network_models.tables.plan import Check, Claim, Fact, Slip
from twin.core.errors import Problem, raise_if_any


@dataclass(frozen=True)
class Plan:
    """The four tables of a plan, ``plan_<name>.csv`` of the island."""

    claims: dict[str, Claim]
    facts: dict[str, Fact]
    checks: dict[str, Check]
    slips: dict[str, Slip]


def has_plan(island: Island) -> bool:
    """Tell whether an island has the tables of a plan."""
    return (island.folder / "plan_claims.csv").is_file()


def read_plan(island: Island) -> Plan:
    """Return the tables of an island's plan.

    Raises
    ------
    InputError
        With all problems of all four tables: claims without id or source, ids used twice, sources that are not in the
        bibliography, claims without a check and checks of claims that are not there.
    """
    frames = read_tables(island.folder, PLAN_DECLARATIONS)
    records = {name: frame.to_dict("records") for name, frame in frames.items()}
    plan = Plan(
        claims={row["id"]: Claim.model_validate(row) for row in records["plan_claims"]},
        facts={row["name"]: Fact.model_validate(row) for row in records["plan_facts"]},
        checks={row["claim"]: Check.model_validate(row) for row in records["plan_checks"]},
        slips={row["slip"]: Slip.model_validate(row) for row in records["plan_slips"]},
    )
    raise_if_any(_unmatched(plan))
    return plan


def _unmatched(plan: Plan) -> Iterator[Problem]:
    for name in plan.claims.keys() - plan.checks.keys():
        repair = "add a row with basis none and say why it is not testable here"
        yield Problem("the claim has no check", f"plan_checks.csv, {name}", repair=repair)
    for slip in plan.slips.values():
        for name in slip.claims.split():
            if name not in plan.claims:
                where = f"plan_slips.csv ({slip.slip}), column claims"
                yield Problem("there is no such row in plan_claims.csv", where, name, "an id of it")
