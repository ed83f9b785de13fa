"""Grid variants reduced to the buses with injections, stacked for the compiled kernels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from twin.grid.admittance import Admittance, admittance
from twin.grid.model import Element, GridModel
from twin.grid.topology import Topology, topology

MISMATCH_MVA = 1e-8


class GridArrays(NamedTuple):
    """What the kernels read; axes: variant g, topology o (0 = intact), node n, monitored branch end k.

    Currents and impedances are per unit of the net's base; complex numbers are split into real and imaginary part.
    """

    zr: np.ndarray  # (g, o, n, n)
    zi: np.ndarray
    wr: np.ndarray  # (g, o, n)
    wi: np.ndarray
    alive: np.ndarray  # (g, o, n) bool
    ar: np.ndarray  # (g, o, k, n) end current per node current
    ai: np.ndarray
    br: np.ndarray  # (g, o, k) end current without injections
    bi: np.ndarray
    ar_by_node: np.ndarray  # (g, o, n, k after outages) the same as `ar`, ends last, for the screen
    ai_by_node: np.ndarray
    limit: np.ndarray  # (g, k) continuous rating
    watch_intact: np.ndarray  # (k,) bool
    watch_outage: np.ndarray  # (k,) bool
    link_end: np.ndarray  # (k,) bool
    solve_always: np.ndarray  # (o,) bool: outages never left to the screen
    repeats: np.ndarray  # (o,) bool: outage of a circuit that is electrically the same as an earlier one
    svc_node: int  # -1 without a compensator
    svc_set: np.ndarray  # (g,)
    svc_slope: np.ndarray  # (g,) pu voltage per pu output
    svc_min: np.ndarray  # (g,) susceptance limits
    svc_max: np.ndarray
    svc_gain: np.ndarray  # (g, o) output change per voltage error
    short_time_factor: np.ndarray  # (g,)
    mismatch_pu: float  # largest bus mismatch of a solved row


@dataclass(frozen=True)
class Nodes:
    """The buses that can carry an injection, in kernel order, and who injects where."""

    buses: tuple[int, ...]
    plant: np.ndarray
    area: np.ndarray
    diesel: np.ndarray
    svc: int
    headroom: int


@dataclass(frozen=True)
class Variant:
    """One grid variant in full: for results, not for the loop."""

    model: GridModel
    grid: Admittance
    intact: Topology


@dataclass(frozen=True)
class ReducedGrid:
    """All variants of a study on one set of nodes, topologies and monitored ends.

    Attributes
    ----------
    arrays : GridArrays
    nodes : Nodes
    variants : tuple of Variant
    outages : tuple of tuple of Element
        Elements that are out in each topology; the first entry is empty.
    end_elements : tuple of Element
        The element of each monitored end.
    outage_names, end_names : tuple of str
        Names of the topologies (empty for the intact grid) and of the element of each monitored end.
    end_rating_mva : numpy.ndarray, (g, k)
    voltage_z, voltage_w : numpy.ndarray, (g, b, n) and (g, b) complex
        Voltages of the watched buses in the intact grid: ``V = w + Z i``.
    """

    arrays: GridArrays
    nodes: Nodes
    variants: tuple[Variant, ...]
    outages: tuple[tuple[Element, ...], ...]
    end_elements: tuple[Element, ...]
    outage_names: tuple[str, ...]
    end_names: tuple[str, ...]
    end_rating_mva: np.ndarray
    voltage_z: np.ndarray
    voltage_w: np.ndarray


def reduce_grids(models: Sequence[GridModel]) -> ReducedGrid:
    """Reduce all grid variants of a study and stack them.

    Parameters
    ----------
    models : sequence of GridModel
        Variants with the same elements, plants and areas; only parameters may differ.

    Returns
    -------
    ReducedGrid
    """
    first = models[0]
    nodes = _nodes(first)
    of_net = {id(model.net): admittance(model.net) for model in {id(model.net): model for model in models}.values()}
    grids = [of_net[id(model.net)] for model in models]
    ends = _monitored_ends(first, grids[0])
    outages = ((), *(_outage(first, element) for element in first.roles.outages))
    of_grid = {key: [topology(grid, out) for out in outages] for key, grid in of_net.items()}
    states = [of_grid[id(model.net)] for model in models]
    arrays = _stack(models, grids, states, nodes, ends)
    watched = [grids[0].position[bus] for bus in first.roles.voltage_buses]
    at = [grids[0].position[bus] for bus in nodes.buses]
    return ReducedGrid(
        arrays=arrays,
        nodes=nodes,
        variants=tuple(Variant(m, g, s[0]) for m, g, s in zip(models, grids, states, strict=True)),
        outages=outages,
        end_elements=tuple(grids[0].branches[row] for row, _ in ends),
        outage_names=tuple("" if not o else element_name(first, o[0]) for o in outages),
        end_names=tuple(element_name(first, grids[0].branches[row]) for row, _ in ends),
        end_rating_mva=np.stack([_end_limits(grid, ends) * grid.base_mva for grid in grids]),
        voltage_z=np.stack([state[0].z[np.ix_(watched, at)] for state in states]),
        voltage_w=np.stack([state[0].w[watched] for state in states]),
    )


def element_name(model: GridModel, element: Element) -> str:
    """Return the name of an element in its pandapower table."""
    table, index = element
    name = model.net[table].name.at[index]
    return str(name) if name else f"{table} {index}"


def _outage(model: GridModel, branch: Element) -> tuple[Element, ...]:
    """Return a branch and the shunts in service that trip with it."""
    reactors = model.roles.shunts_tripped_with.get(branch, ())
    return (branch, *(("shunt", shunt) for shunt in reactors if model.net.shunt.in_service.loc[shunt]))


def _nodes(model: GridModel) -> Nodes:
    svc = () if model.compensator is None else (model.compensator.bus,)
    wanted = (*model.areas.bus, *model.plants.bus, *model.diesels.bus, *svc, model.roles.headroom_bus)
    buses = tuple(sorted({int(bus) for bus in wanted}))
    at = {bus: node for node, bus in enumerate(buses)}
    return Nodes(
        buses=buses,
        plant=np.array([at[int(bus)] for bus in model.plants.bus], dtype=np.int64),
        area=np.array([at[int(bus)] for bus in model.areas.bus], dtype=np.int64),
        diesel=np.array([at[int(bus)] for bus in model.diesels.bus], dtype=np.int64),
        svc=at[svc[0]] if svc else -1,
        headroom=at[int(model.roles.headroom_bus)],
    )


def _monitored_ends(model: GridModel, grid: Admittance) -> list[tuple[int, int]]:
    """Branch row and side (0 from, 1 to) of every monitored branch end, those watched after outages first."""
    watched = dict.fromkeys((*model.roles.monitored_after_outage, *model.roles.monitored))
    return [(grid.branches.index(element), side) for element in watched for side in (0, 1)]


def _end_limits(grid: Admittance, ends: list[tuple[int, int]]) -> np.ndarray:
    return np.array([(grid.i_from_max_pu, grid.i_to_max_pu)[side][row] for row, side in ends])


def _stack(
    models: Sequence[GridModel],
    grids: list[Admittance],
    states: list[list[Topology]],
    nodes: Nodes,
    ends: list[tuple[int, int]],
) -> GridArrays:
    z, w, alive, a, b = [], [], [], [], []
    for grid, topologies in zip(grids, states, strict=True):
        at = [grid.position[bus] for bus in nodes.buses]
        for state in topologies:
            to_end = np.stack([(grid.y_from, grid.y_to)[side][row] * state.in_service[row] for row, side in ends])
            z.append(state.z[np.ix_(at, at)])
            w.append(state.w[at])
            alive.append(state.alive[at])
            a.append(to_end @ state.z[:, at])
            b.append(to_end @ state.w)
    lead = (len(grids), len(states[0]))
    z_all, w_all, a_all, b_all = (np.stack(x).reshape(*lead, *x[0].shape) for x in (z, w, a, b))
    elements = [grids[0].branches[row] for row, _ in ends]
    after_outage = 2 * len(set(models[0].roles.monitored_after_outage))
    link = {circuit.element for circuit in models[0].roles.link}
    outages_of_link = [False, *(outage in link for outage in models[0].roles.outages)]
    svc = [_compensator_pu(model, grid) for model, grid in zip(models, grids, strict=True)]
    svc_set, svc_slope, svc_min, svc_max = (np.array(x) for x in zip(*svc, strict=True))
    reactance = z_all[:, :, nodes.svc, nodes.svc].imag
    return GridArrays(
        zr=_c(z_all.real), zi=_c(z_all.imag), wr=_c(w_all.real), wi=_c(w_all.imag),
        alive=np.stack(alive).reshape(*lead, -1),
        ar_by_node=_c(np.swapaxes(a_all.real, 2, 3)[..., :after_outage]),
        ai_by_node=_c(np.swapaxes(a_all.imag, 2, 3)[..., :after_outage]),
        ar=_c(a_all.real), ai=_c(a_all.imag), br=_c(b_all.real), bi=_c(b_all.imag),
        limit=np.stack([_end_limits(grid, ends) for grid in grids]),
        watch_intact=np.array([e in models[0].roles.monitored for e in elements]),
        watch_outage=np.array([e in models[0].roles.monitored_after_outage for e in elements]),
        link_end=np.array([e in link for e in elements]),
        solve_always=np.array(outages_of_link),
        repeats=_repeats(models),
        svc_node=nodes.svc, svc_set=svc_set, svc_slope=svc_slope, svc_min=svc_min, svc_max=svc_max,
        svc_gain=1.0 / np.maximum(reactance + svc_slope[:, None], 1e-12),
        short_time_factor=np.array([model.limits.short_time_factor for model in models]),
        mismatch_pu=MISMATCH_MVA / grids[0].base_mva,
    )  # fmt: skip


def _repeats(models: Sequence[GridModel]) -> np.ndarray:
    """Mark outages of parallel circuits with the same data as an earlier one: by symmetry the results are the same."""
    seen: set[tuple[object, ...]] = set()
    repeats = [False]
    for table, index in models[0].roles.outages:
        key = (table, *(_electrical_data(model, table, index) for model in models))
        repeats.append(key in seen)
        seen.add(key)
    return np.array(repeats)


def _electrical_data(model: GridModel, table: str, index: int) -> tuple[object, ...]:
    row = model.net[table].loc[index]
    ends = [row[name] for name in (("from_bus", "to_bus") if table == "line" else ("hv_bus", "lv_bus"))]
    data = row.drop(labels=["name", "name_ja", "std_type", "geo"], errors="ignore")
    reactors = [model.net.shunt.loc[shunt, ["bus", "q_mvar", "p_mw", "vn_kv", "step"]]
                for _, shunt in _outage(model, (table, index))[1:]]  # fmt: skip
    in_link = any(circuit.element == (table, index) for circuit in model.roles.link)
    monitored = [(table, index) in group for group in (model.roles.monitored, model.roles.monitored_after_outage)]
    return (*ends, *(str(value) for value in data), str([tuple(reactor) for reactor in reactors]), in_link, *monitored)


def _c(values: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(values)


def _compensator_pu(model: GridModel, grid: Admittance) -> tuple[float, float, float, float]:
    """Set point, slope (pu voltage per pu output) and susceptance limits of the compensator."""
    svc = model.compensator
    if svc is None:
        return 1.0, 0.0, 0.0, 0.0
    slope = svc.slope_percent / 100.0 / (svc.q_max_mvar / grid.base_mva)
    return svc.set_vm_pu, slope, svc.q_min_mvar / grid.base_mva, svc.q_max_mvar / grid.base_mva
