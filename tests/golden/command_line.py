"""The command `goto-twin` in this process, found by the entry point in pyproject.toml and by nothing else."""

import contextlib
import importlib
import io
import sys
import tomllib
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]


class Answer(NamedTuple):
    """What a user gets from a command."""

    status: int
    out: str
    err: str


def entry_point():
    """Return the function behind the command `goto-twin`."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    module, name = project["scripts"]["goto-twin"].split(":")
    return getattr(importlib.import_module(module), name)


def command(folder: Path, *arguments: object) -> Answer:
    """Run goto-twin in a folder; its output goes into strings, never to a terminal."""
    main = entry_point()
    out, err = io.StringIO(), io.StringIO()
    before, sys.argv = sys.argv, ["goto-twin", *map(str, arguments)]
    try:
        with contextlib.chdir(folder), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            main()
        status = 0
    except SystemExit as ended:
        status = int(ended.code or 0)
    finally:
        sys.argv = before
    return Answer(status, out.getvalue(), err.getvalue())


def expect(folder: Path, *arguments: object, status: int = 0) -> str:
    """Run goto-twin, which has to end with a status, and return what it prints."""
    answer = command(folder, *arguments)
    assert answer.status == status, f"goto-twin {' '.join(map(str, arguments))}\n{answer.out}\n{answer.err}"
    return answer.out
