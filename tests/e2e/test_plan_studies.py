"""The commands `audit`, `value` and `ppa`: records, reports in both languages, agreement with the run's key figures."""

import json

import pandas as pd
import pytest
from conftest import command
from small_study import STUDY

DAY = "350:350"
SHARE_TOLERANCE = 1e-3
"""Percentage points; the tables of a run are in single precision, the ledger in whole Wh."""

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder with a small study."""
    folder = tmp_path_factory.mktemp("plan")
    (folder / "small.toml").write_text(STUDY, encoding="utf-8")
    return folder


def record_of(place, name, *arguments):
    answer = command(*arguments, "--days", DAY, "--jobs", 1, "--out", place / name)
    assert answer.status == 0, answer.err
    for language in ("en", "ja"):
        assert (place / name / "report" / f"report_{language}.pdf").read_bytes().startswith(b"%PDF")
    assert not (place / name / "tables").exists()
    return json.loads((place / name / f"{name}.json").read_text(encoding="utf-8"))


def test_the_ledger_of_a_run_agrees_with_its_key_figures(place):
    record = record_of(place, "value", "value", place / "small.toml")
    assert [one["scenario"] for one in record["scenarios"]] == ["without", "aware"]
    for one in record["scenarios"]:
        for name, share in one["shares_of_run"].items():
            assert one["figures"][name] == pytest.approx(share, abs=SHARE_TOLERANCE)
        rows = pd.read_parquet(place / "value" / "ledgers" / f"{one['scenario']}.parquet")
        assert rows["wh"].sum() / 1e6 == pytest.approx(one["figures"]["generated_mwh"], rel=1e-12)
        assert not rows.duplicated(["time", "seller", "buyer"]).any()


def test_the_business_is_told_for_the_plans_energies_where_only_days_were_run(place):
    record = record_of(place, "ppa", "ppa", place / "small.toml")
    assert [case["name"] for case in record["cases"]] == ["stated"]
    assert record["cases"][0]["payback_years"] == pytest.approx(10.586, abs=0.001)


def test_an_audit_of_some_days_tells_what_it_could_not_test(place):
    record = record_of(place, "plan_audit", "audit")
    assert not record["is_year"]
    assert {row["verdict"] for row in record["claims"] if row["basis"] == "run"} == {"not_testable"}
    years = {row["id"]: row for row in record["claims"] if row["basis"] == "years"}
    assert all(row["verdict"] in ("reproduced", "differs") for row in years.values())
    assert years["P107"]["computed"] == pytest.approx(143e6, rel=0.05)
