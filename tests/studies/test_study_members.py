"""Scenarios times sweep points, in the order of the file, each resolved."""

import re
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from real_data import DATA, needs

from studies.study.file.members import OF_THE_RUN, folder_names, label, labels, members
from studies.study.file.reading import STUDIES, read_study

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def goto_2030():
    return members(read_study(STUDIES / "goto_2030.toml"))


def test_the_default_study_has_thirty_members(goto_2030):
    assert len(goto_2030) == 30
    assert len({member.path for member in goto_2030}) == 30
    assert goto_2030[0].path == "plan_without_new_pv/conductor_mm2=240,criterion=n-1"
    assert goto_2030[-1].path == "new_pv_congestion_aware/conductor_mm2=400,criterion=n-1-intertrip"
    assert [member.scenario for member in goto_2030[:7]] == ["plan_without_new_pv"] * 6 + ["new_pv_uncontrolled"]


def test_each_member_is_resolved(goto_2030):
    for member in goto_2030:
        assert member.study.grid.conductor_mm2 == member.sweep["grid.conductor_mm2"]
        assert member.study.operation.criterion == member.sweep["operation.criterion"]
        assert not member.study.scenario
        assert not member.study.sweep
        assert member.study.folder == STUDIES


@pytest.mark.parametrize(
    ("scenario", "new_pv", "batteries", "policy"),
    [
        ("plan_without_new_pv", False, "none", "none"),
        ("new_pv_uncontrolled", True, "none", "none"),
        ("new_pv_self_consumption", True, "all", "self_consumption"),
        ("new_pv_held", True, "all", "hold_behind_meter"),
        ("new_pv_congestion_aware", True, "all", "congestion_aware"),
    ],
)
def test_the_default_scenarios(goto_2030, scenario, new_pv, batteries, policy):
    found = [member.study for member in goto_2030 if member.scenario == scenario]
    assert {study.fleet.new_pv for study in found} == {new_pv}
    assert {study.fleet.batteries for study in found} == {batteries}
    assert {study.operation.policy for study in found} == {policy}


def test_all_members_share_sky_seed_and_period(goto_2030):
    first = goto_2030[0].study
    assert all(
        (m.study.weather, m.study.seed, m.study.period) == (first.weather, first.seed, first.period) for m in goto_2030
    )


@needs()
def test_the_fiscal_2022_study_differs_in_its_input_only():
    real = read_study(STUDIES / "goto_fy2022.toml", DATA)
    planned = read_study(STUDIES / "goto_2030.toml")
    assert real.scenario == planned.scenario
    assert (real.seed, real.grid.year, real.compare) == (planned.seed, planned.grid.year, planned.compare)
    assert real.weather.source == "measured"
    assert real.sweep_values["grid.conductor_mm2"] == planned.sweep_values["grid.conductor_mm2"]
    labels = [f"conductor_mm2={conductor}" for conductor in (240, 300, 400)]
    assert [member.label for member in members(real)] == labels * 5


def test_labels_are_safe_as_folder_names():
    assert label({}) == "base"
    assert label({"a.b": 0.1, "c.d": True}) == "b=0.1,d=true"
    assert label({"a.x": 1, "b.x": 2}) == "a.x=1,b.x=2"
    assert label({"grid.model": "nets/a b.json"}) == "model=nets-a-b.json"
    assert label({"x": 0.1 + 0.2}) == "x=0.30000000000000004"


@given(st.lists(st.text(min_size=1), unique=True, max_size=8))
@settings(max_examples=300)
@example(["report", "Report", "onset", "network", "study.json", "run_log.json", "manifest.json", "NUL", "a.", "a"])
@example(["same", "SAME", "x" * 300, "x" * 301, "/", "\\", "..", ".", " ", "\x00", "\x1b[2J"])
def test_folders_are_safe_and_distinct_whatever_the_names(names):
    found = folder_names(names, OF_THE_RUN)
    folders = list(found.values())
    assert list(found) == names
    assert len({folder.lower() for folder in folders}) == len(names)
    for folder in folders:
        assert not re.search(r'[<>:"/\\|?*\x00-\x1f]', folder)
        assert folder.lower() not in OF_THE_RUN
        assert not folder.lower().endswith((".json", ".sha256", ".tmp", "."))
        assert folder.strip(". ") == folder
        assert len(folder) < 140


def test_a_plain_name_is_its_folder():
    names = ("plan_without_new_pv", "conductor_mm2=240,criterion=n-1", "base")
    assert folder_names(names, OF_THE_RUN) == {name: name for name in names}


def test_values_that_look_the_same_are_different_members():
    first, second, third = labels([{"a.policy": "x/p.py"}, {"a.policy": "x-p.py"}, {"a.policy": "q.py"}])
    assert first != second
    assert third == "policy=q.py"


def test_scenarios_named_like_the_run_s_own_files_have_folders_of_their_own(tmp_path):
    text = (STUDIES / "goto_2030.toml").read_text(encoding="utf-8")
    names = ["report", "network", "study.json", "manifest.json", "run_log.json", "onset", "Aware", "aware"]
    head = text[: text.index("[scenario.")]
    scenarios = "".join(f'[scenario."{name}"]\nfleet.new_pv = false\n\n' for name in names)
    (tmp_path / "study.toml").write_text(head + scenarios, encoding="utf-8")
    found = members(read_study(tmp_path / "study.toml"))
    assert [member.scenario for member in found] == names
    assert [member.folders[0].partition("~")[0] for member in found] == [*names]
    assert len({member.path.lower() for member in found}) == len(names)
    assert not {member.folders[0] for member in found} & set(names[:6])


def test_a_sweep_value_replaces_a_scenario_value(tmp_path):
    text = (STUDIES / "goto_2030.toml").read_text(encoding="utf-8")
    (tmp_path / "study.toml").write_text(
        text.replace("fleet.new_pv = true", "grid.conductor_mm2 = 500"), encoding="utf-8"
    )
    study = read_study(tmp_path / "study.toml")
    assert {member.study.grid.conductor_mm2 for member in members(study)} == {240, 300, 400}
