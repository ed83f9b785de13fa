"""N-1: islands, the screen, repeated circuits."""

import copy
from dataclasses import replace

import numpy as np
import pandapower as pp
import pytest
from grid_cases import (
    add_line,
    empty_net,
    goto_grid,
    goto_states,
    no_trips,
    nothing_ignored,
    small_model,
    solve_one,
    two_circuits,
)

from twin.network.variants.flow import solve
from twin.network.variants.grids import grid_variants
from twin.security.criterion.outages import UNSOLVED_PERCENT, assess_outages

ROWS = 300


def judged(grid, p, q):
    variant = np.zeros(len(p), dtype=np.int64)
    flow = solve(grid, variant, p, q)
    found = assess_outages(grid, flow, no_trips(len(p)), nothing_ignored(grid, len(p)))
    return flow, found


def every_outage_solved(grid):
    """Return the grid with nothing left to the screen and no outage taken for another's."""
    outages = len(grid.outages)
    everything = grid.arrays._replace(solve_always=np.ones(outages, dtype=bool), repeats=np.zeros(outages, dtype=bool))
    return replace(grid, cache=replace(grid.cache, arrays=everything))


def chain():
    """Source, middle bus and end bus in a row, and a second circuit to the middle bus."""
    net = empty_net()
    source, middle, far = (pp.create_bus(net, 66.0) for _ in range(3))
    pp.create_ext_grid(net, source)
    ends = [(source, middle), (source, middle), (middle, far)]
    lines = tuple(("line", add_line(net, pair, 3 + 8j, 500.0)) for pair in ends)
    return grid_variants([small_model(net, [far], [middle], lines, lines[:2])]), middle, far


def test_island_is_dead_and_its_infeed_is_gone():
    grid, middle, far = chain()
    with_far = solve_one(grid, {middle: -10 - 2j, far: 25 + 3j}, 3)
    without = solve_one(grid, {middle: -10 - 2j}, 3)
    node = grid.nodes.buses.index(far)
    assert np.isnan(with_far.v[node])
    assert with_far.i[node] == 0.0
    assert with_far.vm_pu(middle) == without.vm_pu(middle)
    assert [with_far.loading_percent(end) for end in (4, 5)] == [0.0, 0.0]
    assert with_far.loading_percent(0) == without.loading_percent(0) > 0.0


def test_outages_are_single():
    grid = goto_grid()
    circuits = {circuit.element for circuit in grid.variants[0].model.roles.link}
    branches = [[element for element in out if element[0] != "shunt"] for out in grid.outages[1:]]
    assert all(len(out) == 1 for out in branches)
    assert circuits <= {out[0] for out in branches}


@pytest.mark.parametrize("largest_share", [0.25, 1.0, 1.6])
@pytest.mark.parametrize(
    "variant",
    [(2030, "controlled", (("conductor_mm2", 240),)), (2030, "fixed", (("reactor_location", "line"),))],
)
def test_screen_never_hides_the_worst_outage(largest_share, variant):
    grid = goto_grid(*variant)
    p, q = goto_states(grid, ROWS // 6, f"screen {largest_share}", largest_share)
    flow, screened = judged(grid, p, q)
    _, full = judged(every_outage_solved(grid), p, q)
    assert flow.solved.all()
    assert np.array_equal(screened.measure, full.measure)
    assert np.array_equal(screened.end, full.end)
    assert screened.solved.mean() < full.solved.mean()


def test_states_of_the_screen_test_reach_from_light_load_to_overload():
    grid = goto_grid(2030, "controlled", (("conductor_mm2", 240),))
    measures = [judged(grid, *goto_states(grid, ROWS // 6, f"screen {x}", x))[1].measure for x in (0.25, 1.0, 1.6)]
    everything = np.concatenate(measures)
    assert everything.min() < 50.0
    assert everything.max() > 150.0


@pytest.mark.parametrize("reactor_location", ["bus", "line"])
def test_second_circuit_of_a_pair_repeats_the_first(reactor_location):
    grid = goto_grid(2030, "controlled", (("reactor_location", reactor_location),))
    repeated = [name for name, again in zip(grid.outage_names, grid.arrays.repeats, strict=True) if again]
    own_reactor_is_switched = reactor_location == "line"
    link = [] if own_reactor_is_switched else ["Matsushima - Narao 2"]
    assert repeated == [*link, "Aokata - Arikawa 2", "Matsushima 220/66 kV 2"]
    p, q = goto_states(grid, 20, "repeats")
    flow, _ = judged(grid, p, q)
    for name in repeated:
        at = grid.outage_names.index(name)
        first = grid.outage_names.index(name[:-1] + "1")
        measures = []
        for kept in (first, at):
            only = np.arange(len(grid.outages)) != kept
            alone = replace(
                grid, cache=replace(grid.cache, arrays=grid.arrays._replace(repeats=only, solve_always=~only))
            )
            measures.append(assess_outages(alone, flow, no_trips(20), nothing_ignored(grid, 20)).measure)
        assert measures[0] == pytest.approx(measures[1], abs=1e-7)


def test_circuits_with_unlike_reactors_do_not_repeat_each_other():
    grid = goto_grid(2030, "controlled", (("reactor_location", "line"), ("reactor_steps_in_service", 1)))
    assert not grid.arrays.repeats[grid.outage_names.index("Matsushima - Narao 2")]


def test_unlike_circuits_do_not_repeat_each_other():
    grid, _ = two_circuits()
    assert list(grid.arrays.repeats) == [False, False, True]
    model = copy.deepcopy(grid.variants[0].model)
    model.net.line.loc[1, "length_km"] = 1.2
    assert not grid_variants([model]).arrays.repeats.any()


def test_outage_without_a_solution_is_the_worst_of_all():
    grid, island = two_circuits()
    node = grid.nodes.buses.index(island)
    p, q = np.zeros((2, 1, len(grid.nodes.buses)))
    p[0, node] = -1.8
    flow, found = judged(grid, p, q)
    assert flow.solved[0]
    assert found.measure[0] == UNSOLVED_PERCENT
    assert found.end[0] == -1
