"""Security analysis against one `runpp` per outage and step, table by table."""

import numpy as np
import pandapower as pp
import pandapower.networks as nw
import pytest
from grid_cases import goto_model
from security_cases import brute_force, worst

from twin import SecurityAnalysis
from twin.network.model import Limits
from twin.security.contingencies import OutageClass

pytestmark = pytest.mark.filterwarnings("ignore:tap_dependency_table:DeprecationWarning")

LOADING_PERCENT = 1e-5
VOLTAGE_PU = 1e-8
"""The engine's own agreement with `runpp` (docs/concepts/grid/powerflow.md)."""
POWER_MW = 1e-6
"""Lost energy is kept in whole milliwatts."""
LIMITS = Limits(0.951, 1.0491, 1.2)
SCALES = np.array([[1.0], [0.6], [1.15]])


def case14():
    net = nw.case14()
    net.bus[["min_vm_pu", "max_vm_pu"]] = np.nan
    net.line["max_i_ka"] = np.where(net.bus.vn_kv.loc[net.line.from_bus] > 100.0, 0.7, 60.0)
    scales = SCALES[1:]
    return net, {"load_p_mw": net.load.p_mw.to_numpy() * scales, "load_q_mvar": net.load.q_mvar.to_numpy() * scales}


def case39():
    net = nw.case39()
    net.bus[["min_vm_pu", "max_vm_pu"]] = np.nan
    return net, {"load_p_mw": net.load.p_mw.to_numpy() * SCALES[:1]}


def goto_fixed():
    net = goto_model(2030, "fixed").net
    contract_mw = goto_model(2030, "fixed").plants.contract_mw.to_numpy()
    sgen = np.zeros((1, len(net.sgen)))
    sgen[:, : len(contract_mw)] = 0.9 * contract_mw
    return net, {"sgen_p_mw": sgen, "load_p_mw": net.load.p_mw.to_numpy() * np.array([[0.8]])}


def multivoltage_tree():
    """Two feeders behind three-winding and ordinary transformers: most outages cut a part off."""
    net = pp.create_empty_network(sn_mva=10.0)
    source, middle, low, far, end = (pp.create_bus(net, vn_kv) for vn_kv in (110.0, 20.0, 10.0, 20.0, 20.0))
    pp.create_ext_grid(net, source, vm_pu=1.02)
    pp.create_transformer3w(net, source, middle, low, "63/25/38 MVA 110/20/10 kV")
    for a, b in ((middle, far), (far, end)):
        pp.create_line_from_parameters(net, a, b, 4.0, 0.2, 0.3, 200.0, 0.25)
    pp.create_load(net, far, 3.0, 1.0)
    pp.create_load(net, end, 2.0, 0.5, scaling=0.8)
    pp.create_load(net, low, 4.0, 1.0)
    pp.create_sgen(net, end, 1.5, 0.0)
    pp.create_storage(net, far, -0.5, 2.0)
    pp.create_shunt(net, far, q_mvar=-1.0)
    return net, {"load_p_mw": net.load.p_mw.to_numpy() * SCALES, "sgen_p_mw": np.array([[1.0], [0.0], [6.0]])}


NETS = [
    case14, multivoltage_tree,
    pytest.param(case39, marks=pytest.mark.slow), pytest.param(goto_fixed, marks=pytest.mark.slow),
]  # fmt: skip


@pytest.fixture(scope="module", params=NETS, ids=lambda make: make.__name__)
def compared(request):
    net, profiles = request.param()
    steps = len(next(iter(profiles.values())))
    result = SecurityAnalysis(net, limits=LIMITS).run(profiles, step_hours=0.5, block_steps=2)
    return net, result, brute_force(net, [case.elements for case in result.cases], profiles, steps)


def members(result, outage_class):
    return [number for number, case in enumerate(result.cases) if case.outage_class == outage_class]


def test_nothing_is_left_out(compared):
    net, result, _ = compared
    singles = {case.elements for case in result.cases if case.outage_class == OutageClass.SINGLE}
    for table in ("line", "trafo", "trafo3w", "impedance", "shunt"):
        assert {((table, int(i)),) for i in net[table].index[net[table].in_service.astype(bool)]} <= singles


def test_unsolved_outages_are_the_same(compared):
    _, result, reference = compared
    assert result.outages().steps_unsolved.to_list() == list((~reference.solved).sum(axis=0))


