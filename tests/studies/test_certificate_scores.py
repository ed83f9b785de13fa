"""The verdict, and what is gained beside what it costs."""

from dataclasses import replace

import pytest

from studies.experiments.certificate.limits import LOSERS, OF_MONEY, SHIPPED, read_limits
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
from twin.core.errors import InputError
from twin.policies.running.process import Noticed
from twin.policies.running.watch import CONNECTS, READS, WRITES

CLEAN = Checks("2031-03-12 00:00", "2031-03-18 23:30", True, "", ("2031-03-12 10:00",), 56, False, "")
MONEY = {"cash_sites_jpy": -900.0, "cash_homes_jpy": -100.0, "cash_plant_owners_jpy": 5000.0}
KPIS = dict.fromkeys(NO_MORE_THAN_NONE, 3.0) | {"policy_failures": 0.0} | MONEY
KPIS |= {"battery_wear_percent_per_year": 0.5, "clipped_commands": 0.0}
LIMITS = read_limits()


def levels(**changes):
    """Two years at two error levels; `changes` are of year 2 at twice the error."""
    return [Level(1.0, (1, 2), [KPIS, KPIS]), Level(2.0, (1, 2), [KPIS, KPIS | changes])]


def failed(found):
    return [criterion.name for criterion in found if not criterion.passed]


def test_as_much_as_without_control_passes():
    found = verdict(levels(), [KPIS, KPIS], CLEAN, [], LIMITS, 1000)
    assert failed(found) == []
    assert [criterion.name for criterion in found] == list(CRITERIA)
    assert (*NO_MORE_THAN_NONE, *LOSERS, "failures", "look_ahead", "deterministic", "keeps_to_itself") == CRITERIA
    assert is_passed(found, [KPIS, KPIS])
    assert not is_passed(found[1:], [KPIS, KPIS])


@pytest.mark.parametrize(
    ("change", "name", "excess"),
    [
        ({"cash_sites_jpy": -902.0}, "customers_loss_percent", 0.2),
        ({"cash_plant_owners_jpy": 4990.0}, "owners_loss_percent", 0.2),
        ({"battery_wear_percent_per_year": 3.0}, "wear_increase_percent_per_year", 2.5),
        ({"clipped_commands": 60.0}, "clipped_percent", 6.0),
    ],
)
def test_who_loses_more_than_the_limit_is_named(change, name, excess):
    found = verdict(levels(**change), [KPIS, KPIS], CLEAN, [], LIMITS, 1000)
    assert failed(found) == [name]
    (criterion,) = (one for one in found if one.name == name)
    assert (criterion.excess, criterion.year) == (pytest.approx(excess), 2)
    wide = [replace(limit, limit=excess + 1e-9) for limit in LIMITS]
    assert failed(verdict(levels(**change), [KPIS, KPIS], CLEAN, [], wide, 1000)) == []


def test_an_island_without_payments_is_not_judged_by_money():
    none = KPIS | dict.fromkeys(MONEY)
    mine = [Level(1.0, (1,), [none])]
    found = verdict(mine, [none], CLEAN, [], LIMITS, 1000)
    assert {one.name for one in found} == set(CRITERIA) - set(OF_MONEY)
    assert is_passed(found, [none])
    # payments in the runs without control only are a lack, not an island without prices
    assert failed(verdict(mine, [KPIS], CLEAN, [], LIMITS, 1000)) == list(OF_MONEY)


def test_limits_outside_their_range_are_told(tmp_path):
    file = tmp_path / "limits.csv"
    file.write_text(SHIPPED.read_text().replace("2,1,3", "4,1,3").replace("owners_loss", "owner_loss"))
    with pytest.raises(InputError, match=r"(?s)other limits.*no limit within its range.*4.0 in 1") as caught:
        read_limits(file)
    assert len(caught.value.problems) == 2


@pytest.mark.parametrize("name", NO_MORE_THAN_NONE)
def test_half_an_hour_more_in_one_year_at_one_level_fails_and_is_named(name):
    found = verdict(levels(**{name: 3.5}), [KPIS, KPIS], CLEAN, [], LIMITS, 1000)
    assert failed(found) == [name]
    (criterion,) = (one for one in found if one.name == name)
    assert (criterion.excess, criterion.year, criterion.error_factor) == (0.5, 2, 2.0)


def test_less_in_one_year_does_not_make_up_for_more_in_another():
    none = [KPIS | {"criterion_broken_hours": 100.0}, KPIS]
    found = verdict(levels(criterion_broken_hours=3.5), none, CLEAN, [], LIMITS, 1000)
    assert failed(found) == ["criterion_broken_hours"]


@pytest.mark.parametrize("where", ["policy", "none"])
def test_a_value_that_is_not_there_is_not_met(where):
    lacks = {name: value for name, value in KPIS.items() if name != "residual_overload_mwh"}
    mine, none = (levels(residual_overload_mwh=None), [KPIS, KPIS]) if where == "policy" else (levels(), [KPIS, lacks])
    found = verdict(mine, none, CLEAN, [], LIMITS, 1000)
    assert failed(found) == ["residual_overload_mwh"]
    (criterion,) = (one for one in found if not one.passed)
    assert (criterion.where, criterion.year) == ("missing", 2)


def test_writing_reading_elsewhere_and_talking_to_others_fail_and_reading_own_files_does_not():
    noticed = [Noticed(READS, "/own/weights.csv"), Noticed(WRITES, "/own/log.txt"), Noticed(CONNECTS, "connect ...")]
    assert failed(verdict(levels(), [KPIS, KPIS], CLEAN, noticed[:1], LIMITS, 1000)) == []
    found = verdict(levels(), [KPIS, KPIS], CLEAN, noticed, LIMITS, 1000)
    assert failed(found) == ["keeps_to_itself"]
    assert (found[-1].excess, found[-1].where) == (2.0, "writes: /own/log.txt")


def test_failures_of_the_policy_fail_even_when_the_fallback_was_safe():
    assert failed(verdict(levels(policy_failures=1.0), [KPIS, KPIS], CLEAN, [], LIMITS, 1000)) == ["failures"]


def test_looking_ahead_fails():
    checks = replace(CLEAN, looks_ahead=True, first_difference="2031-03-12 00:00, mode")
    found = verdict(levels(), [KPIS, KPIS], checks, [], LIMITS, 1000)
    assert failed(found) == ["look_ahead"]
    assert found[-3].where == "2031-03-12 00:00, mode"


def test_what_cannot_be_judged_does_not_pass():
    checks = replace(CLEAN, is_deterministic=False, looks_ahead=None, first_unlike="2031-03-12 00:00, mode")
    assert failed(verdict(levels(), [KPIS, KPIS], checks, [], LIMITS, 1000)) == ["look_ahead", "deterministic"]


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
