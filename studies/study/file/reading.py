"""Read a study file and report everything that is wrong with it at once, each with its line."""

from __future__ import annotations

import json
import re
import sys
import tomllib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from network_models.island import SHIPPED, Island, find_folder, find_island
from studies.study.file.checks import checked_section, outside_problems
from studies.study.file.explaining import explain, findings, shown
from studies.study.file.input_names import (
    added_problems,
    guest_problems,
    input_problems,
    network_problems,
    part_problems,
    why_not_overridable,
)
from studies.study.file.members import BASE, members
from studies.study.file.names import Assignment, nearest
from studies.study.file.policy_files import policy_problems
from studies.study.file.schema import Grid, Settings, Study
from twin.core.dotted_keys import flatten, with_values
from twin.core.errors import InputError, Problem, is_unseen, raise_if_any

_PART = r"""(?:[A-Za-z0-9_\-]+|"[^"]*"|'[^']*')"""
_KEY = rf"{_PART}(?:\s*\.\s*{_PART})*"
_HEADER = re.compile(rf"^\s*(\[\[?)\s*({_KEY})\s*\]\]?\s*(?:#.*)?$")
_ASSIGNMENT = re.compile(rf"^\s*({_KEY})\s*=")
_MULTILINE = ('"""', "'''")


def key_lines(text: str) -> dict[str, int]:
    """Return the 1-based line of each table header and key, by dotted key.

    Entries of an array of tables are numbered from 0, as pydantic does. Keys inside inline tables have no line of
    their own; `line_of` falls back to the line of the table.
    """
    lines: dict[str, int] = {}
    entries: Counter[str] = Counter()
    table = ""
    closing = ""
    for number, line in enumerate(text.splitlines(), start=1):
        if closing:
            closing = "" if closing in line else closing
            continue
        if header := _HEADER.match(line):
            table = _plain(header.group(2))
            lines.setdefault(table, number)
            if header.group(1) == "[[":
                entries[table] += 1
                table = f"{table}.{entries[table] - 1}"
                lines[table] = number
        elif assignment := _ASSIGNMENT.match(line):
            key = _plain(assignment.group(1))
            lines.setdefault(f"{table}.{key}" if table else key, number)
            closing = next((mark for mark in _MULTILINE if line.count(mark) % 2), "")
    return lines


def line_of(lines: dict[str, int], parts: Sequence[str]) -> int | None:
    """Return the line of a key given by its parts, or of the nearest table around it, or None."""
    for length in range(len(parts), 0, -1):
        dotted = ".".join(parts[:length])
        if dotted in lines:
            return lines[dotted]
        inside = [line for key, line in lines.items() if key.startswith(f"{dotted}.")]
        if inside:
            return min(inside)
    return None


def _plain(key: str) -> str:
    return ".".join(part.strip("\"'") for part in re.findall(_PART, key))


STUDIES = Path(__file__).parents[2]
"""Folder of the shipped study files."""


def shipped_studies() -> list[Path]:
    """Return the study files that come with the package."""
    return sorted(STUDIES.glob("*.toml"))


def study_path(name: str) -> Path:
    """Return the study file that a path or the name of a shipped study means; a folder of that name is no study.

    Raises
    ------
    InputError
        If there is neither such a file nor such a shipped study.
    """
    path = Path(name)
    shipped = {study.stem: study for study in shipped_studies()}
    if path.exists() and not (path.is_dir() and name in shipped):
        return path
    if name in shipped:
        return shipped[name]
    accepted = f"a path, or one of {', '.join(shipped)}"
    raise InputError([Problem("there is no such study file", name, accepted=accepted, repair="correct the path")])


Days = tuple[int, int]


