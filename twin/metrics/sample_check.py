"""Seeded sample of a study's states, solved once more by pandapower's own Newton power flow."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pandapower as pp
import pyarrow as pa

from twin.core.random_streams import stream
from twin.network.reading.supported import POWER_FLOW_OPTIONS
from twin.network.variants.controls import net_at
from twin.network.variants.flow import Flow, solve
from twin.network.variants.loadings import end_loading_percent, in_parts
from twin.operation.case import Case
from twin.operation.injections import node_power
from twin.operation.record import Record

TOLERANCE_MVA = 1e-10
SCHEMA = pa.schema([
    ("step", pa.int64()), ("outage", pa.string()), ("solved", pa.bool_()),
    ("vm_error_pu", pa.float64()), ("loading_error_percent", pa.float64()),
])  # fmt: skip


@dataclass(frozen=True)
class Deviation:
    """Largest difference between the loop's state and pandapower's, over nodes and monitored ends."""

    solved: bool
    vm_error_pu: float
    loading_error_percent: float


def sampled_steps(case: Case, seed: int, per_member: int, most_members: int | None = None) -> list[np.ndarray]:
    """Return the steps that are checked of each member; twins have none, and of very many members all but some."""
    steps, recorded = len(case.index), [m for m, member in enumerate(case.members) if not member.twin]
    count = len(recorded)
    spread = np.linspace(0, count - 1, min(count, most_members or count)).round().astype(int)
    checked = {recorded[k] for k in spread.tolist()}
    return [
        np.zeros(0, dtype=np.int64)
        if m not in checked
        else np.sort(
            stream(seed, "sample check", 0, f"{member.scenario}/{member.label}").choice(
                steps, min(per_member, steps), False
            )
        )
        for m, member in enumerate(case.members)
    ]


def check_records(
    case: Case, m: int, records: Mapping[int, Record], net_of: Callable[[int], pp.pandapowerNet]
) -> pa.Table:
    """Check the final flow of member `m` in some half-hours, by step, intact and after the outage that binds there.

    `net_of` gives the `frozen_net` of a grid variant, taps and reactors at the half-hour's position; it is left as it
    was.
    """
    rows = []
    for t, record in records.items():
        p, q = node_power(case, record.injections.rows(np.array([m])))
        variant = int(record.injections.variant[m])
        binding = max(int(record.after.outage[m]), 1)
        for topology in (0, binding) if len(case.grid.outages) > 1 else (0,):
            found = deviation(case, variant, topology, p[0], q[0], net_of(variant))
            rows.append(
                (t, case.grid.outage_names[topology], found.solved, found.vm_error_pu, found.loading_error_percent)
            )
    columns = zip(*rows, strict=True) if rows else ((),) * len(SCHEMA)
    return pa.table(
        [pa.array(list(column), type=field.type) for column, field in zip(columns, SCHEMA, strict=True)], schema=SCHEMA
    )


def deviation(
    case: Case, variant: int, topology: int, p_pu: np.ndarray, q_pu: np.ndarray, net: pp.pandapowerNet
) -> Deviation:
    """Solve one state as the loop does and with ``runpp``, the compensator's output frozen, and compare.

    Parameters
    ----------
    case : Case
    variant : int
        Grid variant.
    topology : int
        0 for the intact grid.
    p_pu, q_pu : numpy.ndarray, (n,)
        Injections at the nodes without the compensator.
    net : pandapowerNet
        `frozen_net` of the variant; its injections are replaced.
    """
    grid = case.grid
    flow = solve(grid, np.array([variant]), p_pu[None], q_pu[None], topology=np.array([topology]))
    if not flow.solved[0]:
        return Deviation(False, np.nan, np.nan)
    try:
        _solve_frozen(case, net, topology, p_pu, q_pu, float(flow.q_svc_pu[0]))
    except pp.LoadflowNotConverged:
        return Deviation(False, np.nan, np.nan)
    alive = grid.arrays.alive[variant, topology]
    vm_theirs = net.res_bus.vm_pu[list(grid.nodes.buses)].to_numpy()[alive]
    vm_error = np.abs(np.abs(flow.v[0, grid.node_at])[alive] - vm_theirs).max()
    return Deviation(True, float(vm_error), _loading_error(case, topology, flow, net))


def frozen_net(case: Case, variant: int) -> pp.pandapowerNet:
    """Return a copy of a variant's net, taps and reactors at its positions, with one static generator a node.

    They are its only injections, in the nodes' order.
    """
    of_case = case.grid.variants[variant]
    net = net_at(of_case.model, of_case.positions)
    for table in ("load", "gen"):
        net[table]["in_service"] = False
    for table, index in of_case.model.planned_out:
        net[table].loc[index, "in_service"] = False
    net.sgen = net.sgen.iloc[:0].copy()
    pp.create_sgens(net, case.grid.nodes.buses, p_mw=0.0, q_mvar=0.0)
    return net


def _solve_frozen(
    case: Case, net: pp.pandapowerNet, topology: int, p_pu: np.ndarray, q_pu: np.ndarray, q_svc_pu: float
) -> None:
    """Solve the net with the given injections and outage; the outage is put back in service afterwards."""
    q_pu = q_pu.copy()
    if case.grid.nodes.svc >= 0:
        q_pu[case.grid.nodes.svc] += q_svc_pu
    net.sgen["p_mw"], net.sgen["q_mvar"] = p_pu * case.base_mva, q_pu * case.base_mva
    out = [element for element in case.grid.outages[topology] if net[element[0]].in_service.at[element[1]]]
    for table, index in out:
        net[table].loc[index, "in_service"] = False
    try:
        pp.runpp(net, **POWER_FLOW_OPTIONS | {"tolerance_mva": TOLERANCE_MVA})
    finally:
        for table, index in out:
            net[table].loc[index, "in_service"] = True


def _loading_error(case: Case, topology: int, flow: Flow, net: pp.pandapowerNet) -> float:
    """Compare the worse end of each monitored branch that is still in service, in the only state of `flow`."""
    a, variant, i, largest = case.grid.arrays, int(flow.variant[0]), in_parts(flow.i)[0], 0.0
    ends = [(element, k) for k, element in enumerate(case.grid.end_elements)]
    for element in dict.fromkeys(case.grid.end_elements):
        table, index = element
        if element in case.grid.outages[topology]:
            continue
        ours = max(end_loading_percent(a, variant, topology, i, k) for other, k in ends if other == element)
        theirs = net[f"res_{table}"].loading_percent.at[index]
        if np.isfinite(theirs):
            largest = max(largest, abs(ours - float(theirs)))
    return largest
