"""Batteries beside plants: what was cut is stored, a cut falls on the discharge first, and the ledger still closes."""

from dataclasses import replace

import numpy as np
import pytest
from identities import energy_mismatch_mwh, ledger_mismatch_mw
from loop_fixtures import WINDY_DAY, all_plants, make_case, member, run

from twin.core.errors import InputError
from twin.core.row_arrays import rows_of
from twin.devices.battery import make_batteries
from twin.devices.device import PLANT_BATTERIES, Device, DeviceNow, PlantDevice
from twin.devices.storage import GridBattery, PlantBatteries
from twin.metrics.half_hours import block_of
from twin.metrics.tables import member_tables
from twin.operation.devices import PlantOrders, order_beside_plants, run_devices, settle_beside_plants
from twin.operation.ledger import Ledger
from twin.operation.record import over_time
from twin.operation.state import initial_state, stored_at_start_mwh
from twin.policies.interface import HALF_HOUR, Mode

HOURS, ETA = 0.5, 0.9
ROUNDING_MW = 1e-9


class Ordered:
    """Orders one signal for the batteries, in every half-hour another one."""

    cadence = HALF_HOUR

    def __init__(self, *signals):
        self.signals = signals

    def decide(self, view):
        plan = view.plan(Mode.IDLE)
        plan.device_pu[:] = self.signals[view.half_hour_of_day % len(self.signals)]
        return plan


def beside(inputs, plant, power_mw=4.0, energy_mwh=8.0, **more):
    there = np.asarray(inputs.model.plants.index == plant, dtype=float)
    return PlantBatteries(make_batteries(energy_mwh * there, power_mw * there, ETA, **more))


@pytest.fixture(scope="module")
def windy(goto_year):
    return goto_year.days(WINDY_DAY)


@pytest.fixture
def alone(windy):
    """One member with a battery at the floating farm, and its position."""
    some = member(windy, flexible=(beside(windy, "floating_farm"),))
    return make_case(windy, [some]), int(windy.model.plants.index.get_loc("floating_farm"))


def ordered(state):
    """What the battery of the only member meets in the first half-hour."""
    orders, prices = state.device_pu[:, 0], state.price_ratio[:, 0]
    return PlantOrders(*np.zeros((2, 1), dtype=int), orders, prices, np.zeros((1, 1)), state.device_state)


def settled(case, p, *, offered_mw, reduced_mw, area_balance_mw, soc_mwh):
    """Settle a half-hour with 10 MW at the plant: discharge offered, cut by congestion, cut for area balance."""
    state = initial_state(case)
    state = replace(state, device_state=np.where(np.arange(case.plants) == p, soc_mwh, 0.0)[None])
    demand = np.zeros((1, len(case.model.areas)))
    units = np.zeros((1, len(case.units.names)))
    ledger = Ledger(units.copy())
    before = units.copy()
    before[0, p] = 10.0 + offered_mw
    state.device_pu[0, 0, 0] = -offered_mw / 4.0
    asked = order_beside_plants(case, ordered(state), np.where(np.arange(case.plants) == p, 10.0, 0.0)[None])
    after = before.copy()
    after[0, p] -= reduced_mw
    ledger.cut("congestion_n1", before - after)
    ledger.cut("area_balance", np.where(np.arange(len(units[0])) == p, area_balance_mw, 0.0)[None])
    flows, device_state = run_devices(case, state, range(1), demand[None])
    reduced = (before - after)[:, : case.plants]
    flows, soc = settle_beside_plants(case, ledger, asked, reduced, rows_of(flows, 0), device_state)
    cuts = {cause: float(mw[0, p]) for cause, mw in ledger.cut_mw.items() if mw[0, p]}
    assert flows.demand_mw[0, 0] == flows.plant_mw.sum()
    taken = flows.plant_mw[0, p]
    return max(taken, 0.0), max(-taken, 0.0), soc[0, p], cuts


