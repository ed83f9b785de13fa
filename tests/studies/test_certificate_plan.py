"""Which base case, years and runs a certificate has."""

from pathlib import Path

import pytest

from studies.experiments.certificate.certify import Certificate, policy_name
from studies.study.reading import read_study
from twin.core.errors import InputError

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


def plan(folder, text=STUDY, years=None):
    path = folder / "plan.toml"
    path.write_text(text, encoding="utf-8")
    return Certificate(read_study(path), "self_consumption", folder, years)


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
