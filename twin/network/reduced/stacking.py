"""What the compiled kernels read, made for one grid variant at a time and stacked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from twin.network.model import GridModel
from twin.network.reduced.admittance import Admittance, Topology

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


class NodeMaps(NamedTuple):
    """Linear maps from the node currents of the intact grid, per variant g: ``V = w + z i``, ``I = b + a i``.

    Watched buses b, link circuits l at their island end, and the bus whose voltage the tap changer holds (the slack bus
    where there is none).
    """

    voltage_z: np.ndarray  # (g, b, n)
    voltage_w: np.ndarray  # (g, b)
    link_z: np.ndarray  # (g, l, n)
    link_w: np.ndarray  # (g, l)
    link_a: np.ndarray  # (g, l, n)
    link_b: np.ndarray  # (g, l)
    tap_z: np.ndarray  # (g, n)
    tap_w: np.ndarray  # (g,)


@dataclass(frozen=True)
class Frame:
    """What all variants of a study share: nodes, monitored ends, topologies."""

    nodes: Nodes
    ends: tuple[tuple[int, int], ...]
    repeats: np.ndarray


def frame_of(models: Sequence[GridModel], grid: Admittance) -> Frame:
    """Return the frame of networks with the same elements; `grid` is any of them."""
    return Frame(_nodes(models[0]), tuple(_monitored_ends(models[0], grid)), _repeats(models))


def stack_variant(
    model: GridModel, grid: Admittance, topologies: Sequence[Topology], frame: Frame
) -> tuple[GridArrays, NodeMaps]:
    """Return the arrays of one variant, with a leading axis of length one.

    Parameters
    ----------
    model : GridModel
    grid : Admittance
        Of the model's net at the variant's taps and reactors.
    topologies : sequence of Topology
        Intact, then after each outage.
    frame : Frame
    """
    at = [grid.position[bus] for bus in frame.nodes.buses]
    z, w, alive, a, b = [], [], [], [], []
    for state in topologies:
        to_end = np.stack([(grid.y_from, grid.y_to)[side][row] * state.in_service[row] for row, side in frame.ends])
        z.append(state.z[np.ix_(at, at)])
        w.append(state.w[at])
        alive.append(state.alive[at])
        a.append(to_end @ state.z[:, at])
        b.append(to_end @ state.w)
    z_all, w_all, a_all, b_all, alive_all = (np.stack(x)[None] for x in (z, w, a, b, alive))
    arrays = _kernel_arrays(model, grid, frame, (z_all, w_all, a_all, b_all, alive_all))
    return arrays, _node_maps(model, grid, topologies[0], at)


def with_settings(arrays: GridArrays, model: GridModel, grid: Admittance) -> GridArrays:
    """Return the arrays (one variant) with another model's settings on the same net and positions."""
    svc_set, svc_slope, svc_min, svc_max = (np.array([x]) for x in _compensator_pu(model, grid))
    node = arrays.svc_node
    reactance = arrays.zi[:, :, node, node]
    return arrays._replace(
        svc_set=svc_set, svc_slope=svc_slope, svc_min=svc_min, svc_max=svc_max,
        svc_gain=1.0 / np.maximum(reactance + svc_slope[:, None], 1e-12),
        short_time_factor=np.array([model.limits.short_time_factor]),
    )  # fmt: skip


def joined(parts: Sequence[GridArrays]) -> GridArrays:
    """Stack the arrays of several variants."""
    stacked: dict[str, Any] = {name: np.concatenate([getattr(part, name) for part in parts]) for name in _PER_VARIANT}
    return parts[0]._replace(**stacked)


def joined_maps(parts: Sequence[NodeMaps]) -> NodeMaps:
    """Stack the maps of several variants."""
    return NodeMaps(*(np.concatenate(values) for values in zip(*parts, strict=True)))


def variant_arrays(arrays: GridArrays, g: int) -> GridArrays:
    """Return the arrays of variant `g` alone."""
    alone: dict[str, Any] = {name: getattr(arrays, name)[g : g + 1] for name in _PER_VARIANT}
    return arrays._replace(**alone)


_PER_VARIANT = (
    "zr", "zi", "wr", "wi", "alive", "ar", "ai", "br", "bi", "ar_by_node", "ai_by_node", "limit", "svc_set",
    "svc_slope", "svc_min", "svc_max", "svc_gain", "short_time_factor",
)  # fmt: skip


