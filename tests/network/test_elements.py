"""Every element, alone in a small net, against pandapower's own power flow and result tables."""

from __future__ import annotations

import numpy as np
import pandapower as pp
import pandapower.networks
import pandas as pd
import pytest
from pandapower import pandapowerNet
from powerflow_cases import assert_same, solved_by_pandapower, two_bus

from twin import BatchPowerFlow


def _third_bus(net: pandapowerNet, **load) -> int:
    bus = pp.create_bus(net, 20.0, name="c")
    pp.create_line_from_parameters(net, 1, bus, 3.0, 0.2, 0.35, 210.0, 0.3, parallel=2, df=0.8, g_us_per_km=4.0)
    pp.create_load(net, bus, **({"p_mw": 2.0, "q_mvar": 0.5} | load))
    return bus


def _transformer(net: pandapowerNet, **changes) -> int:
    bus = pp.create_bus(net, 0.4, name="low")
    values = {
        "sn_mva": 2.5, "vn_hv_kv": 20.5, "vn_lv_kv": 0.41, "vk_percent": 6.0, "vkr_percent": 1.1, "pfe_kw": 3.0,
        "i0_percent": 0.4, "shift_degree": 150.0, "tap_side": "hv", "tap_neutral": 0, "tap_min": -9, "tap_max": 9,
        "tap_step_percent": 1.5, "tap_step_degree": 0.0, "tap_pos": 3, "tap_changer_type": "Ratio",
    }  # fmt: skip
    pp.create_transformer_from_parameters(net, 1, bus, **(values | changes))
    pp.create_load(net, bus, 1.2, 0.4)
    return bus


def _three_winding(net: pandapowerNet, **changes) -> tuple[int, int]:
    mv, lv = pp.create_bus(net, 10.0, name="mv"), pp.create_bus(net, 0.4, name="lv")
    values = {
        "vn_hv_kv": 20.0, "vn_mv_kv": 10.2, "vn_lv_kv": 0.4, "sn_hv_mva": 6.0, "sn_mv_mva": 4.0, "sn_lv_mva": 2.5,
        "vk_hv_percent": 10.0, "vk_mv_percent": 11.0, "vk_lv_percent": 12.0, "vkr_hv_percent": 0.3,
        "vkr_mv_percent": 0.31, "vkr_lv_percent": 0.32, "pfe_kw": 30.0, "i0_percent": 0.1, "shift_mv_degree": 30.0,
        "shift_lv_degree": 150.0, "tap_side": "hv", "tap_neutral": 0, "tap_min": -8, "tap_max": 8,
        "tap_step_percent": 1.25, "tap_pos": -2, "tap_changer_type": "Ratio",
    }  # fmt: skip
    pp.create_transformer3w_from_parameters(net, 1, mv, lv, **(values | changes))
    pp.create_load(net, mv, 1.5, 0.5)
    pp.create_load(net, lv, 0.8, 0.2)
    return mv, lv


@pytest.mark.parametrize("weights", [(1.0, 1.0), (1.0, 3.0), (0.0, 0.0)])
def test_several_external_grids_at_one_bus_share_by_weight(weights: tuple[float, float]) -> None:
    net = two_bus()
    net.ext_grid.loc[0, "slack_weight"] = weights[0]
    pp.create_ext_grid(net, 0, vm_pu=1.02, va_degree=3.0, slack_weight=weights[1])
    pp.create_ext_grid(net, 0, vm_pu=1.0, in_service=False)
    assert_same(net, reference={"init": "flat"})  # after a DC start pandapower shares that part equally


def test_external_grids_at_two_buses_with_angles() -> None:
    net = two_bus()
    pp.create_ext_grid(net, _third_bus(net), vm_pu=0.99, va_degree=1.0)
    assert_same(net)


def test_only_slack_buses_need_no_solver() -> None:
    net = two_bus(0.0, 0.0)
    pp.create_ext_grid(net, 1, vm_pu=1.0, va_degree=3.0)
    net.ext_grid["va_degree"] = 0.0  # pandapower drops the angles of such nets
    assert_same(net)


def test_angles_count_between_slack_buses_alone() -> None:
    net = two_bus(0.0, 0.0)
    pp.create_ext_grid(net, 1, vm_pu=1.0, va_degree=1.0)
    result = BatchPowerFlow(net).solve()
    _third_bus(net)  # with a bus that is not a slack pandapower keeps the angles too
    net.line.loc[1, ["c_nf_per_km", "g_us_per_km"]] = 0.0
    net.load["in_service"] = False
    solved = solved_by_pandapower(net)
    np.testing.assert_allclose(result.ext_grid_p_mw[0], solved.res_ext_grid.p_mw, rtol=0.0, atol=1e-7)


