"""Inter-trip of a grid model against a try of every set of plants, and its books."""

from dataclasses import replace
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from grid_cases import goto_grid, goto_model, solve_pu
from random_profiles import goto_profiles

from twin.core.errors import InputError
from twin.network.model import GridModel
from twin.network.variants.flow import solve
from twin.security.criterion.outages import Trips, assess_outages
from twin.security.intertrip import intertrip

PLANTS = ("floating_farm", "planned_wind", "tamanoura_wind", "kogamidake_pv")
STEPS, LINK_OUTAGE, PATH_OUTAGE = 16, 0, 2
BASE_MVA = 100.0


def model_with(plants: tuple[str, ...]) -> GridModel:
    model = goto_model(2030, "controlled")
    return replace(model, plants=model.plants.assign(trippable=model.plants.index.isin(plants)))


@pytest.fixture(scope="module")
def profiles():
    return goto_profiles(goto_model(2030, "controlled"), STEPS, "inter-trip")


@pytest.fixture(scope="module")
def found(profiles):
    index = pd.date_range("2030-04-01", periods=STEPS, freq="30min", tz="Asia/Tokyo")
    return intertrip(model_with(PLANTS), profiles, index, cap_mw=30.0)


def worst_percent(profiles, step, topology, tripped):
    """Worst watched loading of Goto after an outage with some plants gone, solved on its own."""
    grid, model = goto_grid(2030, "controlled"), goto_model(2030, "controlled")
    p, q = np.zeros((2, 1, len(grid.nodes.buses)))
    for plant, (name, node) in enumerate(zip(model.plants.index, grid.nodes.plant, strict=True)):
        if name not in tripped:
            p[0, node] += profiles["sgen_p_mw"][step, plant] / BASE_MVA
            q[0, node] += profiles["sgen_q_mvar"][step, plant] / BASE_MVA
    for area, node in enumerate(grid.nodes.area):
        p[0, node] -= profiles["load_p_mw"][step, area] / BASE_MVA
        q[0, node] -= profiles["load_q_mvar"][step, area] / BASE_MVA
    solved = solve_pu(grid, p, q, topology)
    return max(solved.loading_percent(end) for end in np.flatnonzero(grid.arrays.watch_outage))


def outputs(profiles, step):
    names = list(goto_model(2030, "controlled").plants.index)
    return {name: profiles["sgen_p_mw"][step, names.index(name)] for name in PLANTS}


@pytest.mark.parametrize("outage", [LINK_OUTAGE, PATH_OUTAGE])
def test_the_set_is_the_sufficient_one_with_the_least_output(found, profiles, outage):
    needed = np.flatnonzero((found.shedding.at_once_percent[:, outage] > 100.0) & (found.shed_mw[:, outage] > 0.0))
    sufficient = 0
    for step in needed[:12]:
        mw = outputs(profiles, step)
        sets = [s for n in range(1, 5) for s in combinations(PLANTS, n) if sum(mw[x] for x in s) <= 30.0]
        enough = [sum(mw[x] for x in s) for s in sets if worst_percent(profiles, step, outage + 1, s) <= 100.0]
        settled = found.shedding.settled_percent[step, outage]
        tripped = {found.plants[j] for j in np.flatnonzero(found.shedding.tripped[step, outage])}
        assert settled == pytest.approx(worst_percent(profiles, step, outage + 1, tripped), abs=1e-5)
        assert found.shed_mw[step, outage] == pytest.approx(sum(mw[name] for name in tripped), abs=1e-9)
        assert (settled <= 100.0) == bool(enough)
        if enough:
            assert found.shed_mw[step, outage] == pytest.approx(min(enough), abs=1e-9)
            sufficient += 1
    assert sufficient >= 2


def test_a_refusing_plant_is_the_worst_of_all_single_refusals(found, profiles):
    several = np.flatnonzero(found.shedding.tripped[:, LINK_OUTAGE].sum(axis=1) >= 2)[:5]
    assert len(several)
    for step in several:
        tripped = {found.plants[j] for j in np.flatnonzero(found.shedding.tripped[step, LINK_OUTAGE])}
        left = {name: worst_percent(profiles, step, LINK_OUTAGE + 1, tripped - {name}) for name in tripped}
        assert found.shedding.refused_percent[step, LINK_OUTAGE] == pytest.approx(max(left.values()), abs=1e-5)
        assert found.plants[found.shedding.refused_plant[step, LINK_OUTAGE]] == max(left, key=left.__getitem__)


