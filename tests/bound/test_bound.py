"""No policy beats the bound, whatever it orders; and the one step of its proof that is no theorem, tested in AC."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from loop_fixtures import WINDY_DAY, all_plants, devices, make_case, member
from shipped import GOTO, goto

from studies.study.devices import demand_response
from twin.bound import perfect_foresight
from twin.bound.link_condition import (
    MARGIN_MW,
    effect_per_mw,
    export_headroom_mw,
    only_member,
    states_without_orders,
)
from twin.core.errors import InputError
from twin.core.row_arrays import joined_rows
from twin.devices.battery import make_batteries
from twin.devices.storage import GridBattery, PlantBatteries
from twin.metrics.kpis import member_kpis
from twin.metrics.member_tables import write_member_tables
from twin.metrics.sample_check import sampled_steps
from twin.operation.injections import Injections
from twin.operation.state import initial_state, stored_at_start_mwh
from twin.operation.window import step
from twin.policies.interface import HALF_HOUR, Dispatch
from twin.policies.rules import Replay

DAYS = (WINDY_DAY, 2)
NAMES = ("none", "self_consumption", "hold_behind_meter", "congestion_aware", "price", "free_hour", "mpc")
KPI = {"energy": "energy_used_mwh", "value": "net_supply_jpy"}
ROUNDING = 1e-9
"""Of the sums of a run, as a share."""


class Fuzzing:
    """Random orders of every kind in every half-hour, the same for the same seed."""

    cadence = HALF_HOUR

    def __init__(self, seed):
        self.seed = seed

    def decide(self, view):
        rng = np.random.default_rng([self.seed, int(view.time.timestamp())])
        shape = (view.half_hours, len(view.export_per_mw))
        kind = rng.random()
        return Dispatch(
            mode=rng.integers(0, 3, shape).astype(np.int8),
            battery_power_pu=rng.choice([-1.0, 1.0]) * np.ones(shape) if kind < 0.5 else rng.uniform(-1.0, 1.0, shape),
            export_limit_pu=rng.choice([0.0, 1.0], shape, p=[0.1, 0.9]),
            soc_min_percent=rng.choice([0.0, 50.0], shape),
            price_ratio=rng.choice([0.0, 0.5, 1.0, 3.0], view.half_hours),
            device_pu=rng.choice([-1.0, 0.0, 1.0, rng.uniform(-1.0, 1.0)], (view.half_hours, len(view.devices))),
        )


def fleet_of(inputs):
    """Everything that a policy can order: sites, demand response, batteries in the grid and beside plants."""
    model = inputs.model
    plan = SimpleNamespace(
        fleet=SimpleNamespace(demand_response="plan"),
        folder=Path(),
        period=SimpleNamespace(step_minutes=30),
        grid=SimpleNamespace(is_island=True, island_name="goto"),
    )
    areas = len(model.areas)
    somewhere, limits = 3.0 * (np.arange(areas) < 2), {"soc_min_share": 0.05, "soc_max_share": 0.95}
    grid = GridBattery(make_batteries(4.0 * somewhere, somewhere, 0.93, **limits))
    at_wind = np.where(model.plants["kind"] == "wind", 0.2 * model.plants["contract_mw"], 0.0)
    beside = PlantBatteries(make_batteries(4.0 * at_wind, at_wind, 0.93, **limits))
    return {
        "devices": devices(
            inputs.fleet, standby=0.02, constant_share=0.1, quadratic_share=0.3,
            throttle=True,
        ),
        "flexible": (*demand_response(plan, GOTO, model), grid, beside),
    }  # fmt: skip


@pytest.fixture(scope="module")
def runs(goto_year, tmp_path_factory):
    """A congested winter storm under all shipped and three random policies: case, folders."""
    inputs = goto_year.days(*DAYS)
    model = goto(2030, parameters={"link_rating_factor": 0.8})
    common = fleet_of(inputs) | {"area_balance": True, "firmness": all_plants(inputs, "non-firm")}
    policies = [(name, name) for name in NAMES] + [(f"random {seed}", Fuzzing(seed)) for seed in range(3)]
    members = [member(inputs, policy=policy, label=label, **common) for label, policy in policies]
    case = make_case(inputs, members, [model], export_limit_mw=35.0)
    folders = [tmp_path_factory.mktemp("bound") / label for label, _ in policies]
    write_member_tables(case, folders, sampled_steps(case, 1, 1))
    return case, folders


@pytest.fixture(scope="module", params=["energy", "value"])
def bound(runs, request):
    case, folders = runs
    return perfect_foresight(case, 0, folders[0], request.param)


def reached(case, folder, m, objective):
    kpis = member_kpis(folder, stored_at_start_mwh(case, m), 1.0, case.step_hours)
    assert kpis["unsolved_half_hours"] == 0.0
    return kpis[KPI[objective]]


def test_no_policy_beats_the_bound(runs, bound):
    case, folders = runs
    values = [reached(case, folder, m, bound.objective) for m, folder in enumerate(folders)]
    assert bound.none == pytest.approx(values[0], rel=ROUNDING)
    assert max(values) <= bound.upper * (1.0 + ROUNDING)
    assert max(values) > bound.none
    assert bound.to_gain > 0.0
    assert bound.binding_half_hours > 10
    assert bound.none_congestion_mwh > 50.0


def test_the_bound_is_tighter_than_all_that_there_is(runs, bound):
    """It knows that the link binds: with what was cut for congestion given back it would be larger."""
    if bound.objective == "energy":
        assert bound.to_gain < 0.9 * bound.none_congestion_mwh + area_balance_mwh(*runs)


def area_balance_mwh(case, folders):
    profiles = case.profiles[0][0]
    left = profiles.plant_available_mw - profiles.plant_unavailable_mw
    return 0.5 * float((profiles.area_physical * left).sum())


def test_its_schedule_is_replayed_and_stays_below_it(goto_year, runs, bound, tmp_path):
    case, _ = runs
    inputs = goto_year.days(*DAYS)
    common = fleet_of(inputs) | {"area_balance": True, "firmness": all_plants(inputs, "non-firm")}
    replayed = member(inputs, policy=Replay(bound.schedule), label="replayed", **common)
    again = make_case(inputs, [replayed], list(case.grid.models), export_limit_mw=35.0)
    write_member_tables(again, [tmp_path / "replayed"], sampled_steps(again, 1, 1))
    value = reached(again, tmp_path / "replayed", 0, bound.objective)
    assert bound.none < value <= bound.upper


def test_criteria_that_the_condition_does_not_cover_are_relaxed_and_said(goto_year, tmp_path):
    inputs = goto_year.days(WINDY_DAY, 1)
    model = goto(2030, parameters={"link_rating_factor": 0.8})
    some = [member(inputs, criterion="n-1-intertrip", label="a"), member(inputs, operator="forecast", label="b")]
    case = make_case(inputs, some, [model])
    write_member_tables(case, [tmp_path / "a", tmp_path / "b"], sampled_steps(case, 1, 1))
    for m, label in enumerate("ab"):
        found = perfect_foresight(case, m, tmp_path / label, "energy")
        assert found.binding_half_hours == 0
        assert "no condition on the link" in found.relaxations[-1]
        assert found.to_gain == pytest.approx(found.none_congestion_mwh, abs=1e-6)


def test_a_folder_that_does_not_fit_is_refused(runs):
    case, folders = runs
    with pytest.raises(InputError, match="sites followed orders"):
        perfect_foresight(case, 0, folders[1], "energy")
    with pytest.raises(InputError, match="unknown objective"):
        perfect_foresight(case, 0, folders[0], "profit")


def test_random_dispatches_within_the_link_keep_the_linear_condition(goto_year):
    """The step that is no theorem: states far from the one without orders, up to 30 MW less and 12 MW more."""
    inputs = goto_year.days(*DAYS)
    model = goto(2030, parameters={"link_rating_factor": 0.8})
    case = only_member(make_case(inputs, [member(inputs)], [model]), 0)
    unmanaged, managed = states(case, range(16, 96, 8))
    headroom = export_headroom_mw(case, unmanaged)
    effects = np.stack([effect_per_mw(case, state) for state in (unmanaged, managed)])
    most, least = effects.max(), effects.min()
    rng = np.random.default_rng(7)
    seen = 0
    for trial in range(60):
        moved, added, taken = random_dispatch(rng, case, unmanaged, few=trial % 2 == 0)
        left = export_headroom_mw(case, moved)
        feasible = left >= 0.0
        passed = least * added - most * taken
        assert (passed[feasible] <= headroom[feasible] + MARGIN_MW).all()
        assert (left <= headroom - passed + MARGIN_MW)[np.isfinite(left)].all()
        seen += int(feasible.sum())
    assert seen > 100


def test_states_of_many_half_hours_at_once_are_those_of_each_alone_to_the_bit(goto_year):
    inputs = goto_year.days(*DAYS)
    case = only_member(make_case(inputs, [member(inputs)], [goto(2030, parameters={"link_rating_factor": 0.8})]), 0)
    steps, start = np.arange(16, 96, 8), initial_state(case)
    positions = np.repeat(start.positions, len(steps), axis=0)
    positions[::3, 0] += 1
    for k, at_once in enumerate(states_without_orders(case, steps, positions)):
        alone = [states_without_orders(case, steps[j : j + 1], positions[j : j + 1])[k] for j in range(len(steps))]
        assert all((getattr(at_once, name) == values).all() for name, values in vars(joined_rows(alone)).items())
    stepped = [step(case, replace(start, positions=positions[j : j + 1]), t)[1] for j, t in enumerate(steps.tolist())]
    assert (at_once.unit_mw == np.concatenate([record.injections.unit_mw for record in stepped])).all()
    assert any(record.ledger.cut_mw["congestion_firm"].any() for record in stepped)


def states(case, steps):
    parts = []
    for t in steps:
        _, record = step(case, initial_state(case), t)
        unit_mw = record.injections.unit_mw + sum(
            record.ledger.cut_mw[cause] for cause in ("congestion_n0", "congestion_n1", "congestion_firm", "voltage")
        )
        parts.append((record.injections.with_units(unit_mw), record.injections))
    return [joined_rows(some) for some in zip(*parts, strict=True)]


def random_dispatch(rng, case, start, *, few):
    """Return other injections, and what was added and taken: at plants with their reactive power, at areas without."""
    plants = rng.uniform(0.0, 1.0, start.unit_mw.shape) * (rng.random(start.unit_mw.shape) < (0.1 if few else 0.6))
    areas = np.zeros_like(start.demand_mw)
    some = rng.choice(areas.shape[1], 1 if few else 4, replace=False)
    areas[:, some] = rng.uniform(-3.0, 8.0, (len(areas), len(some)))
    cut = plants * start.unit_mw
    moved = Injections(**vars(start) | {"unit_mw": start.unit_mw - cut, "demand_mw": start.demand_mw + areas})
    taken = cut.sum(axis=1) + np.maximum(areas, 0.0).sum(axis=1)
    return moved, np.maximum(-areas, 0.0).sum(axis=1), taken
