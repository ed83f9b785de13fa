"""Windows of any length give the same bits: every policy, operator, criterion, with controls and batteries moving."""

from dataclasses import dataclass, field, replace

import numpy as np
import pytest
from device_cases import cars, commercial, homes, water_heaters
from loop_fixtures import PEAK_DAY, WINDY_DAY, all_plants, devices, make_case, member
from shipped import goto

from twin.core.errors import InputError
from twin.core.quantities import CONGESTION_CAUSES
from twin.core.row_arrays import joined_rows, map_arrays
from twin.devices.battery import make_batteries
from twin.devices.storage import GridBattery, PlantBatteries
from twin.metrics.member_tables import write_member_tables
from twin.operation import simulate as simulation
from twin.operation import window as window_module
from twin.operation.devices import run_sites
from twin.operation.state import initial_state
from twin.operation.window import Window
from twin.policies.catalogue import POLICIES
from twin.policies.interface import HALF_HOUR, THREE_HOURS, Cadence, Mode

OPERATORS, CRITERIA = ("perfect", "forecast"), ("n-0", "n-1", "n-1-intertrip")
TIGHT = {"link_rating_factor": 0.7}
WEAK_SOURCE = {"conductor_mm2": 240, "source_vm_pu": 0.98, "main_tap_dead_band_pu": 0.0075, "reactor_out_percent": 30}


@dataclass
class Looking:
    """Orders by what it measures, and remembers what it was asked."""

    cadence: Cadence = HALF_HOUR
    seen: list = field(default_factory=list)

    def decide(self, view):
        looked = view.measured_export_mw, view.measured_delivered_mw.sum(), view.caps_mw.sum()
        self.seen.append([float(value).hex() for value in looked])  # a text: NaN before the first step is like itself
        plan = view.plan(Mode.SELF_CONSUMPTION if view.measured_export_mw > 10.0 else Mode.IDLE)
        plan.device_pu[:] = -1.0 if len(self.seen) % 2 else 0.5
        return plan


@dataclass
class Keeping:
    """Keeps the view of its first decision and reads it in the second one."""

    read: object
    cadence: Cadence = HALF_HOUR
    view: object = None

    def decide(self, view):
        if self.view is not None:
            self.read(self.view)
        self.view = view
        return view.plan(Mode.IDLE)


def run(case, window_steps, stop=None):
    """Return the record, the state at the end, how many rows were solved again and how often the grid was solved."""
    state, records, windows = initial_state(case), [], []
    stop = len(case.index) if stop is None else stop
    for t in range(0, stop, window_steps):
        windows.append(Window(case, state, t))
        records.append(windows[-1].run(min(t + window_steps, stop)))
        state = windows[-1].state
    names = ("half_hours_repeated", "grid_solutions")
    return joined_rows(records), state, *(sum(window.counts[name] for window in windows) for name in names)


def compared(case, *window_steps, stop=None):
    """Compare with windows of one half-hour; returns the record, rows solved again and solutions of the last length."""
    of_ones, state_of_ones, *_ = run(case, 1, stop)
    for length in window_steps:
        record, state, repeated, solutions = run(case, length, stop)
        map_arrays(assert_same_bits, record, of_ones)
        expected = state_of_ones.arrays()
        for name, values in state.arrays().items():
            assert_same_bits(values, expected[name])
        assert state.policies == state_of_ones.policies
    return record, repeated, solutions


def assert_same_bits(values, expected):
    assert (values.dtype, values.shape) == (expected.dtype, expected.shape)
    assert values.tobytes() == expected.tobytes()
    return values


def all_devices(inputs):
    areas, share = np.ones(len(inputs.model.areas)), np.full(len(inputs.model.areas), 1 / len(inputs.model.areas))
    demand = (device(area_share=share) for device in (homes, water_heaters, cars, commercial))
    return (*demand, GridBattery(make_batteries(4.0 * areas, areas, 0.95)), plant_batteries(inputs))


def plant_batteries(inputs):
    there = np.isin(inputs.model.plants.index, ["floating_farm", "planned_wind"]).astype(float)
    return PlantBatteries(make_batteries(8.0 * there, 4.0 * there, 0.9))