def read_study(path: Path, data: Path | None = None, days: Days | None = None, year: int | None = None) -> Study:
    """Read, check and return a study.

    Parameters
    ----------
    path : pathlib.Path
        A TOML file (UTF-8).
    data : pathlib.Path, optional
        Folder given by ``--data``.
    days : tuple of int, optional
        First and last day given by ``--days``, 1-based and inclusive.
    year : int, optional
        Fiscal year given by ``--year``, in place of the file's.

    Raises
    ------
    InputError
        With all problems of the file, its scenarios and sweeps, the files that it names and the command line.
    """
    text = _text(path)
    table = _table(text, path)
    raise_if_any(_unusable_texts(table, text, path))
    if year is not None and isinstance(table.get("period", {}), dict):
        table["period"] = table.get("period", {}) | {"fiscal_year": year}
    island = _island(table, path)
    reporter = _Reporter(path, text, island)
    problems = reporter.problems(table)
    problems += outside_problems(table, island, path, data, days)
    problems += _role_problems(table, path, reporter)
    raise_if_any(sorted(problems, key=_line))
    study = Study.model_validate(table).placed_in(path.parent, year)
    members(study)
    return study


def _text(path: Path) -> str:
    if not path.is_file():
        what = "is a folder, not a study file" if path.is_dir() else "there is no such file"
        raise InputError(
            [Problem(what, str(path), repair="give the path of a .toml file; `goto-twin list` shows those shipped")]
        )
    content = path.read_bytes()
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise InputError([Problem("the file is saved as UTF-16", str(path), repair="save it as UTF-8")])
    try:
        return content.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise InputError([_encoding_problem(content, f"{path}, line {line}")]) from None


def _encoding_problem(content: bytes, where: str) -> Problem:
    try:
        content.decode("cp932")
    except UnicodeDecodeError:
        return Problem("the file is not a UTF-8 text", where, repair="save it as UTF-8")
    return Problem("the file is not UTF-8; it looks like CP932 (Shift_JIS)", where, repair="save it as UTF-8")


