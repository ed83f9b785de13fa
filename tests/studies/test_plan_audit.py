"""The audit of a plan: formulas, verdicts that follow from the numbers, tables that are refused, both languages."""

import csv
import math
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from shipped import GOTO

from network_models.island import Island, find_island
from network_models.plan import read_plan
from network_models.reading import island_tables
from reports.document.blocks import Table
from reports.document.texts import Words
from reports.sections.documents.audit import sections, slip_text
from studies.experiments.audit.formulas import evaluated
from studies.experiments.audit.model_values import OfRuns, OfTables
from studies.experiments.audit.plan_audit import audited, tried_on, verdict
from studies.experiments.value import buyers_of
from tests.e2e.conftest import command
from twin.core.errors import InputError, gathered, raise_if_any
from twin.metrics.matching import problems_of

ISLAND = find_island()
MINI = Path(__file__).parents[1] / "islands"
PLAN = read_plan(ISLAND)
SCENARIOS = ("without", "uncontrolled", "self_consumption", "held", "fip")


def of_year(*_):
    """A year that was not computed."""
    return math.nan


OF_YEARS = dict.fromkeys(("plants", "sites", "spare_mw"), of_year)
FUNCTIONS = OfTables(GOTO).functions() | OF_YEARS | OfRuns(dict.fromkeys(SCENARIOS), {}, is_year=False).functions()


@pytest.fixture(scope="module")
def found():
    """The audit without the claims that need a year."""
    return audited(PLAN, FUNCTIONS)


def claim(record, name):
    return next(row for row in record["claims"] if row["id"] == name)


def slip(record, name):
    return next(row for row in record["slips"] if row["slip"] == name)


def changed(name, value):
    return replace(PLAN, claims=PLAN.claims | {name: PLAN.claims[name].model_copy(update={"value": value})})


@pytest.mark.parametrize(
    ("formula", "value"), [("2 * -a + b / 4", -3.0), ("min(a, b) == 2", 1.0), ("times(b, 2)", 8.0), ("sqrt(b)", 2.0)]
)
def test_formulas_are_arithmetic_of_names_and_calls(formula, value):
    assert evaluated(formula, {"a": 2.0, "b": 4.0}, {"times": lambda x, y: x * y}, "here") == value


def test_what_is_not_known_stays_so():
    assert math.isnan(evaluated("min(100, a)", {"a": math.nan}, {}, "here"))


def test_a_division_by_zero_is_not_known():
    assert math.isnan(evaluated("a / (a - 1)", {"a": 1.0}, {}, "here"))


@pytest.mark.parametrize(
    ("formula", "told"),
    [
        ("P38 *", "cannot be read"),
        ("P83 * P39", "did you mean P39 or P38"),
        ("().__class__", "none may hold"),
        ("[P38 for x in (1,)]", "none may hold"),
        ("open('x')", "no such name"),
    ],
)
def test_a_formula_that_cannot_be_used_says_so(formula, told):
    with pytest.raises(InputError, match=told):
        evaluated(formula, {"P38": 1.0, "P39": 2.0}, {}, "plan_checks.csv, P38")


@pytest.mark.parametrize(
    ("stated", "computed", "within", "expected"),
    [
        (10.0, 10.5, "0.5", "reproduced"), (10.0, 10.51, "0.5", "differs"), (10.0, 9.0, "10 %", "reproduced"),
        (10.0, 8.9, "10 %", "differs"), (10.0, 8.0, "<=", "reproduced"), (10.0, 8.0, ">=", "differs"),
        (10.0, math.nan, "5", "not_testable"), (0.1, 0.1, "0", "reproduced"),
    ],
)  # fmt: skip
def test_verdicts_at_the_ends_of_the_tolerance(stated, computed, within, expected):
    assert verdict(stated, computed, within) == expected


def test_every_claim_has_a_check_that_can_be_computed():
    assert len(PLAN.claims) == len(PLAN.checks) == 91
    tried_on(PLAN, FUNCTIONS)


@pytest.mark.parametrize(
    ("name", "computed", "expected"),
    [
        ("P34", 8.5, "differs"), ("P73", 31.2, "differs"), ("P89", 144_000.0, "differs"), ("P90", 10.586, "reproduced"),
        ("P91", 32.239, "reproduced"), ("P95", 163_508_917.0, "differs"), ("P96", 19.6692, "differs"),
        ("P99", 72_099.8, "reproduced"), ("P100", 78.2, "reproduced"), ("P101", 108.72, "differs"),
        ("P105", 13.2075, "differs"), ("P63", 242.56, "differs"), ("P98", 49_271.5, "reproduced"),
    ],
)  # fmt: skip
def test_claims_by_hand(found, name, computed, expected):
    row = claim(found, name)
    assert row["computed"] == pytest.approx(computed, rel=1e-4)
    assert row["verdict"] == expected


