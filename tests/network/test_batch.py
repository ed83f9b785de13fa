"""Steps in, steps out: names, shapes, rows that fail, results on demand."""

from __future__ import annotations

import copy

import numpy as np
import pandapower as pp
import pandas as pd
import pytest
from pandapower import pandapowerNet
from powerflow_cases import solved_by_pandapower, split_name, two_bus

from twin import BatchPowerFlow
from twin.core.errors import InputError
from twin.network import batch as batch_module
from twin.network.network import ratings
from twin.network.node_power import node_power
from twin.network.reading.extraction import extract

STEPS = 5


@pytest.fixture(scope="module")
def net() -> pandapowerNet:
    net = two_bus(scaling=0.9)
    bus, low = pp.create_bus(net, 20.0), pp.create_bus(net, 0.4)
    pp.create_line_from_parameters(net, 1, bus, 3.0, 0.2, 0.35, 210.0, 0.3, parallel=2, df=0.8)
    pp.create_transformer_from_parameters(net, bus, low, 2.5, 20.0, 0.4, 1.1, 6.0, 3.0, 0.4, df=0.9)
    pp.create_load(net, low, 1.0, 0.3, const_i_p_percent=40.0, const_z_q_percent=30.0)
    pp.create_sgen(net, bus, 1.0, 0.2, scaling=1.1)
    pp.create_sgen(net, 1, 1.0, 0.2, in_service=False)
    pp.create_storage(net, 1, 0.2, 5.0, q_mvar=0.1)
    pp.create_gen(net, bus, 0.5, vm_pu=1.0, scaling=0.8)
    return net


@pytest.fixture(scope="module")
def given(net: pandapowerNet) -> dict[str, np.ndarray]:
    random = np.random.default_rng(3)
    columns = {"load_p_mw": 3.0, "load_q_mvar": 1.0, "sgen_p_mw": 2.0, "sgen_q_mvar": 0.4, "storage_p_mw": 0.5,
               "storage_q_mvar": 0.2, "gen_p_mw": 1.0}  # fmt: skip
    return {name: top * random.random((STEPS, len(net[split_name(name)[0]]))) for name, top in columns.items()}


def test_each_step_is_pandapowers(net: pandapowerNet, given: dict[str, np.ndarray]) -> None:
    result = BatchPowerFlow(net).solve(**given)
    for step in range(STEPS):
        one = copy.deepcopy(net)
        for name, values in given.items():
            table, column = split_name(name)
            one[table][column] = values[step]
        solved = solved_by_pandapower(one)
        np.testing.assert_allclose(result.vm_pu[step], solved.res_bus.vm_pu, rtol=0.0, atol=1e-8)
        for table in ("line", "trafo"):
            ours = getattr(result, f"{table}_loading_percent")[step]
            np.testing.assert_allclose(ours, solved[f"res_{table}"].loading_percent, rtol=0.0, atol=1e-5)
        for table in ("load", "sgen", "storage", "gen", "ext_grid"):
            ours = getattr(result, f"{table}_p_mw")[step]
            np.testing.assert_allclose(ours, solved[f"res_{table}"].p_mw, rtol=0.0, atol=1e-6)


def test_what_is_left_out_keeps_the_nets_value(net: pandapowerNet) -> None:
    given = {"load_p_mw": np.tile(net.load.p_mw, (2, 1)), "gen_p_mw": np.tile(net.gen.p_mw, (2, 1))}
    result = BatchPowerFlow(net).solve(**given)
    np.testing.assert_array_equal(result.vm_pu[0], result.vm_pu[1])
    np.testing.assert_allclose(result.vm_pu[:1], BatchPowerFlow(net).solve().vm_pu, rtol=0.0, atol=1e-12)


def test_powers_of_all_elements_balance_in_every_step(net: pandapowerNet, given: dict[str, np.ndarray]) -> None:
    r = BatchPowerFlow(net).solve(**given)
    infeed = sum(x.sum(axis=1) for x in (r.ext_grid_p_mw, r.gen_p_mw, r.sgen_p_mw))
    drawn = sum(x.sum(axis=1) for x in (r.load_p_mw, r.storage_p_mw))
    np.testing.assert_allclose(infeed, drawn + r.pl_mw, rtol=0.0, atol=1e-7)
    np.testing.assert_allclose(r.pl_mw, r.line_pl_mw.sum(axis=1) + r.trafo_pl_mw.sum(axis=1), rtol=0.0, atol=1e-9)


def test_row_that_is_not_a_number_fails_alone(net: pandapowerNet, given: dict[str, np.ndarray]) -> None:
    broken = {name: values.copy() for name, values in given.items()}
    broken["load_p_mw"][1, 0] = np.nan
    broken["sgen_q_mvar"][3, 0] = np.inf
    broken["sgen_p_mw"][:, 1] = np.nan  # out of service: nobody asks for it
    flow = BatchPowerFlow(net)
    result, whole = flow.solve(**broken), flow.solve(**given)
    assert result.failure.tolist() == ["", "input_not_finite", "", "input_not_finite", ""]
    assert result.method[1] == "none"
    solved = [0, 2, 4]
    np.testing.assert_array_equal(result.vm_pu[solved], whole.vm_pu[solved])
    for name in ("vm_pu", "va_degree", "line_loading_percent", "line_p_from_mw", "ext_grid_p_mw", "load_p_mw",
                 "gen_q_mvar", "pl_mw", "trafo_i_hv_ka"):  # fmt: skip
        values = getattr(result, name)
        assert np.isnan(values[[1, 3]]).all(), name
        np.testing.assert_array_equal(values[solved], getattr(whole, name)[solved], err_msg=name)


