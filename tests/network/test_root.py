"""A row's answer is the state that ``runpp`` finds for it, whatever the tables of the net say where it is given."""

from __future__ import annotations

import copy
from dataclasses import replace

import numpy as np
import pandapower as pp
import pandapower.networks as nw
import pytest
from powerflow_cases import solved_by_pandapower

from twin import BatchPowerFlow, SecurityAnalysis
from twin.core.errors import InputError
from twin.network.node_power import NodePower

ROWS = np.array([0.5, 0.9, 1.0, 1.05])


def given(net: pp.pandapowerNet, factors: np.ndarray = ROWS) -> dict[str, np.ndarray]:
    return {f"load_{c}": factors[:, None] * net.load[c].to_numpy(float) for c in ("p_mw", "q_mvar")}


@pytest.mark.parametrize("build", [nw.case30, nw.case39, nw.iceland])
def test_what_the_tables_say_of_given_loads_has_no_bearing(build) -> None:
    net = build()
    profiles, of_tables = given(net), []
    for factor in (1.0, 0.0, 10.0):
        changed = copy.deepcopy(net)
        changed.load[["p_mw", "q_mvar"]] *= factor
        of_tables.append(BatchPowerFlow(changed).solve(**profiles))
    first = of_tables[0]
    assert first.converged.all() and first.operable.all()
    for other in of_tables[1:]:
        np.testing.assert_array_equal(other.vm_pu, first.vm_pu)
    for row, factor in enumerate(ROWS):
        reference = copy.deepcopy(net)
        reference.load[["p_mw", "q_mvar"]] *= factor
        reference = solved_by_pandapower(reference)
        np.testing.assert_allclose(first.vm_pu[row], reference.res_bus.vm_pu, rtol=0.0, atol=1e-8)


def two_buses() -> pp.pandapowerNet:
    """A load behind x = 0.1 pu: ``V^2`` has two roots, with q = 0 at ``(1 +- sqrt(1 - 4 (p x)^2)) / 2``."""
    net = pp.create_empty_network(sn_mva=1.0)
    a, b = pp.create_bus(net, 10.0), pp.create_bus(net, 10.0)
    pp.create_ext_grid(net, a)
    pp.create_impedance(net, a, b, rft_pu=0.0, xft_pu=0.1, sn_mva=1.0)
    pp.create_load(net, b, 1.0)
    return net


def test_near_the_nose_the_upper_root_is_found_and_beyond_it_none() -> None:
    net = two_buses()
    p = np.array([1.0, 4.0, 4.9, 4.999, 5.001])
    result = BatchPowerFlow(net).solve(load_p_mw=p[:, None])
    np.testing.assert_array_equal(result.converged, p < 5.0)
    np.testing.assert_array_equal(result.operable, p < 5.0)
    upper = np.sqrt((1.0 + np.sqrt(1.0 - 4.0 * (0.1 * p[:4]) ** 2)) / 2.0)
    np.testing.assert_allclose(result.vm_pu[:4, 1], upper, rtol=0.0, atol=1e-6)  # dV/dp is 35 a pu of power at 4.999


def test_the_lower_root_is_flagged(monkeypatch: pytest.MonkeyPatch) -> None:
    """Newton's method that begins at the lower root stays there; the sign of the determinant tells."""
    monkeypatch.setattr("twin.network.solving.solver.MOST_SHARED_STEPS", 0)
    solver, p_pu = BatchPowerFlow(two_buses()).solver, 4.5
    lower = np.sqrt((1.0 - np.sqrt(1.0 - 4.0 * (0.1 * p_pu) ** 2)) / 2.0)
    angle = -np.arcsin(0.1 * p_pu / lower)
    dc_infeed = p_pu - np.arcsin(0.1 * p_pu / lower) / 0.1  # the linear flow gives that angle
    plan = solver.prepared.plan._replace(start_vm=np.array([lower]), dc_infeed=np.array([dc_infeed]))
    monkeypatch.setitem(solver.__dict__, "prepared", replace(solver.prepared, plan=plan))
    power = NodePower(np.array([[0.0, -p_pu]], dtype=complex), None, None)
    found = solver.solve(power)
    assert found.converged[0] and not found.operable[0]
    np.testing.assert_allclose(found.v[0, 1], lower * np.exp(1j * angle), rtol=0.0, atol=1e-6)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_value_at_the_slack_that_is_no_number_fails_its_row(bad: float) -> None:
    net = pp.create_empty_network()
    a, b = pp.create_bus(net, 20.0), pp.create_bus(net, 20.0)
    pp.create_ext_grid(net, a)
    for _ in range(2):
        pp.create_line_from_parameters(net, a, b, 2.0, 0.2, 0.35, 210.0, 0.3)
    pp.create_load(net, b, 3.0)
    pp.create_load(net, a, 1.0)
    profiles = {"load_p_mw": [[3.0, bad], [3.0, 1.0]]}
    result = BatchPowerFlow(net).solve(**profiles)
    np.testing.assert_array_equal(result.failure, ["input_not_finite", ""])
    secured = SecurityAnalysis(net, [("line", 0)]).run(profiles)
    np.testing.assert_array_equal(secured.secure(), [False, True])
    assert secured.steps().unsolved_outages.tolist() == [1, 0]


