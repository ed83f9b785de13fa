"""Water heaters: hand-computed tanks, habit beside the real one, hot water in time or counted."""

import numpy as np
import pytest
from device_cases import HOURS, run_steps, total_mw, water_heaters

LOSS = 0.01


def test_habit_alone_is_no_change():
    flows, states = run_steps(water_heaters(standing_loss_per_hour=LOSS), steps=480)
    for name in ("demand_mw", "losses_mw", "stored_mwh", "unmet_mwh", "clipped"):
        assert not flows[name].any(), name
    assert np.array_equal(states[:, 0, 0], states[:, 0, 1])


def test_the_habit_fills_the_tank_in_its_hours():
    """After the 4 kWh of 20 h the tank holds 6; from 4 h on 1.5 kWh of heat a half-hour, 1 kW of electricity, fill it.

    A tank that is held back shows the habit as its mirror.
    """
    heater = water_heaters()
    state = np.array([6.0, 6.0])
    flows, states = run_steps(heater, signal=-1.0, steps=4, first=8, state=state)
    assert total_mw(flows)[:, 0] == pytest.approx([-1.0, -1.0, -1.0 / 1.5, 0.0])
    assert states[:, 0, 1] == pytest.approx([7.5, 9.0, 10.0, 10.0])
    assert states[:, 0, 0] == pytest.approx(6.0)
    assert flows["stored_mwh"][-1, 0] == pytest.approx(-4.0 / 3.0)
    assert flows["clipped"].sum() == 0


def test_heat_now_takes_what_there_is_room_for_and_comes_back_at_night():
    """6 of 10 kWh at 22 h: 1.5 kWh a half-hour at full power; the night then heats nothing."""
    heater = water_heaters()
    signal = np.zeros(48)
    signal[:4] = 1.0
    flows, states = run_steps(heater, signal=signal, steps=48, first=44, state=np.array([6.0, 6.0]))
    change = total_mw(flows)[:, 0]
    assert change[:4] == pytest.approx([1.0, 1.0, 1.0 / 1.5, 0.0])
    assert change[12:15] == pytest.approx([-1.0, -1.0, -1.0 / 1.5])
    assert flows["clipped"][:4, 0].tolist() == [0, 0, 1, 1]
    assert HOURS * change.sum() == pytest.approx(0.0, abs=1e-12)
    assert states[-1, 0, 0] == pytest.approx(states[-1, 0, 1])


def test_half_a_signal_is_half_way_from_the_habit():
    flows, _ = run_steps(water_heaters(), signal=np.array([0.5]), state=np.array([6.0, 6.0]))
    assert total_mw(flows)[0, 0] == pytest.approx(0.5)
    flows, _ = run_steps(water_heaters(), signal=np.array([-0.5]), first=8, state=np.array([6.0, 6.0]))
    assert total_mw(flows)[0, 0] == pytest.approx(-0.5)


def test_extra_standing_losses_are_what_the_sum_of_the_change_is():
    """Heated at 22 h instead of 4 h: after days of habit the tanks are equal, what is left is lost heat over 3."""
    heater = water_heaters(standing_loss_per_hour=LOSS)
    signal = np.zeros(480)
    signal[:3] = 1.0
    flows, states = run_steps(heater, signal=signal, steps=480, first=44, state=np.array([6.0, 6.0]))
    extra_heat = (states[:, 0, 0] - states[:, 0, 1])[:-1].sum() * (1.0 - np.exp(-LOSS * HOURS))
    assert HOURS * total_mw(flows).sum() == pytest.approx(extra_heat / 3.0, rel=1e-9)
    assert HOURS * flows["losses_mw"].sum() == pytest.approx(extra_heat / 3.0, rel=1e-9)
    assert extra_heat > 0.0


def test_waiting_ends_in_time_for_the_hot_water():
    """Left at 1 kWh with a reserve of 1, 4 kWh are drawn at 20 h: two half-hours before, and in the one itself."""
    flows, states = run_steps(water_heaters(), signal=-1.0, steps=24, first=30, state=np.array([1.0, 10.0]))
    heated = np.diff(np.concatenate([[1.0], states[:, 0, 0]])) + np.where(np.arange(24) == 10, 4.0, 0.0)
    assert np.flatnonzero(heated > 1e-9).tolist() == [8, 9, 10]
    assert heated[8:11] == pytest.approx([1.0, 1.5, 1.5])
    assert flows["unmet_mwh"].sum() == 0.0
    assert flows["clipped"][:, 0].sum() == 3


def test_hot_water_that_is_missing_is_counted():
    """Empty at 20 h: 1.5 of 4 kWh can be heated in the half-hour, 2.5 kWh are missing in 1,000 homes."""
    flows, states = run_steps(water_heaters(), first=40, state=np.array([0.0, 10.0]))
    assert flows["unmet_mwh"][0, 0] == pytest.approx(2.5)
    assert states[0, 0, 0] == 0.0


def test_hot_water_follows_the_month():
    draw = np.zeros((12, 48, 1))
    draw[0, 40], draw[7, 40] = 4.0, 2.0
    heater = water_heaters(draw_kwh=draw)
    left = [run_steps(heater, first=40, month=month)[1][0, 0, 0] for month in (1, 8)]
    assert left == pytest.approx([6.0, 8.0])
