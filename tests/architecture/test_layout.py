"""Rules for files: no drawer for everything, every folder a package, no address of a package host in a lock file."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("twin", "network_models", "weather", "studies", "reports")
SOURCES = [path for folder in (*PACKAGES, "tests", "benchmarks", "examples") for path in (ROOT / folder).rglob("*.py")]
LOCKS = sorted(ROOT.glob("requirements*.lock"))


def test_no_file_is_a_drawer_for_everything():
    assert [path for path in SOURCES if path.stem in {"utils", "util", "helpers", "misc", "common"}] == []


def test_every_folder_with_sources_is_a_package():
    folders = {path.parent for package in PACKAGES for path in (ROOT / package).rglob("*.py")}
    assert [folder for folder in folders if not (folder / "__init__.py").is_file()] == []


def test_there_is_a_lock_file_for_each_purpose():
    purposes = ("-bench", "-dev", "-docs", "")
    assert [path.name for path in LOCKS] == [f"requirements{purpose}.lock" for purpose in purposes]


@pytest.mark.parametrize("path", LOCKS, ids=lambda path: path.name)
def test_lock_files_hold_hashed_versions_and_nothing_else(path):
    logical = path.read_text(encoding="utf-8").replace("\\\n", " ").splitlines()
    requirement = re.compile(r"[a-z0-9\-]+==\S+( +; .+?)?( +--hash=sha256:[0-9a-f]{64})+")
    assert [line[:100] for line in logical if not requirement.fullmatch(line.rstrip())] == []


def test_the_lock_files_agree():
    def versions(path):
        lines = path.read_text(encoding="utf-8").splitlines()
        return {line.removesuffix(" \\") for line in lines if not line.startswith(" ")}

    run = versions(ROOT / "requirements.lock")
    assert run <= versions(ROOT / "requirements-dev.lock")
    assert run <= versions(ROOT / "requirements-bench.lock")


def test_the_run_lock_covers_every_dependency():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    wanted = [*project["project"]["dependencies"], *project["dependency-groups"]["build"]]
    names = {re.match(r"[A-Za-z0-9\-_.]+", text)[0].lower() for text in wanted}
    locked = {line.split("==")[0] for line in (ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines()}
    assert names <= locked