def every_policy(inputs, **changes):
    """Return a member under each shipped policy, operators and criteria in turn, and one that looks."""
    policies = [*POLICIES, Looking(THREE_HOURS)]
    return [
        member(
            inputs, label=str(k), policy=policy, devices=devices(inputs.fleet), operator=OPERATORS[k % 2],
            criterion=CRITERIA[k % 3], firmness=all_plants(inputs, "non-firm"), area_balance=k % 4 == 0, **changes,
        )
        for k, policy in enumerate(policies)
    ]  # fmt: skip


@pytest.mark.parametrize("criterion", CRITERIA)
@pytest.mark.parametrize("operator", OPERATORS)
def test_each_operator_and_criterion(goto_year, operator, criterion):
    inputs = goto_year.days(WINDY_DAY)
    some = member(inputs, operator=operator, criterion=criterion, firmness=all_plants(inputs, "non-firm"))
    case = make_case(inputs, [some], [goto(2030, parameters=TIGHT)])
    record, repeated, solutions = compared(case, 48, stop=30)
    assert sum(record.ledger.cut_mw[cause].sum() for cause in CONGESTION_CAUSES) > 0.0
    assert (repeated, solutions) == (0, 1)


def test_every_policy_with_all_devices(goto_year):
    inputs = goto_year.days(WINDY_DAY)
    case = make_case(inputs, every_policy(inputs, flexible=all_devices(inputs)))
    record, *_ = compared(case, 12, stop=12)
    assert record.flexible.plant_mw.any()


def test_batteries_beside_plants_that_take_a_cut(goto_year):
    inputs = goto_year.days(WINDY_DAY)
    some = member(inputs, firmness=all_plants(inputs, "non-firm"), flexible=(plant_batteries(inputs),))
    record, repeated, _ = compared(make_case(inputs, [some], [goto(2030, parameters=TIGHT)]), 30, stop=30)
    assert record.flexible.plant_mw.any()
    assert repeated > 0


@pytest.mark.slow
def test_every_policy_with_all_devices_over_days(goto_year):
    inputs = goto_year.days(WINDY_DAY, 2)
    without = make_case(inputs, every_policy(inputs), [goto(2030, parameters=TIGHT)])
    compared(without, 7, 48)
    compared(make_case(inputs, every_policy(inputs, flexible=all_devices(inputs))), 7, 48)


def test_with_taps_and_reactors_moving(goto_year):
    inputs = goto_year.days(PEAK_DAY)
    some = [member(inputs, operator=operator, firmness=all_plants(inputs, "non-firm")) for operator in OPERATORS]
    case = make_case(inputs, some, [goto(2030, parameters=WEAK_SOURCE)])
    record, repeated, _ = compared(case, 3, 48)
    moves = np.diff(record.positions, axis=0).any(axis=2).sum(axis=0)
    assert moves.all()
    assert 0 < repeated < 48 * moves.sum()


@pytest.mark.parametrize("lead", [1, 48, 96])
def test_with_caps_fixed_for_the_next_half_hour_and_for_days(goto_year, lead):
    inputs = goto_year.days(WINDY_DAY - 1, 3)
    some = member(
        inputs, operator="forecast", forecast_lead_half_hours=lead, firmness=all_plants(inputs, "non-firm"),
        devices=devices(inputs.fleet), policy="self_consumption",
    )  # fmt: skip
    case = make_case(inputs, [some], [goto(2030, parameters=TIGHT)])
    stop = 70 if lead == 1 else 130
    record, *_ = compared(case, 48, stop=stop)
    assert record.ledger.cut_mw["congestion_n1"].any()


def test_the_grid_is_solved_when_somebody_looks(goto_year):
    inputs = goto_year.days(WINDY_DAY)
    blind, half_hourly, three_hourly = (
        make_case(inputs, [member(inputs, policy=policy)])
        for policy in ("congestion_aware", Looking(), Looking(THREE_HOURS))
    )
    assert [compared(case, 48, stop=12)[2] for case in (blind, half_hourly, three_hourly)] == [1, 12, 2]