def _kernel_arrays(model: GridModel, grid: Admittance, frame: Frame, stacked: tuple[np.ndarray, ...]) -> GridArrays:
    z, w, a, b, alive = stacked
    elements = [grid.branches[row] for row, _ in frame.ends]
    after_outage = 2 * len(set(model.roles.monitored_after_outage))
    link = {circuit.element for circuit in model.roles.link}
    nothing = np.zeros(1)
    arrays = GridArrays(
        zr=_c(z.real), zi=_c(z.imag), wr=_c(w.real), wi=_c(w.imag),
        alive=alive,
        ar_by_node=_c(np.swapaxes(a.real, 2, 3)[..., :after_outage]),
        ai_by_node=_c(np.swapaxes(a.imag, 2, 3)[..., :after_outage]),
        ar=_c(a.real), ai=_c(a.imag), br=_c(b.real), bi=_c(b.imag),
        limit=end_limits(grid, frame.ends)[None],
        watch_intact=np.array([e in model.roles.monitored for e in elements]),
        watch_outage=np.array([e in model.roles.monitored_after_outage for e in elements]),
        link_end=np.array([e in link for e in elements]),
        solve_always=np.array([False, *(outage in link for outage in model.roles.outages)]),
        repeats=frame.repeats,
        svc_node=frame.nodes.svc, svc_set=nothing, svc_slope=nothing, svc_min=nothing, svc_max=nothing,
        svc_gain=nothing, short_time_factor=nothing, mismatch_pu=MISMATCH_MVA / grid.base_mva,
    )  # fmt: skip
    return with_settings(arrays, model, grid)


def _node_maps(model: GridModel, grid: Admittance, intact: Topology, at: list[int]) -> NodeMaps:
    watched = np.array([grid.position[bus] for bus in model.roles.voltage_buses], dtype=np.int64)
    rows = [grid.branches.index(circuit.element) for circuit in model.roles.link]
    from_island = [circuit.mainland_side in ("to", "lv") for circuit in model.roles.link]
    ends = [
        (int(grid.bus_from[row]), grid.y_from[row]) if first else (int(grid.bus_to[row]), grid.y_to[row])
        for row, first in zip(rows, from_island, strict=True)
    ]
    island = np.array([bus for bus, _ in ends], dtype=np.int64)
    y = np.array([to_end for _, to_end in ends], dtype=complex).reshape(len(ends), len(grid.y_bus))
    tap = model.controls.tap
    held = grid.slack if tap is None else grid.position[tap.bus]
    maps = NodeMaps(
        voltage_z=intact.z[np.ix_(watched, np.array(at))], voltage_w=intact.w[watched],
        link_z=intact.z[np.ix_(island, np.array(at))], link_w=intact.w[island],
        link_a=y @ intact.z[:, at], link_b=y @ intact.w,
        tap_z=intact.z[held, at], tap_w=intact.w[held],
    )  # fmt: skip
    return NodeMaps(*(np.asarray(x)[None] for x in maps))


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


def end_limits(grid: Admittance, ends: Sequence[tuple[int, int]]) -> np.ndarray:
    """Return the continuous ratings of branch ends, (k,) per unit."""
    return np.array([(grid.i_from_max_pu, grid.i_to_max_pu)[side][row] for row, side in ends])


def _repeats(models: Sequence[GridModel]) -> np.ndarray:
    """Mark outages of parallel circuits with the same data as an earlier one: by symmetry the results are the same.

    Circuits with a reactor of their own that is switched are not the same in every position.
    """
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
    controls = model.controls
    switched = controls.reactors.shunts if controls.reactors is not None and controls.automatic else ()
    reactors = [(*model.net.shunt.loc[shunt, ["bus", "q_mvar", "p_mw", "vn_kv", "step", "in_service"]],
                 shunt if shunt in switched else None)
                for shunt in model.roles.shunts_tripped_with.get((table, index), ())]  # fmt: skip
    in_link = any(circuit.element == (table, index) for circuit in model.roles.link)
    monitored = [(table, index) in group for group in (model.roles.monitored, model.roles.monitored_after_outage)]
    return (*ends, *(str(value) for value in data), str(reactors), in_link, *monitored)


def _c(values: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(values)


def _compensator_pu(model: GridModel, grid: Admittance) -> tuple[float, float, float, float]:
    """Set point, slope (pu voltage per pu output) and susceptance limits of the compensator."""
    svc = model.compensator
    if svc is None:
        return 1.0, 0.0, 0.0, 0.0
    slope = svc.slope_percent / 100.0 / (svc.q_max_mvar / grid.base_mva)
    return svc.set_vm_pu, slope, svc.q_min_mvar / grid.base_mva, svc.q_max_mvar / grid.base_mva
