"""Which elements trip together: the contingencies of a net, parallel circuits among them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from itertools import combinations
from typing import Literal

import numpy as np
from pandapower import pandapowerNet
from pandapower.toolbox import element_bus_tuples

from twin.core.errors import Problem, raise_if_any
from twin.network.model import Element
from twin.network.monitored import element_names, position
from twin.network.network import Network
from twin.network.outage import tripping_together
from twin.network.reading.switching import at_bus

Ends = Mapping[int, tuple[int, int]]
"""The two buses of each line."""


def parallel_circuits(net: pandapowerNet, lines: Iterable[int]) -> list[tuple[Element, ...]]:
    """Return each pair of circuits between the same two buses, the first line of each.

    Parameters
    ----------
    net : pandapowerNet
    lines : iterable of int
        Lines in service. A circuit is a chain of them; its inner buses join two lines and nothing else.
    """
    ends = {line: (int(net.line.loc[line, "from_bus"]), int(net.line.loc[line, "to_bus"])) for line in lines}
    at_bus: dict[int, list[int]] = {}
    for line, buses in ends.items():
        for bus in buses:
            at_bus.setdefault(bus, []).append(line)
    with_other_elements = _buses_of_other_elements(net)
    inner = {bus: at for bus, at in at_bus.items() if len(at) == 2 and bus not in with_other_elements}
    circuits: dict[int, frozenset[int]] = {}
    seen: set[int] = set()
    for line in ends:
        if line not in seen:
            chain, between = _circuit(line, ends, inner)
            seen |= chain
            circuits[min(chain)] = between
    pairs = combinations(sorted(circuits), 2)
    return [(("line", a), ("line", b)) for a, b in pairs if circuits[a] == circuits[b]]


def _circuit(line: int, ends: Ends, inner: Mapping[int, Sequence[int]]) -> tuple[set[int], frozenset[int]]:
    """Return the lines of the circuit that `line` is in, and the buses at its ends."""
    chain, outer = {line}, []
    for bus in ends[line]:
        while further := [other for other in inner.get(bus, ()) if other not in chain]:
            chain.add(further[0])
            one, other = ends[further[0]]
            bus = other if one == bus else one
        outer.append(bus)
    return chain, frozenset(outer)


def _buses_of_other_elements(net: pandapowerNet) -> set[int]:
    found: set[int] = set()
    for table, column in element_bus_tuples():
        if table not in ("line", "bus") and table in net:
            found |= set(net[table][column].astype(int))
    switches = net.switch
    return found | set(switches.element[switches.et == "b"].astype(int))


class OutageClass(IntEnum):
    """Classes of contingencies that are assessed apart."""

    INTACT = 0
    SINGLE = 1
    COMMON_CORRIDOR = 2

    @property
    def label(self) -> str:
        """The name in tables."""
        return ("n-0", "n-1", "common-corridor")[self]


@dataclass(frozen=True)
class CommonCorridor:
    """Elements that a single event on a common corridor takes out; assessed apart from the single outages."""

    elements: tuple[Element, ...]


Outages = Literal["all"] | Sequence[Element | tuple[Element, ...] | CommonCorridor]
"""All of them, or a list of elements ``(table, index)``, groups that trip together, and common corridors."""


@dataclass(frozen=True)
class Contingency:
    """One event and what it takes out.

    Attributes
    ----------
    name : str
    outage_class : OutageClass
    elements : tuple of Element
        What trips, line reactors included; empty for the intact grid.
    """

    name: str
    outage_class: OutageClass
    elements: tuple[Element, ...]


INTACT = Contingency("", OutageClass.INTACT, ())
TRIPPING_TABLES = (
    *("line", "trafo", "trafo3w", "impedance", "shunt", "ward", "xward", "svc", "gen", "sgen", "load", "storage"),
    "ext_grid",
    "dcline",
    "bus",
    "switch",
)
_BRANCH_TABLES = ("line", "trafo", "trafo3w", "impedance")


def contingencies(
    net: pandapowerNet,
    network: Network,
    outages: Outages,
    tripped_with: Mapping[Element, tuple[int, ...]],
    plant_mw: Mapping[Element, float],
    largest_plants: int,
) -> tuple[Contingency, ...]:
    """Return the intact grid and the outages, singles first.

    Parameters
    ----------
    net : pandapowerNet
    network : Network
        Of `net`.
    outages : "all" or sequence
    tripped_with : mapping of Element to tuple of int
        Shunts that an outage of a branch takes out too.
    plant_mw : mapping of Element to float
        Highest output of each plant, for "all".
    largest_plants : int
        How many of them trip one by one under "all".

    Raises
    ------
    InputError
        If the list names an element that is not there or not in service, or an outage twice.
    """
    if isinstance(outages, str):
        if outages != "all":
            raise_if_any([Problem("unknown choice of outages", "outages", outages, '"all" or a list of elements')])
        found = (
            *branch_outages(net, network),
            *_dc_lines(net, network),
            *_compensation(net, network, plant_mw),
            *_largest(plant_mw, largest_plants),
        )
        singles: list[tuple[Element, ...]] = [(element,) for element in found]
        corridors = parallel_circuits(net, [i for table, i in found if table == "line"])
    else:
        _check(net, network, outages)
        singles = [_elements(item) for item in outages if not isinstance(item, CommonCorridor)]
        corridors = [_elements(item) for item in outages if isinstance(item, CommonCorridor)]
    classed = [(OutageClass.SINGLE, out) for out in singles]
    classed += [(OutageClass.COMMON_CORRIDOR, out) for out in corridors]
    cases = [
        Contingency(" + ".join(element_names(net, out)), kind, elements_out(net, network, out, tripped_with))
        for kind, out in classed
    ]
    return INTACT, *cases


def in_service(net: pandapowerNet, network: Network, element: Element) -> bool:
    """Tell whether the element is connected in the intact grid."""
    table, at = element[0], position(net, element)
    if table == "bus":
        return bool(network.node_of_bus[at] >= 0)
    if table == "switch":
        return _connects(net, network, at)
    table = "dcline_from" if table == "dcline" else table
    if table in _BRANCH_TABLES:
        return bool((network.branch_rows[table][at] >= 0).any())
    places = [network.shunt_node.get(table), network.controlled_by.get(table), network.slack_by.get(table)]
    places += [network.injectors[table].node] if table in network.injectors else []
    return any(place is not None and place[at] >= 0 for place in places)


def _connects(net: pandapowerNet, network: Network, at: int) -> bool:
    """Tell whether a switch is closed and has something alive on both sides."""
    switch = net.switch.iloc[at]
    if switch.et != "b":
        return bool(network.switched_end[at, 0] >= 0)
    nodes = network.node_of_bus[net.bus.index.get_indexer([switch.bus, switch.element])]
    return bool(switch.closed) and bool((nodes >= 0).all())


def _elements(item: Element | tuple[Element, ...] | CommonCorridor) -> tuple[Element, ...]:
    if isinstance(item, CommonCorridor):
        item = item.elements
    return (item,) if isinstance(item[0], str) else tuple(item)


def elements_out(
    net: pandapowerNet, network: Network, out: tuple[Element, ...], tripped_with: Mapping[Element, tuple[int, ...]]
) -> tuple[Element, ...]:
    """Return what trips together: `out`, what hangs on its buses, and the shunts that go with one of its branches."""
    hanging = (element for table, index in out if table == "bus" for element in at_bus(net, index))
    whole = tuple(dict.fromkeys((*out, *(e for e in hanging if in_service(net, network, e)))))
    return tuple(e for e in tripping_together(whole, tripped_with) if e in whole or in_service(net, network, e))


def branch_outages(net: pandapowerNet, network: Network) -> list[Element]:
    """Return the lines, transformers and impedances in service, each a single outage."""
    found = [(table, int(index)) for table in _BRANCH_TABLES if table in net for index in net[table].index]
    return [element for element in found if in_service(net, network, element)]


def _dc_lines(net: pandapowerNet, network: Network) -> list[Element]:
    found = [("dcline", int(index)) for index in net.dcline.index]
    return [element for element in found if in_service(net, network, element)]


def _compensation(net: pandapowerNet, network: Network, plant_mw: Mapping[Element, float]) -> list[Element]:
    found = [(table, int(index)) for table in ("shunt", "svc", "gen") if table in net for index in net[table].index]
    return [e for e in found if plant_mw.get(e, 0.0) == 0.0 and in_service(net, network, e)]


def _largest(plant_mw: Mapping[Element, float], count: int) -> list[Element]:
    """Return the plants with the highest output; ties in the tables' order."""
    running = [plant for plant, p_mw in plant_mw.items() if p_mw > 0.0]
    return sorted(running, key=lambda plant: -plant_mw[plant])[:count]


