"""The batch engine beside ``runpp`` on pandapower's networks and Goto's variants (docs/validation/validation.md)."""

import copy
import functools

import networks
import pytest
from agreement import LOADING_LIMIT, VM_LIMIT_PU, agreements

ALL = networks.builders()
FAST = [*(networks.goto_name(*variant) for variant in networks.GOTO_VARIANTS[::2]), *networks.FAST]


@functools.cache
def net_named(name):
    return networks.build(name)


@pytest.mark.parametrize("name", FAST)
def test_network(name):
    assert [row for row in agreements(name, net_named(name)) if row.misses] == []


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in ALL if name not in FAST])
def test_further_network(name):
    assert [row for row in agreements(name, net_named(name)) if row.misses] == []


@pytest.mark.parametrize("name", ["goto(2030, fixed, conductor_mm2=300)", "case14", "create_cigre_network_mv"])
def test_pi_model_of_transformers(name):
    assert all(row.agrees for row in agreements(name, net_named(name), (1.0,), "pi"))


@pytest.mark.parametrize(
    ("table", "column"), [("line", "x_ohm_per_km"), ("line", "c_nf_per_km"), ("trafo", "vk_percent")]
)
def test_an_impedance_wrong_by_a_ten_thousandth_is_seen(table, column):
    net = net_named("goto(2030, fixed, conductor_mm2=300)")
    wrong = copy.deepcopy(net)
    wrong[table].loc[0, column] *= 1.0001
    (row,) = agreements("wrong", net, (1.0,), reference=wrong)
    assert row.misses
    assert row.voltage_error_pu > VM_LIMIT_PU
    assert row.loading_error > LOADING_LIMIT
    assert row.residual_pu > VM_LIMIT_PU


def test_a_wrong_rating_is_seen():
    net = net_named("case14")
    wrong = copy.deepcopy(net)
    wrong.line.loc[0, "max_i_ka"] *= 1.0001
    (row,) = agreements("wrong", net, (1.0,), reference=wrong)
    assert row.misses
    assert row.voltage_error_pu < VM_LIMIT_PU
    assert row.loading_error > LOADING_LIMIT
