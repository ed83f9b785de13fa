"""Small variants of the shipped study files, written as study files."""

import copy
import json
import tomllib
from pathlib import Path
from typing import Any

from tests.golden.command_line import ROOT

SKIPPED_FOLDERS = {".venv", "build", "dist", "runs", ".git"}


def shipped(name: str) -> dict[str, Any]:
    """Return the table of a study file of the repository, wherever it lies."""
    found = [path for path in ROOT.rglob(f"{name}.toml") if not SKIPPED_FOLDERS & set(path.relative_to(ROOT).parts)]
    assert len(found) == 1, f"{name}.toml: {found}"
    return tomllib.loads(found[0].read_text(encoding="utf-8"))


def variant(name: str, changes: dict[str, Any], without: tuple[str, ...] = ()) -> dict[str, Any]:
    """Return a study with tables merged into it (lists and values replaced), less some of its sections."""
    table = {key: value for key, value in shipped(name).items() if key not in without}
    return merged(table, changes)


def merged(table: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """Return a copy with the values of `changes` in nested tables."""
    result = copy.deepcopy(table)
    for key, value in changes.items():
        inner = result.get(key)
        is_table = isinstance(inner, dict) and isinstance(value, dict)
        result[key] = merged(inner, value) if is_table else value
    return result


def write_study(path: Path, table: dict[str, Any]) -> Path:
    """Write a study file, one line for each section."""
    path.write_text("".join(f"{key} = {toml(value)}\n" for key, value in table.items()), encoding="utf-8")
    return path


def toml(value: object) -> str:
    """Return a value as TOML on one line."""
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{json.dumps(key)} = {toml(inner)}" for key, inner in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(toml, value)) + "]"
    return json.dumps(value, ensure_ascii=False)
