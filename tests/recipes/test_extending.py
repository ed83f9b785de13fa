"""The page of recipes says how many files each one touches; the recipes' tests exist and touch these."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "extending.md").read_text(encoding="utf-8")
TOUCHED = {
    "test_new_device": ("twin/devices/ice_store.py", "studies/study/devices.py"),
    "test_new_congestion_rule": ("twin/operation/management/congestion_rules/most_effective.py",),
    "test_new_experiment": ("thicker_cable.py", "link_section.py"),
    "test_new_kpi": ("twin/core/quantities.csv", "twin/metrics/kpis.py"),
}
"""Files of each recipe, added or changed; another island is tables only."""
ROW = re.compile(r"^\| \[.+?\]\(#.+?\) \| (.+?) \| (\d+) \| `tests/recipes/(\w+)\.py` \|$", re.MULTILINE)
STATED = {name: (files, int(python)) for files, python, name in ROW.findall(PAGE)}
MOST = {"test_new_device": 2, "test_new_congestion_rule": 1, "test_new_experiment": 2, "test_new_kpi": 2}


def test_the_page_has_the_five_recipes():
    assert set(STATED) == {*TOUCHED, "test_new_island"}
    assert STATED["test_new_island"] == ("tables only", 0)


@pytest.mark.parametrize("name", TOUCHED)
def test_a_recipe_touches_as_many_files_as_the_page_says(name):
    files = TOUCHED[name]
    python = sum(file.endswith(".py") for file in files)
    assert STATED[name] == (str(len(files)), python)
    assert len(files) <= MOST[name]


@pytest.mark.parametrize("name", TOUCHED)
def test_the_test_of_a_recipe_writes_or_changes_these_files(name):
    test = ROOT / "tests" / "recipes" / f"{name}.py"
    kept = ROOT / "tests" / "recipes" / "files"
    texts = test.read_text(encoding="utf-8") + " ".join(path.as_posix() for path in kept.rglob("*.py"))
    assert [file for file in TOUCHED[name] if Path(file).name.partition(".")[0] not in texts] == []
