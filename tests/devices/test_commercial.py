"""Commercial flexibility: hand-computed orders, its buffer, its way back, and contracts to use less."""

import numpy as np
import pytest
from device_cases import HOURS, commercial, run_steps, total_mw

QUIET = 400


def test_an_order_moves_the_flexible_share_until_the_buffer_is_full():
    """1 MW a half-hour puts 0.45 MWh aside (90 %): 0.9, then 0.1 MWh of room or 0.1 / 0.45 of the order."""
    flows, states = run_steps(commercial(), signal=1.0, steps=4)
    assert total_mw(flows)[:, 0] == pytest.approx([1.0, 1.0, 0.1 / 0.45, 0.0], abs=1e-12)
    assert states[:, 0, 0] == pytest.approx([0.45, 0.9, 1.0, 1.0])
    assert flows["clipped"][:, 0].tolist() == [0, 0, 1, 1]
    assert flows["losses_mw"][0, 0] == pytest.approx(0.1)
    assert flows["demand_mw"][0, 0] == pytest.approx([0.25, 0.75])


def test_putting_off_owes_more_than_it_saved():
    """1 MW less for half an hour owes 0.5 / 0.9 MWh; 1 MWh may be owed, so 0.8 MW are left of the next order."""
    flows, states = run_steps(commercial(down_share=0.0), signal=-1.0, steps=3)
    assert total_mw(flows)[:, 0] == pytest.approx([-1.0, -0.8, 0.0], abs=1e-12)
    assert states[:, 0, 0] == pytest.approx([-0.5 / 0.9, -1.0, -1.0])
    assert flows["clipped"][:, 0].tolist() == [0, 1, 1]
    assert flows["losses_mw"][0, 0] == pytest.approx(1.0 / 0.9 - 1.0)


def test_half_an_order_from_empty_is_half_the_power():
    flows, _ = run_steps(commercial(), signal=0.5)
    assert total_mw(flows)[0, 0] == pytest.approx(0.5)


@pytest.mark.parametrize(("signal", "left"), [(0.9, 1.0 - 0.81), (-0.9, 1.0 / 0.81 - 1.0)])
def test_it_comes_back_by_itself_less_or_more_by_its_loss(signal, left):
    """E up is saved again by 0.81 E, E down costs E / 0.81: seen from the change of demand alone."""
    orders = np.zeros(QUIET)
    orders[0] = signal
    flows, states = run_steps(commercial(), signal=orders, steps=QUIET)
    energy = HOURS * total_mw(flows)[:, 0]
    assert abs(energy[0]) == pytest.approx(0.45)
    assert energy.sum() == pytest.approx(left * 0.45, rel=1e-9)
    assert np.abs(states[-1, 0, 0]) < 1e-12


def test_an_order_against_what_is_held_back_meets_it():
    """After 1 MW up for half an hour (0.45 MWh), 0.81 MW down for half an hour empties the buffer."""
    flows, states = run_steps(commercial(), signal=np.array([1.0, -0.81]), steps=2)
    power = 0.81 + 0.19 * 0.9 * 0.9 * (1.0 - np.exp(-1 / 8))
    assert total_mw(flows)[1, 0] == pytest.approx(-power)
    assert states[1, 0, 0] == pytest.approx(0.45 - HOURS * power / 0.9)


def test_contracts_take_off_more_at_minus_one_for_their_hours():
    """0.5 MW of contracts for one hour: two half-hours, counted as not supplied; the third call is not followed."""
    flows, states = run_steps(commercial(buffer_mwh=10.0), signal=-1.0, steps=3)
    assert total_mw(flows)[:, 0] == pytest.approx([-1.5, -1.5, -1.0])
    assert flows["unmet_mwh"][:, 0] == pytest.approx([0.25, 0.25, 0.0])
    assert flows["clipped"][:, 0].tolist() == [0, 0, 1]
    assert states[:, 0, 1] == pytest.approx([0.5, 1.0, 1.0])


def test_what_contracts_take_off_is_not_made_up_for():
    orders = np.zeros(QUIET)
    orders[0] = -1.0
    flows, _ = run_steps(commercial(flexible_share=0.0, buffer_mwh=0.0), signal=orders, steps=QUIET)
    assert HOURS * total_mw(flows).sum() == pytest.approx(-0.25)
    assert HOURS * total_mw(flows)[1:].sum() == 0.0


def test_no_order_no_change():
    flows, states = run_steps(commercial(), steps=96)
    assert not flows["demand_mw"].any() and not states.any() and not flows["clipped"].any()
