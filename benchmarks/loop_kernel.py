"""The closed loop's kernel on the reduced Goto grid beside pandapower's single runs."""

from __future__ import annotations

import copy
from dataclasses import dataclass

import numpy as np
import pandapower as pp

from benchmarks.protocol import interleaved
from network_models.model import grid_of
from twin.core.random_streams import stream
from twin.network.reduced.flow import solve
from twin.network.reduced.reduction import reduce_grids

RUNPP_ROWS = 20


@dataclass(frozen=True)
class KernelTimes:
    """Seconds per flow, per repeat, and the largest difference in voltage."""

    kernel: list[float]
    runpp: list[float]
    difference_pu: float


def kernel_times(rows: int, repeats: int) -> KernelTimes:
    """Time the kernel on one thread; both solve the same random states at unity power factor."""
    model = grid_of("goto", 2030, compensation="fixed")
    grid = reduce_grids([model])
    rng = stream(0, "benchmark", 0)
    load = model.net.load.p_mw.to_numpy() * rng.uniform(0.5, 1.5, (rows, len(model.net.load)))
    plants = model.plants.contract_mw.to_numpy(float) * rng.uniform(0.0, 0.6, (rows, len(model.plants)))
    p = np.zeros((rows, len(grid.nodes.buses)))
    np.add.at(p.T, grid.nodes.area, -load.T)
    np.add.at(p.T, grid.nodes.plant, plants.T)
    p /= model.net.sn_mva
    variant, q = np.zeros(rows, dtype=np.int64), np.zeros_like(p)

    def kernel() -> np.ndarray:
        flow = solve(grid, variant, p, q)
        return np.abs(flow.v[:, grid.node_at])

    net = copy.deepcopy(model.net)
    net.load["q_mvar"], net.sgen["q_mvar"] = 0.0, 0.0

    def runpp() -> np.ndarray:
        vm_pu = []
        for row in range(RUNPP_ROWS):
            net.load["p_mw"] = load[row]
            net.sgen.loc[: len(model.plants) - 1, "p_mw"] = plants[row]
            pp.runpp(net, calculate_voltage_angles=True, tolerance_mva=1e-9)
            vm_pu.append(net.res_bus.vm_pu.loc[list(grid.nodes.buses)].to_numpy())
        return np.array(vm_pu)

    difference = float(np.abs(kernel()[:RUNPP_ROWS] - runpp()).max())
    ours, theirs = interleaved([kernel, runpp], repeats)
    return KernelTimes([s / rows for s in ours], [s / RUNPP_ROWS for s in theirs], difference)
