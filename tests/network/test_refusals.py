"""What the power flow refuses: everything at once, by name, with a repair."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandapower as pp
import pandas as pd
import pytest
from pandapower import pandapowerNet
from powerflow_cases import assert_same, two_bus

from twin import BatchPowerFlow
from twin.core.errors import InputError
from twin.network.reading.supported import SUPPORTED_TABLES


def _refusal(net: pandapowerNet, **options) -> str:
    with pytest.raises(InputError) as error:
        BatchPowerFlow(net, **options)
    return str(error.value)


def _net_with_everything_unsupported() -> pandapowerNet:
    net = two_bus()
    dc = [pp.create_bus_dc(net, 10.0) for _ in range(2)]
    pp.create_tcsc(net, 0, 1, 1.0, -10.0, 1.0, 140.0, index=7)
    pp.create_ssc(net, 1, 0.0, 0.1, 1.0)
    pp.create_vsc(net, 1, dc[0], 0.0, 0.1, 0.1)
    pp.create_line_dc_from_parameters(net, *dc, 1.0, 0.1, 1.0)
    pp.create_source_dc(net, dc[0])
    pp.create_load_dc(net, dc[1], 1.0)
    return net


def test_all_unsupported_tables_are_named_at_once_with_their_elements() -> None:
    message = _refusal(_net_with_everything_unsupported())
    for table in ("tcsc", "ssc", "vsc", "bus_dc", "line_dc", "source_dc", "load_dc"):
        assert f"net.{table}:" in message
    assert "in service: [7]" in message
    assert "in_service to False" in message


def test_unsupported_elements_out_of_service_change_nothing() -> None:
    net = _net_with_everything_unsupported()
    for table in ("tcsc", "ssc", "vsc", "bus_dc", "line_dc", "source_dc", "load_dc"):
        net[table]["in_service"] = False
    np.testing.assert_array_equal(BatchPowerFlow(net).solve().vm_pu, BatchPowerFlow(two_bus()).solve().vm_pu)


def test_every_table_of_pandapower_with_elements_is_known() -> None:
    """A new element of a later pandapower must not slip through: it is refused until somebody has looked at it."""
    from twin.network.reading.supported import left_out_tables

    net = pp.create_empty_network()
    known = {*SUPPORTED_TABLES, *left_out_tables(net), "controller", "switch"}
    assert {name for name, table in net.items() if hasattr(table, "columns") and "in_service" in table} <= known


@pytest.mark.parametrize(("change", "expected"), [
    (lambda net: net.load.__setitem__("p_mw", np.nan), "net.load.p_mw"),
    (lambda net: net.line.__setitem__("x_ohm_per_km", np.inf), "net.line.x_ohm_per_km"),
    (lambda net: net.ext_grid.__setitem__("vm_pu", np.nan), "net.ext_grid.vm_pu"),
    (lambda net: net.load.__setitem__("bus", 99), "no such bus"),
    (lambda net: net.load.pop("const_i_p_percent"), "column is missing"),
    (lambda net: net.ext_grid.__setitem__("in_service", False), "no slack in service"),
    (lambda net: net.bus.__setitem__("in_service", [False, True]), "no slack in service"),
    (lambda net: net.line.__setitem__(["r_ohm_per_km", "x_ohm_per_km"], 0.0), "no impedance"),
    (lambda net: net.line.__setitem__("length_km", 0.0), "no impedance"),
    (lambda net: pp.create_impedance(net, 0, 1, 0.0, 0.0, 1.0), "net.impedance"),
    (lambda net: pp.create_gen(net, 0, 1.0, vm_pu=1.05), "different setpoints"),
    (lambda net: net.load.__setitem__(["const_z_p_percent", "const_i_p_percent"], 70.0), "100%"),
    (lambda net: pp.set_user_pf_options(net, distributed_slack=True), "distributed_slack"),
], ids=lambda value: value if isinstance(value, str) else "")  # fmt: skip
def test_what_cannot_be_calculated_is_named(change: Callable[[pandapowerNet], object], expected: str) -> None:
    net = two_bus()
    change(net)
    assert expected in _refusal(net)


def test_several_faults_are_reported_together() -> None:
    net = two_bus()
    net.load["p_mw"] = np.nan
    net.line["length_km"] = np.nan
    pp.create_tcsc(net, 0, 1, 1.0, -10.0, 1.0, 140.0)
    with pytest.raises(InputError) as error:
        BatchPowerFlow(net, trafo_model="x")
    assert len(error.value.problems) == 4


def test_numbers_of_elements_out_of_service_do_not_matter() -> None:
    net = two_bus()
    pp.create_load(net, 1, np.nan, in_service=False)
    pp.create_line_from_parameters(net, 0, 1, 1.0, 0.0, 0.0, 0.0, 1.0, in_service=False)
    assert BatchPowerFlow(net).solve().converged.all()


@pytest.mark.parametrize("other", ["ext_grid", "gen", "svc"])
def test_controllable_svc_beside_another_control_is_refused(other: str) -> None:
    net = two_bus()
    bus = 0 if other == "ext_grid" else 1
    pp.create_svc(net, bus, 20.0, -15.0, 1.02, 130.0)
    if other == "gen":
        pp.create_gen(net, bus, 1.0, vm_pu=1.02)
    if other == "svc":
        pp.create_svc(net, bus, 20.0, -15.0, 1.02, 130.0)
    assert "held by another device" in _refusal(net)


def test_svc_without_a_range_of_angles_is_refused() -> None:
    net = two_bus()
    pp.create_svc(net, 1, 20.0, -15.0, 1.0, 130.0, min_angle_degree=120.0, max_angle_degree=120.0)
    assert "range of firing angles" in _refusal(net)


def test_capability_curves_are_refused_only_where_limits_are_asked_for() -> None:
    net = two_bus()
    pp.create_gen(net, 1, 1.0, vm_pu=1.0)
    net.gen["reactive_capability_curve"] = True
    assert "capability curves" in _refusal(net, enforce_q_lims=True)
    assert BatchPowerFlow(net).solve().converged.all()


def test_options_kept_in_the_net_that_change_nothing_are_accepted() -> None:
    net = two_bus()
    pp.set_user_pf_options(net, max_iteration=1, trafo_model="t", init="flat")
    assert BatchPowerFlow(net).solve().converged.all()


def test_line_without_reactance_needs_no_dc_start() -> None:
    net = two_bus()
    net.line["x_ohm_per_km"] = 0.0
    assert_same(net, reference={"init": "flat"})


def _with_tap_table(net: pandapowerNet, positions: tuple[int, ...], **columns) -> None:
    """Two transformers that ask the table of taps for positions 1 and 2."""
    for position in (1, 2):
        bus = pp.create_bus(net, 0.4)
        pp.create_transformer_from_parameters(
            net, 1, bus, 1.0, 20.0, 0.4, 1.0, 6.0, 1.0, 0.1, tap_side="hv", tap_neutral=0, tap_min=-2, tap_max=2,
            tap_pos=position, tap_changer_type="Tabular", tap_dependency_table=True, id_characteristic_table=position,
        )  # fmt: skip
    rows = [
        {"id_characteristic": number, "step": step, "voltage_ratio": 1.0, "angle_deg": 0.0, "vk_percent": 6.0,
         "vkr_percent": 1.0} | columns for number in (1, 2) for step in positions
    ]  # fmt: skip
    net["trafo_characteristic_table"] = pd.DataFrame(rows)


def test_taps_for_which_pandapower_would_take_something_else_are_refused() -> None:
    """It takes 1 % for a position that is not in the table, and one transformer's row for all of its table."""
    net = two_bus()
    _with_tap_table(net, (1, 2))
    assert BatchPowerFlow(net).solve().converged.all()
    net = two_bus()
    _with_tap_table(net, (1,))
    assert "net.trafo, index 1: no impedance for its tap position" in _refusal(net)
    net = two_bus()
    _with_tap_table(net, (1, 2), vk_percent=np.nan)
    assert "1 rows with an empty value" in _refusal(net)
    net = two_bus()
    _with_tap_table(net, (1, 2))
    net.trafo["id_characteristic_table"] = 1
    assert "share a table of tap positions at different positions" in _refusal(net)
    del net["trafo_characteristic_table"]
    assert "the table of tap positions is not complete" in _refusal(net)


def test_shares_of_a_slack_that_cannot_be_are_refused() -> None:
    net = two_bus()
    net.ext_grid["slack_weight"] = 0.0
    assert "nobody takes a share" in _refusal(net, distributed_slack=True)
    net.ext_grid["slack_weight"] = -1.0
    assert "cannot be a share of the slack" in _refusal(net, distributed_slack=True)
    pp.create_ext_grid(net, 1)
    assert "needs one slack node" in _refusal(net, distributed_slack=True)
    net["user_pf_options"] = {"distributed_slack": True}
    assert "not the one used here" in _refusal(net)