def test_slack_generator_alone_and_beside_an_external_grid() -> None:
    net = two_bus()
    bus = _third_bus(net)
    pp.create_gen(net, bus, 1.0, vm_pu=1.01, slack=True, slack_weight=2.0)
    assert_same(net)
    net.ext_grid["in_service"] = False
    result = assert_same(net, skip=("ext_grid_p_mw", "ext_grid_q_mvar"))  # pandapower leaves them empty then
    assert result.ext_grid_p_mw[0, 0] == 0.0
    pp.create_gen(net, bus, 2.5, vm_pu=1.01, scaling=0.5)
    pp.create_ext_grid(net, bus, vm_pu=1.01, slack_weight=1.0)
    # pandapower's reactive power at the bus has the rounding of its limits of 1e9 Mvar
    assert_same(net, reference={"init": "flat"}, skip=("bus_q_mvar",))


def test_generators_hold_the_voltage_and_share_reactive_power() -> None:
    net = two_bus()
    bus = _third_bus(net)
    pp.create_gen(net, bus, 1.0, vm_pu=1.01, min_q_mvar=-3.0, max_q_mvar=4.0)
    pp.create_gen(net, bus, 2.0, vm_pu=1.01, min_q_mvar=-1.0, max_q_mvar=1.5, scaling=0.7)
    pp.create_gen(net, bus, 2.0, vm_pu=1.05, in_service=False)
    pp.create_gen(net, 0, 1.0, vm_pu=1.02)
    assert_same(net)


def test_generators_without_limits_share_equally() -> None:
    net = two_bus()
    bus = _third_bus(net)
    pp.create_gen(net, bus, 1.0, vm_pu=1.01)
    pp.create_gen(net, bus, 2.0, vm_pu=1.01)
    result = assert_same(
        net, skip=("gen_q_mvar", "bus_q_mvar")
    )  # pandapower's has the rounding of its limits of 1e9 Mvar
    np.testing.assert_allclose(result.gen_q_mvar[0, 0], result.gen_q_mvar[0, 1], rtol=1e-12)


def test_generator_at_its_reactive_limit() -> None:
    net = two_bus()
    bus = _third_bus(net)
    pp.create_gen(net, bus, 1.0, vm_pu=1.04, min_q_mvar=-0.5, max_q_mvar=0.6)
    pp.create_sgen(net, 1, 0.5, 2.0)
    net.sgen["min_q_mvar"], net.sgen["max_q_mvar"] = -0.3, 0.3
    result = assert_same(net, enforce_q_lims=True, skip=("ext_grid_p_mw",))
    np.testing.assert_allclose(result.gen_q_mvar, 0.6, atol=1e-9)
    assert_same(net, enforce_q_lims=False)


def test_generators_at_a_slack_bus_keep_their_limits_and_the_grid_takes_the_rest() -> None:
    net = two_bus()
    pp.create_gen(net, 0, 1.0, vm_pu=1.02, min_q_mvar=-0.5, max_q_mvar=0.7)
    result = assert_same(net, enforce_q_lims=True)
    assert result.gen_q_mvar[0, 0] == 0.7
    assert_same(net, enforce_q_lims=False)


def test_injections_with_scaling_and_out_of_service() -> None:
    net = two_bus(scaling=0.9)
    bus = _third_bus(net)
    pp.create_sgen(net, bus, 1.5, -0.4, scaling=1.3)
    pp.create_sgen(net, bus, 9.0, in_service=False)
    pp.create_storage(net, 1, 0.7, 10.0, q_mvar=0.2, scaling=0.5)
    pp.create_load(net, bus, 50.0, 50.0, in_service=False)
    assert_same(net)


def test_motor_and_asymmetric_elements_as_balanced_powers() -> None:
    net = two_bus()
    bus = _third_bus(net)
    pp.create_motor(net, bus, 0.6, 0.85, efficiency_percent=93.0, loading_percent=80.0, scaling=0.9)
    pp.create_asymmetric_load(net, bus, 0.1, 0.2, 0.3, 0.05, 0.02, 0.01, scaling=1.1)
    pp.create_asymmetric_sgen(net, 1, 0.2, 0.1, 0.3, 0.05, 0.02, 0.01)
    assert_same(net)


