"""The link's headroom near voltage collapse."""

import numpy as np
import pytest
from grid_cases import goto_grid, goto_states
from link_headroom_cases import TOLERANCE_MW, by_bisection, headroom_mw

COLLAPSED_ROWS = 4


def test_headroom_is_found_where_secant_steps_pass_a_collapse_and_unknown_only_where_there_is_none():
    """Rows 0 to 3 had an unknown import headroom although a bisection finds one; the rest has none at all."""
    grid = goto_grid(2030, "controlled", (("conductor_mm2", 240),))
    p, q = goto_states(grid, 1000, "far states", 1.5)
    found = headroom_mw(grid, p, q)
    far_import = np.flatnonzero((found[:, 0] < -70.0) & np.isfinite(found[:, 1]))[:COLLAPSED_ROWS]
    none = np.flatnonzero(np.isnan(found).any(axis=1))[:COLLAPSED_ROWS]
    assert len(far_import) == len(none) == COLLAPSED_ROWS
    rows = np.concatenate([far_import, none])
    by_hand = [[by_bisection(grid, p[r : r + 1], q[r : r + 1], sign) for sign in (1.0, -1.0)] for r in rows]
    assert found[rows] == pytest.approx(np.array(by_hand), abs=TOLERANCE_MW, nan_ok=True)
