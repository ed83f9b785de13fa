"""Whole runs, each made once a session: the slow part of these tests."""

import contextlib
import io
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from studies import cli

ROOT = Path(__file__).parents[2]
DATA = ROOT.parent / "shared" / "data"

STUDY = """\
schema_version = 1
name = "small"
title_en = "Two members over the end of a month"
title_ja = "月末をまたぐ二つの計算"

[period]
fiscal_year = 2030

[grid]
year = 2030

[operation]
area_level_percent = 6

[scenario.without]
fleet.new_pv = false

[scenario.aware]
fleet = { new_pv = true, batteries = "all" }
operation.policy = "congestion_aware"

[sweep]
grid.conductor_mm2 = [240]

[compare]
reference = "without"
"""
DAYS = "30:32"
"""30 April to 2 May: two blocks, so that there is a checkpoint between them."""


class Answer(NamedTuple):
    """What a user gets from a command."""

    status: int
    out: str
    err: str


Command = Callable[..., Answer]


def command(*arguments: object) -> Answer:
    """Run goto-twin in this process."""
    out, err = io.StringIO(), io.StringIO()
    before, sys.argv = sys.argv, ["goto-twin", *map(str, arguments)]
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            cli.main()
        status = 0
    except SystemExit as ended:
        status = int(ended.code or 0)
    finally:
        sys.argv = before
    return Answer(status, out.getvalue(), err.getvalue())


@pytest.fixture(scope="session")
def workplace(tmp_path_factory) -> Path:
    """An empty folder in which a user works."""
    return tmp_path_factory.mktemp("workplace")


@pytest.fixture(scope="session")
def once(workplace) -> Command:
    """Run commands in the workplace, the same one only once."""
    answers: dict[tuple[str, ...], Answer] = {}

    def run(*arguments: object) -> Answer:
        key = tuple(map(str, arguments))
        if key not in answers:
            with contextlib.chdir(workplace):
                answers[key] = command(*key)
        return answers[key]

    return run


@pytest.fixture(scope="session")
def small_study(workplace) -> Path:
    """A study file of two members."""
    path = workplace / "small.toml"
    path.write_text(STUDY, encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def run(workplace, once, small_study) -> Path:
    """Results of the small study by one worker."""
    answer = once("run", small_study, "--days", DAYS, "--jobs", 1, "--out", "runs/small")
    assert answer.status == 0, answer.err
    return workplace / "runs" / "small"


def reproducible_files(folder: Path) -> dict[str, bytes]:
    """Return all files of a run but the log, by path below it."""
    files = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    return {name: path.read_bytes() for name, path in sorted(files.items()) if name != "run_log.json"}