@pytest.mark.parametrize("kind", ["i", "z"])
def test_loads_that_follow_the_voltage(kind: str) -> None:
    shares = {f"const_{kind}_p_percent": 60.0, f"const_{kind}_q_percent": 25.0}
    net = two_bus(**shares)
    _third_bus(net, const_i_p_percent=20.0, const_z_p_percent=30.0, const_i_q_percent=70.0, const_z_q_percent=10.0)
    assert_same(net)


def test_shunts_with_steps_rated_voltage_and_table_of_steps() -> None:
    net = two_bus()
    bus = _third_bus(net)
    pp.create_shunt(net, bus, -1.1, 0.02, step=3, max_step=5, vn_kv=21.0)
    pp.create_shunt(net, 1, 0.6, vn_kv=np.nan)
    pp.create_shunt(net, 1, 0.6, in_service=False)
    assert_same(net)
    net.shunt["step_dependency_table"] = [True, False, False]
    net.shunt["id_characteristic_table"] = pd.array([0, pd.NA, pd.NA], dtype="Int64")
    net["shunt_characteristic_table"] = pd.DataFrame(
        {"id_characteristic": [0, 0, 0], "step": [1, 2, 3], "p_mw": [0.1, 0.2, 0.4], "q_mvar": [-1.0, -2.5, -3.7]}
    )
    assert_same(net)


def test_wards() -> None:
    net = two_bus()
    bus = _third_bus(net)
    pp.create_ward(net, bus, 0.5, 0.1, 0.4, -0.2)
    pp.create_ward(net, bus, 0.5, 0.1, 0.4, -0.2, in_service=False)
    pp.create_xward(net, 1, 0.3, 0.1, 0.2, -0.1, 0.1, 3.0, 1.01)
    pp.create_xward(net, bus, 0.3, 0.1, 0.2, -0.1, 0.1, 3.0, 1.0, in_service=False)
    assert_same(net)


@pytest.mark.parametrize("controllable", [True, False])
def test_static_var_compensator_within_its_limits(controllable: bool) -> None:
    net = two_bus()
    bus = _third_bus(net)
    pp.create_svc(net, bus, 8.0, -30.0, 0.99, 120.0, controllable=controllable)
    pp.create_svc(net, 1, 20.0, -15.0, 0.99, 130.0, in_service=False)
    assert_same(net)


@pytest.mark.parametrize("trafo_model", ["t", "pi"])
def test_transformers_in_parallel_with_phase_shift(trafo_model: str) -> None:
    net = two_bus()
    low = _transformer(net, parallel=2, df=0.9)
    pp.create_load(net, low, 0.5, 0.1)
    _transformer(net, in_service=False)
    assert_same(net, trafo_model=trafo_model)


@pytest.mark.parametrize("changes", [
    {"tap_side": "lv", "tap_pos": -4},
    {"tap_changer_type": "Symmetrical", "tap_step_percent": np.nan, "tap_step_degree": 1.5},
    {"tap_changer_type": "Ideal", "tap_step_percent": np.nan, "tap_step_degree": 2.0, "tap_side": "lv"},
    {"tap_changer_type": "Ideal", "tap_step_percent": 1.2, "tap_step_degree": np.nan},
    {"tap_step_degree": 60.0},
    {"tap_changer_type": None},
    {"leakage_resistance_ratio_hv": 0.3, "leakage_reactance_ratio_hv": 0.7},
    {"tap2_side": "hv", "tap2_neutral": 0, "tap2_max": 5, "tap2_min": -5, "tap2_step_percent": 1.0, "tap2_pos": 2,
     "tap2_changer_type": "Ratio"},
], ids=str)  # fmt: skip
def test_transformer_tap_changers(changes: dict[str, object]) -> None:
    net = two_bus()
    _transformer(net, **changes)
    assert_same(net)


def test_transformer_with_a_table_of_taps() -> None:
    net = two_bus()
    _transformer(net, tap_changer_type="Tabular", tap_dependency_table=True, id_characteristic_table=0)
    positions = range(-9, 10)
    net["trafo_characteristic_table"] = pd.DataFrame([
        {"id_characteristic": 0, "step": step, "voltage_ratio": 1.0 + 0.013 * step, "angle_deg": 0.4 * step,
         "vk_percent": 6.0 + 0.1 * step, "vkr_percent": 1.1 - 0.01 * step} for step in positions
    ])  # fmt: skip
    before = assert_same(net).vm_pu
    net.trafo["tap_pos"] = -5
    assert np.abs(assert_same(net).vm_pu - before).max() > 1e-3


