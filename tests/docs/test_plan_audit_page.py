"""The page of the plan's audit: Japanese first, short lines, and no older than the tables that it is made from."""

import re
from pathlib import Path

import make_audit
import pytest
from shipped import GOTO, ISLAND

from network_models.plan import read_plan
from reports.document.texts import Words
from reports.sections.documents import audit
from studies.experiments.audit.model_values import OfTables
from studies.experiments.audit.plan_audit import audited

PAGE = (Path(__file__).parents[2] / "docs" / "plan_audit.md").read_text(encoding="utf-8")
MOST_CHARACTERS = 100
UNKNOWN = ("plants", "sites", "spare_mw", "kpi", "own_kwh", "export_kwh", "paid_jpy", "first_hour")


@pytest.fixture(scope="module")
def record():
    """What follows from tables and the plan's own numbers."""
    nothing = dict.fromkeys(UNKNOWN, lambda *_: float("nan"))
    found = audited(read_plan(ISLAND), OfTables(GOTO).functions() | nothing)
    return found | {"is_year": True, "fiscal_year": 2030, "municipality": {"en": "Goto City", "ja": "五島市"}}


def rows():
    """Return the cells of the page's table of claims by claim."""
    lines = [line for line in PAGE.splitlines() if re.match(r"\| P\d+ \|", line)]
    return {cells[0]: cells for cells in ([cell.strip() for cell in line.strip("|").split(" | ")] for line in lines)}


def test_the_kept_page_has_every_claim_and_is_as_the_tables_say(record):
    kept = rows()
    assert list(kept) == [row["id"] for row in record["claims"]]
    for row in record["claims"]:
        if row["basis"] in ("input", "arithmetic"):
            cells = kept[row["id"]]
            assert cells[3] == audit.computed_text(row), row["id"]
            assert cells[4].startswith(Words("ja")(f"audit.verdict.{row['verdict']}")), row["id"]
        assert row["because_ja"] in kept[row["id"]][5], row["id"]


def test_the_kept_page_counts_its_own_verdicts():
    words = Words("ja")
    for name in ("reproduced", "differs", "not_testable"):
        told = re.search(rf"\| {words(f'audit.tile.{name}')} / [^|]*\| (\d+) \|", PAGE)
        verdict = words(f"audit.verdict.{name}")
        assert told is not None
        assert int(told[1]) == sum(cells[4].startswith(verdict) for cells in rows().values())


def test_the_kept_page_tells_the_slips_that_are_there(record):
    for slip in record["slips"]:
        if slip["is_there"]:
            assert audit.slip_text(slip, Words("ja")).replace(" ", "") in re.sub(r"\s", "", PAGE)


def test_a_page_is_japanese_first_and_has_short_lines(record):
    made = make_audit.page(record)
    assert made.index("結論") < made.index("The answer in English")
    long = [line for line in made.splitlines() if len(line) > MOST_CHARACTERS and not line.startswith("|")]
    assert long == []
