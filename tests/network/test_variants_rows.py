"""Rows of a batch: independent of neighbours and start, flagged when unsolved, balanced."""

import numpy as np
import pytest
from grid_cases import goto_grid, goto_states, no_trips, nothing_ignored, solve_one, two_circuits
from hypothesis import given, settings
from hypothesis import strategies as st

from twin.core.random_streams import stream
from twin.metrics.flows import block_flows
from twin.network.variants.flow import solve
from twin.security.criterion.headroom import link_headroom
from twin.security.criterion.outages import assess_outages

ROWS = 24


def everything(grid, p, q):
    """All results of the kernels for each row, as arrays with rows first."""
    variant = np.zeros(len(p), dtype=np.int64)
    flow = solve(grid, variant, p, q)
    judgement = assess_outages(grid, flow, no_trips(len(p)), nothing_ignored(grid, len(p)))
    mw = link_headroom(grid, flow)
    return (*vars(flow).values(), *vars(judgement).values(), mw)


def test_a_row_does_not_depend_on_its_neighbours_to_the_bit():
    grid = goto_grid()
    p, q = goto_states(grid, ROWS, "neighbours", 1.5)
    p[3] *= 40.0
    together = everything(grid, p, q)
    order = stream(1, "permutation", 0).permutation(ROWS)
    for pick in (order, np.array([5]), np.array([3, 7])):
        for ours, theirs in zip(everything(grid, p[pick], q[pick]), together, strict=True):
            assert ours.tobytes() == theirs[pick].tobytes()


def test_start_does_not_change_the_answer():
    grid = goto_grid()
    p, q = goto_states(grid, ROWS, "start")
    variant = np.zeros(ROWS, dtype=np.int64)
    flat = solve(grid, variant, p, q)
    draw = stream(2, "start", 0)
    for _ in range(2):
        other = solve(grid, variant, p, q, flat.v[::-1] + draw.uniform(-0.05, 0.05, flat.v.shape))
        assert other.solved.all()
        assert np.abs(other.v - flat.v).max() < 1e-9
        assert np.abs(other.q_svc_pu - flat.q_svc_pu).max() < 1e-9


def test_start_of_an_outage_does_not_change_the_answer():
    grid = goto_grid()
    p, q = goto_states(grid, ROWS, "start")
    variant, topology = np.zeros(ROWS, dtype=np.int64), np.ones(ROWS, dtype=np.int64)
    intact = solve(grid, variant, p, q)
    warm, cold = (solve(grid, variant, p, q, start, topology) for start in (intact.v, None))
    assert warm.solved.all()
    assert cold.solved.all()
    assert np.abs(warm.v - cold.v).max() < 1e-9


@pytest.mark.parametrize("compensation", ["controlled", "fixed"])
@pytest.mark.parametrize("factor", [8.0, -30.0, 1e6, np.nan, np.inf])
def test_what_has_no_solution_is_flagged(compensation, factor):
    grid = goto_grid(2030, compensation)
    p, q = goto_states(grid, 2, "collapse")
    p[1], q[1] = (-factor * np.maximum(np.abs(x[1]), 1e-3) for x in (p, q))
    variant = np.zeros(2, dtype=np.int64)
    flow = solve(grid, variant, p, q)
    assert flow.solved.tolist() == [True, False]


def test_one_number_that_is_missing_is_enough_to_be_unsolved():
    grid, island = two_circuits()
    assert solve_one(grid, {island: 10.0}).solved
    assert not solve_one(grid, {island: complex(0.0, np.nan)}).solved


@settings(max_examples=25, deadline=None)
@given(
    plants=st.floats(0.0, 1.4),
    demand=st.floats(0.0, 2.5),
    reactive=st.floats(-0.3, 0.3),
    compensation=st.sampled_from(["controlled", "fixed"]),
)
def test_infeed_and_import_are_the_losses(plants, demand, reactive, compensation):
    grid = goto_grid(2030, compensation)
    model, nodes = grid.variants[0].model, grid.nodes
    p = np.zeros((1, len(nodes.buses)))
    np.add.at(p[0], nodes.plant, plants * model.plants.contract_mw.to_numpy() / 100.0)
    np.add.at(p[0], nodes.area, -demand * model.net.load.p_mw.to_numpy() / 100.0)
    variant = np.zeros(1, dtype=np.int64)
    flow = solve(grid, variant, p, reactive * np.abs(p))
    flows = block_flows(grid.variants, nodes, np.zeros(len(flow.i), dtype=np.int64), flow.i)
    if flow.solved[0]:
        assert 100.0 * p.sum() + flows.import_mw[0] == pytest.approx(flows.losses_mw[0], abs=1e-7)
        assert flows.losses_mw[0] > 0.0
