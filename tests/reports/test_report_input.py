"""A broken run folder is answered with everything that is wrong, and the earlier report stays."""

from __future__ import annotations

import json

import pyarrow.parquet as pq
import pytest
from report_fixture import write_run

from reports import write_report
from twin.core.errors import InputError

MEMBER = "uncontrolled/conductor_mm2=400,criterion=n-1"


@pytest.fixture
def run(tmp_path):
    return write_run(tmp_path / "fake", days=1)


def test_all_problems_are_named_at_once(run):
    (run / MEMBER / "link.parquet").unlink()
    (run / MEMBER / "kpis.json").write_text('{"demand_mwh": 1}')
    (run / "reference" / MEMBER.split("/")[1] / "sites.parquet").write_bytes(b"not a table")
    sites = run / MEMBER / "sites.parquet"
    pq.write_table(pq.read_table(sites).drop_columns(["soc_percent"]), sites)
    with pytest.raises(InputError) as caught:
        write_report(run)
    text = str(caught.value)
    assert f"{MEMBER}/link.parquet: no such table" in text.replace("\\", "/")
    assert "delivered_mwh" in text and "soc_percent" in text and "not a Parquet file" in text
    assert len(caught.value.problems) == 4
    assert all(problem.repair for problem in caught.value.problems)


def test_an_earlier_report_stays_when_the_folder_is_broken(run):
    earlier = run / "report" / "report.html"
    earlier.parent.mkdir()
    earlier.write_text("earlier")
    (run / MEMBER / "system.parquet").unlink()
    with pytest.raises(InputError, match=r"system\.parquet"):
        write_report(run)
    assert earlier.read_text() == "earlier"


def test_no_folder(tmp_path):
    with pytest.raises(InputError, match="no complete run in this folder"):
        write_report(tmp_path / "nothing")


def test_study_file_missing_or_not_json(run):
    (run / "manifest.json").unlink()
    (run / "study.json").write_text("{")
    with pytest.raises(InputError) as caught:
        write_report(run)
    assert [problem.what for problem in caught.value.problems] == ["the file is not JSON", "the file is missing"]


def test_a_scenario_without_a_sweep_point(run):
    study = json.loads((run / "study.json").read_text())
    study["members"] = [entry for entry in study["members"] if entry["path"] != MEMBER]
    (run / "study.json").write_text(json.dumps(study))
    with pytest.raises(InputError, match="sweep points are missing"):
        write_report(run)
