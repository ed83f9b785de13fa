"""From a network and its outages to the maps from node currents to monitored branch ends that the kernels read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from twin.network.model import Element, GridModel
from twin.network.monitored import branches_of, nodes_at, position
from twin.network.network import Network, Ratings
from twin.network.outage import Outage, equal_outages, without


class GridArrays(NamedTuple):
    """What the compiled kernels read of the networks: end currents ``I = b + a i`` for node currents i.

    Axes: variant g, topology o (0 = intact), node n, monitored branch end k.

    Currents are per unit of the net's base; complex numbers are split into real and imaginary part.
    """

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
    short_time_factor: np.ndarray  # (g,)


@dataclass(frozen=True)
class Impedances:
    """A network eliminated down to its injections: ``V = w + z i`` for node currents i.

    Attributes
    ----------
    z : numpy.ndarray, (N, N) complex
        Voltage at each node per unit of current fed in; zero rows and columns for dead nodes and the slack.
    w : numpy.ndarray, (N,) complex
        Voltage without any injection; zero at dead nodes.
    """

    z: np.ndarray
    w: np.ndarray


def impedances(network: Network) -> Impedances:
    """Return the impedances of a network, intact or after an outage; devices that hold a voltage inject like others.

    Solves ``Y_LL V_L = I_L - Y_Ls V_s`` for the live nodes L and the slack s. The rows and columns of some nodes in `z`
    are the inverse of the admittance matrix that Kron reduction to these nodes leaves.
    """
    y, size = network.y_bus.toarray(), len(network.alive)
    live = np.setdiff1d(np.flatnonzero(network.alive), network.slack)
    z, w = np.zeros((size, size), dtype=complex), np.zeros(size, dtype=complex)
    inverse = np.linalg.inv(y[np.ix_(live, live)])
    z[np.ix_(live, live)] = inverse
    w[live] = -inverse @ (y[np.ix_(live, network.slack)] @ network.slack_v)
    w[network.slack] = network.slack_v
    return Impedances(z, w)


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

    Watched buses b and link circuits l at their island end.
    """

    voltage_z: np.ndarray  # (g, b, n)
    link_z: np.ndarray  # (g, l, n)
    link_w: np.ndarray  # (g, l)
    link_a: np.ndarray  # (g, l, n)
    link_b: np.ndarray  # (g, l)


@dataclass(frozen=True)
class Equipment:
    """Buses, monitored branch ends and outages that all networks of a study share.

    Attributes
    ----------
    nodes : Nodes
    ends : tuple of (Element, int)
        Element and side (0 from/hv, 1 to/lv) of each monitored branch end, those watched after outages first.
    outages : tuple of tuple of Element
        Elements that are out in each topology (reactors among them only where they are in service); the first entry is
        empty.
    repeats : numpy.ndarray, (o,) bool
        Outages of parallel circuits with the same data as an earlier one: by symmetry the results are the same.
    """

    nodes: Nodes
    ends: tuple[tuple[Element, int], ...]
    outages: tuple[tuple[Element, ...], ...]
    repeats: np.ndarray


def equipment_of(
    models: Sequence[GridModel],
    networks: Sequence[Network],
    rated: Sequence[Ratings],
    outages: tuple[tuple[Element, ...], ...],
) -> Equipment:
    """Return the equipment of networks with the same elements, given in the same order as `models`."""
    roles = models[0].roles
    watched = dict.fromkeys((*roles.monitored_after_outage, *roles.monitored))
    ends = tuple((element, side) for element in watched for side in (0, 1))
    same: dict[int, tuple[int, ...]] = {}
    for model, network in zip(models, networks, strict=True):
        if id(network) not in same:
            same[id(network)] = equal_outages(network, [positions_of(model, out) for out in outages])
    of_networks = [
        _repeats(model, network, of_network, outages, same[id(network)])
        for model, network, of_network in zip(models, networks, rated, strict=True)
    ]
    seen: set[tuple[object, ...]] = set()
    repeats = [False]
    for key in list(zip(*of_networks, strict=True))[1:]:
        repeats.append(key in seen)
        seen.add(key)
    return Equipment(_nodes(models[0]), ends, outages, np.array(repeats))


def _repeats(
    model: GridModel, network: Network, rated: Ratings, outages: tuple[tuple[Element, ...], ...], same: Sequence[int]
) -> list[tuple[object, ...]]:
    """Return for each topology what tells that it is the same as another one of this network.

    The equations (`same`), the rating of the branch, its roles; a reactor of its own that is switched makes it unlike
    others.
    """
    controls, roles = model.controls, model.roles
    switched = controls.reactors.shunts if controls.reactors is not None and controls.automatic else ()
    link = {circuit.element for circuit in roles.link}
    keys: list[tuple[object, ...]] = []
    for number, out in enumerate(outages):
        branches = branches_of(model.net, network, out[:1])
        reactors = [at for table, at in out if table == "shunt" and at in switched]
        in_roles = [set(out[:1]) <= set(group) for group in (link, roles.monitored, roles.monitored_after_outage)]
        ratings = (*rated.from_pu[branches], *rated.to_pu[branches])
        keys.append((same[number] if same[number] >= 0 else number, ratings, *in_roles, *reactors))
    return keys


