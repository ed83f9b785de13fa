"""Results folders: written beside the target, taken up again after a kill, published complete, with provenance."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import os
import platform
import re
import shutil
import socket
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from studies.study.checks import MEASURED_TABLES, locate
from studies.study.members import BASE, Member, members, onset_members
from studies.study.policy_files import policy_sources
from studies.study.schema import Study
from twin.core.errors import InputError, Problem, raise_if_any

DIGEST_FILE = "study.sha256"
RUN_FILE = "study.json"
UNCERTAINTY_FILE = "uncertainty.json"
CERTIFICATE_FILE = "certificate.json"
SECURITY_FILE = "security.json"


def partial_folder(out: Path) -> Path:
    """Return the folder in which a run for `out` is written until it is complete."""
    return out.with_name(f"{out.name}.partial")


def require_results_folder(out: Path) -> None:
    """Check that results may be put at `out`, before anything takes time.

    Raises
    ------
    InputError
        If `out` or its partial folder is not of this tool, or lies where no folder can be made.
    """
    problems = []
    is_ours = any((out / name).is_file() for name in (RUN_FILE, UNCERTAINTY_FILE, CERTIFICATE_FILE, SECURITY_FILE))
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


def open_partial(out: Path, study_digest: str) -> tuple[Path, bool]:
    """Return the folder to write into and whether it holds an interrupted run of exactly this study.

    Parameters
    ----------
    out : pathlib.Path
        Final results folder; earlier results in it stay until `publish`.
    study_digest : str
        `studies.experiments.folders.digest` of the run's manifest.

    Raises
    ------
    InputError
        From `require_results_folder`.
    """
    _recover(out)
    require_results_folder(out)
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


def study_record(study: Study, all_members: list[Member]) -> dict[str, Any]:
    """Return the part of ``study.json`` that follows from the study file.

    The caller adds what only the run knows: ``assumptions``, ``units``, ``currency``, ``sample_check``,
    ``repeat_command``.
    """
    names = list(study.scenario) or [BASE]
    return {
        "name": study.name,
        "title_en": study.title("en"),
        "title_ja": study.title("ja"),
        "fiscal_year": study.period.fiscal_year,
        "reference": study.compare.reference,
        "uncontrolled": study.compare.uncontrolled,
        "scenarios": {
            name: {"title_en": study.scenario_title(name, "en"), "title_ja": study.scenario_title(name, "ja")}
            for name in names
        },
        "sweep": study.sweep_values,
        "members": [
            {"scenario": member.scenario, "member": member.label, "sweep": member.sweep, "path": member.path}
            for member in all_members
        ],
        "study": study.model_dump(mode="json"),
    }


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


DISTRIBUTION = "goto-twin"
SOURCE_ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("twin", "network_models", "weather", "studies", "reports")
LOCK_FILE = "requirements.lock"
_BLOCK_BYTES = 1 << 20


def manifest(study: Study, inputs: Mapping[str, Path], days: tuple[int, int] | None = None) -> dict[str, Any]:
    """Return the facts from which a run can be repeated; no times, hosts or absolute paths.

    Parameters
    ----------
    study : Study
        The resolved study, or a member's.
    inputs : mapping of str to pathlib.Path
        Input files by the name under which the manifest lists them, e.g. from `input_files`.
    days : tuple of int, optional
        First and last simulated day, 1-based and inclusive; None for the whole year.
    """
    return {
        "study": study.model_dump(mode="json"),
        "days": list(days) if days else None,
        "seed": study.seed,
        "inputs_sha256": {name: file_sha256(path) for name, path in sorted(inputs.items())},
        "code": code_version(),
        "packages": {name: version for name, version in package_versions().items() if version is not None},
    }


def digest(facts: Mapping[str, Any]) -> str:
    """Return the SHA-256 of a manifest: equal for two runs that have to give the same results."""
    return hashlib.sha256(json.dumps(facts, sort_keys=True, ensure_ascii=True).encode()).hexdigest()


def input_files(study: Study, data: Path | None) -> dict[str, Path]:
    """Return the files that a study reads, by a name without the user's folders.

    Parameters
    ----------
    study : Study
    data : pathlib.Path or None
        Folder given by ``--data``.
    """
    named = [file.path for files in study.weather.files.values() for file in files]
    if study.grid.is_file:
        named.append(study.grid.model)
    found = {name: locate(name, study.folder, data) for name in named}
    files = {_public_name(name): path for name, path in found.items() if path is not None}
    if study.weather.source == "measured" and data is not None:
        tables = [table for pattern in MEASURED_TABLES for table in sorted(data.glob(pattern))]
        files |= {table.relative_to(data).as_posix(): table for table in tables}
    policies = dict.fromkeys(one.study.operation.policy for one in [*members(study), *onset_members(study)])
    for policy in policies:
        files |= policy_inputs(policy, study.folder)
    return files


def policy_inputs(policy: str, folder: Path) -> dict[str, Path]:
    """Return the files of a policy by a name without the user's folders; relative paths start from `folder`."""
    return {_public_name(name): path for name, path in policy_sources(policy, folder).items()}


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file's content as hexadecimal digits."""
    state = hashlib.sha256()
    with path.open("rb") as stream:
        while block := stream.read(_BLOCK_BYTES):
            state.update(block)
    return state.hexdigest()


