"""A public plan for an island as data: its claims, how each is tested, and where its numbers do not meet."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from network_models.island import Island
from network_models.tables.plan import Check, Claim, Fact, PlanRow, Slip
from twin.core.errors import Problem, raise_if_any


@dataclass(frozen=True)
class Plan:
    """The four tables of a plan, ``plan_<name>.csv`` of the island."""

    claims: dict[str, Claim]
    facts: dict[str, Fact]
    checks: dict[str, Check]
    slips: dict[str, Slip]


R = TypeVar("R", bound=PlanRow)


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
    problems: list[Problem] = []
    claims = _table(island.folder / "plan_claims.csv", Claim, "id", problems)
    facts = _table(island.folder / "plan_facts.csv", Fact, "name", problems)
    checks = _table(island.folder / "plan_checks.csv", Check, "claim", problems)
    slips = _table(island.folder / "plan_slips.csv", Slip, "slip", problems)
    raise_if_any(problems)
    keys = {row["key"] for row in _rows(island.folder / "references.csv")}
    raise_if_any(_dangling(Plan(claims, facts, checks, slips), keys))
    return Plan(claims, facts, checks, slips)


def _dangling(plan: Plan, keys: set[str]) -> Iterator[Problem]:
    cited: list[tuple[str, str]] = [(f"plan_claims.csv, {row.id}", row.reference) for row in plan.claims.values()]
    cited += [(f"plan_facts.csv, {row.name}", row.reference) for row in plan.facts.values()]
    for where, key in cited:
        if key not in keys:
            yield Problem("the source is not in references.csv", f"{where}, column reference", key, "a key of it")
    for name in plan.claims.keys() - plan.checks.keys():
        repair = "add a row with basis none and say why it is not testable here"
        yield Problem("the claim has no check", f"plan_checks.csv, {name}", repair=repair)
    of_slips = {name for slip in plan.slips.values() for name in slip.claims.split()}
    for name in sorted((plan.checks.keys() | of_slips) - plan.claims.keys()):
        yield Problem("there is no such claim in plan_claims.csv", f"plan_checks.csv, plan_slips.csv, {name}", name)


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def _table(path: Path, kind: type[R], key: str, problems: list[Problem]) -> dict[str, R]:
    """Return the rows of a table by their key; what is wrong with them is added to `problems`."""
    if not path.is_file():
        problems.append(Problem("the table is missing", str(path), repair=f"add {path.name}"))
        return {}
    found: dict[str, R] = {}
    for line, cells in enumerate(_rows(path), 2):
        where = f"{path.name} line {line}"
        if None in cells or None in cells.values():
            problems.append(Problem("wrong number of cells", where, repair="a cell with a comma needs quotes"))
            continue
        try:
            row = kind.model_validate({name: value.strip() for name, value in cells.items()})
        except ValidationError as error:
            problems += [_problem(where, cells, dict(part), kind) for part in error.errors()]
            continue
        name = str(getattr(row, key))
        if name in found:
            problems.append(Problem("the key is used twice", f"{where}, column {key}", name, "a new key"))
        found[name] = row
    return found


def _problem(where: str, cells: dict[str, str], found: dict[str, object], kind: type[PlanRow]) -> Problem:
    place = found["loc"]
    column = str(place[0]) if isinstance(place, tuple) else str(place)
    seen, name = cells.get(column, ""), next(iter(cells.values()))
    place_of = f"{where} ({name}), column {column}" if name and name != seen else f"{where}, column {column}"
    if found["type"] == "missing":
        return Problem(f"column '{column}' is missing", where, repair=f"add the column '{column}'")
    if found["type"] == "extra_forbidden":
        return Problem("unknown column", where, column, ", ".join(kind.model_fields), "rename or remove the column")
    if not seen:
        return Problem("the cell is empty", place_of, repair="fill it in: what nobody can look up cannot be audited")
    return Problem(str(found["msg"]).lower(), place_of, seen)
