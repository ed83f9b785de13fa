"""Small grids and random states for the tests of the AC engine."""

from dataclasses import dataclass
from functools import cache

import numpy as np
import pandapower as pp
import pandas as pd
from shipped import goto

from twin.core.random_streams import stream
from twin.network.model import Compensator, Element, GridModel, Limits, LinkCircuit, Roles
from twin.network.reduced.flow import flat_start
from twin.network.reduced.kernels import end_loading_percent, solve_rows
from twin.network.reduced.reduction import ReducedGrid, reduce_grids
from twin.security.reduced.outages import Trips

FREQUENCY_HZ = 60.0
PATIENCE = 20


def empty_net() -> pp.pandapowerNet:
    return pp.create_empty_network(f_hz=FREQUENCY_HZ, sn_mva=100.0)


def add_line(
    net: pp.pandapowerNet, ends: tuple[int, int], ohm: complex, c_nf: float = 0.0, max_i_ka: float = 0.5
) -> int:
    return pp.create_line_from_parameters(
        net, *ends, length_km=1.0, r_ohm_per_km=ohm.real, x_ohm_per_km=ohm.imag, c_nf_per_km=c_nf, max_i_ka=max_i_ka,
        name=f"line {len(net.line)}",
    )  # fmt: skip


def small_model(
    net: pp.pandapowerNet,
    plants: list[int],
    areas: list[int],
    outages: tuple[Element, ...] = (),
    link: tuple[Element, ...] = (),
    compensator: Compensator | None = None,
    short_time_factor: float = 1.1,
    tripped_with: dict[Element, tuple[int, ...]] | None = None,
) -> GridModel:
    branches = (*(("line", int(i)) for i in net.line.index), *(("trafo", int(i)) for i in net.trafo.index))
    roles = Roles(
        link=tuple(LinkCircuit(element, "from") for element in link),
        outages=outages,
        monitored=branches,
        monitored_after_outage=branches,
        voltage_buses=tuple(int(bus) for bus in net.bus.index),
        headroom_bus=areas[0],
        boundary_bus=int(net.ext_grid.bus.iloc[0]),
        shunts_tripped_with=tripped_with or {},
    )
    tables = [pd.DataFrame({"bus": pd.Series(buses, dtype=int)}) for buses in (plants, areas, [])]
    return GridModel(net, *tables, roles, compensator, Limits(0.9, 1.1, short_time_factor))


@cache
def two_circuits(
    c_nf: float = 0.0, max_i_ka: float = 0.5, short_time_factor: float = 1.1, plants: int = 1
) -> tuple[ReducedGrid, int]:
    """Source and island bus (returned) between two equal circuits of 5 + j10 ohm."""
    net = empty_net()
    source, island = (pp.create_bus(net, 66.0) for _ in range(2))
    pp.create_ext_grid(net, source)
    circuits = tuple(("line", add_line(net, (source, island), 5 + 10j, c_nf, max_i_ka)) for _ in range(2))
    model = small_model(net, [island] * plants, [island], circuits, circuits, short_time_factor=short_time_factor)
    return reduce_grids([model]), island


@dataclass(frozen=True)
class Solution:
    grid: ReducedGrid
    topology: int
    v: np.ndarray
    i: np.ndarray
    q_svc_mvar: float
    used: int

    def vm_pu(self, bus: int) -> float:
        return float(abs(self.v[self.grid.nodes.buses.index(bus)]))

    def loading_percent(self, end: int) -> float:
        split = np.stack([self.i.real, self.i.imag])
        return float(end_loading_percent(self.grid.arrays, 0, self.topology, split, end))


def injections_pu(grid: ReducedGrid, mva_at_bus: dict[int, complex]) -> tuple[np.ndarray, np.ndarray]:
    s = np.zeros((1, len(grid.nodes.buses)), dtype=complex)
    for bus, mva in mva_at_bus.items():
        s[0, grid.nodes.buses.index(bus)] = mva / grid.base_mva
    return s.real.copy(), s.imag.copy()


def solve_one(grid: ReducedGrid, mva_at_bus: dict[int, complex], topology: int = 0) -> Solution:
    return solve_pu(grid, *injections_pu(grid, mva_at_bus), topology)


def solve_pu(grid: ReducedGrid, p: np.ndarray, q: np.ndarray, topology: int = 0) -> Solution:
    """Solve one row (1, n) from no load, with patience where convergence is slow."""
    variant = np.zeros(1, dtype=np.int64)
    v, q_svc = flat_start(grid, variant)
    for _ in range(PATIENCE):
        used, i = solve_rows(grid.arrays, variant, np.full(1, topology), p, q, v, q_svc)
        if used[0] != 0:
            break
    base_mva = grid.base_mva
    return Solution(
        grid, topology, v[0, 0] + 1j * v[0, 1], i[0, 0] + 1j * i[0, 1], float(q_svc[0]) * base_mva, int(used[0])
    )


@cache
def goto_model(year: int = 2030, compensation: str = "controlled", parameters: tuple = ()) -> GridModel:
    return goto(year, compensation, dict(parameters))


@cache
def goto_grid(year: int = 2030, compensation: str = "controlled", parameters: tuple = ()) -> ReducedGrid:
    return reduce_grids([goto_model(year, compensation, parameters)])


def goto_states(
    grid: ReducedGrid, rows: int, purpose: str, largest_share: float = 1.0
) -> tuple[np.ndarray, np.ndarray]:
    """Random infeed and demand at the nodes of a Goto grid, (R, n) per unit each.

    Infeed goes from calm to `largest_share` of all contracts, demand from a third to twice its mean.
    """
    model, nodes = grid.variants[0].model, grid.nodes
    draw = stream(2030, purpose, 0)
    contract_mw = model.plants.contract_mw.to_numpy()
    overall = largest_share * draw.uniform(0.0, 1.0, (rows, 1))
    plant_mw = contract_mw * np.minimum(overall * draw.uniform(0.5, 1.5, (rows, len(contract_mw))), largest_share)
    area_mw = model.net.load.p_mw.to_numpy() * draw.uniform(0.33, 2.0, (rows, 1))
    area_mw = area_mw * draw.uniform(0.7, 1.3, area_mw.shape)
    p, q = np.zeros((2, rows, len(nodes.buses)))
    for column, node in enumerate(nodes.plant):
        p[:, node] += plant_mw[:, column]
        q[:, node] += plant_mw[:, column] * draw.uniform(-0.2, 0.1)
    for column, node in enumerate(nodes.area):
        p[:, node] -= area_mw[:, column]
        q[:, node] -= area_mw[:, column] * 0.33
    base_mva = grid.base_mva
    return p / base_mva, q / base_mva


def no_trips(rows: int) -> Trips:
    return Trips(np.zeros((rows, 0)), np.zeros((rows, 0)), np.zeros(0, dtype=np.int64), np.zeros(rows))


def nothing_ignored(grid: ReducedGrid, rows: int) -> np.ndarray:
    return np.zeros((rows, grid.arrays.solve_always.shape[0], grid.arrays.limit.shape[1]), dtype=bool)
