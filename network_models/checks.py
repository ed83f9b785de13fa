"""Checks of a grid's shape on its graph: one piece, a link that is a cut set, supply to every area."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import networkx as nx
from pandapower import pandapowerNet
from pandapower.topology import create_nxgraph

from twin.core.errors import Problem, raise_if_any
from twin.network.model import Element, GridModel, LinkCircuit


def check_grid(model: GridModel) -> None:
    """Check that the grid hangs together and that its link is what separates it from the mainland.

    Raises
    ------
    InputError
        With every problem: buses without supply (two islands), areas without a path to the external grid, a link whose
        circuits, all out, do not cut the grid in two, and circuits that do not join the two sides.
    """
    graph = branch_graph(model.net)
    mainland = model.roles.boundary_bus
    problems = [*_unsupplied_buses(graph, model, mainland), *_unsupplied_areas(graph, model, mainland)]
    if not problems:
        problems.extend(_link_problems(graph, model, mainland))
    raise_if_any(problems)


def branch_graph(net: pandapowerNet) -> nx.MultiGraph:
    """Return the graph of buses and branches in service; an edge's key is its `Element`."""
    return create_nxgraph(net, multi=True, include_out_of_service=False)


def without(graph: nx.MultiGraph, elements: Iterable[Element]) -> nx.MultiGraph:
    """Return a copy of `graph` without the given branches."""
    gone = set(elements)
    rest = graph.copy()
    rest.remove_edges_from([edge for edge in graph.edges(keys=True) if edge[2] in gone])
    return rest


_ENDS = {"line": (("from", "from_bus"), ("to", "to_bus")), "trafo": (("hv", "hv_bus"), ("lv", "lv_bus"))}


def link_circuits(net: pandapowerNet, link: Iterable[Element], mainland: int) -> tuple[LinkCircuit, ...]:
    """Return the link's circuits, each with the end that stays with the mainland's bus when all are out."""
    elements = tuple(link)
    side = nx.node_connected_component(without(branch_graph(net), elements), mainland)
    return tuple(LinkCircuit(element, _mainland_end(net, element, side)) for element in elements)


def _mainland_end(net: pandapowerNet, element: Element, mainland_side: set[int]) -> str:
    table, row = element
    (first, first_bus), (second, _) = _ENDS[table]
    return first if net[table].loc[row, first_bus] in mainland_side else second


def island_bus(net: pandapowerNet, circuit: LinkCircuit) -> int:
    """Return the bus at the island's end of a circuit of the link."""
    table, row = circuit.element
    return next(int(net[table].loc[row, column]) for side, column in _ENDS[table] if side != circuit.mainland_side)


def link_is_cut_set(model: GridModel) -> bool:
    """Tell whether the link's circuits, each of them needed, separate the headroom bus from the external grid."""
    return not list(_link_problems(branch_graph(model.net), model, model.roles.boundary_bus))


def _unsupplied_buses(graph: nx.MultiGraph, model: GridModel, mainland: int) -> Iterator[Problem]:
    supplied = nx.node_connected_component(graph, mainland)
    names = [str(model.net.bus.at[bus, "name"]) for bus in graph if bus not in supplied]
    if names:
        repair = "connect these buses or take them out of service"
        yield Problem("the network has more than one island", "network, buses", ", ".join(names), "one island", repair)


def _unsupplied_areas(graph: nx.MultiGraph, model: GridModel, mainland: int) -> Iterator[Problem]:
    supplied = nx.node_connected_component(graph, mainland)
    for area_id, bus in model.areas["bus"].items():
        if bus not in supplied:
            where = f"areas, {area_id}"
            yield Problem("no path from the area's bus to the external grid", where, repair="add a line or transformer")


def unsupplied_areas(model: GridModel, out: Iterable[Element]) -> list[str]:
    """Return the areas that have no path to the external grid while branches are out."""
    supplied = nx.node_connected_component(without(branch_graph(model.net), out), model.roles.boundary_bus)
    return [str(area_id) for area_id, bus in model.areas["bus"].items() if bus not in supplied]


def _link_problems(graph: nx.MultiGraph, model: GridModel, mainland: int) -> Iterator[Problem]:
    circuits = [circuit.element for circuit in model.roles.link]
    island = model.roles.headroom_bus
    if nx.has_path(without(graph, circuits), mainland, island):
        yield Problem(
            "the link's circuits do not separate the islands from the mainland: there is another path",
            "roles, link", ", ".join(_names(model.net, circuits)), "all branches between the two sides",
            "add the other branches to the link",
        )  # fmt: skip
    side = nx.node_connected_component(without(graph, circuits), mainland)
    for table, row in circuits:
        ends = [model.net[table].at[row, column] in side for _, column in _ENDS[table]]
        if ends[0] == ends[1]:
            name = ", ".join(_names(model.net, [(table, row)]))
            yield Problem("this circuit does not join the mainland's side with the other one", "roles, link", name,
                          "circuits beside each other, none behind another", "leave it out of the link")  # fmt: skip


def _names(net: pandapowerNet, elements: Iterable[Element]) -> list[str]:
    return [str(net[table].at[index, "name"]) for table, index in elements]
