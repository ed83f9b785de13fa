"""What exactly is certified: the policy's files, the inputs, and how the study differs from the shipped one."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from network_models.island import FOLDER
from studies.execution.provenance import digest, file_sha256, policy_inputs
from studies.experiments.certificate.look_ahead import Checks
from studies.study.file.members import Member, members, middle_point, resolved
from studies.study.file.policy_files import policy_file
from studies.study.file.reading import read_study, shipped_studies
from studies.study.file.schema import Study
from studies.study.islands import island_of
from twin.core.dotted_keys import flatten
from twin.core.errors import Problem, raise_if_any
from twin.policies.catalogue import POLICIES
from twin.policies.running.process import Noticed
from twin.policies.running.watch import READS

_SHOWN_LETTERS = 8
_ASKED = ("weather.weather_year", "operation.policy", "operation.forecast", "operation.forecast_error_factor")
"""Keys that the certificate itself sets or that it prints anyway."""
_NAMES = ("name", "title_en", "title_ja", "schema_version")


def policy_name(policy: str) -> str:
    """Return a policy's name for people: a shipped one's own, else ``<file>.<class>``."""
    if policy in POLICIES:
        return policy
    file, class_name = policy_file(policy, Path())
    return f"{file.stem}.{class_name}"


def folder_of(policy: str, folder: Path) -> str:
    """Return the name of a policy's results folder: other files of the same name, and other contents, get another."""
    files = {name: file_sha256(path) for name, path in policy_inputs(policy, folder).items() if path.is_file()}
    ending = f"-{files_digest(files)[:_SHOWN_LETTERS]}" if files else ""
    return policy_name(policy) + ending


def policy_files(policy: str, folder: Path, noticed: Iterable[Noticed]) -> dict[str, str]:
    """Return the SHA-256 of every file of a policy: its code, and what it was seen to read from its folder."""
    if policy in POLICIES:
        return {}
    own, _ = policy_file(policy, folder)
    read = {path.relative_to(own.parent).as_posix(): path for one in noticed if (path := Path(one.what)).is_file()
            and one.kind == READS}  # fmt: skip
    code = {path.relative_to(own.parent).as_posix(): path for path in policy_inputs(policy, folder).values()}
    return {name: file_sha256(path) for name, path in sorted((read | code).items())}


def files_digest(files: Mapping[str, str]) -> str:
    """Return one SHA-256 of several files."""
    return hashlib.sha256("\n".join(f"{name} {sha256}" for name, sha256 in sorted(files.items())).encode()).hexdigest()


def inputs_digest(facts: Mapping[str, Any]) -> str:
    """Return the SHA-256 of all resolved inputs: study, files, days, seed, base case; not of the code."""
    return digest({key: value for key, value in facts.items() if key not in ("code", "packages")})


def all_noticed(checks: Checks, logs: Iterable[Path]) -> list[Noticed]:
    """Return what the policy did beside deciding, in the checks and in all runs, once each."""
    lines = [line for log in logs if log.is_file() for line in log.read_text(encoding="utf-8").splitlines()]
    found = [*checks.noticed, *(Noticed(*line.split("\t", 1)) for line in lines if "\t" in line)]
    return sorted(set(found), key=lambda one: (one.kind, one.what))


def shipped_seeds() -> set[int]:
    """Return the seeds of the shipped studies, which everybody knows."""
    read = (tomllib.loads(path.read_text(encoding="utf-8")) for path in shipped_studies())
    return {found["seed"] for found in read if "seed" in found}


def require_same_files(files: Mapping[str, Path], sha256: Mapping[str, str]) -> None:
    """Check that the policy's code is as it was when the runs began.

    Raises
    ------
    InputError
        With every file that is not.
    """
    changed = [name for name, path in files.items() if not path.is_file() or file_sha256(path) != sha256[name]]
    repair = "run again; change a policy's files only between runs"
    raise_if_any(
        [Problem("the file was changed while the certificate was made", name, repair=repair) for name in changed]
    )


def deviations(
    study: Study, base: Member, scenario: str, point: Mapping[str, object], is_seed_asked: bool
) -> dict[str, Any]:
    """Return how the base case differs from that of the shipped study.

    Parameters
    ----------
    study : Study
    base : Member
        Base case of the study.
    scenario : str
    point : mapping of str to object
        Values that the certificate sets in the scenario.
    is_seed_asked : bool
        Whether the certifier gives the seed, which is printed then.

    Returns
    -------
    dict
        ``shipped``: name of the shipped study, None where the island has none; ``differences``: rows of key, value
        here and value there.
    """
    island = island_of(study)
    files = {path.stem: path for path in shipped_studies()}
    name = study.name if study.name in files else island.settings.default_study
    if name not in files:
        return {"shipped": None, "differences": []}
    shipped = read_study(files[name])
    if scenario not in shipped.scenario:
        scenario = [one.scenario for one in members(shipped) if one.study.fleet.new_pv][-1]
    there = resolved(shipped, [(scenario, "", middle_point(shipped) | dict(point))])[0]
    rows = list(_differences(_plain(base.study), _plain(there.study)))
    if is_seed_asked:
        rows = [row for row in rows if row[0] != "seed"]
    if island.folder.parent != FOLDER:
        rows.append(["grid.model", island.folder.name, f"shipped tables of {island_of(shipped).name}"])
    return {"shipped": name, "differences": rows}


def _plain(study: Study) -> dict[str, Any]:
    found = flatten(study.model_dump(mode="json", exclude={"scenario", "sweep", "onset", "compare", "uncertainty"}))
    return {key: value for key, value in found.items() if key not in (*_ASKED, *_NAMES)}


def _differences(here: Mapping[str, Any], there: Mapping[str, Any]) -> Iterator[list[str]]:
    for key in sorted(here.keys() | there.keys()):
        if here.get(key) != there.get(key):
            yield [key, str(here.get(key, "-")), str(there.get(key, "-"))]
