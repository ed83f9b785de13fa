"""Which base case, years and runs a certificate has."""

from pathlib import Path

import pytest

from studies.experiments.certificate.certify import Certificate, HeldOut
from studies.experiments.certificate.identity import deviations, folder_of, policy_files, policy_name
from studies.study.file.reading import read_study, study_path
from twin.core.errors import InputError
from twin.policies.running.process import Noticed
from twin.policies.running.watch import READS, WRITES

STUDY = """\
schema_version = 1
name = "plan"
title_en = "Plan"

[period]
fiscal_year = 2030

[grid]
year = 2030

[operation]
area_level_percent = 6

[scenario.without]
fleet.new_pv = false

[scenario.plain]
fleet.new_pv = true

[scenario.aware]
fleet = { new_pv = true, when_full = "curtail" }
operation.policy = "congestion_aware"
operation.forecast = "persistence"

[scenario.after]
fleet.new_pv = false

[sweep]
grid.conductor_mm2 = [240, 300, 400]
"""


def plan(folder, text=STUDY, years=None, **asked):
    path = folder / "plan.toml"
    path.write_text(text, encoding="utf-8")
    return Certificate(read_study(path), "self_consumption", folder, years, **asked)


def test_the_base_case_is_the_last_scenario_with_new_pv_in_the_middle_of_the_sweep(tmp_path):
    found = plan(tmp_path)
    assert found.scenario == "aware"
    for member in found.members():
        study = member.study
        assert (study.grid.conductor_mm2, study.fleet.new_pv, study.fleet.batteries) == (300, True, "all")
        assert (study.fleet.when_full, study.fleet.demand_response) == ("curtail", "none")
        assert (study.operation.policy, study.operation.forecast) == ("none", "calibrated")


def test_demand_response_of_any_scenario_is_taken_along(tmp_path):
    text = STUDY.replace("[scenario.plain]\n", '[scenario.plain]\nfleet.demand_response = "plan"\n')
    assert {member.study.fleet.demand_response for member in plan(tmp_path, text).members()} == {"plan"}


def test_each_year_has_none_and_three_error_levels(tmp_path):
    found = plan(tmp_path, years=2)
    assert [run.folder for run in found.runs] == [
        "year=1/none", "year=1/error=0", "year=1/error=1", "year=1/error=2",
        "year=2/none", "year=2/error=0", "year=2/error=1", "year=2/error=2",
    ]  # fmt: skip
    settings = [(m.study.weather.weather_year, m.study.operation.forecast_error_factor) for m in found.members()]
    assert settings == [(year, factor) for year in (1, 2) for factor in (1.0, 0.0, 1.0, 2.0)]
    assert found.positions(None) == [0, 4]
    assert found.positions(1.0) == [2, 6]


def test_three_years_unless_asked(tmp_path):
    assert plan(tmp_path).years == (1, 2, 3)


def test_without_new_pv_there_is_nothing_to_dispatch(tmp_path):
    with pytest.raises(InputError, match="no scenario has new PV"):
        plan(tmp_path, STUDY.replace("new_pv = true", "new_pv = false"))


def test_a_given_year_cannot_be_several(tmp_path):
    study = plan(tmp_path).study
    given = study.model_copy(update={"weather": study.weather.model_copy(update={"source": "measured"})})
    with pytest.raises(InputError, match="one given year"):
        Certificate(given, "none", Path(), 3)
    assert Certificate(given, "none", Path(), None).years == (None,)


def test_policies_have_names_that_folders_may_have():
    assert policy_name("free_hour") == "free_hour"
    assert policy_name("somewhere/my_policy.py:MyPolicy") == "my_policy.MyPolicy"


def test_the_certifier_may_keep_seed_and_years(tmp_path):
    found = plan(tmp_path, years=2, held_out=HeldOut(seed=977, first_year=101))
    assert found.years == (101, 102)
    assert {member.study.seed for member in found.members()} == {977}
    study = found.study.model_copy(update={"weather": found.study.weather.model_copy(update={"source": "measured"})})
    with pytest.raises(InputError, match="--seed, --first-year"):
        Certificate(study, "none", Path(), 1, held_out=HeldOut(first_year=2))


def test_files_of_the_same_name_and_trials_have_folders_of_their_own(tmp_path):
    for folder, text in (("one", "a = 1\n"), ("two", "a = 2\n")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "my.py").write_text(text)
    names = {folder_of("my.py:P", tmp_path / folder) for folder in ("one", "two")}
    assert len(names) == 2
    assert {name.partition("-")[0] for name in names} == {"my.P"}
    assert folder_of("none", tmp_path) == "none"
    assert plan(tmp_path).folder_name == "certificates/self_consumption"
    assert plan(tmp_path, days=(3, 4)).folder_name == "certificates/self_consumption-trial"


def test_what_a_policy_reads_belongs_to_its_files(tmp_path):
    (tmp_path / "my.py").write_text("import more\n")
    (tmp_path / "more.py").write_text("")
    (tmp_path / "weights.csv").write_text("1")
    noticed = [Noticed(READS, str(tmp_path / "weights.csv")), Noticed(WRITES, str(tmp_path / "log.txt"))]
    before = policy_files("my.py:P", tmp_path, noticed)
    assert list(before) == ["more.py", "my.py", "weights.csv"]
    (tmp_path / "weights.csv").write_text("2")
    after = policy_files("my.py:P", tmp_path, noticed)
    assert [name for name in before if before[name] != after[name]] == ["weights.csv"]


def test_a_copied_study_with_other_batteries_is_told(tmp_path):
    shipped = study_path("goto_2030").read_text(encoding="utf-8")
    path = tmp_path / "goto_2030.toml"
    path.write_text(shipped, encoding="utf-8")
    same = Certificate(read_study(path), "none", tmp_path)
    told = deviations(same.study, same.members()[0], same.scenario, same.point, False)
    assert told == {"shipped": "goto_2030", "differences": []}
    plain, ending = 'fleet = { new_pv = true, batteries = "all"', 'operation.policy = "congestion_aware"'
    rigged_fleet = f"{plain}, battery = {{ battery_kwh = 200.0, standby_w = 0.0 }} }}\n{ending}"
    path.write_text(shipped.replace(f"{plain} }}\n{ending}", rigged_fleet), encoding="utf-8")
    rigged = Certificate(read_study(path), "none", tmp_path)
    told = deviations(rigged.study, rigged.members()[0], rigged.scenario, rigged.point, False)["differences"]
    assert [row[:2] for row in told] == [["fleet.battery.battery_kwh", "200.0"], ["fleet.battery.standby_w", "0.0"]]