def test_no_usable_row_at_all(net: pandapowerNet) -> None:
    result = BatchPowerFlow(net).solve(load_p_mw=np.full((2, len(net.load)), np.nan))
    assert not result.converged.any()
    assert np.isnan(result.vm_pu).all()


def test_blocks_change_no_bit(
    net: pandapowerNet, given: dict[str, np.ndarray], monkeypatch: pytest.MonkeyPatch
) -> None:
    flow = BatchPowerFlow(net)
    whole = flow.solve(**given)
    monkeypatch.setattr(batch_module, "_VALUES_PER_BLOCK", 2 * len(flow.network.alive))
    parts = flow.solve(**given)
    np.testing.assert_array_equal(parts.vm_pu, whole.vm_pu)
    np.testing.assert_array_equal(parts.residual_mva, whole.residual_mva)


def test_faults_of_the_arrays_are_reported_together(net: pandapowerNet) -> None:
    loads = len(net.load)
    with pytest.raises(InputError) as error:
        BatchPowerFlow(net).solve(
            load_p_mv=np.zeros((2, loads)),
            load_p_mw=np.zeros((2, loads)),
            load_q_mvar=np.zeros((3, loads)),
            sgen_p_mw=np.zeros((2, 7)),
            sgen_q_mvar=[["a", "b"]],
            gen_q_mvar=np.ones((2, 1)),
            storage_p_mw=pd.DataFrame(np.zeros((2, 1)), columns=[5]),
        )
    message = str(error.value)
    assert len(error.value.problems) == 6
    for part in ("did you mean load_p_mw?", "different numbers of steps", "(2, 7)", "not numbers", "gen_q_mvar",
                 "columns are not the elements"):  # fmt: skip
        assert part in message


@pytest.mark.parametrize("values", [["1.0", "2.0"], np.array(["1.0", 2.0], dtype=object), [1j, 2j], [[1.0], [2.0, 3.0]],
                                    pd.to_datetime(["2030", "2031"])], ids=str)  # fmt: skip
def test_what_is_not_a_number_is_not_made_one(net: pandapowerNet, values: object) -> None:
    with pytest.raises(InputError, match="not numbers"):
        BatchPowerFlow(net).solve(load_p_mw=values)


def test_table_without_elements_cannot_be_given() -> None:
    with pytest.raises(InputError, match=r"net\.sgen is empty"):
        BatchPowerFlow(two_bus()).solve(sgen_p_mw=np.zeros((2, 1)))


def test_voltages_stay_when_the_given_arrays_change(net: pandapowerNet, given: dict[str, np.ndarray]) -> None:
    mine = {name: values.copy() for name, values in given.items()}
    result = BatchPowerFlow(net).solve(**mine)
    before = result.vm_pu
    mine["load_p_mw"][:] = 0.0
    np.testing.assert_array_equal(result.vm_pu, before)


def test_unknown_result_names_the_nearest(net: pandapowerNet) -> None:
    result = BatchPowerFlow(net).solve()
    with pytest.raises(AttributeError, match="line_loading_percent"):
        _ = result.line_loading_percnt
    assert "line_loading_percent" in dir(result)


def test_node_power_is_the_sum_by_hand(net: pandapowerNet, given: dict[str, np.ndarray]) -> None:
    network = extract(net)
    arrays = {split_name(name): values for name, values in given.items()}
    power = node_power(network, STEPS, arrays)
    node = network.node_of_bus
    by_hand = np.zeros((STEPS, len(network.alive)), dtype=complex)
    by_hand[:, node[1]] -= 0.9 * (given["load_p_mw"][:, 0] + 1j * given["load_q_mvar"][:, 0])
    by_hand[:, node[1]] -= given["storage_p_mw"][:, 0] + 1j * given["storage_q_mvar"][:, 0]
    by_hand[:, node[2]] += 1.1 * (given["sgen_p_mw"][:, 0] + 1j * given["sgen_q_mvar"][:, 0])
    by_hand[:, node[2]] += 0.8 * given["gen_p_mw"][:, 0]
    by_hand[:, node[3]] -= 0.6 * given["load_p_mw"][:, 1] + 0.7j * given["load_q_mvar"][:, 1]
    np.testing.assert_allclose(power.constant, by_hand / net.sn_mva, rtol=0.0, atol=1e-15)
    assert power.current is not None
    np.testing.assert_allclose(power.current[:, node[3]], -0.4 * given["load_p_mw"][:, 1] / net.sn_mva, atol=1e-15)
    assert power.impedance is not None
    np.testing.assert_allclose(power.impedance[:, node[3]], -0.3j * given["load_q_mvar"][:, 1] / net.sn_mva, atol=1e-15)


def test_nothing_depends_on_the_voltage_without_such_loads() -> None:
    power = node_power(extract(two_bus()), 3, {})
    assert power.current is None
    assert power.impedance is None
    assert power.constant.shape == (3, 2)


def test_ratings_give_the_same_loading(net: pandapowerNet) -> None:
    flow = BatchPowerFlow(net)
    result, network = flow.solve(), flow.network
    limits = ratings(net, network)
    v = result.solution.v[0]
    loading = 100.0 * np.maximum(np.abs(network.y_from @ v) / limits.from_pu, np.abs(network.y_to @ v) / limits.to_pu)
    for table in ("line", "trafo"):
        rows = network.branch_rows[table][:, 0]
        np.testing.assert_allclose(loading[rows], getattr(result, f"{table}_loading_percent")[0], rtol=1e-12)