@pytest.mark.parametrize("changes", [
    {}, {"tap_side": "mv", "tap_pos": 3}, {"tap_side": "lv", "tap_at_star_point": True}, {"tap_step_degree": 10.0},
], ids=str)  # fmt: skip
def test_three_winding_transformers(changes: dict[str, object]) -> None:
    net = two_bus()
    _three_winding(net, **changes)
    _three_winding(net, in_service=False)
    assert_same(net)


def test_three_winding_transformer_with_a_table_of_taps() -> None:
    """A table gives the impedances and the ratio at its tap: as a transformer with these as its own."""
    at_tap = {f"vk_{side}_percent": vk for side, vk in zip(("hv", "mv", "lv"), (10.5, 11.7, 12.3), strict=True)}
    at_tap |= {f"vkr_{side}_percent": vkr for side, vkr in zip(("hv", "mv", "lv"), (0.4, 0.5, 0.6), strict=True)}
    plain, by_table = two_bus(), two_bus()
    _three_winding(plain, **at_tap)
    _three_winding(by_table, tap_changer_type="Tabular", tap_dependency_table=True, id_characteristic_table=0)
    other = dict.fromkeys(at_tap, 1.0)
    by_table["trafo_characteristic_table"] = pd.DataFrame([
        {"id_characteristic": 0, "step": step, "voltage_ratio": 1.0 + 0.0125 * step, "angle_deg": 0.0}
        | (at_tap if step == -2 else other) for step in range(-8, 9)
    ])  # fmt: skip
    found = assert_same(by_table)
    np.testing.assert_allclose(found.vm_pu, BatchPowerFlow(plain).solve().vm_pu, rtol=0.0, atol=1e-10)


DC_LINES = (150.0, 0.0, -150.0)


@pytest.mark.parametrize(("p_mw", "enforce_q_lims"), [(150.0, False), (-150.0, True), (0.0, True)])
def test_dc_lines_send_a_power_lose_some_and_hold_voltages(p_mw: float, enforce_q_lims: bool) -> None:
    net = pandapower.networks.case39()
    net.gen[["min_q_mvar", "max_q_mvar"]] = [-500.0, 500.0]
    limits = {"min_q_from_mvar": -90, "max_q_from_mvar": 100, "min_q_to_mvar": -80, "max_q_to_mvar": 70}
    pp.create_dcline(net, 3, 25, p_mw, 1.5, 2.0, 1.0, 1.02, **limits)
    beside_a_generator = float(net.gen.vm_pu[net.gen.bus == 29].iloc[0])
    pp.create_dcline(net, 7, 29, 20.0, 1.5, 2.0, 1.0, beside_a_generator, min_q_to_mvar=-200, max_q_to_mvar=200)
    found = assert_same(net, scale_mva=100.0, enforce_q_lims=enforce_q_lims)
    np.testing.assert_allclose(found.dcline_pl_mw[0], [0.015 * abs(p_mw) + 2.0, 2.3], rtol=1e-12)
    every = BatchPowerFlow(net, enforce_q_lims=enforce_q_lims).solve(dcline_p_mw=[[p, 20.0] for p in DC_LINES])
    np.testing.assert_array_equal(every.vm_pu[DC_LINES.index(p_mw)], found.vm_pu[0])


def test_a_dc_line_with_a_dead_end_does_nothing() -> None:
    net = two_bus()
    dead = pp.create_bus(net, 20.0)
    pp.create_dcline(net, 1, dead, 1.0, 1.0, 0.1, 1.0, 1.0)
    found = BatchPowerFlow(net).solve()
    np.testing.assert_array_equal(found.vm_pu[:, :2], BatchPowerFlow(two_bus()).solve().vm_pu)
    assert found.dcline_p_from_mw[0, 0] == 0.0
    assert np.isnan(found.dcline_vm_to_pu[0, 0])


@pytest.mark.parametrize("case", ["case9", "case39"])
def test_distributed_slack(case: str) -> None:
    net = getattr(pandapower.networks, case)()
    net.gen["slack_weight"], net.ext_grid["slack_weight"] = np.arange(len(net.gen)) % 3 * 1.0, 2.0
    net.gen[["min_q_mvar", "max_q_mvar"]] = [-900.0, 900.0]
    found = assert_same(net, scale_mva=1000.0, distributed_slack=True)
    taken = np.concatenate([found.gen_p_mw[0] - net.gen.p_mw * net.gen.scaling, found.ext_grid_p_mw[0]])
    weight = np.concatenate([net.gen.slack_weight, net.ext_grid.slack_weight])
    np.testing.assert_allclose(taken / taken.sum(), weight / weight.sum(), atol=1e-8)
    load = net.load.p_mw.to_numpy() * np.array([[0.5], [1.0]])
    rows = BatchPowerFlow(net, distributed_slack=True).solve(load_p_mw=load)
    np.testing.assert_array_equal(rows.vm_pu[1], found.vm_pu[0])


