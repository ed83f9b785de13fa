"""A public plan for an island as data: its claims, how each is tested, and where its numbers do not meet."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from network_models.island import Island
from twin.core.errors import Problem, raise_if_any

Basis = Literal["input", "arithmetic", "years", "run", "none"]
"""What a claim is tested with: the model takes it as given; the plan's own numbers; a year of the plants and sites
without a grid; a year of the closed loop; nothing."""


class _Row(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Claim(_Row):
    """What the plan says, with the section where it says so."""

    id: str = Field(min_length=1)
    topic: str = Field(min_length=1)
    claim: str = Field(min_length=1)
    claim_ja: str = Field(min_length=1)
    value: float = Field(allow_inf_nan=False)
    unit: str
    where: str = Field(min_length=1)
    reference: str = Field(min_length=1)


class Fact(_Row):
    """A further number of the plan, or of another source, which a formula needs."""

    name: str = Field(min_length=1)
    value: float = Field(allow_inf_nan=False)
    unit: str
    where: str = Field(min_length=1)
    reference: str = Field(min_length=1)


class Check(_Row):
    """How a claim is tested: a formula of the same unit, how far both may be apart, what explains it.

    `within` is an amount, ``5 %`` of the claim, ``>=`` or ``<=`` (the computed value may lie above, or below).
    """

    claim: str = Field(min_length=1)
    basis: Basis
    computed: str
    within: str = Field(pattern=r"^(>=|<=|\d+(\.\d+)?( %)?|)$")
    because_en: str = Field(min_length=1)
    because_ja: str = Field(min_length=1)


class Slip(_Row):
    """Two numbers or formulas that should agree; or, by `when`, the computed one should not be more, or not the same.

    What has to be settled first stands on the report's first page.
    """

    slip: str = Field(min_length=1)
    first_page: bool
    claims: str = Field(min_length=1)
    stated: str = Field(min_length=1)
    computed: str = Field(min_length=1)
    unit: str
    digits: int
    when: Literal["differ", "more", "same"]
    within: float = Field(ge=0)
    text_en: str = Field(min_length=1)
    text_ja: str = Field(min_length=1)


@dataclass(frozen=True)
class Plan:
    """The four tables of a plan, ``plan_<name>.csv`` of the island."""

    claims: dict[str, Claim]
    facts: dict[str, Fact]
    checks: dict[str, Check]
    slips: dict[str, Slip]


R = TypeVar("R", bound=_Row)


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


def _problem(where: str, cells: dict[str, str], found: dict[str, object], kind: type[_Row]) -> Problem:
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