def _table(text: str, path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        place = re.search(r"\(at line (\d+), column \d+\)", str(error))
        lines = text.splitlines()
        number = int(place[1]) if place else len(lines)
        what = f"the file is not valid TOML: {error}"
        accepted = "key = value, texts in quotes, true and false in lower case"
        if str(error).startswith(TWICE):
            what, accepted = "the file is not valid TOML: a key, a table or a scenario is in it twice", "each name once"
        seen = lines[number - 1].strip() if 0 < number <= len(lines) else ""
        repair = "correct this line; what comes after it is checked once it can be read"
        raise InputError([Problem(what, f"{path}, line {number}", seen, accepted, repair)]) from None


TWICE = ("Cannot overwrite a value", "Cannot declare", "Cannot mutate", "Cannot redefine", "Duplicate inline")
"""Beginnings of what tomllib says where a name is given twice."""


FILE_KEYS = ("model", "island", "policy", "path")
"""Last parts of the keys whose values name files."""
LONGEST_NAME_BYTES = 255


def _unusable_texts(table: dict[str, Any], text: str, path: Path) -> Iterator[Problem]:
    """Yield texts with characters that nobody sees, and names that no file can have; nothing else is looked at then."""
    lines = key_lines(text)
    for key, value in _texts(table):
        line = line_of(lines, key)
        where = f"{path}, line {line}" if line else str(path)
        unseen = [character for part in (*key, value) for character in part if is_unseen(character)]
        if unseen:
            codes = ", ".join(dict.fromkeys(f"U+{ord(character):04X}" for character in unseen))
            what = f"{'.'.join(key)} holds characters that nobody sees"
            yield Problem(what, where, codes, "letters, digits and signs", "write the text anew")
        elif key[-1].rpartition(".")[2] in FILE_KEYS:
            longest = max(len(name.encode()) for name in re.split(r"[/\\]", value))
            if longest > LONGEST_NAME_BYTES:
                accepted = f"at most {LONGEST_NAME_BYTES} bytes between two slashes"
                yield Problem(f"{'.'.join(key)} is too long for a file's name", where, f"{longest} bytes", accepted)


def _texts(value: object, key: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield every text with the keys on the way to it; of an empty or other value the keys alone."""
    inner: list[tuple[str | None, object]] = [(None, part) for part in value] if isinstance(value, list) else []
    if isinstance(value, dict):
        inner = list(value.items())
    for name, part in inner:
        yield from _texts(part, key if name is None else (*key, name))
    if not inner and key:
        yield key, value if isinstance(value, str) else ""


class _Reporter:
    """Finds the problems inside a study file and gives each its line."""

    def __init__(self, path: Path, text: str, island: Island | None) -> None:
        self.path = path
        self.island = island
        self.lines = key_lines(text)

    def problems(self, table: dict[str, Any]) -> list[Problem]:
        base = findings(Study, table)
        found = [explain(error, Study, self.where(_loc(error)), _dotted(error)) for error in base]
        known = {_loc(error) for error in base}
        found += self._scenario_problems(table, known)
        for section in ("sweep", "onset"):
            found += self._list_problems(table, section, known)
        if self.island is not None:
            found += self._island_problems(table, self.island)
        found += policy_problems(self._assignments(table), self.path.parent)
        return found + self._compare_problems(table)

    def _island_problems(self, table: dict[str, Any], island: Island) -> Iterator[Problem]:
        """Yield names and values that the island of the study does not have."""
        if _grid(table).is_island:
            yield from network_problems(island, self._assignments(table))
        else:
            yield from guest_problems(self._assignments(table))
        yield from added_problems(island, self._assignments(table))
        yield from part_problems(island, table, self._assignments(table), self.where(("operation",)))
        yield from input_problems(island, self._assignments(table))

    def where(self, parts: Sequence[str]) -> str:
        line = line_of(self.lines, parts)
        return f"{self.path}, line {line}" if line else str(self.path)

    def _assignments(self, table: dict[str, Any]) -> Iterator[Assignment]:
        """Yield every value of the base sections, scenarios and sweeps, by dotted key."""
        for section in ("grid", "fleet", "inputs", "operation"):
            for key, value in flatten(_subtable(table, section), f"{section}.").items():
                yield key, value, self.where(key.split("."))
        for name, scenario in _subtables(table, "scenario").items():
            for key, value in flatten(scenario).items():
                yield key, value, self.where(("scenario", name, key))
        for section in ("sweep", "onset"):
            for key, values in flatten(_subtable(table, section)).items():
                for value in values if isinstance(values, list) else ():
                    yield key, value, self.where((section, key))

    def _scenario_problems(self, table: dict[str, Any], known: set[tuple[str, ...]]) -> list[Problem]:
        found = []
        for name, scenario in _subtables(table, "scenario").items():
            overrides = {key: value for key, value in flatten(scenario).items() if key not in ("title_en", "title_ja")}
            found += self._override_problems(table, overrides, ("scenario", name), known)
        return found

    def _list_problems(self, table: dict[str, Any], section: str, known: set[tuple[str, ...]]) -> list[Problem]:
        found = []
        for key, values in flatten(_subtable(table, section)).items():
            if not isinstance(values, list) or not values:
                found.append(
                    Problem(
                        f"{section}.{key} must be a list with at least one value",
                        self.where((section, key)),
                        shown(values),
                    )
                )
                continue
            if why_not_overridable(key, self.island):
                found.append(self._forbidden(key, values, (section,)))
                continue
            if any(value in values[:position] for position, value in enumerate(values)):
                found.append(Problem(f"{section}.{key} has a value twice", self.where((section, key)), shown(values)))
            repeated: set[Problem] = set()
            for value in values:
                repeated |= set(self._override_problems(table, {key: value}, (section,), known))
            found += sorted(repeated, key=str)
        return found

    def _override_problems(
        self, table: dict[str, Any], overrides: dict[str, Any], place: tuple[str, ...], known: set[tuple[str, ...]]
    ) -> list[Problem]:
        """Check overrides by name, then together with the base values; `known` places are already reported."""
        found = [
            self._forbidden(key, value, place)
            for key, value in overrides.items()
            if why_not_overridable(key, self.island)
        ]
        allowed = {key: value for key, value in overrides.items() if not why_not_overridable(key, self.island)}
        try:
            member = with_values(table, allowed)
        except ValueError:
            return found
        settings = {key: member[key] for key in Settings.model_fields if key in member}
        for error in findings(Settings, settings):
            dotted = _dotted(error)
            beside = f"{dotted.rpartition('.')[0]}." if error["type"] == "missing" else dotted
            overridden = [key for key in allowed if dotted.startswith(key) or key.startswith((dotted, beside))]
            if overridden and (_loc(error) not in known or dotted in allowed):
                where = self.where((*place, overridden[0]))
                found.append(explain(error, Settings, where, f"{'.'.join(place)}: {dotted}"))
        return found

    def _forbidden(self, key: str, value: object, place: tuple[str, ...]) -> Problem:
        what, repair = why_not_overridable(key, self.island) or ("", "")
        return Problem(f"{'.'.join(place)}: {what}", self.where((*place, key)), shown(value), repair=repair)

    def _compare_problems(self, table: dict[str, Any]) -> list[Problem]:
        names = list(_subtables(table, "scenario")) or [BASE]
        compare, sampled = _subtable(table, "compare"), _subtable(table, "uncertainty").get("scenarios")
        named = [("compare", key, compare.get(key)) for key in ("reference", "uncontrolled")]
        named += [("uncertainty", "scenarios", name) for name in (sampled if isinstance(sampled, list) else ())]
        return [
            Problem(
                f"{section}.{key} names a scenario that does not exist", self.where((section, key)), shown(name),
                ", ".join(names), nearest(name, names),
            )
            for section, key, name in named
            if isinstance(name, str) and name not in names
        ]  # fmt: skip


def _role_problems(table: dict[str, Any], path: Path, reporter: _Reporter) -> Iterator[Problem]:
    """Yield roles of a guest network that its elements cannot have, each with its line; the network is read for it.

    What is wrong with the network itself is told later, together with all other inputs.
    """
    grid = checked_section(Grid, table)
    if not isinstance(grid, Grid) or grid.roles is None:
        return
    source = path.parent / grid.model if grid.is_file else Path(grid.model)
    if grid.is_file and not source.is_file():
        return  # `outside_problems` says so
    status = source.stat() if grid.is_file else None
    changed = (status.st_mtime_ns, status.st_size) if status else (0, 0)
    roles = grid.roles.model_dump_json(exclude_none=True)
    for problem in _problems_of_guest(str(source), changed, roles):
        section, _, key = problem.where.partition(", ")
        if section == "roles":
            role = key.partition(", ")[0]
            where = reporter.where(("grid", "roles", role))
            yield replace(problem, what=f"grid.roles.{role}: {problem.what}", where=where)


@lru_cache(maxsize=8)
def _problems_of_guest(source: str, changed: tuple[int, int], roles: str) -> tuple[Problem, ...]:
    """Return what is wrong with a guest network and its roles; `changed` tells versions of a file apart."""
    from network_models.guest import guest  # pandapower takes seconds to load, and studies of an island need no guest

    try:
        guest(source, json.loads(roles))
    except InputError as error:
        return tuple(error.problems)
    return ()


def _line(problem: Problem) -> int:
    """Return the line that a problem names; problems without one come last."""
    line = re.search(r", line (\d+)$", problem.where)
    return int(line[1]) if line else sys.maxsize


def _island(table: dict[str, Any], path: Path) -> Island | None:
    """Return the island of a study; None where there is none, which `outside_problems` tells."""
    name = _grid(table).island_name
    return find_island(name, path.parent) if find_folder(name, path.parent) else None


def _grid(table: dict[str, Any]) -> Grid:
    """Return what a study names as its network, whatever else is wrong in the section."""
    given = _subtable(table, "grid")
    model, island = (given.get(key) for key in ("model", "island"))
    return Grid.model_construct(
        model=model if isinstance(model, str) and model else SHIPPED,
        island=island if isinstance(island, str) and island else None,
    )


def _subtable(table: dict[str, Any], key: str) -> dict[str, Any]:
    inner = table.get(key, {})
    return inner if isinstance(inner, dict) else {}


def _subtables(table: dict[str, Any], key: str) -> dict[str, dict[str, Any]]:
    return {name: inner for name, inner in _subtable(table, key).items() if isinstance(inner, dict)}


def _loc(error: Any) -> tuple[str, ...]:  # noqa: ANN401 - pydantic's TypedDict, keys checked where they are read
    return tuple(str(part) for part in error["loc"])


def _dotted(error: Any) -> str:  # noqa: ANN401 - see _loc
    return ".".join(part for part in _loc(error) if part != "[key]")