def test_a_cut_is_charged_within_power_and_what_is_left_stays_cut(alone):
    charge, discharge, soc, cuts = settled(*alone, offered_mw=0.0, reduced_mw=5.0, area_balance_mw=1.0, soc_mwh=2.0)
    assert (charge, discharge) == (4.0, 0.0)
    assert soc == pytest.approx(2.0 + 4.0 * ETA * HOURS)
    assert cuts == pytest.approx({"congestion_n1": 5.0 / 3.0, "area_balance": 1.0 / 3.0})


def test_a_full_battery_takes_nothing(alone):
    charge, _, soc, cuts = settled(*alone, offered_mw=0.0, reduced_mw=5.0, area_balance_mw=0.0, soc_mwh=8.0)
    assert (charge, soc, cuts) == (0.0, 8.0, {"congestion_n1": 5.0})


def test_the_last_room_is_filled(alone):
    charge, _, soc, cuts = settled(*alone, offered_mw=0.0, reduced_mw=5.0, area_balance_mw=0.0, soc_mwh=7.1)
    assert charge == pytest.approx(0.9 / ETA / HOURS)
    assert soc == pytest.approx(8.0)
    assert cuts["congestion_n1"] == pytest.approx(3.0)


def test_a_cut_falls_on_the_discharge_first_and_is_no_loss(alone):
    charge, discharge, soc, cuts = settled(*alone, offered_mw=3.0, reduced_mw=2.0, area_balance_mw=0.0, soc_mwh=8.0)
    assert (charge, discharge) == (0.0, 1.0)
    assert soc == pytest.approx(8.0 - 1.0 / ETA * HOURS)
    assert cuts == {}


def test_a_cut_beyond_the_discharge_is_charged(alone):
    charge, discharge, _, cuts = settled(*alone, offered_mw=2.0, reduced_mw=3.0, area_balance_mw=0.0, soc_mwh=4.0)
    assert (charge, discharge) == (1.0, 0.0)
    assert cuts == {}


def test_orders_keep_power_charge_and_contract(alone):
    case, p = alone
    contract = case.units.contract_mw[0, p]
    state = initial_state(case)
    state.device_state[0, p] = 1.0
    infeed, demand = np.zeros((1, case.plants)), np.zeros((1, len(case.model.areas)))
    for signal, plant_mw, expected in [
        (-1.0, 0.0, 1.0 * ETA / HOURS), (-1.0, contract - 0.5, 0.5), (-0.25, 0.0, 1.0),
        (1.0, 2.5, -2.5), (1.0, 9.0, -4.0),
    ]:  # fmt: skip
        infeed[0, p] = plant_mw
        state.device_pu[0, 0, 0] = signal
        asked = order_beside_plants(case, ordered(state), infeed)
        assert asked.infeed_mw[0, p] == pytest.approx(expected)
        flows, device_state = run_devices(case, state, range(1), demand[None])
        nothing = np.zeros_like(infeed)
        flows, _ = settle_beside_plants(case, Ledger(infeed), asked, nothing, rows_of(flows, 0), device_state)
        assert flows.clipped[0, 0] == (abs(expected) < abs(signal) * 4.0)


def test_identities_hold_with_batteries_of_all_kinds(windy):
    area = windy.model.areas.index.get_loc("fukue")
    power = 5.0 * (np.arange(len(windy.model.areas)) == area)
    grid_battery = GridBattery(make_batteries(4.0 * power, power, ETA, soc_min_share=0.05, soc_max_share=0.95))
    free = all_plants(windy, "non-firm")
    some = {"flexible": (grid_battery, beside(windy, "floating_farm")), "firmness": free}
    orders = Ordered([1.0, -1.0], [0.0, 0.0], [-1.0, 1.0], [0.0, -1.0])
    members = [
        member(windy, label="perfect", area_balance=True, policy=orders, **some),
        member(windy, label="ahead", operator="forecast", policy=orders, **some),
    ]
    case = make_case(windy, members)
    assert case.members[0].orderable == ("grid_batteries", PLANT_BATTERIES)
    _, records = run(case)
    taken = sum(np.maximum(record.flexible.plant_mw, 0.0).sum() for record in records)
    given = sum(np.maximum(-record.flexible.plant_mw, 0.0).sum() for record in records)
    assert taken > 1.0
    assert given > 1.0
    assert sum(abs(record.flexible.storage_mw).sum() for record in records) > 1.0
    assert ledger_mismatch_mw(records) < ROUNDING_MW
    for m in range(2):
        assert np.abs(energy_mismatch_mwh(case, m, records, 0.05 * 20.0)).max() < 1e-5