@pytest.mark.slow
def test_the_closed_loop_judges_as_the_analysis_does_with_its_rule(profiles):
    """The loop's own function, given the same plants, finds the same worst outage and the same shed."""
    found = intertrip(model_with(PLANTS), profiles, cap_mw=30.0, rule="largest-first")
    smallest = intertrip(model_with(PLANTS), profiles, cap_mw=30.0)
    grid, model = goto_grid(2030, "controlled"), goto_model(2030, "controlled")
    worst = loop_measures(grid, model, profiles, cap_mw=30.0)
    assert worst == pytest.approx(np.nanmax(found.shedding.measure_percent, axis=1), abs=1e-6)
    enough = found.suffices & (found.shed_mw > 0.0)
    assert (smallest.shed_mw[enough] <= found.shed_mw[enough] + 1e-9).all()
    assert (smallest.shed_mw[enough] < found.shed_mw[enough] - 0.1).any()


def loop_measures(grid, model, profiles, cap_mw):
    rows, names = len(profiles["sgen_p_mw"]), list(model.plants.index)
    p, q = np.zeros((2, rows, len(grid.nodes.buses)))
    for plant, node in enumerate(grid.nodes.plant):
        p[:, node] += profiles["sgen_p_mw"][:, plant] / BASE_MVA
        q[:, node] += profiles["sgen_q_mvar"][:, plant] / BASE_MVA
    for area, node in enumerate(grid.nodes.area):
        p[:, node] -= profiles["load_p_mw"][:, area] / BASE_MVA
        q[:, node] -= profiles["load_q_mvar"][:, area] / BASE_MVA
    variant = np.zeros(rows, dtype=np.int64)
    flow = solve(grid, variant, p, q)
    at = sorted(names.index(name) for name in PLANTS)
    trips = Trips(
        profiles["sgen_p_mw"][:, at] / BASE_MVA, profiles["sgen_q_mvar"][:, at] / BASE_MVA, grid.nodes.plant[at],
        np.full(rows, cap_mw / BASE_MVA), np.ones(rows),
    )  # fmt: skip
    nothing = np.zeros((rows, grid.arrays.solve_always.shape[0], grid.arrays.limit.shape[1]), dtype=bool)
    return assess_outages(grid, flow, trips, nothing).measure


def test_what_is_bought_lies_between_nothing_and_what_is_shed_or_the_short_time_rating_allows(found):
    known = np.isfinite(found.bought_mw)
    assert known.any()
    assert (found.bought_mw[known] >= -1e-9).all()
    assert found.bought_mw[known].max() > 1.0
    none = intertrip(model_with(()), goto_profiles(goto_model(2030, "controlled"), 3, "inter-trip"))
    assert none.bought_mw == pytest.approx(0.0, abs=0.02)
    assert (none.shed_mw == 0.0).all()


def test_expected_energy_is_rate_times_duration_times_mean_shed(found):
    rates = pd.DataFrame({"outages_per_year": 0.5, "hours_per_outage": 10.0}, index=list(found.outages))
    energy = found.expected_energy(rates)
    assert energy["expected_mwh_per_year"].to_numpy() == pytest.approx(0.5 * 10.0 * found.shed_mw.mean(axis=0))
    hours = 0.5 * 10.0 * (~found.suffices).mean(axis=0)
    assert energy["expected_insufficient_hours_per_year"].to_numpy() == pytest.approx(hours)


def test_bad_input_is_named(found, profiles):
    with pytest.raises(InputError, match="no rate for an outage"):
        found.expected_energy(pd.DataFrame({"outages_per_year": [1.0], "hours_per_outage": [1.0]}, index=["x"]))
    with pytest.raises(InputError, match="unknown profile"):
        intertrip(goto_model(2030, "controlled"), {"gen_p_mw": np.zeros((1, 1))})
    with pytest.raises(InputError, match="unknown rule"):
        intertrip(goto_model(2030, "controlled"), profiles, rule="smallest-first")
