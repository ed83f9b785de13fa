"""Headroom of the link against bisection on solved outage states."""

import numpy as np
import pytest
from grid_cases import goto_grid, goto_states, two_circuits
from link_headroom_cases import TOLERANCE_MW, by_bisection, headroom_mw, link_percent


@pytest.mark.parametrize(
    ("rows", "variant"),
    [
        (14, (2030, "controlled", (("conductor_mm2", 240),))),
        (8, (2030, "controlled", (("conductor_mm2", 400), ("reactor_location", "line")))),
        (8, (2030, "fixed", (("reactor_location", "line"), ("reactor_steps_in_service", 1)))),
    ],
)
def test_headroom_is_that_of_a_bisection(rows, variant):
    grid = goto_grid(*variant)
    p, q = goto_states(grid, rows, "headroom", 1.2)
    found = headroom_mw(grid, p, q)
    by_hand = [[by_bisection(grid, p[r : r + 1], q[r : r + 1], sign) for sign in (1.0, -1.0)] for r in range(rows)]
    assert found == pytest.approx(np.array(by_hand), abs=TOLERANCE_MW)
    if rows == 14:
        assert (found < 0.0).any()
        assert (found > 0.0).all(axis=1).any()


def test_headroom_is_known_where_the_outage_has_no_solution():
    grid = goto_grid(2030, "controlled", (("conductor_mm2", 240),))
    p, q = goto_states(grid, 1000, "far states", 0.2)
    hardest = np.argsort(p.sum(axis=1))[:8]
    p, q = p[hardest], q[hardest]
    found = headroom_mw(grid, p, q)
    by_hand = [[by_bisection(grid, p[r : r + 1], q[r : r + 1], sign) for sign in (1.0, -1.0)] for r in range(8)]
    assert found == pytest.approx(np.array(by_hand), abs=TOLERANCE_MW)
    unsolved = [np.isinf(link_percent(grid, p[r : r + 1], q[r : r + 1], 1, 0.0)) for r in range(8)]
    assert any(unsolved)
    assert (found[unsolved, 1] < 0.0).all()


def test_every_headroom_near_collapse_is_at_the_rating_or_unknown():
    grid = goto_grid(2030, "controlled", (("conductor_mm2", 240),))
    p, q = goto_states(grid, 1000, "far states", 1.5)
    hardest = np.argsort(p.sum(axis=1))[-60:]
    p, q = p[hardest], q[hardest]
    found = headroom_mw(grid, p, q)
    assert np.isfinite(found).mean() > 0.5
    for r, side in zip(*np.nonzero(np.isfinite(found)), strict=True):
        extra_mw = found[r, side] * (1.0, -1.0)[side]
        worst = max(link_percent(grid, p[r : r + 1], q[r : r + 1], topology, extra_mw) for topology in (1, 2))
        assert worst == pytest.approx(100.0, abs=0.2)


def test_headroom_without_resistance_and_charging_is_the_rest_of_the_rating():
    """The only loss is the line's own: at the rating the island's end carries sqrt(3) V I."""
    grid, island = two_circuits(max_i_ka=0.4)
    node = grid.nodes.buses.index(island)
    p, q = np.zeros((2, 1, len(grid.nodes.buses)))
    p[0, node] = 0.1
    found = headroom_mw(grid, p, q)[0]
    drop_kv = np.sqrt(3.0) * 0.4 * (5 + 10j)
    for side, sign in ((0, 1.0), (1, -1.0)):
        v_kv = np.sqrt(66.0**2 - drop_kv.imag**2) + sign * drop_kv.real
        assert found[side] == pytest.approx(np.sqrt(3.0) * 0.4 * v_kv - sign * 10.0, abs=0.01)


def test_no_headroom_where_charging_alone_exceeds_the_rating():
    grid, _ = two_circuits(c_nf=30_000.0, max_i_ka=0.1)
    p, q = np.zeros((2, 1, len(grid.nodes.buses)))
    assert link_percent(grid, p, q, 1, 0.0) > 100.0
    assert np.isnan(headroom_mw(grid, p, q)).all()