def test_worst_loading_and_voltage_of_each_outage(compared):
    _, result, reference = compared
    table = result.outages()
    assert table.loading_percent.to_numpy() == pytest.approx(
        worst(reference.loading_percent, (0, 2)), abs=LOADING_PERCENT, nan_ok=True
    )
    assert table.low_vm_pu.to_numpy() == pytest.approx(-worst(-reference.vm_pu, (0, 2)), abs=VOLTAGE_PU, nan_ok=True)
    assert table.high_vm_pu.to_numpy() == pytest.approx(worst(reference.vm_pu, (0, 2)), abs=VOLTAGE_PU, nan_ok=True)


def test_lost_demand_and_infeed_of_each_outage(compared):
    _, result, reference = compared
    known = reference.solved.all(axis=0)
    table = result.outages()[known]
    for lost, column in ((reference.demand_lost_mw, "demand"), (reference.infeed_lost_mw, "infeed")):
        assert table[f"{column}_lost_mw"].to_numpy() == pytest.approx(lost.max(axis=0)[known], abs=POWER_MW)
        assert table[f"{column}_lost_mwh"].to_numpy() == pytest.approx(0.5 * lost.sum(axis=0)[known], abs=POWER_MW)


@pytest.mark.parametrize("outage_class", list(OutageClass))
def test_steps(compared, outage_class):
    _, result, reference = compared
    cases = members(result, outage_class)
    if not cases:
        return
    table = result.steps(outage_class)
    loading, vm = reference.loading_percent[:, cases], reference.vm_pu[:, cases]
    assert table.solved_loading_percent.to_numpy() == pytest.approx(
        worst(loading, (1, 2)), abs=LOADING_PERCENT, nan_ok=True
    )
    assert table.low_vm_pu.to_numpy() == pytest.approx(-worst(-vm, (1, 2)), abs=VOLTAGE_PU)
    assert table.high_vm_pu.to_numpy() == pytest.approx(worst(vm, (1, 2)), abs=VOLTAGE_PU)
    violating = (worst(loading, 2) > 100.0) | (worst(vm, 2) > LIMITS.vm_max_pu) | (worst(-vm, 2) > -LIMITS.vm_min_pu)
    violating |= ~reference.solved[:, cases]
    assert list(table.violating_outages) == list(violating.sum(axis=1))
    assert list(table.unsolved_outages) == list((~reference.solved[:, cases]).sum(axis=1))


@pytest.mark.parametrize("outage_class", list(OutageClass))
def test_branches(compared, outage_class):
    _, result, reference = compared
    cases = members(result, outage_class)
    if not cases:
        return
    table = result.branches(outage_class)
    grouped = table.groupby(["table", "element"])
    loading = reference.loading_percent[:, cases]
    found = grouped.loading_percent.max().reindex(reference.elements).to_numpy()
    assert found == pytest.approx(worst(loading, (0, 1)), abs=LOADING_PERCENT, nan_ok=True)
    single = ~table.duplicated(["table", "element"], keep=False)
    columns = [reference.elements.index((r.table, r.element)) for r in table[single].itertuples()]
    highest = worst(loading[:, :, columns], 1)
    assert list(table.hours_over_continuous[single]) == list(0.5 * (highest > 100.0).sum(axis=0))
    assert list(table.hours_over_short_time[single]) == list(0.5 * (highest > 120.0).sum(axis=0))


@pytest.mark.parametrize("outage_class", list(OutageClass))
def test_buses(compared, outage_class):
    _, result, reference = compared
    cases = members(result, outage_class)
    if not cases:
        return
    table, vm = result.buses(outage_class), reference.vm_pu[:, cases]
    assert table.low_vm_pu.to_numpy() == pytest.approx(-worst(-vm, (0, 1)), abs=VOLTAGE_PU, nan_ok=True)
    assert table.high_vm_pu.to_numpy() == pytest.approx(worst(vm, (0, 1)), abs=VOLTAGE_PU, nan_ok=True)
    assert list(table.hours_high) == list(0.5 * (worst(vm, 1) > LIMITS.vm_max_pu).sum(axis=0))
    assert list(table.hours_low) == list(0.5 * (worst(-vm, 1) > -LIMITS.vm_min_pu).sum(axis=0))


def test_addresses_point_at_the_values(compared):
    _, result, reference = compared
    names = [case.name for case in result.cases]
    for row in result.outages().itertuples():
        if row.element:
            case = names.index(row.outage)
            values = reference.loading_percent[row.step, case]
            assert np.nanmax(values) == pytest.approx(row.loading_percent, abs=LOADING_PERCENT)