def test_verdicts_follow_from_the_numbers(found):
    assert slip(found, "seaweed")["is_there"]
    mended = audited(changed("P101", 108.7), FUNCTIONS)
    assert claim(mended, "P101")["verdict"] == "reproduced"
    assert not slip(mended, "seaweed")["is_there"]
    assert claim(audited(changed("P20", 3.0), FUNCTIONS), "P20")["difference"] == -1.0


def test_what_was_not_computed_is_not_testable_and_counted(found):
    counts = found["counts"]
    assert counts["reproduced"] + counts["differs"] + counts["not_testable"] == 91
    of_year_or_run = [row for row in found["claims"] if row["basis"] in ("years", "run")]
    assert {row["verdict"] for row in of_year_or_run} == {"not_testable"}
    assert [row["id"] for row in found["claims"] if row["basis"] == "none"] == ["P88", "P97"]


KNOWN = """home_use public_use efficiency payback_panels payback_batteries seaweed fip kept sold lease share held
own_twice supply below_ten certificates petrol existing_cf old_own private_own public_own home_size"""


@pytest.mark.parametrize("name", KNOWN.split())
def test_known_slips_are_found(found, name):
    assert slip(found, name)["is_there"]


def test_a_slip_is_told_with_its_numbers_in_both_languages(found):
    texts = [slip_text(slip(found, "home_use"), Words(language)) for language in ("en", "ja")]
    assert all("4,167" in text and "5,096" in text for text in texts)


@pytest.mark.parametrize("language", ["en", "ja"])
def test_the_report_has_all_claims(found, language):
    record = found | {"is_year": False, "fiscal_year": 2030, "municipality": {"en": "Goto City", "ja": "五島市"}}
    blocks = sections(record, Words(language))
    text = repr(blocks)
    assert all(f"{name} " in text for name in PLAN.claims)
    cells = [cell for block in blocks if isinstance(block, Table) for row in block.rows for cell in row]
    assert not any("nan" in cell or "None" in cell for cell in cells)


def rewritten(folder, name, change):
    """Copy the island and change the rows of one of its tables."""
    place = folder / "isle"
    if not place.exists():
        shutil.copytree(ISLAND.folder, place)
    with (place / name).open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    header = list(rows[0])
    change(rows)
    with (place / name).open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, header)
        writer.writeheader()
        writer.writerows(rows)
    return Island(place, ISLAND.settings)


def test_claims_without_id_or_source_are_refused_all_at_once(tmp_path):
    def spoil(rows):
        rows[0]["id"] = ""
        rows[1]["reference"] = ""
        rows[2]["value"] = "many"
        rows[3]["id"] = rows[4]["id"]

    with pytest.raises(InputError) as caught:
        read_plan(rewritten(tmp_path, "plan_claims.csv", spoil))
    places = sorted(problem.where for problem in caught.value.problems)
    assert places == [
        "plan_checks.csv line 2, column claim",
        "plan_checks.csv line 5, column claim",
        "plan_claims.csv line 2, column id",
        "plan_claims.csv line 3, column reference",
        "plan_claims.csv line 4, column value",
        "plan_claims.csv line 6, column id",
    ]


def test_an_unknown_source_a_claim_without_check_and_a_check_without_claim_are_refused(tmp_path):
    rewritten(tmp_path, "plan_claims.csv", lambda rows: rows[0].update(reference="hearsay"))
    island = rewritten(tmp_path, "plan_checks.csv", lambda rows: rows[1].update(claim="P999"))
    with pytest.raises(InputError) as caught:
        read_plan(island)
    assert [problem.seen for problem in caught.value.problems] == ["hearsay", "P999"]
    rewritten(tmp_path, "plan_claims.csv", lambda rows: rows[0].update(reference="engineering"))
    rewritten(tmp_path, "plan_checks.csv", lambda rows: rows.pop(1))
    with pytest.raises(InputError, match=r"plan_checks\.csv, P02: the claim has no check"):
        read_plan(island)


STUDY = """\
schema_version = 1
name = "isle"
title_en = "isle"
[period]
fiscal_year = 2030
[grid]
model = "{model}"
year = 2030
[operation]
area_balance = false
"""


