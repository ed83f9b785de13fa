"""Profiles against the tables that they are for: labels, masks, missing values; the net as it was read."""

from __future__ import annotations

import numpy as np
import pandapower as pp
import pandas as pd
import pytest
from powerflow_cases import two_bus

from twin import BatchPowerFlow
from twin.core.errors import InputError

HOURS = pd.date_range("2030-01-01", periods=2, freq="h")


def two_loads() -> pp.pandapowerNet:
    net = two_bus()
    pp.create_load(net, 1, 1.0)
    net.load.index = [4, 7]
    return net


@pytest.mark.parametrize("values", [
    pd.DataFrame([[8.0, 1.0]], columns=[7, 4]),
    pd.Series([8.0, 1.0], index=[7, 4]),
    pd.Series([8.0, 1.0]),
])  # fmt: skip
def test_labels_that_are_not_the_elements_are_refused(values) -> None:
    with pytest.raises(InputError, match="are not the elements"):
        BatchPowerFlow(two_loads()).solve(load_p_mw=values)


def test_a_series_of_the_elements_is_one_step() -> None:
    result = BatchPowerFlow(two_loads()).solve(load_p_mw=pd.Series([8.0, 1.0], index=[4, 7]))
    np.testing.assert_array_equal(result.load_p_mw, [[8.0, 1.0]])


@pytest.mark.parametrize("missing", [
    np.ma.masked_array([[8.0, 1.0], [8.0, 1.0]], mask=[[False, True], [False, False]]),
    pd.DataFrame({4: [8.0, 8.0], 7: pd.array([None, 1.0], dtype="Float64")}),
    pd.DataFrame({4: [8.0, 8.0], 7: [None, 1.0]}, dtype=object),
], ids=["mask", "NA", "None"])  # fmt: skip
def test_a_missing_value_fails_its_row_alone(missing) -> None:
    """The number that stands under a mask is no value."""
    result = BatchPowerFlow(two_loads()).solve(load_p_mw=missing)
    assert result.failure.tolist() == ["input_not_finite", ""]


def test_rows_of_other_times_are_refused_and_counts_are_not() -> None:
    net = two_loads()
    p = pd.DataFrame([[8.0, 1.0], [9.0, 1.0]], columns=[4, 7], index=HOURS)
    with pytest.raises(InputError, match="row 0: 2030-01-01 01:00:00 instead of 2030-01-01 00:00:00"):
        BatchPowerFlow(net).solve(load_p_mw=p, load_q_mvar=p.shift(freq="h"))
    with pytest.raises(InputError, match="other labels"):
        BatchPowerFlow(net).solve(load_p_mw=p.set_axis([1, 2]), load_q_mvar=p.set_axis([0, 1]))
    assert BatchPowerFlow(net).solve(load_p_mw=p, load_q_mvar=p.reset_index(drop=True) / 10.0).converged.all()


def test_what_is_not_a_mapping_or_not_numbers_is_named() -> None:
    net = two_loads()
    with pytest.raises(InputError, match="not numbers"):
        BatchPowerFlow(net).solve(load_p_mw=np.array([[1.0, 2.0j]]))
    with pytest.raises(InputError, match="not a pandapower net"):
        BatchPowerFlow({"bus": [1]})


CHANGES = {
    "a value in place": (lambda net: net.load.__setitem__("p_mw", [16.0, 2.0]), r"net\.load\.p_mw"),
    "one cell": (lambda net: net.line.__setitem__("length_km", 9.0), r"net\.line\.length_km.*\n.*9.0 instead of 5.0"),
    "a rating": (lambda net: net.line.__setitem__("max_i_ka", 9.0), r"net\.line\.max_i_ka"),
    "fewer rows": (lambda net: net.__setitem__("load", net.load.drop(4)), "1 rows instead of 2"),
    "other labels": (lambda net: net.__setitem__("load", net.load.set_axis([0, 1])), "other row labels"),
    "new elements": (lambda net: pp.create_storage(net, 1, 1.0, 1.0), "net.storage.*\n.*1 rows instead of 0"),
    "a switch": (lambda net: pp.create_switch(net, 0, 0, "l", closed=False), "net.switch"),
    "a new limit": (lambda net: net.ext_grid.__setitem__("max_q_mvar", 1.0), "the column is new"),
    "frequency": (lambda net: net.__setitem__("f_hz", 60.0), "60.0 instead of 50"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_net_that_was_changed_is_refused(change: str) -> None:
    net = two_loads()
    flow = BatchPowerFlow(net)
    before = flow.solve().vm_pu
    act, message = CHANGES[change]
    act(net)
    with pytest.raises(InputError, match=message):
        flow.solve()
    net = two_loads()
    np.testing.assert_array_equal(BatchPowerFlow(net).solve().vm_pu, before)


def test_results_and_names_may_be_written_into_the_net() -> None:
    net = two_loads()
    flow = BatchPowerFlow(net)
    for _ in range(2):
        result = flow.solve()
        net.line["worst"] = result.line_loading_percent.max(axis=0)
        net.load["name"] = ["x", "y"]
        pp.runpp(net, numba=False)
    assert result.converged.all()


def test_a_result_keeps_the_net_that_it_was_solved_for() -> None:
    net = two_loads()
    result = BatchPowerFlow(net).solve()
    before = result.line_loading_percent
    net.line["max_i_ka"] = 1e-3
    np.testing.assert_array_equal(result.line_loading_percent, before)


@pytest.mark.parametrize("table", ["gen", "storage", "motor", "shunt", "trafo3w", "svc", "impedance"])
def test_columns_of_empty_tables_may_be_missing(table: str) -> None:
    """As in a net of an older pandapower, or one built by hand."""
    net = two_bus()
    expected = BatchPowerFlow(net).solve().vm_pu
    net[table] = net[table][["in_service"]] if table != "svc" else pd.DataFrame()
    np.testing.assert_array_equal(BatchPowerFlow(net).solve().vm_pu, expected)
    del net[table]
    np.testing.assert_array_equal(BatchPowerFlow(net).solve().vm_pu, expected)


def test_losses_without_a_branch_are_zero() -> None:
    net = two_bus()
    net.line["in_service"] = False
    result = BatchPowerFlow(net).solve()
    assert result.pl_mw.tolist() == [0.0]
    assert result.converged.all()
