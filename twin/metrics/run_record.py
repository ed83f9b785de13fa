"""The files of a run folder as models: what every reader may rely on, checked once."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Annotated, Any, NoReturn, Self, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from twin.core.errors import Problem

RERUN = "run the study again: goto-twin run STUDY.toml"
LONGEST_SHOWN = 80


def _finite(value: float) -> float:
    if not math.isfinite(float(value)):
        raise ValueError("a finite number is needed")
    return value


def _inside(path: str) -> str:
    parts = PurePosixPath(path).parts
    if not parts or "\0" in path or "\\" in path or PurePosixPath(path).is_absolute() or ".." in parts or ":" in path:
        raise ValueError("a folder below the run, e.g. scenario/member, is needed")
    return path


def _file_name(name: str) -> str:
    if name in ("", ".", "..") or any(character in name for character in "/\\\0:"):
        raise ValueError("a name without / and \\ is needed")
    return name


Number = Annotated[float, AfterValidator(_finite)]
Kpis = dict[str, Number | None]


class Record(BaseModel):
    """Base of all records: more keys than these are passed over, types are not guessed."""

    model_config = ConfigDict(extra="allow", strict=True, frozen=True)


class Titles(Record):
    """Titles of a scenario."""

    title_en: str
    title_ja: str


class MemberRecord(Record):
    """A member as ``study.json`` lists it."""

    scenario: str
    member: str
    sweep: dict[str, Any]
    path: Annotated[str, AfterValidator(_inside)]


class Assumption(Record):
    """A parameter of the network as the members use it."""

    key: str
    value: str | Number | None
    unit: str | None
    low: str | Number | None
    high: str | Number | None
    source: str | None
    status: str
    meaning_en: str
    meaning_ja: str


class Unit(Record):
    """A plant or a group of sites in the order of the ledger."""

    unit: str
    name_en: str
    name_ja: str
    kind: str
    firmness: str
    area: str
    contract_mw: Number


class IslandRecord(Record):
    """The island, and the parts that it leaves out."""

    name: str
    absent: list[str]


class OnsetRow(Record):
    """A value that was tried alone, or (with an empty key) the member that all start from."""

    key: str
    value: Any
    scenario: str
    member: str
    curtailed_congestion_mwh: Number
    congested_hours: Number
    criterion_broken_hours: Number


class SampleCheck(Record):
    """How far sampled states are from pandapower's."""

    half_hours: int
    states: int
    unsolved: int
    max_vm_error_pu: Number | None
    max_loading_error_percent: Number | None
    tolerance_pu: Number


class StudyRecord(Record):
    """``study.json``."""

    name: Annotated[str, AfterValidator(_file_name)]
    title_en: str
    title_ja: str
    fiscal_year: int
    reference: str | None
    uncontrolled: str | None
    scenarios: dict[str, Titles] = Field(min_length=1)
    sweep: dict[str, Annotated[list[Any], Field(min_length=1)]]
    members: list[MemberRecord] = Field(min_length=1)
    study: dict[str, Any]
    assumptions: list[Assumption]
    island: IslandRecord
    sources: dict[str, int]
    units: list[Unit]
    currency: str
    onset: list[OnsetRow]
    sample_check: SampleCheck
    repeat_command: str

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        wrong = [*self._lost_scenarios(), *self._odd_members(), *self._odd_onset()]
        if wrong:
            raise ValueError("; ".join(wrong))
        return self

    def _lost_scenarios(self) -> Iterator[str]:
        for role in ("reference", "uncontrolled"):
            name = getattr(self, role)
            if name is not None and name not in self.scenarios:
                yield f"{role}: no such scenario as {name!r}"

    def _odd_members(self) -> Iterator[str]:
        keys = [(one.scenario, one.member) for one in self.members]
        points = dict.fromkeys(one.member for one in self.members)
        for name in dict.fromkeys(one.scenario for one in self.members if one.scenario not in self.scenarios):
            yield f"members: no such scenario as {name!r}"
        if len(set(keys)) < len(keys):
            yield "members: one stands twice"
        if len({one.path for one in self.members}) < len(keys):
            yield "members: two lie in the same folder"
        for name in self.scenarios:  # ranges over the sweep would mislead
            missing = [point for point in points if (name, point) not in keys]
            if missing:
                yield f"members of {name}: sweep points are missing: {', '.join(missing)}"
        if any(set(one.sweep) != set(self.sweep) for one in self.members):
            yield f"members: their sweep has other keys than {', '.join(self.sweep) or 'none'}"

    def _odd_onset(self) -> Iterator[str]:
        if not self.onset:
            return
        first = self.onset[0]
        if first.key:
            yield f"onset: the first row is not the start: its key is {first.key!r}"
        if (first.scenario, first.member) not in [(one.scenario, one.member) for one in self.members]:
            yield f"onset: the start is no member of the study: {first.scenario} {first.member}"


