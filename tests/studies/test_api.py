"""A case from a study file in one line, and its tables."""

import numpy as np
import pytest
from loop_fixtures import run

from studies.api import load_case, run_case
from twin.core.errors import InputError
from twin.operation.case import under_policies
from twin.operation.dispatch import make_view
from twin.operation.state import initial_state
from twin.policies.catalogue import shipped_policy

STUDY = """\
schema_version = 1
name = "small"
title_en = "Two scenarios"
period.fiscal_year = 2030
grid.year = 2030
operation.area_balance = false
scenario.first = { "fleet.new_pv" = true }
scenario.second = { fleet = { new_pv = true, batteries = "all" }, "operation.policy" = "self_consumption" }
sweep = { "grid.conductor_mm2" = [240, 300, 400] }
"""


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    path = tmp_path_factory.mktemp("study") / "small.toml"
    path.write_text(STUDY, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def case(study):
    return load_case(study, scenario="second", days=(20, 20))


def test_scenario_days_and_the_middle_of_the_sweep(case):
    (member,) = case.members
    assert (member.scenario, member.label, member.twin) == ("second", "base", "")
    assert (str(case.index[0]), len(case.index)) == ("2030-04-20 00:00:00+09:00", 48)
    assert case.fleet.battery_mwh.sum() > 1.0
    assert 40.0 < case.export_limit_mw[0] < 60.0
    assert member.policy_seconds == np.inf  # a shipped policy may take its time, however busy the machine is


def test_settings_come_last(study):
    thin = load_case(study, days=(20, 20), settings={"grid.conductor_mm2": 240, "fleet.demand_factor": 0.5})
    assert thin.members[0].scenario == "first"
    assert thin.fleet.battery_mwh.sum() == 0.0
    mean_mw = thin.profiles[0][0].area_demand_mw.sum(axis=1).mean()
    assert thin.export_limit_mw[0] < load_case(study, days=(20, 20)).export_limit_mw[0]
    assert mean_mw < 25.0


def test_tables_are_those_of_the_loop_for_each_policy(case):
    both = under_policies(case, 0, [case.members[0].policy, shipped_policy("none")])
    tables = run_case(both)
    _, records = run(both)
    for m, of_member in enumerate(tables):
        delivered = np.array([record.delivered_mw[m].sum() for record in records])
        assert of_member["system"]["delivered_mw"].to_numpy() == pytest.approx(delivered, rel=1e-12)
    assert set(tables[0]) == {"system", "ledger", "link", "n1", "bus", "branches", "sites", "devices"}
    assert tables[0]["system"]["battery_losses_mw"].sum() > tables[1]["system"]["battery_losses_mw"].sum()


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"scenario": "secnd"}, "second"),
        ({"settings": {"fleet.batterie": "all"}}, "batterie"),
        ({"days": (0, 3)}, "day"),
    ],
)
def test_wrong_wishes_are_told(study, arguments, text):
    with pytest.raises(InputError, match=text):
        load_case(study, **arguments)


def test_an_unknown_study_is_told():
    with pytest.raises(InputError, match="goto_2030"):
        load_case("goto_2031")


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        (
            {"sweep.grid.conductor_mm2": [240]},
            ["it says which members a study has", "settings, sweep.grid.conductor_mm2"],
        ),
        ({"inputs.sites.new/residential": 2000.0}, ["there is no input table sites", "settings, inputs.sites"]),
        ({"inputs": {"batery_behaviour": {"constant_share": 0.0}}}, ["batery_behaviour", "did you mean"]),
        ({"inputs.battery_behaviour.constant_shar": 0.0}, ["has no row constant_shar"]),
        ({"fleet.bateries": "all"}, ["unknown key fleet.bateries", "did you mean"]),
        ({"operation.policy": "prise"}, ["'prise'", "did you mean price?"]),
    ],
)
def test_settings_that_are_not_known_are_refused_as_in_a_study_file(study, settings, words):
    with pytest.raises(InputError) as caught:
        load_case(study, scenario="second", days=(20, 20), settings=settings)
    for word in words:
        assert word in str(caught.value)


def test_what_a_policy_measures_before_the_first_step_is_not_known(case):
    measured = make_view(case, initial_state(case), 0, 0, 0, 48).measured()
    assert np.isnan([measured.export_mw, *measured.available_mw, *measured.delivered_mw]).all()
