"""The pages: links lead somewhere, lines are short, the first page is, and the site has every page."""

import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
sys.path.insert(0, str(DOCS / "generators"))

import make_reference  # noqa: E402

GENERATED = {
    *("reference/api.md", "reference/study_keys.md", "reference/commands.md", "reference/data_dictionary.md"),
    *("reference/policy_fields.md", "plan_audit.md"),
}
"""Made from texts of the code, whose lines have up to 120 characters."""
MADE_AT_BUILD = GENERATED - {"reference/data_dictionary.md", "plan_audit.md"}
PAGES = sorted(
    page
    for page in (*ROOT.glob("*.md"), *DOCS.rglob("*.md"), *(ROOT / "examples").glob("*.md"))
    if "templates" not in page.parts and page.parent.name != "api" and page.name != "CHANGELOG.md"
)
MOST_CHARACTERS = 100
LINES_OF_README = 120
LINK = re.compile(r"\]\(([^)\s]+)\)")


def _name(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def _prose(page: Path) -> str:
    """Return a page without its blocks of code."""
    return re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)


def _anchors(page: Path) -> set[str]:
    """Return the anchors of a page's headings as GitHub and MyST make them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_links_lead_to_a_file_and_a_heading(page):
    made = {(DOCS / name).resolve() for name in MADE_AT_BUILD}
    for link in LINK.findall(_prose(page)):
        if link.startswith(("http:", "https:", "mailto:")):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists() or target in made, link
        assert not anchor or target in made or anchor in _anchors(target), link


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_lines_are_short_outside_tables_and_code(page):
    if page.relative_to(ROOT).as_posix().removeprefix("docs/") in GENERATED:
        return
    long = [line for line in _prose(page).splitlines() if len(line) > MOST_CHARACTERS]
    assert [line for line in long if not line.lstrip().startswith(("|", "!["))] == []


@pytest.mark.parametrize("name", ["README.md", "README.ja.md"])
def test_the_first_page_is_short_and_shows_one_picture(name):
    text = (ROOT / name).read_text(encoding="utf-8")
    assert len(text.splitlines()) <= LINES_OF_README
    assert len(re.findall(r"^!\[", text, re.MULTILINE)) == 1


def test_the_public_modules_exist():
    page = make_reference.api()
    assert [name for name in make_reference.PUBLIC if f"[{name}](api/{name}.md) |  |" in page] == []


def test_every_page_is_in_the_tree_of_the_site():
    index = (DOCS / "index.md").read_text(encoding="utf-8")
    listed = [line for block in re.findall(r"^```\{toctree\}\n(.*?)^```", index, re.M | re.S) for line in block.split()]
    found = {page for entry in listed if not entry.startswith(":") for page in DOCS.glob(f"{entry}.md")}
    outside = (DOCS / "index.md", *(DOCS / "generators").rglob("*.md"), *(DOCS / "reference" / "api").glob("*.md"))
    assert set(DOCS.rglob("*.md")) - found - set(outside) == set()
