"""Shape of the grid: one piece, the link's cut set, a path to every area."""

import networkx as nx
import pytest
from shipped import goto

from network_models.checks import branch_graph, check_grid, link_is_cut_set, without
from twin.core.errors import InputError


def test_goto_is_one_piece_and_its_link_the_cut_set():
    model = goto(2030)
    graph = branch_graph(model.net)
    assert nx.number_connected_components(graph) == 1
    circuits = [circuit.element for circuit in model.roles.link]
    ends = model.roles.boundary_bus, model.roles.headroom_bus
    assert nx.edge_connectivity(nx.Graph(without(graph, circuits[:1])), *ends) == 1
    assert not nx.has_path(without(graph, circuits), *ends)
    assert all(nx.has_path(without(graph, [circuit]), *ends) for circuit in circuits)
    assert link_is_cut_set(model)
    for bus in model.areas["bus"]:
        assert nx.has_path(graph, model.roles.boundary_bus, bus)


def test_a_second_island_is_named():
    model = goto(2030)
    model.net.line.loc[model.net.line["name"] == "Tomie - Tamanoura", "in_service"] = False
    with pytest.raises(InputError) as caught:
        check_grid(model)
    assert "more than one island" in str(caught.value)
    assert "Tamanoura 66 kV" in str(caught.value)
    assert "areas, tamanoura" in str(caught.value)


def test_another_way_past_the_link_is_found():
    model = goto(2030)
    third = model.net.line.loc[[0]].assign(name="forgotten cable")
    model.net.line.loc[len(model.net.line)] = third.iloc[0]
    with pytest.raises(InputError, match="there is another path"):
        check_grid(model)