def test_the_command_ends_with_status_2_and_one_message(tmp_path, monkeypatch):
    rewritten(tmp_path, "plan_claims.csv", lambda rows: rows[0].update(reference=""))
    (tmp_path / "isle.toml").write_text(STUDY.format(model="isle"), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    answer = command("audit", "isle.toml")
    assert answer.status == 2
    assert "1 problem found" in answer.err
    assert "plan_claims.csv line 2, column reference: the cell is empty" in answer.err
    assert "Traceback" not in answer.err
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("audit", "mini: the island has no plan to audit"),
        ("value", "island mini, buyers.csv: the island has no such table"),
        ("ppa", "island mini, investment.csv: the island has no such table"),
    ],
)
def test_an_island_without_the_tables_is_told_what_is_missing(tmp_path, monkeypatch, name, told):
    for path in (MINI / "mini", MINI / "mini_study.toml"):
        copy = shutil.copytree if path.is_dir() else shutil.copy
        copy(path, tmp_path / path.name)
    monkeypatch.chdir(tmp_path)
    answer = command(name, "mini_study.toml")
    assert answer.status == 2
    assert told in answer.err
    assert "Traceback" not in answer.err
    assert not (tmp_path / "runs").exists() or not any((tmp_path / "runs").iterdir())


def test_a_partner_without_demand_and_certificates_sold_twice_are_refused_at_once(tmp_path, monkeypatch):
    rewritten(tmp_path, "buyers.csv", lambda rows: rows[1].update(yearly_mwh="0"))
    contracts = "".join(f"haenkaze,{buyer},{share},[engineering],estimate,,\n" for buyer, share in
                        (("goto_city", 60), ("partner_city", 50)))  # fmt: skip
    header = "plant,buyer,share_percent,source,status,low,high\n"
    (tmp_path / "isle" / "supply_contracts.csv").write_text(header + contracts, encoding="utf-8")
    (tmp_path / "isle.toml").write_text(STUDY.format(model="isle"), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    answer = command("value", "isle.toml")
    assert answer.status == 2
    assert "2 problems found" in answer.err
    assert "buyers.csv, partner_city: the buyer has no demand" in answer.err
    assert "supply_contracts.csv, haenkaze: certificates are sold twice" in answer.err


def without(name):
    """Return a change of a table that takes a row out."""
    return lambda rows: rows.remove(next(row for row in rows if row["name"] == name))


def with_value(row_name, **cells):
    return lambda rows: next(row for row in rows if row["name"] == row_name).update(cells)


@pytest.mark.parametrize(
    ("table", "change", "where", "repair"),
    [
        ("investment", without("pv_life"), "investment.csv, column name", "add the row pv_life"),
        ("matching", with_value("local_ownership", name="local_ownershp"), "matching.csv, column name",
         "or correct one of local_ownershp"),
        ("market", without("ppa_price"), "market.csv, column name", "add the row ppa_price"),
        ("investment", with_value("battery_life", low="0"), "investment.csv, row battery_life, column low",
         "[inputs.investment]"),
        ("investment", with_value("battery_subsidy", value="175", high="200"),
         "investment.csv, row battery_subsidy, column value", "[inputs.investment]"),
        ("buyers", lambda rows: rows[0].update(is_local="false"), "buyers.csv, column is_local", "is_local = true"),
        ("buyers", lambda rows: rows.clear(), "buyers.csv, column is_local", "add the local customers"),
    ],
)  # fmt: skip
def test_tables_of_money_that_lack_or_spoil_something_are_refused_before_a_run(tmp_path, table, change, where, repair):
    island = rewritten(tmp_path, f"{table}.csv", change)
    with pytest.raises(InputError) as refused:
        tables = island_tables(island)
        nothing = np.ones(1, dtype=np.int64)
        raise_if_any(problems_of([], buyers_of(tables, nothing, 1.0), []))
    assert refused.value.problems[0].where == where
    assert repair in refused.value.problems[0].repair


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"grid_batteries": {"fukue": -10.0}}, ["[inputs.grid_batteries] fukue"]),
        ({"plant_batteries": {"haenkaze": -1.0}}, ["[inputs.plant_batteries] haenkaze"]),
        ({"investment": {"battery_life": 0.0}}, ["investment.csv, row battery_life, column value"]),
        ({"grid_batteries": {"fukue": 0.0}, "market": {"retail_price": -2.0}}, []),
    ],
)
def test_values_of_a_study_obey_the_columns_of_their_table(values, told):
    found = []
    with gathered(found):
        island_tables(ISLAND, values)
    assert [problem.where for problem in found] == told