class Manifest(Record):
    """``manifest.json`` of a run or of a member: what its results were made from."""

    study: dict[str, Any]
    days: Annotated[list[int], Field(min_length=2, max_length=2)] | None
    seed: int
    inputs_sha256: dict[str, str]
    code: dict[str, Any]
    packages: dict[str, str]


R = TypeVar("R", bound=Record)


def read_record(file: Path, model: type[R], problems: list[Problem]) -> tuple[dict[str, Any], R | None]:
    """Return the content of a file and its record; what is wrong is added to `problems`, the record is then None."""
    content = read_json(file, problems)
    if content is None:
        return {}, None
    try:
        return content, model.model_validate(content)
    except ValidationError as error:
        problems += _findings(file, error)
        return content, None


def read_kpis(file: Path, problems: list[Problem]) -> dict[str, float]:
    """Return key figures by name, NaN where not defined; what is wrong is added to `problems`."""
    found: dict[str, float] = {}
    for name, value in (read_json(file, problems) or {}).items():
        is_number = isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= MOST
        if value is None or is_number:
            found[name] = math.nan if value is None else float(value)
        else:
            problems.append(Problem("not a number", f"{file}: {name}", _shown(value), "a number or null", RERUN))
    return found


MOST = 1e300
"""No key figure is larger; beyond, a whole number may not fit."""


def read_json(file: Path, problems: list[Problem]) -> dict[str, Any] | None:
    """Return the object in a JSON file of a run; None where there is none, which is added to `problems`."""
    if file.exists() and not file.is_file():  # a pipe would be waited for
        problems.append(Problem("is no file", str(file), repair=RERUN))
        return None
    try:
        content = json.loads(file.read_text(encoding="utf-8"), parse_constant=_refuse_constant)
    except FileNotFoundError:
        problems.append(Problem("the file is missing", str(file), repair=RERUN))
        return None
    except OSError as error:
        problems.append(Problem("the file cannot be read", str(file), error.strerror or str(error), repair=RERUN))
        return None
    except (ValueError, RecursionError) as error:  # no text, no JSON, or nested too deep
        problems.append(Problem("the file is not JSON", str(file), str(error)[:LONGEST_SHOWN], "a JSON object", RERUN))
        return None
    if not isinstance(content, dict):
        problems.append(Problem("the file is not a JSON object", str(file), _shown(content), "{...}", RERUN))
        return None
    return content


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number")


def _findings(file: Path, error: ValidationError) -> Iterator[Problem]:
    """Yield what pydantic found, in words without Python's."""
    for line in error.errors(include_url=False, include_context=False):
        where = f"{file}: {'.'.join(map(str, line['loc']))}" if line["loc"] else str(file)
        if line["type"] == "missing":
            yield Problem("a key is missing", where, repair=RERUN)
        elif line["type"] == "value_error":
            seen = "" if isinstance(line["input"], Mapping) else _shown(line["input"])
            yield Problem(line["msg"].removeprefix("Value error, "), where, seen, repair=RERUN)
        else:
            what = line["msg"].removeprefix("Input should be ").removeprefix("a valid ")
            yield Problem("a value of another kind is needed", where, _shown(line["input"]), what, RERUN)


def _shown(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}..."
