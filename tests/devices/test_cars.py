"""Cars: hand-computed trips, charging and supplying the home; they leave with what they need or it is counted."""

import numpy as np
import pytest
from device_cases import cars, run_steps, total_mw

WORK_LEAVE, WORK_BACK = 16, 36


def test_habit_drives_and_charges_on_arrival():
    """8 kWh driven; at 4 kW and 80 % a half-hour puts 1.6 kWh back: five of them, 0.4 MW of 100 cars."""
    flows, states = run_steps(cars(), steps=48)
    demand = total_mw(flows)[:, 0]
    assert np.flatnonzero(demand).tolist() == [36, 37, 38, 39, 40]
    assert demand[36:41] == pytest.approx(0.4)
    assert flows["demand_mw"][36, 0] == pytest.approx([0.1, 0.3])
    assert states[15:17, 0, 0].tolist() == [40.0, 32.0]
    assert states[-1, 0] == pytest.approx([40.0, 40.0])
    for name in ("losses_mw", "stored_mwh", "unmet_mwh", "clipped"):
        assert not flows[name].any(), name


def test_free_days_are_at_home():
    flows, states = run_steps(cars(), steps=48, workday=False)
    assert not flows["demand_mw"].any()
    assert (states == 40.0).all()


def test_the_home_is_supplied_within_its_load_and_losses_count():
    """A home of 1 kW takes 0.5 kWh, which costs the battery 0.625: 0.1 MW less of 100 cars, 0.025 MW lost."""
    flows, states = run_steps(cars(), signal=-1.0, first=40)
    assert total_mw(flows)[0, 0] == pytest.approx(-0.1)
    assert states[0, 0].tolist() == pytest.approx([39.375, 40.0])
    assert flows["losses_mw"][0, 0] == pytest.approx(0.025)
    assert flows["stored_mwh"][0, 0] == pytest.approx(-0.0625)
    assert flows["clipped"][0, 0] == 0


def test_the_home_gets_no_more_than_the_charger_gives():
    flows, _ = run_steps(cars(), signal=-1.0, first=40, load=0.01)
    assert total_mw(flows)[0, 0] == pytest.approx(-0.4)


def test_the_reserve_stays():
    """A quarter of 40 kWh stays: at 10.25 kWh 0.25 * 0.8 / 0.5 = 0.4 of the 1 kW are left to give."""
    flows, states = run_steps(cars(), signal=-1.0, first=40, steps=2, state=np.array([10.25, 40.0]))
    assert total_mw(flows)[:, 0] == pytest.approx([-0.04, 0.0], abs=1e-12)
    assert states[-1, 0, 0] == pytest.approx(10.0)
    assert flows["clipped"][:, 0].tolist() == [1, 1]


def test_it_charges_in_time_against_the_order():
    """18 kWh at 8 h from 10: five half-hours at 1.6 kWh, the last ones of the morning."""
    flows, states = run_steps(cars(), signal=-1.0, steps=17, state=np.array([10.0, 40.0]))
    demand = total_mw(flows)[:, 0]
    assert np.flatnonzero(demand > 1e-9).tolist() == [11, 12, 13, 14, 15]
    assert demand[11:16] == pytest.approx(0.4)
    assert states[15, 0, 0] == pytest.approx(18.0)
    assert states[16, 0, 0] == pytest.approx(10.0)
    assert flows["unmet_mwh"].sum() == pytest.approx(0.0, abs=1e-12)
    assert flows["clipped"][:16, 0].sum() == 16


def test_on_a_free_day_it_is_ready_for_a_work_day():
    """Nobody says what tomorrow is: on a free evening the charge for the next morning is in sight already."""
    _, states = run_steps(cars(), signal=-1.0, steps=17 + 48, workday=False, state=np.array([10.0, 40.0]))
    flows, _ = run_steps(cars(), steps=17, signal=-1.0, state=states[47, 0])
    assert flows["unmet_mwh"].sum() == pytest.approx(0.0, abs=1e-12)


def test_what_is_missing_at_departure_is_counted():
    """12 kWh at the door instead of 18: 6 kWh of 100 cars; the trip's 8 are driven all the same."""
    flows, states = run_steps(cars(), first=WORK_LEAVE, state=np.array([12.0, 40.0]))
    assert flows["unmet_mwh"][0, 0] == pytest.approx(0.6)
    assert states[0, 0, 0] == pytest.approx(4.0)
    _, states = run_steps(cars(), first=WORK_LEAVE, state=np.array([3.0, 40.0]))
    assert states[0, 0, 0] == 0.0


def test_cars_that_are_away_follow_no_order():
    flows, _ = run_steps(cars(), signal=np.array([1.0, -1.0]), first=WORK_LEAVE + 2, steps=2)
    assert not flows["demand_mw"].any()


def test_a_charge_held_back_is_made_up_for_without_loss_over_the_habit():
    """Waiting at home and charging later costs nothing more: the same energy, other hours."""
    hold = np.zeros(60)
    hold[0:4] = -0.8  # with a home of 1 kW: 0.2 * 4 kW - 0.8 * 1 kW = 0
    flows, states = run_steps(cars(), signal=hold, steps=60, first=WORK_BACK, state=np.array([32.0, 32.0]))
    assert total_mw(flows)[:4, 0] == pytest.approx(0.0, abs=1e-12)
    assert total_mw(flows)[4:9, 0] == pytest.approx(0.4)
    assert flows["losses_mw"].sum() == pytest.approx(0.0, abs=1e-12)
    assert flows["stored_mwh"][3, 0] == pytest.approx(-0.64)
    assert states[-1, 0, 0] == pytest.approx(states[-1, 0, 1])
