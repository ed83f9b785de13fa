"""Settings as profiles: each step is what runpp finds on a net with the step's settings."""

from __future__ import annotations

import copy

import numpy as np
import pandapower as pp
import pytest
from powerflow_cases import CURRENT_KA, LOADING_PERCENT, POWER_MW, VOLTAGE_PU, assert_same, solved_by_pandapower

from twin import BatchPowerFlow, SecurityAnalysis
from twin.core.errors import InputError
from twin.network.settings import SETTINGS


def ring() -> pp.pandapowerNet:
    """Two feeders and a tie, a transformer with taps, a generator, a shunt in steps, a coupler."""
    net = pp.create_empty_network(sn_mva=10.0)
    source, a, b, c, d = (pp.create_bus(net, kv) for kv in (110.0, 20.0, 20.0, 20.0, 20.0))
    pp.create_ext_grid(net, source, vm_pu=1.01)
    pp.create_transformer_from_parameters(
        net, source, a, 25.0, 110.0, 20.0, 0.5, 11.0, 20.0, 0.1, tap_side="hv", tap_neutral=0, tap_min=-9, tap_max=9,
        tap_step_percent=1.5, tap_pos=1, tap_changer_type="Ratio",
    )  # fmt: skip
    for ends in ((a, b), (b, c), (a, c)):
        pp.create_line_from_parameters(net, *ends, 5.0, 0.2, 0.35, 210.0, 0.4)
    pp.create_switch(net, c, 1, "l", closed=True)
    pp.create_switch(net, c, d, "b", closed=True)
    pp.create_gen(net, b, 1.0, vm_pu=1.0)
    pp.create_load(net, c, 4.0, 1.0)
    pp.create_load(net, d, 2.0, 0.5)
    pp.create_shunt(net, c, q_mvar=-0.4, step=2, max_step=5)
    return net


STEPS = {
    "ext_grid_vm_pu": [[1.01], [1.03], [0.99]],
    "gen_vm_pu": [[1.0], [1.02], [1.01]],
    "trafo_tap_pos": [[1], [-3], [5]],
    "shunt_step": [[2], [0], [4]],
    "switch_closed": [[True, True], [False, True], [True, False]],
    "line_in_service": [[True, True, True], [True, True, False], [False, True, True]],
    "load_in_service": [[True, True], [False, True], [True, False]],
    "gen_in_service": [[True], [False], [True]],
}


@pytest.mark.parametrize("names", [(name,) for name in STEPS] + [tuple(STEPS)[:5]], ids="+".join)
def test_every_step_is_the_one_of_a_net_with_its_settings(names: tuple[str, ...]) -> None:
    net = ring()
    p_mw = np.array([[4.0, 2.0], [1.0, 0.5], [5.0, 3.0]])
    found = BatchPowerFlow(net).solve(load_p_mw=p_mw, **{name: STEPS[name] for name in names})
    assert found.converged.all()
    for step in range(3):
        alone = copy.deepcopy(net)
        alone.load["p_mw"] = p_mw[step]
        for name in names:
            table, column = SETTINGS[name]
            alone[table][column] = STEPS[name][step]
        theirs = solved_by_pandapower(alone)
        np.testing.assert_allclose(found.vm_pu[step], theirs.res_bus.vm_pu, rtol=0.0, atol=VOLTAGE_PU)
        np.testing.assert_allclose(
            found.line_loading_percent[step], theirs.res_line.loading_percent, atol=LOADING_PERCENT
        )
        np.testing.assert_allclose(found.ext_grid_p_mw[step], theirs.res_ext_grid.p_mw, atol=POWER_MW)
        np.testing.assert_allclose(found.bus_q_mvar[step], theirs.res_bus.q_mvar, atol=1e-6)
        np.testing.assert_allclose(found.switch_i_ka[step], theirs.res_switch.i_ka, atol=CURRENT_KA)


def test_steps_keep_their_order_and_equal_settings_share_a_net() -> None:
    p_mw = np.array([[4.0, 2.0], [1.0, 0.5], [5.0, 3.0], [2.0, 2.0]])
    taps = np.array([[5], [1], [5], [1]])
    found = BatchPowerFlow(ring()).solve(load_p_mw=p_mw, trafo_tap_pos=taps)
    assert len(found.parts) == 2
    np.testing.assert_array_equal(found.load_p_mw, p_mw)
    as_given = BatchPowerFlow(ring()).solve(load_p_mw=p_mw)
    np.testing.assert_array_equal(found.vm_pu[1::2], as_given.vm_pu[1::2])
    assert "line_loading_percent" in dir(found)
    assert set(found.names) == set(as_given.names)


def test_what_is_no_setting_is_named_with_its_step() -> None:
    flow = BatchPowerFlow(ring())
    with pytest.raises(InputError, match=r"solve\(trafo_tap_pos=...\), step 1, element 0"):
        flow.solve(trafo_tap_pos=[[1.0], [np.nan]])
    with pytest.raises(InputError, match="True or False"):
        flow.solve(switch_closed=[[0.5, 1.0]])
    with pytest.raises(InputError, match=r"step 1, net\.ext_grid: no slack in service"):
        flow.solve(ext_grid_in_service=[[True], [False]])


def test_a_security_analysis_takes_no_settings() -> None:
    with pytest.raises(InputError, match="cannot be given"):
        SecurityAnalysis(ring(), [("line", 0)]).run({"trafo_tap_pos": [[1]]})


@pytest.mark.parametrize("options", [{"trafo_loading": "power"}, {"trafo3w_losses": "mv"}, {"trafo3w_losses": "lv"}])
def test_options_of_transformers(options: dict) -> None:
    """Loading by apparent power, and where the losses without load stand: every result is that of runpp."""
    net = ring()
    net.trafo["parallel"], net.trafo["df"] = 2, 0.8
    net.gen["min_q_mvar"], net.gen["max_q_mvar"] = -9.0, 9.0  # without them pandapower rounds with limits of 1e9 Mvar
    middle, low = pp.create_bus(net, 10.0), pp.create_bus(net, 0.4)
    pp.create_transformer3w_from_parameters(
        net, 1, middle, low, 20.0, 10.0, 0.4, 8.0, 5.0, 3.0, 8.0, 9.0, 7.0, 0.3, 0.4, 0.5, 40.0, 1.5
    )
    pp.create_load(net, middle, 2.0, 0.5)
    pp.create_load(net, low, 1.0, 0.4)
    assert_same(net, **options)


def test_losses_at_the_star_point_are_refused() -> None:
    """With pandapower they vanish."""
    with pytest.raises(InputError, match="trafo3w_losses"):
        BatchPowerFlow(ring(), trafo3w_losses="star")
