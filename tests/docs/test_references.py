"""Every citation can be opened: keys of the bibliography, claims of the plan, sections of docs/goto_facts.md."""

from __future__ import annotations

import csv
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("twin", "network_models", "weather", "studies", "reports", "docs")
CITATION = re.compile(r"\[([a-z][a-z0-9_]*)(?:, ([^\[\]]+))?\](?!\()")
CLAIM = re.compile(r"\bP\d{2,3}\b")
UNREADABLE = re.compile(r"\bdossier|\bdesign (?:section )?\d|\bdesign section|\bissue \d", re.IGNORECASE)
"""Documents of the project's makers, which its reader does not have."""

HERE = Path(__file__).relative_to(ROOT).as_posix()


def _read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _table(name: str) -> list[dict[str, str]]:
    """Return the rows of all islands."""
    return [row for path in sorted((ROOT / "network_models").rglob(name)) for row in _read(path)]


KEYS = {row["key"]: row for row in _table("references.csv")}
CLAIMS = {row["id"]: row for row in _table("plan_claims.csv")}
FACTS = (ROOT / "docs" / "goto_facts.md").read_text(encoding="utf-8")
ALL_SOURCES = {
    f"{path.relative_to(ROOT).as_posix()}, row {number}": row["source"]
    for package in PACKAGES
    for path in sorted((ROOT / package).rglob("*.csv"))
    for number, row in enumerate(_read(path), 2)
    if "source" in row
}
TEMPLATE = "network_models/template/"
"""The invented island that a new one starts from."""
SOURCES = {where: source for where, source in ALL_SOURCES.items() if not where.startswith(TEMPLATE)}
CODE = [*(ROOT / "docs" / "generators" / "calibration").glob("*.py")]
"""Python files whose texts in brackets are citations."""


def _cited(text: str) -> set[str]:
    return {match[1] for match in CITATION.finditer(text)}


def _tracked_texts() -> dict[str, str]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("not a git checkout")
    found = {}
    for name in filter(None, listed.stdout.split("\0")):
        try:
            found[name] = (ROOT / name).read_text(encoding="utf-8")
        except (UnicodeDecodeError, FileNotFoundError, IsADirectoryError):
            continue
    return found


def test_no_file_names_a_document_that_its_reader_does_not_have():
    hits = [
        f"{name}: {match[0]}"
        for name, text in _tracked_texts().items()
        if name not in (HERE, "CHANGELOG.md")
        for match in UNREADABLE.finditer(text)
    ]
    assert hits == []


def test_every_source_cell_holds_a_citation():
    assert len(SOURCES) > 800
    assert [where for where, source in SOURCES.items() if not _cited(source)] == []


def test_numbers_of_the_invented_island_say_that_they_are_invented():
    invented = {where: source for where, source in ALL_SOURCES.items() if where.startswith(TEMPLATE)}
    assert invented
    assert [where for where, source in invented.items() if not source.startswith("invented")] == []


def test_every_cited_key_is_in_the_bibliography():
    unknown = {where: keys for where, source in SOURCES.items() if (keys := _cited(source) - KEYS.keys())}
    assert unknown == {}
    assert _cited(FACTS) - KEYS.keys() == set()
    for page in sorted((ROOT / "docs").rglob("*.md")):
        assert {key for key in _cited(page.read_text(encoding="utf-8")) if "_" in key or key in KEYS} <= KEYS.keys(), (
            page
        )


def test_the_calibration_rows_cite_the_bibliography():
    keys = {
        key
        for path in CODE
        for text in re.findall(r'"(\[[a-z][^"]*\])"', path.read_text("utf-8"))
        for key in _cited(text)
    }
    assert keys
    assert keys <= KEYS.keys()


def test_every_entry_of_the_bibliography_is_used():
    used = _cited(FACTS).union(*(_cited(source) for source in SOURCES.values()))
    assert KEYS.keys() - used == set()


def test_the_bibliography_is_complete_and_says_where():
    for path in (ROOT / "network_models").rglob("references.csv"):
        keys = [row["key"] for row in _read(path)]
        assert len(keys) == len(set(keys)), path
    assert [key for key, row in KEYS.items() if not re.fullmatch(r"[a-z][a-z0-9_]*", key)] == []
    assert [key for key, row in KEYS.items() if not row["says"] or not (row["where"] or key == "engineering")] == []
    assert [key for key, row in KEYS.items() if not re.fullmatch(r"(\d{4})?", row["year"])] == []


def test_cited_claims_of_the_plan_exist():
    assert list(CLAIMS) == sorted(CLAIMS, key=lambda claim: int(claim[1:]))
    unknown = {where: ids for where, source in SOURCES.items() if (ids := set(CLAIM.findall(source)) - CLAIMS.keys())}
    assert unknown == {}
    for page in sorted((ROOT / "docs").rglob("*.md")):
        text = re.sub(r"`[A-Z]\w*`", lambda match: match[0].strip("`"), page.read_text(encoding="utf-8"))
        assert set(CLAIM.findall(text)) - CLAIMS.keys() == set(), page
    assert {row["reference"] for row in CLAIMS.values()} <= KEYS.keys()
    assert [claim for claim, row in CLAIMS.items() if not row["where"].startswith("section ")] == []


def test_cited_sections_of_the_projects_pages_exist():
    headings = {
        page.relative_to(ROOT / "docs").as_posix(): set(
            re.findall(r"^##+ (\d+(?:\.\d+)?)", page.read_text(encoding="utf-8"), re.MULTILINE)
        )
        for page in (ROOT / "docs").rglob("*.md")
    }
    texts = [*SOURCES.values(), *_tracked_texts().values()]
    cited = {match for text in texts for match in re.findall(r"docs/(goto_facts|plan)\.md (\d+(?:\.\d+)?)", text)}
    assert cited
    assert {(page, section) for page, section in cited if section not in headings[f"{page}.md"]} == set()
    pages = {match for source in SOURCES.values() for match in re.findall(r"docs/([\w/]+\.md)", source)}
    assert pages <= headings.keys()


def test_own_pages_have_short_lines():
    for name in ("goto_facts.md", "plan.md"):
        lines = (ROOT / "docs" / name).read_text(encoding="utf-8").splitlines()
        assert [line for line in lines if len(line) > 100 and not line.startswith("|")] == []