def code_version() -> dict[str, Any]:
    """Return what identifies the code.

    Returns
    -------
    dict
        ``version``, ``sources_sha256``; ``lock_sha256`` where the lock file is there; in a git checkout
        ``git_commit`` and ``git_dirty``.
    """
    facts: dict[str, Any] = {"version": importlib.metadata.version(DISTRIBUTION), "sources_sha256": sources_sha256()}
    lock = SOURCE_ROOT / LOCK_FILE
    if lock.is_file():
        facts["lock_sha256"] = file_sha256(lock)
    commit = _git("rev-parse", "HEAD") if (SOURCE_ROOT / ".git").exists() else None
    if commit is not None:
        facts["git_commit"] = commit
        facts["git_dirty"] = bool(_git("status", "--porcelain"))
    return facts


def sources_sha256(root: Path = SOURCE_ROOT) -> str:
    """Return one SHA-256 over all files of the packages, so that uncommitted changes are told apart."""
    files = sorted(path for name in PACKAGES for path in (root / name).rglob("*") if path.is_file())
    kept = [path for path in files if "__pycache__" not in path.parts]
    lines = (f"{path.relative_to(root).as_posix()} {file_sha256(path)}" for path in kept)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def package_versions() -> dict[str, str | None]:
    """Return the version of each package that this one needs; None where it is not installed."""
    names = {
        match[0]
        for text in importlib.metadata.requires(DISTRIBUTION) or []
        if "extra ==" not in text and (match := re.match(r"[A-Za-z0-9_.\-]+", text))
    }
    return {name: _version(name) for name in sorted(names)}


def run_log(seconds: Mapping[str, float], workers: int, started: str) -> dict[str, Any]:
    """Return what differs from run to run: timings, workers and machine (``run_log.json``).

    Parameters
    ----------
    seconds : mapping of str to float
        Wall-clock seconds by stage.
    workers : int
        Number of worker processes or threads.
    started : str
        Start time, ISO 8601.
    """
    return {
        "started": started,
        "seconds": dict(seconds),
        "workers": workers,
        "host": socket.gethostname(),
        "platform": platform.platform(),
        "processor": platform.processor() or platform.machine(),
        "cpu_count": os.cpu_count(),
        "python": platform.python_version(),
    }


def _public_name(name: str) -> str:
    """Return a file's name without folders that only this machine has."""
    return Path(name).name if Path(name).is_absolute() else Path(name).as_posix()


def _version(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def _git(*arguments: str) -> str | None:
    """Return git's answer about the source checkout; None where git is missing or refuses."""
    program = shutil.which("git")
    if program is None:
        return None
    answer = subprocess.run(  # noqa: S603 - fixed program and arguments
        [program, "-C", str(SOURCE_ROOT), *arguments], capture_output=True, text=True, check=False
    )
    return answer.stdout.strip() if answer.returncode == 0 else None
