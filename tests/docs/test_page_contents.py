"""What stands on the pages of docs/: three parts; files, imports and settings that exist."""

from __future__ import annotations

import ast
import importlib
import re
import subprocess
import tomllib
from pathlib import Path

import pytest

from studies.study.file.reading import read_study

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PARTS = ["How to use it", "How it works", "What was measured"]
WRITTEN = sorted([*(DOCS / "concepts").rglob("*.md"), *(DOCS / "how_to").glob("*.md"), DOCS / "sources.md"])
"""Pages in three parts that are written by hand."""
GENERATED = sorted((DOCS / "validation").glob("*.md"))
IN_PARTS = pytest.mark.parametrize("page", [*WRITTEN, *GENERATED], ids=lambda page: page.stem)
BY_HAND = pytest.mark.parametrize("page", [*WRITTEN, DOCS / "glossary.md"], ids=lambda page: page.stem)

BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
FILE = re.compile(r"[\w./*-]+\.(?:py|csv|toml|md)\b")
OF_A_USER = {
    "area_jyukyu_jisseki_2022_1Q.csv",
    "eria_jukyu_202404_09.csv",
    "juyo-hourly-20220401.csv",
    "spot_summary_2022.csv",
    "my_policy.py",
    "file.py",
    "my_study.toml",
}
STUDY = """
schema_version = 1
name = "page"
title_en = "page"
title_ja = "page"
[period]
fiscal_year = 2030
"""
"""What every study has; a page's settings come on top."""


def _blocks(page: Path, language: str) -> list[str]:
    return [text for kind, text in BLOCK.findall(page.read_text(encoding="utf-8")) if kind == language]


def _prose(page: Path) -> str:
    return BLOCK.sub("", page.read_text(encoding="utf-8"))


@IN_PARTS
def test_a_page_says_what_it_is_for_and_has_three_parts(page):
    lines = _prose(page).splitlines()
    assert lines[0].startswith("# ")
    assert re.match(r"This page \w+", lines[2])
    headings = [line.removeprefix("## ") for line in lines if line.startswith("## ")]
    assert [heading for heading in headings if heading in PARTS] == PARTS
    assert set(headings) <= {*PARTS, "Figures"}


@BY_HAND
def test_files_that_a_page_names_exist(page):
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("not a git checkout")
    names = set(listed.stdout.splitlines())
    spans = re.findall(r"`([^`\n]+)`", _prose(page))
    wanted = {name for span in spans for name in FILE.findall(span)} - OF_A_USER
    assert {name for name in wanted if not _is_there(name.lstrip("/"), names)} == set()


def _is_there(name: str, names: set[str]) -> bool:
    pattern = re.compile(r"(?:.*/)?" + re.escape(name).replace(r"\*", "[^/]*"))
    return any(pattern.fullmatch(there) for there in names)


@BY_HAND
def test_what_code_on_a_page_imports_exists(page):
    for block in _blocks(page, "python"):
        for node in ast.walk(ast.parse(block)):
            if isinstance(node, ast.ImportFrom) and node.module:
                module = importlib.import_module(node.module)
                assert [alias.name for alias in node.names if not hasattr(module, alias.name)] == []


@BY_HAND
def test_settings_on_a_page_are_those_of_a_study(page, tmp_path):
    (tmp_path / "my_policy.py").write_text(
        "\n\n".join(block for block in _blocks(DOCS / "concepts" / "policies.md", "python")), encoding="utf-8"
    )
    for block in _blocks(page, "toml"):
        study = tmp_path / "study.toml"
        study.write_text(STUDY + _completed(block), encoding="utf-8")
        read_study(study)


def _completed(block: str) -> str:
    """Add what a study needs where a page shows a part of it."""
    given = tomllib.loads(block)
    if "area_level_percent" not in given.get("operation", {}):
        level = "[operation]\narea_level_percent = 6.0\n"
        block = block.replace("[operation]\n", level) if "operation" in given else f"{block}\n{level}"
    if "year" not in given.get("grid", {}):
        block += "\n[grid]\nyear = 2030\n"
    return f'{block}\n[scenario.only]\ntitle_en = "only"\ntitle_ja = "only"\n'