def test_impedances() -> None:
    net = two_bus()
    bus = _third_bus(net)
    pp.create_impedance(net, 0, bus, 0.01, 0.06, 5.0, rtf_pu=0.02, xtf_pu=0.05, gf_pu=0.01, bf_pu=0.02, bt_pu=0.01)
    pp.create_impedance(net, 0, bus, 0.01, 0.06, 5.0, in_service=False)
    assert_same(net)


def test_bus_switches_closed_open_and_with_impedance() -> None:
    net = two_bus()
    buses = [pp.create_bus(net, 20.0) for _ in range(4)]
    for bus in buses:
        pp.create_load(net, bus, 0.5, 0.1)
    pp.create_switch(net, 1, buses[0], "b")
    pp.create_switch(net, 1, buses[1], "b", closed=False)
    pp.create_switch(net, buses[0], buses[2], "b", z_ohm=0.4)
    pp.create_switch(net, 1, buses[3], "b", z_ohm=0.4, closed=False)
    result = assert_same(net)
    drawn = result.load_p_mw[0].sum()
    np.testing.assert_allclose(result.ext_grid_p_mw[0, 0], drawn + result.pl_mw[0], atol=1e-9)


def test_open_switches_at_branch_ends() -> None:
    net = two_bus()
    bus = _third_bus(net)
    pp.create_line_from_parameters(net, 0, bus, 9.0, 0.2, 0.35, 210.0, 0.3)
    pp.create_switch(net, bus, 2, "l", closed=False)
    _transformer(net)
    low = _transformer(net)
    pp.create_switch(net, low, 1, "t", closed=False)
    _, lv = _three_winding(net)
    pp.create_switch(net, lv, 0, "t3", closed=False)
    assert_same(net)
    pp.create_switch(net, 0, 2, "l", closed=False)
    assert_same(net)


def test_buses_and_lines_out_of_service() -> None:
    net = two_bus()
    bus = _third_bus(net)
    dead = pp.create_bus(net, 20.0, in_service=False)
    pp.create_line_from_parameters(net, bus, dead, 4.0, 0.2, 0.35, 210.0, 0.3)
    pp.create_line_from_parameters(net, 0, bus, 4.0, 0.2, 0.35, 210.0, 0.3, in_service=False)
    pp.create_load(net, dead, 3.0)
    pp.create_gen(net, dead, 3.0, vm_pu=1.1)
    pp.create_shunt(net, dead, 1.0)
    mv, _ = _three_winding(net)
    net.bus.loc[mv, "in_service"] = False
    assert_same(net)


def test_island_without_slack_is_dead_and_its_injection_lost() -> None:
    net = two_bus()
    far = [pp.create_bus(net, 20.0) for _ in range(2)]
    pp.create_line_from_parameters(net, *far, 4.0, 0.2, 0.35, 210.0, 0.3)
    pp.create_gen(net, far[0], 3.0, vm_pu=1.1)
    pp.create_load(net, far[1], 3.0, 1.0)
    pp.create_ward(net, far[1], 0.5, 0.1, 0.4, -0.2)
    pp.create_shunt(net, far[1], 1.0)
    pp.create_xward(net, far[1], 0.3, 0.1, 0.2, -0.1, 0.1, 3.0, 1.01)
    pp.create_svc(net, far[1], 20.0, -15.0, 0.99, 130.0)
    result = assert_same(net)
    assert np.isnan(result.vm_pu[0, 2:]).all()


def test_net_is_not_modified_and_indices_need_no_order() -> None:
    net = two_bus()
    bus = pp.create_bus(net, 20.0, index=17)
    pp.create_line_from_parameters(net, 1, bus, 3.0, 0.2, 0.35, 210.0, 0.3, index=40)
    pp.create_load(net, bus, 1.0, index=12)
    net.bus = net.bus.loc[[17, 1, 0]]
    net.load = net.load.loc[[12, 0]]
    before = {name: table.copy() for name, table in net.items() if isinstance(table, pd.DataFrame)}
    result = assert_same(net)
    assert result.vm_pu[0, 2] == pytest.approx(1.02)
    for name, table in before.items():
        pd.testing.assert_frame_equal(net[name], table)


@pytest.mark.slow
def test_example_with_all_voltage_levels() -> None:
    from pandapower.networks import example_multivoltage

    assert_same(example_multivoltage(), scale_mva=10.0)
