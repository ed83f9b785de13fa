"""Results folders: held by one run, written beside the target, taken up again after a kill, published as a whole."""

from __future__ import annotations

import errno
import json
import logging
import os
import re
import shutil
import socket
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TextIO

from twin.core.errors import InputError, Problem, raise_if_any, system_problem
from twin.metrics.store import CHECKPOINTS, FINISHED_LIST

logger = logging.getLogger(__name__)

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
    try:
        is_ours = any((out / name).is_file() for name in records)
        if out.exists() and not is_ours and not (out.is_dir() and not any(out.iterdir())):
            problems.append(_foreign(out))
        partial = partial_folder(out)
        if partial.exists() and not _is_partial(partial, records):
            problems.append(_foreign(partial))
        above = next(place for place in out.absolute().parents if place.exists())
    except OSError as error:  # e.g. a name that is too long
        raise InputError([system_problem(error, str(out), "choose another --out")]) from error
    if not above.is_dir():
        problems.append(Problem("is a file, so no folder can be made in it", str(above), repair="choose another --out"))
    elif not os.access(above, os.W_OK):
        problems.append(Problem("you may not write here", str(above), repair="choose another --out"))
    raise_if_any(problems)


@contextmanager
def held(out: Path) -> Iterator[None]:
    """Hold a results folder: no other run may write to it while the context is open.

    The operating system lets go of the lock when this process ends in whatever way, so one that is left over from a
    killed run holds nobody.

    Raises
    ------
    InputError
        If another run holds it.
    """
    made = _made_parents(out)
    file = out.with_name(f"{out.name}.lock")
    try:
        with _locked(file, out):
            yield
    finally:
        for folder in reversed(made):
            if not any(folder.iterdir()):
                folder.rmdir()


def _made_parents(out: Path) -> list[Path]:
    """Make the folders above `out` that are not there, and return them."""
    missing = [place for place in reversed(out.absolute().parents) if not place.exists()]
    out.parent.mkdir(parents=True, exist_ok=True)
    return missing


@contextmanager
def _locked(file: Path, out: Path) -> Iterator[None]:
    while True:
        stream = file.open("a+", encoding="utf-8")
        if not _take(stream):
            with stream:
                raise InputError([_held_by(stream, out)])
        if file.exists() and os.path.samestat(file.stat(), os.fstat(stream.fileno())):
            break
        stream.close()  # whoever held it has removed it in between
    with stream:
        stream.truncate(0)
        since = datetime.now(UTC).isoformat(timespec="seconds")
        json.dump({"process": os.getpid(), "host": socket.gethostname(), "since": since}, stream)
        stream.flush()
        try:
            yield
        finally:
            if sys.platform != "win32":  # there, an open file cannot be removed
                file.unlink()
    file.unlink(missing_ok=True)


def _take(stream: TextIO) -> bool:
    """Take the lock on an open file; return whether it was free."""
    try:
        if sys.platform == "win32":
            import msvcrt

            stream.seek(1 << 20)  # beyond the text, which others read
            msvcrt.locking(stream.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in (errno.EAGAIN, errno.EACCES, errno.EDEADLK):
            return False
        logger.warning("%s: no lock here (%s); do not start a second run for this folder", stream.name, error.strerror)
    return True


def _held_by(stream: TextIO, out: Path) -> Problem:
    stream.seek(0)
    try:
        facts = json.loads(stream.read())
        who = f"process {facts['process']} on {facts['host']} since {facts['since']}"
    except (ValueError, KeyError, TypeError):  # its holder is writing it just now
        who = "a process that has just begun"
    repair = "wait until it ends, end it, or choose another --out"
    return Problem("another run is writing to this folder", str(out), who, repair=repair)


@contextmanager
def writable(out: Path) -> Iterator[None]:
    """Turn a refusal of the operating system into a message; what is finished stays for the next run.

    Raises
    ------
    InputError
        With the path, e.g. where the disk is full.
    """
    try:
        yield
    except OSError as error:
        repair = "repair this or choose another --out; the same command goes on with what is finished"
        raise InputError([system_problem(error, str(partial_folder(out)), repair)]) from error


def open_partial(out: Path, study_digest: str, records: Sequence[str] = RECORD_FILES) -> Path:
    """Return the folder to write into; an interrupted run of exactly this study is in it as it was left.

    Parameters
    ----------
    out : pathlib.Path
        Final results folder; earlier results in it stay until `publish`.
    study_digest : str
        `studies.execution.provenance.digest` of the run's manifest.
    records : sequence of str
        As for `require_results_folder`.

    Raises
    ------
    InputError
        From `require_results_folder`.
    """
    partial = partial_folder(out)
    _recover(out)
    require_results_folder(out, records)
    if partial.exists() and _is_complete(partial, records):
        publish(partial, out)
    if partial.exists():
        found = _digest_in(partial)
        if found == study_digest:
            return partial
        if found is None:
            logger.warning("%s: %s is missing or damaged; everything is made again", partial, DIGEST_FILE)
        shutil.rmtree(partial)
    fresh = out.with_name(f"{out.name}.starting")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    (fresh / DIGEST_FILE).write_text(f"{study_digest}\n", encoding="utf-8")
    fresh.rename(partial)
    return partial


def _digest_in(partial: Path) -> str | None:
    """Return the digest of the study whose run this is, None where it is lost."""
    file = partial / DIGEST_FILE
    text = file.read_bytes().decode(errors="replace").strip() if file.is_file() else ""
    return text if re.fullmatch("[0-9a-f]{64}", text) else None


def _is_partial(partial: Path, records: Sequence[str]) -> bool:
    """Return whether a folder is an interrupted run, perhaps a damaged one."""
    if not partial.is_dir():
        return False
    lists = (path for name in (FINISHED_LIST, f"{CHECKPOINTS}/*.json") for path in partial.rglob(name))
    return (
        (partial / DIGEST_FILE).is_file()
        or _is_complete(partial, records)
        or any(lists)
        or not any(path.is_file() for path in partial.rglob("*"))
    )


def _is_complete(partial: Path, records: Sequence[str]) -> bool:
    """Return whether `publish` was killed before its last step: the digest goes after all else is done."""
    has_record = any((partial / name).is_file() for name in records)
    return has_record and (partial / "run_log.json").is_file() and not (partial / DIGEST_FILE).exists()


def publish(partial: Path, out: Path) -> None:
    """Put a complete run in its place; earlier results are removed only after that.

    Raises
    ------
    InputError
        If the operating system refuses, e.g. because a file of the earlier results is open on Windows.
    """
    for name in (FINISHED_LIST, "*.tmp"):
        for file in partial.rglob(name):
            file.unlink()
    (partial / DIGEST_FILE).unlink(missing_ok=True)
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
