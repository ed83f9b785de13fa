"""The AC engine against pandapower's Newton power flow: Goto's variants, intact and after every single outage."""

import copy

import numpy as np
import pandapower as pp
import pytest
from shipped import goto

from twin.core.random_streams import stream
from twin.network.variants.flow import solve
from twin.network.variants.grids import GridVariants, grid_variants
from twin.network.variants.loadings import end_loading_percent, in_parts

VM_TOLERANCE_PU = 1e-8
LOADING_TOLERANCE_PERCENT = 1e-5
VARIANTS = [
    (2024, "controlled", {"conductor_mm2": 240}),
    (2026, "controlled", {"conductor_mm2": 300, "reactor_location": "line", "main_tap_position": -3}),
    (2030, "controlled", {"conductor_mm2": 400, "svc_set_vm_pu": 1.03, "bank_tap_position": 3}),
    (2030, "fixed", {"conductor_mm2": 300, "svc_fixed_mvar": 8.0, "reactor_steps_in_service": 1}),
    (2030, "fixed", {"conductor_mm2": 240, "reactor_location": "line", "reactor_steps_in_service": 1}),
]


def states(grid: GridVariants, rows: int) -> tuple[np.ndarray, np.ndarray]:
    """Infeed per node (R, n) per unit, from much import to much export."""
    model, nodes, draw = grid.variants[0].model, grid.nodes, stream(2030, "runpp agreement", 0)
    export_share = np.linspace(0.1, 0.8, rows)
    p, q = np.zeros((2, rows, len(nodes.buses)))
    for node, contract_mw in zip(nodes.plant, model.plants.contract_mw, strict=True):
        p[:, node] += export_share * contract_mw * draw.uniform(0.7, 1.2, rows)
    for node, mean_mw in zip(nodes.area, model.net.load.p_mw, strict=True):
        p[:, node] -= mean_mw * draw.uniform(0.4, 1.8, rows)
    q += 0.15 * np.abs(p) * draw.uniform(-1.0, 1.0, p.shape)
    return p / 100.0, q / 100.0


def reference_net(grid: GridVariants) -> pp.pandapowerNet:
    """Return the net with its injections replaced by one static generator per node."""
    net = copy.deepcopy(grid.variants[0].model.net)
    for table in ("load", "sgen", "gen"):
        net[table].drop(index=net[table].index, inplace=True)
    pp.create_sgens(net, grid.nodes.buses, p_mw=np.zeros(len(grid.nodes.buses)))
    return net


def runpp_state(net: pp.pandapowerNet, out: tuple, p_mw: np.ndarray, q_mvar: np.ndarray) -> None:
    net.sgen["p_mw"], net.sgen["q_mvar"] = p_mw, q_mvar
    before = [net[table].in_service.at[index] for table, index in out]
    for table, index in out:
        net[table].loc[index, "in_service"] = False
    pp.runpp(
        net,
        tolerance_mva=1e-10,
        max_iteration=50,
        calculate_voltage_angles=True,
        trafo_model="t",
        init="dc",
        numba=False,
    )
    for (table, index), in_service in zip(out, before, strict=True):
        net[table].loc[index, "in_service"] = in_service


@pytest.mark.parametrize(("year", "compensation", "parameters"), VARIANTS)
def test_agrees_with_runpp_intact_and_after_every_outage(year, compensation, parameters):
    grid = grid_variants([goto(year, compensation, parameters)])
    topologies = np.arange(len(grid.outages))
    p, q = (x[topologies % 4] for x in states(grid, 4))
    variant = np.zeros(len(topologies), dtype=np.int64)
    flow = solve(grid, variant, p, q, topology=topologies)
    assert flow.solved.all()
    net = reference_net(grid)
    for o in topologies:
        q_with_svc = q[o].copy()
        if grid.nodes.svc >= 0:
            q_with_svc[grid.nodes.svc] += flow.q_svc_pu[o]
        runpp_state(net, grid.outages[o], 100.0 * p[o], 100.0 * q_with_svc)
        assert voltage_error(grid, net, flow.v[o]) < VM_TOLERANCE_PU, grid.outage_names[o]
        assert loading_error(grid, net, o, flow.i[o]) < LOADING_TOLERANCE_PERCENT, grid.outage_names[o]


def voltage_error(grid, net, v):
    """Largest difference in pu; a dead bus must have no voltage in either."""
    theirs = net.res_bus.vm_pu.loc[list(grid.nodes.buses)].fillna(0.0).to_numpy()
    return np.abs(np.nan_to_num(np.abs(v[grid.node_at])) - theirs).max()


def loading_error(grid, net, o, i):
    """Largest difference in percent over all monitored branches, the worse end of each."""
    largest = 0.0
    for element in dict.fromkeys(grid.end_elements):
        table, index = element
        ends = [k for k, other in enumerate(grid.end_elements) if other == element]
        ours = max(end_loading_percent(grid.arrays, 0, o, in_parts(i[None])[0], k) for k in ends)
        theirs = np.nan_to_num(net[f"res_{table}"].loading_percent.loc[index])
        largest = max(largest, abs(ours - theirs))
    return largest


def test_the_comparison_sees_a_wrong_impedance():
    grid = grid_variants([goto(2030, "controlled", {"conductor_mm2": 300})])
    net = copy.deepcopy(reference_net(grid))
    net.line.loc[0, "r_ohm_per_km"] *= 1.0001
    p, q = states(grid, 4)
    variant = np.zeros(1, dtype=np.int64)
    flow = solve(grid, variant, p[3:], q[3:])
    q_with_svc = q[3].copy()
    q_with_svc[grid.nodes.svc] += flow.q_svc_pu[0]
    runpp_state(net, (), 100.0 * p[3], 100.0 * q_with_svc)
    assert voltage_error(grid, net, flow.v[0]) > VM_TOLERANCE_PU
    assert loading_error(grid, net, 0, flow.i[0]) > LOADING_TOLERANCE_PERCENT
