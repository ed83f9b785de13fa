"""Comparisons A and B: both engines beside ``runpp`` with the compensator frozen, and the compensator's own law."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandapower as pp
from agreement import LOADING_LIMIT, OPTIONS, VM_LIMIT_PU
from networks import goto_name
from pandapower import pandapowerNet
from settled_controls import STATES, at_state, node_injections
from shipped import goto

from twin.network.model import Compensator, GridModel
from twin.network.node_power import node_power
from twin.network.outage import without
from twin.network.reading.extraction import extract
from twin.network.result import BatchResult
from twin.network.solving.solver import Solver
from twin.network.variants.flow import solve
from twin.network.variants.grids import GridVariants, grid_variants
from twin.network.variants.loadings import end_loading_percent, in_parts
from twin.network.voltage_control import with_compensator

TOLERANCE_MVA = 1e-10
CONTROL_LIMIT_PU = 1e-8
Variant = tuple[int, str, dict[str, float | str]]
VARIANTS: tuple[Variant, ...] = (
    (2024, "controlled", {"conductor_mm2": 240, "svc_set_vm_pu": 0.97}),
    (2026, "controlled", {"conductor_mm2": 300, "reactor_location": "line", "main_tap_position": -3}),
    (2030, "controlled", {"conductor_mm2": 400, "svc_set_vm_pu": 1.04, "svc_slope_percent": 1}),
    (2030, "controlled", {"conductor_mm2": 300, "reactor_steps_in_service": 0}),
)


@dataclass(frozen=True)
class Frozen:
    """One state of one network by one engine.

    Attributes
    ----------
    network, state, outage, engine : str
    region : str
        Where the compensator works: ``slope``, ``low limit``, ``high limit``.
    voltage_error_pu, loading_error : float
        Against ``runpp`` with the compensator's output as a static generator; loading in percentage points.
    control_error_pu : float
        Comparison B: distance from the slope in pu voltage, or of the output from the susceptance limit in pu of it;
        infinite where a device stands at a limit that its voltage error does not ask for.
    """

    network: str
    state: str
    outage: str
    engine: str
    region: str
    voltage_error_pu: float
    loading_error: float
    control_error_pu: float

    @property
    def misses(self) -> bool:
        """A difference beyond the limits, or a compensator that is not on its own law."""
        return not (
            self.voltage_error_pu < VM_LIMIT_PU
            and self.loading_error < LOADING_LIMIT
            and self.control_error_pu < CONTROL_LIMIT_PU
        )


def comparisons(variants: Sequence[Variant] = VARIANTS) -> Iterator[Frozen]:
    """Compare every variant, state and engine, intact and after the first circuit of the link has tripped."""
    for variant in variants:
        model, name = goto(*variant), goto_name(*variant)
        grid = grid_variants([model])
        link = grid.outage_names.index(str(model.net.line.name.loc[model.roles.link[0].element[1]]))
        for state in STATES:
            net = at_state(model, state).net
            for topology in (0, link):
                for engine, (v, q_mvar, loading) in _solved(grid, net, topology).items():
                    yield _compared(
                        (name, state, grid.outage_names[topology] or "none", engine), model, net,
                        grid.outages[topology], v, q_mvar, loading,
                    )  # fmt: skip


def control_error(compensator: Compensator, vm_pu: float, q_mvar: float) -> tuple[str, float]:
    """Return where a compensator works and how far it is from its own equation there."""
    c, slope = compensator, compensator.slope_percent / 100.0 / compensator.q_max_mvar
    wanted_minus_held = c.set_vm_pu - slope * q_mvar - vm_pu
    for region, limit_mvar, asked in (("low limit", c.q_min_mvar, -1.0), ("high limit", c.q_max_mvar, 1.0)):
        beyond = abs(q_mvar / vm_pu**2 - limit_mvar) / abs(limit_mvar)
        if beyond < 1e-6:
            return region, beyond if asked * wanted_minus_held > -1e-9 else np.inf
    return "slope", abs(wanted_minus_held)


def _solved(
    grid: GridVariants, net: pandapowerNet, topology: int
) -> dict[str, tuple[dict[int, float], float, dict[tuple[str, int], float]]]:
    """Return by engine: voltages by bus, the compensator's output, loadings by element."""
    return {"loop": _by_loop(grid, net, topology), "general": _by_general_engine(grid, net, topology)}


def _by_loop(
    grid: GridVariants, net: pandapowerNet, topology: int
) -> tuple[dict[int, float], float, dict[tuple[str, int], float]]:
    flow = solve(grid, np.zeros(1, dtype=np.int64), *node_injections(grid, net), topology=np.array([topology]))
    assert flow.solved[0]
    loading: dict[tuple[str, int], float] = {}
    for end, element in enumerate(grid.end_elements):
        percent = end_loading_percent(grid.arrays, 0, topology, in_parts(flow.i)[0], end)
        loading[element] = max(percent, loading.get(element, 0.0))
    alive = grid.arrays.alive[0, topology]
    vm_pu = np.abs(flow.v[0, grid.node_at])
    of_buses = {b: vm_pu[k] for k, b in enumerate(grid.nodes.buses) if alive[k]}
    return of_buses, float(flow.q_svc_pu[0]) * net.sn_mva, loading


def _by_general_engine(
    grid: GridVariants, net: pandapowerNet, topology: int
) -> tuple[dict[int, float], float, dict[tuple[str, int], float]]:
    compensator = grid.variants[0].model.compensator
    network = with_compensator(extract(net), net, compensator)
    out = [
        (table, net[table].index.get_loc(index)) for table, index in grid.outages[topology]
        if net[table].in_service.loc[index]
    ]  # fmt: skip
    network = without(network, out) if out else network
    solution = Solver(network).solve(node_power(network, 1, {}))
    assert solution.converged.all()
    vm_pu = np.abs(solution.v[0])
    of_bus = {b: vm_pu[k] for b, k in zip(net.bus.index, network.node_of_bus, strict=True) if k >= 0}
    q_mvar = float(solution.q_controlled_pu[0, network.controlled_by["compensator"][0]]) * network.base_mva
    result = BatchResult(net, network, solution, {})
    loading = {
        (table, int(index)): float(percent)
        for table in ("line", "trafo")
        for index, percent in zip(net[table].index, getattr(result, f"{table}_loading_percent")[0], strict=True)
    }
    return of_bus, q_mvar, loading


def _compared(
    key: tuple[str, str, str, str], model: GridModel, net: pandapowerNet, out: tuple[tuple[str, int], ...],
    vm_pu: dict[int, float], q_mvar: float, loading: dict[tuple[str, int], float],
) -> Frozen:  # fmt: skip
    assert model.compensator is not None
    frozen = copy.deepcopy(net)
    frozen.gen = frozen.gen.iloc[:0].copy()
    pp.create_sgen(frozen, model.compensator.bus, p_mw=0.0, q_mvar=q_mvar)
    for table, index in out:
        frozen[table].loc[index, "in_service"] = False
    pp.runpp(frozen, **OPTIONS, trafo_model="t", tolerance_mva=TOLERANCE_MVA)
    voltage = max(abs(frozen.res_bus.vm_pu.loc[bus] - vm) for bus, vm in vm_pu.items())
    percent = [
        abs(np.nan_to_num(frozen[f"res_{table}"].loading_percent.loc[index]) - np.nan_to_num(ours))
        for (table, index), ours in loading.items()
    ]
    region, error = control_error(model.compensator, vm_pu[model.compensator.bus], q_mvar)
    return Frozen(*key, region, float(voltage), float(max(percent, default=np.nan)), float(error))
