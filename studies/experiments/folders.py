"""Results folders: written beside the target, taken up again after a kill, published as a whole."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from twin.core.errors import InputError, Problem, raise_if_any

DIGEST_FILE = "study.sha256"
RUN_FILE = "study.json"
UNCERTAINTY_FILE = "uncertainty.json"
CERTIFICATE_FILE = "certificate.json"
SECURITY_FILE = "security.json"
RECORD_FILES = (RUN_FILE, UNCERTAINTY_FILE, CERTIFICATE_FILE, SECURITY_FILE)
"""Records of the shipped experiments: a folder with one of them is a finished result and may be replaced."""


def partial_folder(out: Path) -> Path:
    """Return the folder in which a run for `out` is written until it is complete."""
    return out.with_name(f"{out.name}.partial")


def require_results_folder(out: Path, records: Sequence[str] = RECORD_FILES) -> None:
    """Check that results may be put at `out`, before anything takes time.

    Parameters
    ----------
    out : pathlib.Path
    records : sequence of str
        Names of files of which one tells that a folder holds results of this tool.

    Raises
    ------
    InputError
        If `out` or its partial folder is not of this tool, or lies where no folder can be made.
    """
    problems = []
    is_ours = any((out / name).is_file() for name in records)
    if out.exists() and not is_ours and not (out.is_dir() and not any(out.iterdir())):
        problems.append(_foreign(out))
    partial = partial_folder(out)
    if partial.exists() and not (partial / DIGEST_FILE).is_file():
        problems.append(_foreign(partial))
    above = next(place for place in out.absolute().parents if place.exists())
    if not above.is_dir():
        problems.append(Problem("is a file, so no folder can be made in it", str(above), repair="choose another --out"))
    elif not os.access(above, os.W_OK):
        problems.append(Problem("you may not write here", str(above), repair="choose another --out"))
    raise_if_any(problems)


def open_partial(out: Path, study_digest: str, records: Sequence[str] = RECORD_FILES) -> tuple[Path, bool]:
    """Return the folder to write into and whether it holds an interrupted run of exactly this study.

    Parameters
    ----------
    out : pathlib.Path
        Final results folder; earlier results in it stay until `publish`.
    study_digest : str
        `studies.experiments.provenance.digest` of the run's manifest.
    records : sequence of str
        As for `require_results_folder`.

    Raises
    ------
    InputError
        From `require_results_folder`.
    """
    _recover(out)
    require_results_folder(out, records)
    partial = partial_folder(out)
    marker = partial / DIGEST_FILE
    if partial.exists():
        if marker.read_text(encoding="utf-8").strip() == study_digest:
            return partial, True
        shutil.rmtree(partial)
    fresh = out.with_name(f"{out.name}.starting")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    (fresh / DIGEST_FILE).write_text(f"{study_digest}\n", encoding="utf-8")
    fresh.rename(partial)
    return partial, False


def publish(partial: Path, out: Path) -> None:
    """Put a complete run in its place; earlier results are removed only after that.

    Raises
    ------
    InputError
        If the operating system refuses, e.g. because a file of the earlier results is open on Windows.
    """
    replaced = _replaced(out)
    try:
        if out.exists():
            out.rename(replaced)
        partial.rename(out)
    except PermissionError as error:
        _recover(out)
        repair = f"close programs that use {out} and run again; the results lie in {partial}"
        raise InputError(
            [Problem("the results folder cannot be replaced", str(out), str(error), repair=repair)]
        ) from error
    (out / DIGEST_FILE).unlink()
    if replaced.exists():
        shutil.rmtree(replaced)


def write_json(path: Path, content: Any) -> None:  # noqa: ANN401 - whatever JSON can hold
    """Write a JSON file as a whole or not at all; readable, UTF-8, keys in the order given."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"{path.name}.tmp")
    temporary.write_text(
        json.dumps(content, ensure_ascii=False, indent=1, allow_nan=False) + "\n", encoding="utf-8", newline="\n"
    )
    temporary.replace(path)


def _replaced(out: Path) -> Path:
    return out.with_name(f"{out.name}.replaced")


def _recover(out: Path) -> None:
    """Undo or finish a `publish` that was killed between its two renames."""
    replaced = _replaced(out)
    if not replaced.exists():
        return
    if out.exists():
        shutil.rmtree(replaced)
    else:
        replaced.rename(out)


def _foreign(folder: Path) -> Problem:
    return Problem(
        "exists and does not hold results of goto-twin, so it is not replaced",
        str(folder),
        repair="choose another --out",
    )
