"""The sample check of every study: it agrees on the true grid and sees a wrong one."""

import copy
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from shipped import goto

from twin.metrics.sample_check import deviation, frozen_net
from twin.network.variants.grids import grid_variants


@pytest.fixture(scope="module")
def grid():
    return grid_variants([goto(2030, "controlled", {"reactor_location": "line"})])


def state(grid):
    model, nodes = grid.variants[0].model, grid.nodes
    p = np.zeros(len(nodes.buses))
    np.add.at(p, nodes.plant, 0.6 * model.plants.contract_mw.to_numpy() / 100.0)
    np.add.at(p, nodes.area, -model.net.load.p_mw.to_numpy() / 100.0)
    return p, -0.1 * np.abs(p)


def case_of(grid):
    return SimpleNamespace(grid=grid, variant=np.zeros(1, dtype=np.int64), base_mva=100.0)


@pytest.mark.parametrize("outage", ["", "Matsushima - Narao 1", "Ojika - Uku", "Matsushima 220/66 kV 2"])
def test_true_grid_agrees(grid, outage):
    found = deviation(case_of(grid), 0, grid.outage_names.index(outage), *state(grid), frozen_net(case_of(grid), 0))
    assert found.solved
    assert found.vm_error_pu < 1e-8
    assert found.loading_error_percent < 1e-5


def test_a_reactor_forgotten_in_the_outage_is_seen(grid):
    o = grid.outage_names.index("Matsushima - Narao 1")
    variant = replace(grid.variants[0])
    variant._solvers[grid.outages[o]] = variant.solver(grid.outages[o][:1])
    forgotten = replace(grid, cache=replace(grid.cache, variants=[variant]))
    found = deviation(case_of(forgotten), 0, o, *state(grid), frozen_net(case_of(forgotten), 0))
    assert found.vm_error_pu > 1e-4
    assert found.loading_error_percent > 1.0


def test_a_wrong_rating_is_seen(grid):
    variant = grid.variants[0]
    net = copy.deepcopy(variant.model.net)
    net.line.loc[0, "max_i_ka"] *= 1.001
    wrong_variant = replace(variant, model=replace(variant.model, net=net))
    wrong = replace(grid, cache=replace(grid.cache, variants=[wrong_variant]))
    found = deviation(case_of(wrong), 0, 0, *state(grid), frozen_net(case_of(wrong), 0))
    assert found.vm_error_pu < 1e-8
    assert found.loading_error_percent > 0.01


def test_a_state_without_a_solution_is_no_agreement(grid):
    p, q = state(grid)
    found = deviation(case_of(grid), 0, 0, -20.0 * np.abs(p), q, frozen_net(case_of(grid), 0))
    assert not found.solved
    assert np.isnan(found.vm_error_pu)