@pytest.mark.parametrize("load", [False, True])
def test_an_island_behind_a_bus_out_of_service_is_dead(load: bool) -> None:
    net = pp.create_empty_network()
    buses = [pp.create_bus(net, 110.0, in_service=k != 1) for k in range(5)]
    pp.create_ext_grid(net, buses[0])
    for x, y in ((0, 1), (1, 2)):
        pp.create_transformer_from_parameters(
            net, buses[x], buses[y], 25.0, 110.0, 110.0, 0.4, 12.0, 14.0, 0.07
        )  # fmt: skip
    for x, y in ((2, 3), (0, 4)):
        pp.create_line_from_parameters(net, buses[x], buses[y], 5.0, 0.1, 0.3, 10.0, 0.5)
    pp.create_load(net, buses[4], 10.0)
    if load:
        pp.create_load(net, buses[3], 1.0)
        pp.create_gen(net, buses[2], 0.5, vm_pu=1.0)
    result = BatchPowerFlow(net).solve()
    assert result.converged.all()
    np.testing.assert_array_equal(np.isnan(result.vm_pu[0]), [False, True, True, True, False])
    alone = copy.deepcopy(net)
    pp.toolbox.drop_buses(alone, buses[1:4])
    np.testing.assert_allclose(result.vm_pu[0, 4], solved_by_pandapower(alone).res_bus.vm_pu.iloc[1], rtol=1e-10)


def coupled(z_ohm: float) -> pp.pandapowerNet:
    net = pp.create_empty_network(sn_mva=100.0)
    b = [pp.create_bus(net, 380.0) for _ in range(6)]
    pp.create_ext_grid(net, b[0], vm_pu=1.02)
    for x, y in ((0, 1), (2, 3), (4, 5)):
        pp.create_line_from_parameters(net, b[x], b[y], 20.0, 0.03, 0.3, 10.0, 2.0)
    for x, y in ((1, 2), (3, 4)):
        pp.create_switch(net, b[x], b[y], "b", z_ohm=z_ohm)
    pp.create_load(net, b[5], 500.0, 100.0)
    pp.create_load(net, b[3], 250.0, 50.0)
    return net


@pytest.mark.parametrize("z_ohm", [0.002, 0.0005, 0.00005])
def test_couplers_whose_rounding_is_above_the_tolerance(z_ohm: float) -> None:
    """Without any impedance the voltages are the same but for the drop of both couplers, 2.3 kA z / 380 kV x sqrt 3."""
    net = coupled(z_ohm)
    factor = np.random.default_rng(0).uniform(0.3, 1.1, (200, 2))
    profiles = {"load_p_mw": factor * [500.0, 250.0], "load_q_mvar": factor * [100.0, 50.0]}
    result = BatchPowerFlow(net).solve(**profiles)
    assert result.converged.all()
    ideal = copy.deepcopy(net)
    ideal.switch["z_ohm"] = 0.0
    np.testing.assert_allclose(result.vm_pu, BatchPowerFlow(ideal).solve(**profiles).vm_pu, atol=5.0 * z_ohm / 380.0)
    assert (SecurityAnalysis(net, "all").run().outages().steps_unsolved == 0).all()


def test_tolerance_is_an_option() -> None:
    net = nw.case30()
    loose = BatchPowerFlow(net, tolerance_mva=1e-3).solve()
    tight = BatchPowerFlow(net, tolerance_mva=1e-10).solve()
    assert loose.converged.all() and tight.converged.all() and tight.residual_mva[0] <= 1e-10
    np.testing.assert_allclose(loose.vm_pu, tight.vm_pu, rtol=0.0, atol=1e-5)
    for wrong in (0.0, -1.0, np.nan, np.inf):
        with pytest.raises(InputError, match="tolerance"):
            BatchPowerFlow(net, tolerance_mva=wrong)
