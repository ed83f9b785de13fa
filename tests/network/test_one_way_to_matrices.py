"""The closed loop's reduced grid and the security analysis are made of one network, its outages and its ratings."""

from types import SimpleNamespace

import numpy as np
import pytest
from grid_cases import goto_grid, goto_model
from numpy.testing import assert_array_equal

from twin import SecurityAnalysis
from twin.network.network import ratings
from twin.network.outage import without
from twin.network.reading.extraction import extract
from twin.network.variants.controls import first_positions, net_at
from twin.network.variants.grids import GridVariants, grid_variants
from twin.network.variants.maps import impedances, positions_of
from twin.operation.outages.points import OutageAnalyses
from twin.security.headroom.prepared import prepared_headroom, scope_of

RELATIVE = 1e-12


@pytest.fixture(scope="module")
def grid() -> GridVariants:
    """Two networks, the first of them in three positions of its tap changer and reactors."""
    found = grid_variants([goto_model(), goto_model(parameters=(("conductor_mm2", 240),))])
    tap, reactors = first_positions(found.models[0])
    found.variants_at(np.zeros(2, dtype=np.int64), np.array([[tap - 1, reactors], [tap, 0]]))
    return found


def kron(y: np.ndarray, kept: np.ndarray, live: np.ndarray) -> np.ndarray:
    """Eliminate the live nodes that are not kept: ``Y_kk - Y_ke Y_ee^-1 Y_ek``."""
    gone = np.setdiff1d(live, kept)
    return y[np.ix_(kept, kept)] - y[np.ix_(kept, gone)] @ np.linalg.solve(y[np.ix_(gone, gone)], y[np.ix_(gone, kept)])


def test_impedances_are_the_inverse_of_the_kron_reduction_of_the_general_network(grid):
    assert len(grid.variants) == 4
    for g, variant in enumerate(grid.variants):
        net = net_at(variant.model, variant.positions)
        network = extract(net)
        for o, out in enumerate(grid.outages):
            after = without(network, [(table, net[table].index.get_loc(index)) for table, index in out])
            nodes = network.node_of_bus[net.bus.index.get_indexer(list(grid.nodes.buses))]
            alive = after.alive[nodes]
            assert_array_equal(grid.arrays.alive[g, o], alive)
            live = np.setdiff1d(np.flatnonzero(after.alive), after.slack)
            reduced = kron(after.y_bus.toarray(), nodes[alive], live)
            z = impedances(without(variant.network, positions_of(variant.model, out))).z[np.ix_(nodes, nodes)]
            expected = np.linalg.inv(reduced)
            assert np.abs(z[np.ix_(alive, alive)] - expected).max() < RELATIVE * np.abs(expected).max()
            assert not z[~alive].any()


def test_ratings_of_the_loop_are_those_of_the_security_analysis(grid):
    for g, variant in enumerate(grid.variants):
        analysis = SecurityAnalysis(variant.monitored)
        assert analysis.grid is variant.monitored
        assert analysis.grid.ratings is variant.ratings
        assert analysis.grid.network.y_bus is variant.network.y_bus
        rated = ratings(variant.model.net, extract(variant.model.net))
        assert_array_equal(rated.from_pu, variant.ratings.from_pu)
        rows = variant.branches([element for element, _ in grid.equipment.ends])
        sides = [side for _, side in grid.equipment.ends]
        expected = np.stack([variant.ratings.from_pu, variant.ratings.to_pu])[sides, rows]
        assert_array_equal(grid.arrays.limit[g], expected)


def test_headroom_reads_the_same_limits(grid):
    monitored = grid.variants[0].monitored
    roles = grid.models[0].roles
    prepared = prepared_headroom(monitored, scope_of(monitored, roles.voltage_buses, roles.outages, None, None))
    assert tuple(one.outage for one in prepared.contingencies) == tuple(
        tuple(e for e in out if e[0] != "shunt" or monitored.net.shunt.in_service.at[e[1]]) for out in grid.outages
    )
    limits = dict(zip(grid.equipment.ends, grid.arrays.limit[0], strict=True))
    intact = prepared.contingencies[0].watched
    for item, high in zip(prepared.items, intact.high, strict=True):
        side = 0 if item.side in ("from", "hv") else 1
        if np.isfinite(high):
            assert high == limits[item.element, side]


def test_the_loop_hands_its_own_grid_to_the_analysis_of_all_outages(grid):
    assert OutageAnalyses(SimpleNamespace(grid=grid)).of_variant(2).grid is grid.variants[2].monitored


def test_equal_circuits_are_found_by_their_equations(grid):
    names = np.array(grid.outage_names)
    assert names[grid.arrays.repeats].tolist()
    alone = goto_grid()
    assert_array_equal(alone.arrays.repeats, grid.arrays.repeats)
