"""The closed loop's own judgement and the security analysis find the same worst outage."""

import re

import numpy as np
import pytest
from grid_cases import goto_grid, goto_states, no_trips, nothing_ignored

from twin import SecurityAnalysis
from twin.network.variants.flow import solve
from twin.security.criterion.outages import assess_outages
from twin.security.operating_points import power_at_buses

ROWS = 40
LOADING_PERCENT = 1e-6
VARIANTS = [
    (2030, "controlled", (("conductor_mm2", 240),)),
    (2030, "controlled", (("reactor_location", "line"), ("svc_set_vm_pu", 1.04))),
    (2030, "fixed", ()),
]


def path(names):
    """Names without the circuit's number: equal circuits side by side tie, down to rounding."""
    return [re.sub(r" [12]$", "", name) for name in names]


@pytest.mark.parametrize("variant", VARIANTS)
def test_loop_and_analysis_agree(variant):
    grid = goto_grid(*variant)
    p, q = (
        np.concatenate(x) for x in zip(*(goto_states(grid, ROWS // 2, f"n-1 {s}", s) for s in (0.4, 1.1)), strict=True)
    )
    flow = solve(grid, np.zeros(ROWS, dtype=np.int64), p, q)
    loop = assess_outages(grid, flow, no_trips(ROWS), nothing_ignored(grid, ROWS))
    model, base_mva = grid.variants[0].model, grid.base_mva
    analysis = SecurityAnalysis(model, list(model.roles.outages)).prepare({})
    network, net = analysis.grid.network, model.net
    nodes = network.node_of_bus[net.bus.index.get_indexer(grid.nodes.buses)]
    s_mva = (p + 1j * q) * base_mva
    steps = power_at_buses(network, nodes, np.where(p > 0, s_mva, 0), np.where(p > 0, 0, -s_mva), {})
    table = analysis.result([analysis.assess(steps, 0)], 0.5).steps()
    assert flow.solved.all()
    assert (table.unsolved_outages == 0).all()
    assert table.settled_loading_percent.to_numpy() == pytest.approx(loop.measure, abs=LOADING_PERCENT)
    assert path(table.settled_element) == path(grid.end_names[end] for end in loop.end)
    assert path(table.settled_outage) == path(grid.outage_names[outage] for outage in loop.outage)
    assert loop.measure.min() < 60.0 < 100.0 < loop.measure.max()
