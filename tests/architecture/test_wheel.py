"""The wheel holds the five packages with their tables and templates, and nothing else."""

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("twin", "network_models", "weather", "studies", "reports")
GENERATED = ("__pycache__", "*.pyc", "*.nbi", "*.nbc")
BUILD = "import sys; from setuptools import build_meta; build_meta.build_wheel(sys.argv[1])"


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """Return a copy of the sources, so that building leaves nothing behind; `tests` goes along as a bait."""
    folder = tmp_path_factory.mktemp("source")
    for package in (*PACKAGES, "tests"):
        shutil.copytree(ROOT / package, folder / package, ignore=shutil.ignore_patterns(*GENERATED))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, folder)
    return folder


@pytest.fixture(scope="module")
def content(copy):
    subprocess.run([sys.executable, "-c", BUILD, "dist"], cwd=copy, check=True, capture_output=True)
    (wheel,) = (copy / "dist").glob("*.whl")
    return {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}


def test_the_wheel_holds_every_file_of_the_five_packages_and_no_other(copy, content):
    files = {
        path.relative_to(copy).as_posix()
        for package in PACKAGES
        for path in (copy / package).rglob("*")
        if path.is_file()
    }
    assert content == files


def test_tables_studies_and_templates_are_in_the_wheel(content):
    assert "studies/goto_2030.toml" in content
    assert "network_models/goto/grid_parameters.csv" in content
    assert any(name.startswith("reports/templates/") for name in content)
    assert "network_models/template/island.toml.in" in content
