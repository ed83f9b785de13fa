"""Ratings by time: emergencies, times to the limit, cycles; by simulation and by the formulas of IEC 60853-2."""

import numpy as np
import pytest
from test_ladder import CASE_0, LOSSES

from twin.cable.ladder import Surroundings, ladder_of
from twin.cable.ratings import (
    MOST_MINUTES,
    continuous_rating_a,
    course,
    cyclic_rating_a,
    emergency_rating_a,
    minutes_to_limit,
)

BESIDE = ladder_of(CASE_0, Surroundings(1.2, 1.0, 2e6, 2.0), LOSSES)
ALONE = ladder_of(CASE_0, Surroundings(1.2, 1.0, 2e6), LOSSES)
HOURS_OF_DAY = 24


def preloaded(ladder, share, circuits=2):
    current = np.full((48, circuits), share * float(continuous_rating_a(ladder, 20.0)))
    return course(ladder, current, np.full(48, 20.0), 0.5)


def test_a_steady_current_stays_where_the_equation_with_its_own_resistance_puts_it():
    found = preloaded(ALONE, 0.8, 1)
    rise = found.conductor_c[-1, 0] - 20.0 - ALONE.dielectric_k
    loss = ALONE.loss_w_per_m(np.array(0.8 * continuous_rating_a(ALONE, 20.0)), found.conductor_c[-1, 0])
    assert rise == pytest.approx(float(loss) * ALONE.alone_k_m_per_w, abs=1e-3)
    assert np.ptp(found.conductor_c) < 1e-3


def test_steps_are_exact_for_any_length():
    current = np.repeat(np.random.default_rng(1).uniform(0.0, 900.0, (60, 2)), 4, axis=0)
    ambient = np.full(len(current), 15.0)
    fixed = ladder_of(CASE_0, Surroundings(1.2, 1.0, 2e6, 2.0), LOSSES)
    short = course(fixed, current, ambient, 0.25).conductor_c[3::4]
    long = course(fixed, current[::4], ambient[::4], 1.0).conductor_c
    assert np.abs(short - long).max() < 0.5  # what is left is the resistance, which follows the temperature in a step


def test_a_trip_is_judged_as_a_simulation_of_it():
    before = preloaded(BESIDE, 0.5)
    state, ambient = before.state_w_per_m[-1, 0], 20.0
    current = float(emergency_rating_a(BESIDE, state, np.array(ambient), 2.0))
    loss = current**2 * LOSSES.limit_ohm_per_m
    for _ in range(7200):  # seconds, implicit Euler, the other circuit dead
        driven = np.where(np.arange(len(state)) < BESIDE.own, loss, 0.0)
        with np.errstate(invalid="ignore"):
            slow = (state + BESIDE.rate_per_s * driven) / (1.0 + BESIDE.rate_per_s)
        state = np.where(np.isinf(BESIDE.rate_per_s), driven, slow)
    reached = ambient + BESIDE.dielectric_k + state @ BESIDE.gain_k_m_per_w
    assert reached == pytest.approx(90.0, abs=0.01)


@pytest.mark.parametrize("share", [0.0, 0.5, 0.9])
def test_shorter_emergencies_take_more_and_the_time_to_the_limit_is_theirs(share):
    state = preloaded(BESIDE, share).state_w_per_m[-1:, 0]
    currents = [float(emergency_rating_a(BESIDE, state, 20.0, hours)[0]) for hours in (0.5, 2.0, 24.0, 1e6)]
    assert currents == sorted(currents, reverse=True)
    assert currents[-1] == pytest.approx(float(continuous_rating_a(BESIDE, 20.0)), rel=1e-6)
    for hours, current in zip((0.5, 2.0, 24.0), currents, strict=False):
        minutes = minutes_to_limit(BESIDE, state, 20.0, np.array([current]))
        assert minutes[0] == pytest.approx(60.0 * hours, rel=1e-6)
    enough = minutes_to_limit(BESIDE, state, 20.0, np.array([0.99 * currents[-1]]))
    assert enough[0] == MOST_MINUTES


def test_a_conductor_beyond_its_limit_has_no_time_and_no_current_left():
    hot = preloaded(BESIDE, 1.2).state_w_per_m[-1:, 0]
    assert minutes_to_limit(BESIDE, hot, 20.0, np.array([100.0]))[0] < 1e-5
    assert emergency_rating_a(BESIDE, hot, 95.0, 0.5)[0] == 0.0


def test_a_constant_cycle_is_the_continuous_rating():
    flat = np.full((48, 1), 123.0)
    together = float(continuous_rating_a(BESIDE, 20.0, together=True))
    assert cyclic_rating_a(BESIDE, flat, 20.0, 0.5)[0] == pytest.approx(together, rel=1e-9)
    assert np.isnan(cyclic_rating_a(BESIDE, 0.0 * flat, 20.0, 0.5)[0])


def test_the_cyclic_factor_is_that_of_iec_60853_2():
    hours = np.arange(HOURS_OF_DAY)
    current = 0.55 + 0.45 * np.sin((hours - 13.0) * np.pi / 12.0)  # peak at 19 h
    loss = (current / current.max()) ** 2
    peak = int(loss.argmax())
    theta = ALONE.rise_k_m_per_w(np.arange(7) * 3600.0 + 1e-9) / ALONE.alone_k_m_per_w
    theta[0] = 0.0
    recent = loss[(peak - np.arange(6)) % HOURS_OF_DAY]
    factor = 1.0 / np.sqrt((recent * np.diff(theta)).sum() + loss.mean() * (1.0 - theta[6]))
    found = cyclic_rating_a(ALONE, current[:, None], 20.0, 1.0)[0] / float(continuous_rating_a(ALONE, 20.0))
    assert factor > 1.1
    assert found == pytest.approx(factor, rel=0.02)  # the standard: mean loss before the last six hours


def test_a_simulated_repetition_of_the_cycle_ends_at_the_limit():
    hours = np.arange(HOURS_OF_DAY)
    shape = 0.6 + 0.4 * np.cos(hours * np.pi / 12.0)
    current = float(cyclic_rating_a(ALONE, shape[:, None], 20.0, 1.0)[0]) * shape
    days = 60
    found = course(ALONE, np.tile(current, days)[:, None], np.full(HOURS_OF_DAY * days, 20.0), 1.0)
    hottest = found.conductor_c[-HOURS_OF_DAY:].max()
    assert 82.0 < hottest < 90.0  # below: the rating takes the loss at the limit for all hours