def _check(net: pandapowerNet, network: Network, outages: Iterable[object]) -> None:
    problems = []
    seen: set[tuple[bool, frozenset[Element]]] = set()
    for number, item in enumerate(outages):
        where = f"outages, entry {number}"
        if not _is_outage(item):
            accepted = "(table, index), a tuple of them, or CommonCorridor of such a tuple"
            problems.append(Problem("not an outage", where, repr(item), accepted))
            continue
        elements = _elements(item)  # type: ignore[arg-type]
        for element in dict.fromkeys(elements):
            problems += _problems(net, network, element, where)
        twice = [element for element in dict.fromkeys(elements) if elements.count(element) > 1]
        if twice:
            listed = ", ".join(f"{table} {index}" for table, index in twice)
            problems.append(Problem("an element stands twice in this outage", where, listed, repair="name it once"))
        key = isinstance(item, CommonCorridor), frozenset(elements)
        if key in seen:
            problems.append(Problem("the outage stands in the list twice", where, str(elements), repair="remove it"))
        seen.add(key)
    raise_if_any(problems)


def _is_outage(item: object) -> bool:
    """Tell whether an entry has the form of an outage of at least one element."""
    inner = item.elements if isinstance(item, CommonCorridor) else item
    if not isinstance(inner, (tuple, list)) or not inner:
        return False
    elements = [inner] if isinstance(inner[0], str) else inner
    return all(
        isinstance(e, tuple) and len(e) == 2 and isinstance(e[0], str) and isinstance(e[1], (int, np.integer))
        for e in elements
    )


