"""Circuits of several lines in a row, and which of them run beside each other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations

from pandapower import pandapowerNet
from pandapower.toolbox import element_bus_tuples

from twin.grid.model import Element

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
    ends = {line: (int(net.line.from_bus.at[line]), int(net.line.to_bus.at[line])) for line in lines}
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
