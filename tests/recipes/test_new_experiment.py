"""A new kind of study is two files: what is run and kept, and what is told of it. Nothing in the packages changes."""

import json

import pytest

from studies.execution.folders import partial_folder
from tests.e2e.conftest import STUDY, command

DAYS = "30:30"
EXPERIMENT = '''\
"""How full the link gets at the study's middle and under a thicker cable."""

from link_section import link_section

from studies.experiments.runner import Experiment
from studies.study.cases import study_case
from studies.study.file.members import middle_point, resolved
from twin.metrics.series import read_table

SIZES_MM2 = (240, 400)


class ThickerCable(Experiment):
    record_file = "thicker_cable.json"

    def members(self):
        points = [middle_point(self.study) | {"grid.conductor_mm2": size} for size in SIZES_MM2]
        return resolved(self.study, [("without", f"{size}", point) for size, point in zip(SIZES_MM2, points)])

    def prepare(self, progress):
        self.case = study_case(self.study, self.members(), self.data, self.days)

    def facts(self):
        return {"sizes_mm2": list(SIZES_MM2)}

    def reduce(self, work):
        loading = [read_table(folder, "link", ["n1_loading_percent"]) for folder in self.folders(work.folder)]
        return {"n1_max_loading_percent": {str(s): float(t.max().iloc[0]) for s, t in zip(SIZES_MM2, loading)}}

    def sections(self, record, words):
        return link_section(record, words)
'''
SECTION = '''\
"""The section of the experiment."""

from reports.document.blocks import Heading, Table
from reports.document.digits import quantity


def link_section(record, words):
    found = record["n1_max_loading_percent"]
    header = [words.either("conductor, mm2", "導体断面積, mm2"), words.either("N-1 loading, %", "N-1負荷率, %")]
    rows = [[size, quantity(loading, "%")] for size, loading in found.items()]
    caption = words.either("Highest loading", "最大負荷率")
    return [Heading(words.either("A thicker cable", "太いケーブル")), Table(caption, header, ["left", "right"], rows)]
'''
FILES = {"thicker_cable.py": EXPERIMENT, "link_section.py": SECTION}


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A user's folder with the two files of the recipe, and a study."""
    for name, text in {**FILES, "small.toml": STUDY}.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_recipe_touches_two_files():
    assert len(FILES) == 2


@pytest.mark.slow
def test_a_new_kind_of_study_runs_reduces_and_reports(place):
    answer = command("experiment", "thicker_cable.py:ThickerCable", "small.toml", "--days", DAYS, "--jobs", 2)
    assert answer.status == 0, answer.err
    folder = place / "runs" / "small_thicker_cable"
    assert sorted(path.name for path in folder.iterdir()) == [
        "manifest.json", "report", "run_log.json", "thicker_cable.json",
    ]  # fmt: skip
    assert not partial_folder(folder).exists()
    record = json.loads((folder / "thicker_cable.json").read_text(encoding="utf-8"))
    thin, thick = record["n1_max_loading_percent"].values()
    assert thin > thick > 0.0
    facts = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    assert facts["sizes_mm2"] == [240, 400]
    assert "thicker_cable.py" in facts["inputs_sha256"]
    page = (folder / "report" / "report.html").read_text(encoding="utf-8")
    assert all(text in page for text in ("A thicker cable", "太いケーブル", f"{thin:.1f}"))
    for language in ("en", "ja"):
        assert (folder / "report" / f"report_{language}.pdf").read_bytes().startswith(b"%PDF")


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("nothing.py:Any", "there is no such experiment file"),
        ("thicker_cable.py:Thinner", "in thicker_cable.py: ThickerCable"),
        ("thicker_cable.py", "in thicker_cable.py: ThickerCable"),
    ],
)
def test_a_wrong_name_ends_with_what_is_there(place, name, found):
    answer = command("experiment", name, "small.toml", "--days", DAYS)
    assert answer.status == 2
    assert found in answer.err
    assert "Traceback" not in answer.err