def _problems(net: pandapowerNet, network: Network, element: Element, where: str) -> list[Problem]:
    table, index = element
    if table not in TRIPPING_TABLES or table not in net:
        return [Problem("elements of this table cannot trip", where, str(table), ", ".join(TRIPPING_TABLES))]
    if index not in net[table].index:
        known = ", ".join(str(i) for i in net[table].index[:10])
        return [Problem("there is no such element", where, f"{table} {index}", f"{table} {known}")]
    if not in_service(net, network, element):
        return [Problem("the element is out of service already", where, f"{table} {index}", repair="remove it")]
    return []


def unnamed_elements(net: pandapowerNet) -> Iterator[Problem]:
    """Yield the tables whose row labels do not tell their elements apart, or are no whole numbers."""
    for table in ("bus", *TRIPPING_TABLES):
        index = net[table].index
        double = index[index.duplicated()].unique().tolist()
        if double:
            yield Problem("several elements have the same index", f"net.{table}", f"index {double[:10]}",
                          "each index once", f"net.{table}.reset_index(drop=True, inplace=True)")  # fmt: skip
        elif len(index) and index.dtype.kind not in "iu":
            yield Problem("the index is no whole number", f"net.{table}", f"index {index[:10].tolist()}",
                          "0, 1, 2, ...", f"keep it as net.{table}['name'] and reset the index")  # fmt: skip


def highest_output_mw(
    net: pandapowerNet, network: Network, profiles: Mapping[tuple[str, str], np.ndarray]
) -> dict[Element, float]:
    """Return the highest infeed of each sgen and gen in service, from the profiles or the table."""
    highest = {}
    for table in ("sgen", "gen"):
        if table not in network.injectors:
            continue
        injectors = network.injectors[table]
        p_mw = np.atleast_2d(profiles.get((table, "p_mw"), injectors.p_mw)) * injectors.infeed_per_unit
        for at, index in enumerate(net[table].index):
            if injectors.node[at] >= 0:
                highest[table, int(index)] = float(p_mw[:, at].max())
    return highest
