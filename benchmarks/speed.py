"""AC power flows per second on the Goto grid: the loop's kernel beside pandapower, medians of interleaved repeats."""

from __future__ import annotations

import copy
import platform
import statistics
import time
from collections.abc import Callable

import numpy as np
import pandapower as pp

from network_models.goto import goto
from twin.grid.flow import flat_start, solve
from twin.grid.reduction import reduce_grids
from twin.randomness import stream

ROWS, RUNPP_ROWS, REPEATS = 17_520, 20, 5


def main() -> None:
    """Print flows per second and the largest difference in voltage."""
    model = goto(2030, compensation="fixed")
    grid = reduce_grids([model])
    rng = stream(0, "benchmark", 0)
    load = model.net.load.p_mw.to_numpy() * rng.uniform(0.5, 1.5, (ROWS, len(model.net.load)))
    plants = model.plants.contract_mw.to_numpy(float) * rng.uniform(0.0, 0.6, (ROWS, len(model.plants)))
    p = np.zeros((ROWS, len(grid.nodes.buses)))
    np.add.at(p.T, grid.nodes.area, -load.T)
    np.add.at(p.T, grid.nodes.plant, plants.T)
    p /= model.net.sn_mva
    variant, q = np.zeros(ROWS, dtype=np.int64), np.zeros_like(p)

    def ours() -> np.ndarray:
        flow = solve(grid, variant, p, q, *flat_start(grid, variant))
        return np.hypot(flow.v[:, 0], flow.v[:, 1])

    net = copy.deepcopy(model.net)
    net.load["q_mvar"], net.sgen["q_mvar"] = 0.0, 0.0

    def theirs() -> np.ndarray:
        vm_pu = []
        for row in range(RUNPP_ROWS):
            net.load["p_mw"] = load[row]
            net.sgen.loc[: len(model.plants) - 1, "p_mw"] = plants[row]
            pp.runpp(net, calculate_voltage_angles=True, tolerance_mva=1e-9)
            vm_pu.append(net.res_bus.vm_pu.loc[list(grid.nodes.buses)].to_numpy())
        return np.array(vm_pu)

    difference = np.abs(ours()[:RUNPP_ROWS] - theirs()).max()
    rates = [(ROWS / _seconds(ours), RUNPP_ROWS / _seconds(theirs)) for _ in range(REPEATS)]
    mine, others = (statistics.median(column) for column in zip(*rates, strict=True))
    print(
        f"{platform.processor() or platform.machine()}, Python {platform.python_version()}, pandapower {pp.__version__}"
    )
    print(f"goto-twin kernel, one thread {mine:12,.0f} flows/s")
    print(f"pandapower runpp             {others:12,.0f} flows/s   ratio {mine / others:,.0f}")
    print(f"largest voltage difference   {difference:.1e} pu over {RUNPP_ROWS} states")


def _seconds(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
