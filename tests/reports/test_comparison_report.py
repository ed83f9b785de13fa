"""Runs compared: the same report with differences, and what keeps runs from being compared."""

from __future__ import annotations

import json
import shutil

import pytest
from openpyxl import load_workbook
from report_fixture import write_run

from reports import write_comparison, write_report
from reports.document.blocks import Answer, Table
from reports.document.texts import LANGUAGES, Words
from reports.reading.comparison import read_comparison
from reports.sections.documents.comparison import document
from twin.core.errors import InputError

MEMBER = "uncontrolled/conductor_mm2=240,criterion=n-1"


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs")
    first = write_run(folder / "first", days=2)
    second = folder / "=second"
    shutil.copytree(first, second)
    kpis = json.loads((second / MEMBER / "kpis.json").read_text())
    change = {"curtailed_congestion_mwh": kpis["curtailed_congestion_mwh"] + 12.0, "import_mwh": kpis["import_mwh"] - 3}
    (second / MEMBER / "kpis.json").write_text(json.dumps(kpis | change))
    study = json.loads((second / "study.json").read_text(encoding="utf-8"))
    study["study"]["operation"] = {"area_level_percent": 3.0}
    (second / "study.json").write_text(json.dumps(study), encoding="utf-8")
    return [first, second]


@pytest.mark.parametrize("language", LANGUAGES)
def test_differences_are_told_with_their_member_and_what_was_asked(runs, language):
    made = document(read_comparison(runs), Words(language))
    (answer,) = [block for block in made.blocks if isinstance(block, Answer)]
    assert "+12" in answer.sentences[0] and "\u22123" in answer.sentences[0] and "240" in answer.sentences[0]
    cells = [cell for block in made.blocks if isinstance(block, Table) for row in block.rows for cell in row]
    assert "operation.area_level_percent" in cells
    assert sum(cell.endswith("\n+12") for cell in cells) == 2


def test_equal_runs_have_no_difference(runs, tmp_path):
    shutil.copytree(runs[0], tmp_path / "again")
    made = document(read_comparison([runs[0], tmp_path / "again"]), Words("en"))
    text = " ".join(getattr(block, "text", "") for block in made.blocks)
    assert "The studies state the same." in text and "No key figure of" in text
    assert "congestion is as in first" in next(b for b in made.blocks if isinstance(b, Answer)).sentences[0]


def test_the_files_are_those_of_a_report(runs, tmp_path):
    written = write_comparison(runs, tmp_path / "compared", ["en"], ["html", "xlsx"])
    assert sorted(written) == ["html", "xlsx"]
    assert "<title>Comparison of first / =second</title>" in written["html"].read_text(encoding="utf-8")
    head, _, *rows = load_workbook(written["xlsx"])["differences"].values
    assert head[-3:] == ("first", "=second", "=second - first")
    changed = {row[head.index("kpi")]: row[-1] for row in rows if row[-1]}
    assert changed == {"curtailed_congestion_mwh": pytest.approx(12.0), "import_mwh": pytest.approx(-3.0)}


def test_everything_that_is_wrong_is_told_at_once(runs, tmp_path):
    with pytest.raises(InputError) as caught:
        read_comparison([*runs, tmp_path / "nothing", runs[0]])
    assert [problem.what for problem in caught.value.problems] == [
        "there is no complete run in this folder", "a run is named twice",
    ]  # fmt: skip
    other = write_run(tmp_path / "other", days=2, scenarios={"alone": ("Alone", "単独")}, sweep={})
    with pytest.raises(InputError, match="the runs have no member in common"):
        read_comparison([runs[0], other])


def test_a_folder_with_the_answer_of_a_question_is_told_as_that(tmp_path):
    for name in ("question.json", "manifest.json", "run_log.json"):
        (tmp_path / name).write_text("{}", encoding="utf-8")
    with pytest.raises(InputError) as caught:
        read_comparison([tmp_path, tmp_path])
    assert caught.value.problems[0].what == "this folder holds an answer and not the tables of members"
    assert caught.value.problems[0].seen == "question.json"


def test_only_what_is_asked_for_is_written(runs):
    written = write_report(runs[0], ["ja"], ["xlsx"])
    assert [path.name for path in written.values()] == ["tables.xlsx"]
    assert [path.name for path in (runs[0] / "report").iterdir()] == ["tables.xlsx"]


@pytest.mark.parametrize(("key", "seen"), [("days", "and [0, 7]"), ("seed", "and 77")])
def test_runs_under_different_weather_are_refused(runs, tmp_path, key, seen):
    other = tmp_path / "other"
    shutil.copytree(runs[0], other)
    manifest = json.loads((other / "manifest.json").read_text(encoding="utf-8"))
    (other / "manifest.json").write_text(json.dumps(manifest | {"days": [0, 7], "seed": 77}), encoding="utf-8")
    with pytest.raises(InputError, match="different weather") as refused:
        read_comparison([runs[0], other])
    (problem,) = [problem for problem in refused.value.problems if problem.where.endswith(key)]
    assert seen in problem.seen
