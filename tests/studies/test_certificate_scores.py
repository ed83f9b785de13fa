"""The verdict, and what is gained beside what it costs."""

from dataclasses import replace

import pytest

from studies.experiments.certificate.look_ahead import Checks
from studies.experiments.certificate.scores import (
    CRITERIA,
    NO_MORE_THAN_NONE,
    Level,
    gained_and_lost,
    is_passed,
    mean_kpis,
    score,
    verdict,
)
from twin.policies.process import Noticed
from twin.policies.watch import CONNECTS, READS, WRITES

CLEAN = Checks("2031-03-12 00:00", "2031-03-18 23:30", True, "", ("2031-03-12 10:00",), 56, False, "")
KPIS = dict.fromkeys(NO_MORE_THAN_NONE, 3.0) | {"policy_failures": 0.0}


def levels(**changes):
    """Two years at two error levels; `changes` are of year 2 at twice the error."""
    return [Level(1.0, (1, 2), [KPIS, KPIS]), Level(2.0, (1, 2), [KPIS, KPIS | changes])]


def failed(found):
    return [criterion.name for criterion in found if not criterion.passed]


def test_as_much_as_without_control_passes():
    found = verdict(levels(), [KPIS, KPIS], CLEAN, [])
    assert failed(found) == []
    assert [criterion.name for criterion in found] == list(CRITERIA)
    assert (*NO_MORE_THAN_NONE, "failures", "look_ahead", "deterministic", "keeps_to_itself") == CRITERIA
    assert is_passed(found)
    assert not is_passed(found[1:])


@pytest.mark.parametrize("name", NO_MORE_THAN_NONE)
def test_half_an_hour_more_in_one_year_at_one_level_fails_and_is_named(name):
    found = verdict(levels(**{name: 3.5}), [KPIS, KPIS], CLEAN, [])
    assert failed(found) == [name]
    (criterion,) = (one for one in found if one.name == name)
    assert (criterion.excess, criterion.year, criterion.error_factor) == (0.5, 2, 2.0)


def test_less_in_one_year_does_not_make_up_for_more_in_another():
    none = [KPIS | {"criterion_broken_hours": 100.0}, KPIS]
    found = verdict(levels(criterion_broken_hours=3.5), none, CLEAN, [])
    assert failed(found) == ["criterion_broken_hours"]


@pytest.mark.parametrize("where", ["policy", "none"])
def test_a_value_that_is_not_there_is_not_met(where):
    lacks = {name: value for name, value in KPIS.items() if name != "residual_overload_mwh"}
    mine, none = (levels(residual_overload_mwh=None), [KPIS, KPIS]) if where == "policy" else (levels(), [KPIS, lacks])
    found = verdict(mine, none, CLEAN, [])
    assert failed(found) == ["residual_overload_mwh"]
    (criterion,) = (one for one in found if not one.passed)
    assert (criterion.where, criterion.year) == ("missing", 2)


def test_writing_reading_elsewhere_and_talking_to_others_fail_and_reading_own_files_does_not():
    noticed = [Noticed(READS, "/own/weights.csv"), Noticed(WRITES, "/own/log.txt"), Noticed(CONNECTS, "connect ...")]
    assert failed(verdict(levels(), [KPIS, KPIS], CLEAN, noticed[:1])) == []
    found = verdict(levels(), [KPIS, KPIS], CLEAN, noticed)
    assert failed(found) == ["keeps_to_itself"]
    assert (found[-1].excess, found[-1].where) == (2.0, "writes: /own/log.txt")


def test_failures_of_the_policy_fail_even_when_the_fallback_was_safe():
    assert failed(verdict(levels(policy_failures=1.0), [KPIS, KPIS], CLEAN, [])) == ["failures"]


def test_looking_ahead_fails():
    checks = replace(CLEAN, looks_ahead=True, first_difference="2031-03-12 00:00, mode")
    found = verdict(levels(), [KPIS, KPIS], checks, [])
    assert failed(found) == ["look_ahead"]
    assert found[-3].where == "2031-03-12 00:00, mode"


def test_what_cannot_be_judged_does_not_pass():
    checks = replace(CLEAN, is_deterministic=False, looks_ahead=None, first_unlike="2031-03-12 00:00, mode")
    assert failed(verdict(levels(), [KPIS, KPIS], checks, [])) == ["look_ahead", "deterministic"]


def test_gains_and_losses_are_means_over_the_years_with_their_sign():
    none = {
        "curtailed_congestion_mwh": 11.0,
        "curtailed_area_balance_mwh": 5.0, "curtailed_voltage_mwh": 0.0, "curtailed_behind_the_meter_mwh": 0.0,
        "battery_losses_mwh": 0.0, "flexible_losses_mwh": 0.0,
    }  # fmt: skip
    held = none | {
        "curtailed_congestion_mwh": 5.0,
        "curtailed_behind_the_meter_mwh": 20.0,
        "battery_losses_mwh": 2.0,
    }
    found = gained_and_lost(Level(1.0, (1, 2), [held, none]), [none, none])
    assert found == {
        "congestion_avoided_mwh": 3.0, "other_cuts_avoided_mwh": 0.0, "lost_behind_the_meter_mwh": 10.0,
        "lost_in_batteries_mwh": 1.0, "lost_by_shifting_mwh": 0.0,
    }  # fmt: skip


def test_a_score_stands_beside_none_and_the_bound():
    level = Level(1.0, (1, 2), [{"energy_used_mwh": 105.0}, {"energy_used_mwh": 115.0}])
    none = [{"energy_used_mwh": 100.0}, {"energy_used_mwh": 110.0}]
    found = score("energy_used_mwh", level, none, [110.0, 120.0])
    assert (found["mean"], found["none"], found["bound"]) == (110.0, 105.0, 115.0)
    assert found["percent_of_gain"] == 50.0
    assert found["percent_of_bound"] == pytest.approx(100.0 * 220.0 / 230.0)
    assert found["difference"]["by_year"] == (5.0, 5.0)


def test_without_a_bound_there_is_no_share_of_it():
    level = Level(1.0, (1,), [{"energy_used_mwh": 105.0}])
    found = score("energy_used_mwh", level, [{"energy_used_mwh": 100.0}], None)
    assert (found["bound"], found["percent_of_bound"], found["percent_of_gain"]) == (None, None, None)


def test_a_mean_needs_all_years():
    assert mean_kpis([{"a": 1.0, "b": None}, {"a": 2.0, "b": 4.0}]) == {"a": 1.5, "b": None}


def test_a_score_that_a_run_lacks_is_no_zero():
    lacks = [KPIS | {"net_supply_jpy": 3.0}, KPIS | {"net_supply_jpy": None}]
    assert score("net_supply_jpy", Level(1.0, (1, 2), lacks), [lacks[0], lacks[0]], None) is None
    assert score("net_supply_jpy", Level(1.0, (1, 2), [lacks[0]] * 2), [lacks[0], lacks[0]], None)["mean"] == 3.0