def test_a_policy_looks_at_the_charge_beside_plants_only_where_there_is_any(goto_year):
    inputs = goto_year.days(WINDY_DAY)
    areas = np.ones(len(inputs.model.areas))
    in_the_grid = GridBattery(make_batteries(areas, areas, 0.9))
    counts = [
        compared(make_case(inputs, [member(inputs, policy="mpc", flexible=(device,))]), 12, stop=12)[2]
        for device in (in_the_grid, plant_batteries(inputs))
    ]
    assert counts == [1, 2]


@dataclass
class Charged:
    """Lets the sites serve themselves, and looks at their batteries before if it is to."""

    looks: bool
    cadence: Cadence = THREE_HOURS
    soc_percent: list = field(default_factory=list)

    def decide(self, view):
        if self.looks:
            self.soc_percent.append(float(view.batteries.soc_percent.max()))
        return view.plan(Mode.SELF_CONSUMPTION)


def test_sites_run_when_somebody_looks_at_their_batteries(goto_year, monkeypatch):
    inputs, passes = goto_year.days(WINDY_DAY), []
    monkeypatch.setattr(window_module, "run_sites", lambda *given: passes.append(given[2]) or run_sites(*given))
    for looks, expected in ((False, [range(12)]), (True, [range(6), range(6, 12)])):
        some = member(inputs, policy=Charged(looks), devices=devices(inputs.fleet))
        case = make_case(inputs, [some])
        passes.clear()
        (policy,) = run(case, 12, stop=12)[1].policies
        assert passes == expected
        assert len(policy.soc_percent) == 2 * looks
        compared(case, 12, stop=12)


def test_orders_for_the_day_after_tomorrow_do_not_overwrite_those_in_force(goto_year):
    inputs = goto_year.days(WINDY_DAY - 1, 2)
    policy = Charged(False, Cadence(48, first=20, lead=48))
    compared(make_case(inputs, [member(inputs, policy=policy, devices=devices(inputs.fleet))]), 48, stop=72)


@pytest.mark.parametrize("read", [lambda view: view.measured_export_mw, lambda view: view.batteries.soc_percent])
def test_a_view_is_over_with_its_decision(goto_year, read):
    inputs = goto_year.days(WINDY_DAY)
    case = make_case(inputs, [member(inputs, policy=Keeping(read))])
    with pytest.raises(InputError, match="a view is read after its decision"):
        run(case, 2, stop=2)


@pytest.mark.slow
def test_tables_and_a_resumed_run_are_the_same_bytes(goto_year, tmp_path, monkeypatch):
    inputs = goto_year.days(WINDY_DAY).half_hours(14)
    some = member(inputs, operator="forecast", policy=Looking(THREE_HOURS), flexible=all_devices(inputs))
    case = make_case(inputs, [some], [goto(2030, parameters=WEAK_SOURCE)])
    monkeypatch.setattr(simulation, "month_blocks", lambda index: [range(8), range(8, 14)])
    found = []
    for place, length in ((tmp_path / "one", 1), (tmp_path / "all", None), (tmp_path / "resumed", 5)):
        write_member_tables(replace(case), [place], [np.arange(1)], window_steps=length)
        found.append({path.relative_to(place): path.read_bytes() for path in place.rglob("*") if path.is_file()})
    assert found[0] == found[1] == found[2]


def test_a_control_that_waits_when_a_window_begins(goto_year):
    inputs = goto_year.days(PEAK_DAY)
    some = member(inputs, firmness=all_plants(inputs, "non-firm"))
    case = make_case(inputs, [some], [goto(2030, parameters=WEAK_SOURCE | {"main_tap_delay_half_hours": 2})])
    states = [initial_state(case)]
    for t in range(len(case.index)):
        window = Window(case, states[-1], t)
        window.run(t + 1)
        states.append(window.state)
    waiting = [t for t, state in enumerate(states[:-2]) if state.outside_steps.any()]
    assert any((states[t + 1].positions != states[t].positions).any() for t in waiting)
    for t in waiting:
        window = Window(case, states[t], t)
        window.run(t + 2)
        assert np.array_equal(window.state.outside_steps, states[t + 2].outside_steps), t
        assert np.array_equal(window.state.positions, states[t + 2].positions), t
