"""Cheating and random policies are found out; the shipped ones are not suspected."""

import random
import sys
from typing import ClassVar

import numpy as np
import pytest
from loop_fixtures import WINDY_DAY, devices, make_case, member

from studies.experiments.certificate.look_ahead import check_policy, replaced_truth
from studies.study.file.policy_files import load_policy
from twin.policies.catalogue import POLICIES, shipped_policy
from twin.policies.interface import DAY, GATE_CLOSURE, HALF_HOUR, THREE_HOURS, Mode


@pytest.fixture(scope="module")
def case(goto_year):
    windy = goto_year.days(WINDY_DAY, 2)
    return make_case(windy, [member(windy, devices=devices(windy.fleet))])


def check(case, make_policy):
    return check_policy(case, 0, 0, make_policy, days=1)


class OfReference:
    """Holds the profiles that it got somewhere and reads the rest of the day."""

    cadence = DAY
    truth: ClassVar[list] = []

    def decide(self, view):
        ahead = self.truth[0].plant_available_mw[:48].sum()
        plan = view.plan(Mode.SELF_CONSUMPTION)
        plan.soc_min_percent[:] = ahead % 50.0
        return plan


class OfTheFrames:
    """Climbs up to the loop's case and reads the half-hour that is about to begin."""

    cadence = HALF_HOUR

    def decide(self, view):
        frame = sys._getframe()
        while "case" not in frame.f_locals:
            frame = frame.f_back
        case, t = frame.f_locals["case"], frame.f_locals["t"]
        sunny = case.profiles[0][0].plant_available_mw[t].sum() > 20.0
        return view.plan(Mode.SELF_CONSUMPTION if sunny else Mode.IDLE)


class Random:
    """Decides by chance, without a seed."""

    cadence = THREE_HOURS

    def decide(self, view):
        plan = view.plan(Mode.POWER)
        plan.battery_power_pu[:] = random.random()
        return plan


class Measured:
    """Decides by what was measured, as it may."""

    cadence = HALF_HOUR

    def decide(self, view):
        return view.plan(Mode.SELF_CONSUMPTION if view.measured_export_mw > 20.0 else Mode.IDLE)


class TheDayBefore(Measured):
    """The same for tomorrow."""

    cadence = GATE_CLOSURE


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=() if name == "congestion_aware" else pytest.mark.slow) for name in POLICIES]
)
def test_shipped_policies_pass(case, name):
    found = check(case, lambda: shipped_policy(name))
    assert (found.is_deterministic, found.looks_ahead) == (True, False)
    assert found.first_unlike == found.first_difference == ""
    assert len(found.replaced_at) == 6


@pytest.mark.parametrize("policy", [Measured, TheDayBefore])
def test_deciding_by_the_past_is_no_look_ahead(case, policy):
    found = check(case, policy)
    assert (found.is_deterministic, found.looks_ahead) == (True, False)


def test_a_policy_that_holds_the_truth_is_caught(case):
    OfReference.truth[:] = [case.profiles[0][0]]
    found = check(case, OfReference)
    assert (found.is_deterministic, found.looks_ahead) == (True, True)
    assert found.first_difference.startswith(f"{case.index[0]:%Y-%m-%d} 00:00, soc_min_percent; truth replaced from")


def test_a_policy_that_reads_the_loops_own_variables_is_caught(case):
    found = check(case, OfTheFrames)
    assert (found.is_deterministic, found.looks_ahead) == (True, True)
    assert ", mode; truth replaced from" in found.first_difference


def test_chance_is_not_deterministic_and_then_look_ahead_is_not_judged(case):
    found = check(case, Random)
    assert (found.is_deterministic, found.looks_ahead) == (False, None)
    assert found.first_unlike == f"{case.index[0]:%Y-%m-%d} 00:00, battery_power_pu"


def test_the_truth_is_put_back(case):
    truth = case.profiles[0][0]
    before = truth.plant_available_mw.copy()
    with replaced_truth(case, 0, 0, 10):
        assert (truth.plant_available_mw[:10] == before[:10]).all()
        assert not np.allclose(truth.plant_available_mw[10:], before[10:])
    assert (truth.plant_available_mw == before).all()


SET_ORDER = """\
from twin.policies.interface import DAY, Mode


class P:
    cadence = DAY

    def decide(self, view):
        plan = view.plan(Mode.SELF_CONSUMPTION)
        first = next(iter({"reserve", "shave", "arbitrage", "hold", "rest"}))
        plan.soc_min_percent[:] = {"reserve": 60, "shave": 30, "arbitrage": 5, "hold": 90, "rest": 45}[first]
        return plan
"""


@pytest.mark.slow
def test_the_order_of_a_set_of_texts_is_found_in_other_processes(case, tmp_path):
    """Hash seeds 0 and 1 put the same text first, so one other process is not enough."""
    (tmp_path / "own.py").write_text(SET_ORDER, encoding="utf-8")
    found = check(case, lambda: load_policy("own.py:P", tmp_path))
    assert (found.is_deterministic, found.looks_ahead) == (False, None)
    assert found.first_unlike == f"{case.index[0]:%Y-%m-%d} 00:00, soc_min_percent"