def test_a_battery_without_orders_only_takes_what_was_cut(windy):
    free = all_plants(windy, "non-firm")
    some = member(windy, label="with", firmness=free, flexible=(beside(windy, "floating_farm", 10.0, 100.0),))
    case = make_case(windy, [member(windy, firmness=free), some])
    _, records = run(case)
    cut = np.array(
        [sum(record.ledger.cut_mw[c].sum(axis=1) for c in ("congestion_n1", "congestion_n0")) for record in records]
    )
    charged = np.array([record.flexible.plant_mw[1].sum() for record in records])
    assert charged.sum() > 0.0
    assert np.allclose(cut[:, 0] - cut[:, 1], charged, atol=1e-9)
    for record in records:
        assert np.array_equal(record.node_i[0], record.node_i[1])


def test_a_grid_battery_by_hand():
    battery = GridBattery(make_batteries((8.0, 0.0), (4.0, 0.0), ETA, soc_min_share=0.25))
    now = DeviceNow(0, True, HOURS, np.array([1.0, -1.0, 0.5]), np.ones(3), np.zeros((3, 2)), {})
    state, flows = battery.step(np.array([[7.1, 0.0], [2.9, 0.0], [2.0, 0.0]]), now)
    assert flows.demand_mw[:, 0] == pytest.approx([0.9 / ETA / HOURS, -0.9 * ETA / HOURS, 2.0])
    assert state[:, 0] == pytest.approx([8.0, 2.0, 2.0 + 2.0 * ETA * HOURS])
    assert flows.clipped.tolist() == [1, 1, 0]
    stored = HOURS * (flows.demand_mw.sum(axis=1) - flows.losses_mw)
    assert state.sum(axis=1) - [7.1, 2.9, 2.0] == pytest.approx(stored)


def test_batteries_beside_plants_are_devices_like_the_others(windy):
    """Tables, clipped orders and the charge at the start find them among the flexible devices."""
    grid = GridBattery(make_batteries(np.zeros(len(windy.model.areas)), 0.0, ETA))
    plants = beside(windy, "floating_farm", soc_min_share=0.25)
    assert isinstance(grid, Device) and not isinstance(grid, PlantDevice)
    assert isinstance(plants, PlantDevice)
    case = make_case(windy, [member(windy, flexible=(grid, plants), policy=Ordered([0.0, -1.0]))])
    assert stored_at_start_mwh(case, 0) == pytest.approx(2.0)
    states, records = run(case, range(2))
    assert [record.flexible.clipped[0].tolist() for record in records] == [[0, 1], [0, 1]]
    tables = member_tables(case, block_of(0, over_time(records)), 0)
    rows = tables["devices"].to_pandas().query("device == 'plant_batteries'")
    assert rows["clipped"].tolist() == [1.0, 1.0]
    assert tables["system"].to_pandas()["clipped_commands"].tolist() == [1, 1]
    assert states[-1].device_stored_mwh[0].tolist() == [0.0, rows["stored_mwh"].iloc[-1]]


def test_a_battery_beside_a_plant_has_no_standby_that_nobody_could_supply(windy):
    with pytest.raises(InputError, match="standby"):
        beside(windy, "floating_farm", standby=0.01)
