"""Whole runs, each made once a session: the slow part of these tests."""

import contextlib
import fcntl
import io
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest
from small_study import DAYS, STUDY

from studies import cli

ROOT = Path(__file__).parents[2]


SAID = "runs/said.txt"
"""What the command of the small run printed, beside it."""


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
def run(tmp_path_factory, small_study) -> Path:
    """Results of the small study by one worker, made once for all processes of the tests: to be read only."""
    ours = tmp_path_factory.getbasetemp()
    place = (ours.parent if "PYTEST_XDIST_WORKER" in os.environ else ours) / "small_run"
    place.mkdir(exist_ok=True)
    with (place / "lock").open("w") as lock, contextlib.chdir(place):
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not Path("runs/small").exists():
            answer = command("run", small_study, "--days", DAYS, "--jobs", 1, "--out", "runs/small")
            assert answer.status == 0, answer.err
            Path(SAID).write_text(answer.out, encoding="utf-8")
    return place / "runs" / "small"


def reproducible_files(folder: Path) -> dict[str, bytes]:
    """Return all files of a run but the log, by path below it."""
    files = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    return {name: path.read_bytes() for name, path in sorted(files.items()) if name != "run_log.json"}