def positions_of(model: GridModel, out: Sequence[Element]) -> tuple[Outage, ...]:
    """Return the elements with their places in pandapower's tables in place of their indices."""
    return tuple((element[0], position(model.net, element)) for element in out)


def in_service(model: GridModel, network: Network) -> Network:
    """Return the network without what is out of service for a while."""
    return without(network, positions_of(model, model.planned_out)) if model.planned_out else network


def after_outages(model: GridModel, network: Network, equipment: Equipment) -> list[Network]:
    """Return the intact network and the one that each outage leaves."""
    return [without(network, positions_of(model, out)) if out else network for out in equipment.outages]


def stack_variant(
    model: GridModel, whole: Network, topologies: Sequence[Network], rated: Ratings, equipment: Equipment
) -> tuple[GridArrays, NodeMaps, Impedances]:
    """Return the arrays of one variant, with a leading axis of length one, and the impedances of the intact grid.

    Parameters
    ----------
    model : GridModel
    whole : Network
        The model's net at the variant's taps and reactors; its branches are counted here.
    topologies : sequence of Network
        What is in service of it: intact, then after each outage.
    rated : Ratings
        Of `whole`.
    equipment : Equipment
    """
    network = topologies[0]
    at = nodes_at(model.net, network, equipment.nodes.buses)
    rows = branches_of(model.net, whole, [element for element, _ in equipment.ends])
    sides = np.array([side for _, side in equipment.ends], dtype=bool)
    intact = impedances(network)
    alive, a, b = [], [], []
    for state in topologies:
        of_state = intact if state is network else impedances(state)
        to_end = np.where(sides[:, None], state.y_to[rows].toarray(), state.y_from[rows].toarray())
        alive.append(state.alive[at])
        a.append(to_end @ of_state.z[:, at])
        b.append(to_end @ of_state.w)
    stacked = tuple(np.stack(x)[None] for x in (a, b, alive))
    arrays = _kernel_arrays(model, np.where(sides, rated.to_pu[rows], rated.from_pu[rows]), equipment, stacked)
    return arrays, _node_maps(model, whole, network, intact, at), intact


def with_settings(arrays: GridArrays, model: GridModel) -> GridArrays:
    """Return the arrays (one variant) with another model's settings on the same net and positions."""
    return arrays._replace(short_time_factor=np.array([model.limits.short_time_factor]))


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
    "alive", "ar", "ai", "br", "bi", "ar_by_node", "ai_by_node", "limit", "short_time_factor",
)  # fmt: skip


def _kernel_arrays(
    model: GridModel, limit: np.ndarray, equipment: Equipment, stacked: tuple[np.ndarray, ...]
) -> GridArrays:
    a, b, alive = stacked
    elements = [element for element, _ in equipment.ends]
    after_outage = 2 * len(set(model.roles.monitored_after_outage))
    link = {circuit.element for circuit in model.roles.link}
    return GridArrays(
        alive=alive,
        ar_by_node=_c(np.swapaxes(a.real, 2, 3)[..., :after_outage]),
        ai_by_node=_c(np.swapaxes(a.imag, 2, 3)[..., :after_outage]),
        ar=_c(a.real), ai=_c(a.imag), br=_c(b.real), bi=_c(b.imag),
        limit=limit[None],
        watch_intact=np.array([e in model.roles.monitored for e in elements]),
        watch_outage=np.array([e in model.roles.monitored_after_outage for e in elements]),
        link_end=np.array([e in link for e in elements]),
        solve_always=np.array([False, *(outage in link for outage in model.roles.outages)]),
        repeats=equipment.repeats, short_time_factor=np.array([model.limits.short_time_factor]),
    )  # fmt: skip


def _node_maps(model: GridModel, whole: Network, network: Network, intact: Impedances, at: np.ndarray) -> NodeMaps:
    net, roles = model.net, model.roles
    watched = nodes_at(net, network, roles.voltage_buses)
    rows = branches_of(net, whole, [circuit.element for circuit in roles.link])
    first = np.array([circuit.mainland_side in ("to", "lv") for circuit in roles.link], dtype=bool)
    island = np.where(first, network.branch_from[rows], network.branch_to[rows])
    y = np.where(first[:, None], network.y_from[rows].toarray(), network.y_to[rows].toarray())
    maps = NodeMaps(
        voltage_z=intact.z[np.ix_(watched, at)],
        link_z=intact.z[np.ix_(island, at)], link_w=intact.w[island],
        link_a=y @ intact.z[:, at], link_b=y @ intact.w,
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


def _c(values: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(values)
