"""What results were made from: study, input files, code and packages (``manifest.json``), and how long it took."""

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

from network_models.island import FOLDER
from studies.measured.files import inputs_of_year
from studies.study.file.checks import locate
from studies.study.file.members import members, onset_members
from studies.study.file.policy_files import policy_sources
from studies.study.file.schema import Study
from studies.study.islands import island_of

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
    island = island_of(study)
    found = {name: locate(name, study.folder, data) for name in named}
    files = {_public_name(name): path for name, path in found.items() if path is not None}
    if study.weather.source == "measured" and data is not None:
        tables = inputs_of_year(island, data, study.period.fiscal_year)
        files |= {table.relative_to(data).as_posix(): table for table in tables}
    if island.folder.parent != FOLDER:  # a shipped island is part of the sources
        own = sorted(path for path in island.folder.iterdir() if path.is_file())
        files |= {f"{island.name}/{path.name}": path for path in own}
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


def run_log(seconds: Mapping[str, float], counts: Mapping[str, int], workers: int, started: str) -> dict[str, Any]:
    """Return what differs from run to run: timings, workers and machine (``run_log.json``).

    Parameters
    ----------
    seconds : mapping of str to float
        Wall-clock seconds by stage.
    counts : mapping of str to int
        How the loop went, see `twin.operation.simulate.simulate`; only of what this process and its workers did, not of
        an interrupted run before.
    workers : int
        Number of worker processes or threads.
    started : str
        Start time, ISO 8601.
    """
    return {
        "started": started,
        "seconds": dict(seconds),
        "loop": dict(counts),
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
