"""One battery in four uses: whatever is ordered, energy is kept and so are the limits."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twin.devices.battery import (
    BatteryWear,
    battery_wear,
    lowest_charge,
    make_batteries,
    power_to_reach,
    run_batteries,
    standby_from_charge,
    step_battery,
    unit,
)
from twin.devices.cars import Cars
from twin.devices.device import DeviceNow, Mode, PlantsNow
from twin.devices.sites import (
    TOTALS,
    AverageSites,
    FleetArrays,
    SiteArrays,
    SiteDevices,
    SiteOrders,
    SiteRows,
    SiteSeries,
    SiteSums,
    run_steps,
    site_arrays,
)
from twin.devices.storage import GridBattery, PlantBatteries

HOURS, EVENING, ENOUGH = 0.5, 40, 1e4
USES = ("site", "grid", "plant", "car")


def in_the_grid(battery, soc, now):
    state, flows = GridBattery(battery).step(np.array([[soc]]), now)
    return flows.demand_mw[0, 0], flows.losses_mw[0], state[0, 0], flows.clipped[0]


def beside_a_plant(battery, soc, now):
    """A plant that produces and may feed in more than the battery can; nothing is cut."""
    state, flows = PlantBatteries(battery).step(np.array([[soc]]), now)
    return flows.demand_mw[0, 0], flows.losses_mw[0], state[0, 0], flows.clipped[0]


def in_a_car(battery, soc, now):
    """A car that stays at home and whose like by habit is full; kW and kWh of one car are MW and MWh of a thousand."""
    never = np.zeros((2, 1))
    cars = Cars(np.array([1000.0]), battery, never.astype(int), never.astype(int), never, 1.0, np.ones(1))
    state, flows = cars.step(np.array([[soc, cars.full_kwh[0]]]), now)
    return flows.demand_mw[0, 0], flows.losses_mw[0], state[0, 0], flows.clipped[0]


def at_a_site(battery, soc, now):
    """A site with more demand than the battery can give."""
    one, zero = np.ones(1), np.zeros(1, dtype=int)
    fleet = FleetArrays(zero, zero, zero, one, one)
    stands = SiteDevices(np.zeros(1, dtype=bool), one, battery, False, False, BatteryWear(0.0, 0.0, 0.0))
    devices: SiteArrays = site_arrays([stands])
    one_of_each, totals = (1, 1, 1), np.zeros((2, 1, 1, len(TOTALS)))
    sums = SiteSums(*np.full((2, 1, 1), soc), *totals, np.zeros((*one_of_each, 9)), np.zeros((1, 1), dtype=np.int64))
    orders = SiteOrders(
        np.full(one_of_each, int(Mode.POWER), dtype=np.int8), now.signal_pu[:, None, None], np.ones(one_of_each),
        np.zeros(one_of_each),
    )  # fmt: skip
    series = SiteSeries(np.zeros(one_of_each), np.full(one_of_each, ENOUGH))
    average, keeps_totals = AverageSites(one, one, devices.battery), np.ones(1, dtype=bool)
    run_steps(fleet, devices, average, SiteRows(zero, zero, zero), keeps_totals, series, orders, HOURS, sums)
    charge, discharge, losses = sums.of_groups[0, 0, 0, 5:8]
    assert sums.average_soc_kwh == pytest.approx(sums.soc_kwh)
    return charge - discharge, losses, sums.soc_kwh[0, 0], sums.clipped[0, 0]


RUN = dict(zip(USES, (at_a_site, in_the_grid, beside_a_plant, in_a_car), strict=True))


def used(use, battery, soc, signal):
    """Return power, losses, charge at the end and the clips of one battery in a half-hour."""
    plenty, nothing = np.full((1, 1), ENOUGH), np.zeros((1, 1))
    now = DeviceNow(
        EVENING, True, HOURS, np.array([signal]), np.ones(1), np.zeros((1, 1)),
        {"residential": np.array([ENOUGH])}, 1, PlantsNow(plenty, 2.0 * plenty, nothing, nothing),
    )  # fmt: skip
    return RUN[use](battery, soc, now)


@st.composite
def some_batteries(draw, count=1, standby=True):
    share = st.floats(0.0, 1.0)

    def values(low, high):
        return [draw(st.floats(low, high)) for _ in range(count)]

    constant = np.array(values(0.0, 0.3))
    low = np.array(values(0.0, 0.45))
    return make_batteries(
        values(0.5, 50.0), values(0.1, 20.0), values(0.75, 1.0), soc_min_share=low,
        soc_max_share=low + 0.1 + np.array(values(0.0, 0.45)), standby=values(0.0, 0.05) if standby else 0.0,
        constant_share=constant, quadratic_share=draw(share) * (1.0 - constant),
    )  # fmt: skip


def charges(battery, at):
    low, high = lowest_charge(battery), battery.soc_max_share * battery.energy
    return low + at * (high - low)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(some_batteries(3), st.floats(0.0, 1.0), st.floats(-3.0, 3.0), st.floats(0.05, 1.0))
def test_a_battery_keeps_its_limits_and_its_energy(battery, at, wanted_pu, hours):
    soc, wanted = charges(battery, at), wanted_pu * battery.power
    done = run_batteries(battery, soc[None], wanted[None], hours)
    power, standby, losses, after = (values[0] for values in done)
    assert after - soc == pytest.approx(hours * (power + standby - losses), abs=1e-12)
    assert (np.abs(power) <= battery.power).all()
    assert (np.abs(power) <= np.abs(wanted) + 1e-12).all()
    assert (power * wanted >= 0.0).all()
    assert (losses >= battery.standby).all()
    assert ((standby >= 0.0) & (standby <= battery.standby)).all()
    assert (after >= lowest_charge(battery) - 1e-12).all()
    assert (after <= battery.soc_max_share * battery.energy + 1e-12).all()


@settings(max_examples=100, deadline=None, derandomize=True)
@given(some_batteries(4), st.floats(0.0, 1.0), st.lists(st.floats(-30.0, 30.0), min_size=4, max_size=4))
def test_the_vectorised_step_is_the_compiled_one_to_the_bit(battery, at, wanted):
    soc, floor = np.stack([charges(battery, at), charges(battery, 1.0 - at)]), lowest_charge(battery)
    done = run_batteries(battery, soc, np.array([wanted, wanted]), HOURS)
    for r in range(2):
        for n in range(4):
            one = step_battery(unit(battery, n), soc[r, n], floor[n], wanted[n], HOURS)
            assert tuple(values[r, n] for values in done) == tuple(one)
            drawn = standby_from_charge(unit(battery, n), soc[r, n], floor[n], HOURS)
            assert one.standby == battery.standby[n] - drawn


@settings(max_examples=60, deadline=None, derandomize=True)
@given(some_batteries(standby=False), st.floats(0.0, 1.0), st.floats(-1.0, 1.0))
@pytest.mark.parametrize("use", USES)
def test_energy_in_is_energy_out_and_losses_and_stored_in_every_use(use, battery, at, signal):
    soc = charges(battery, at)[0]
    power, losses, after, _ = used(use, battery, soc, signal)
    assert after - soc == pytest.approx(HOURS * (power - losses), abs=1e-9)
    assert lowest_charge(battery)[0] - 1e-9 <= after <= (battery.soc_max_share * battery.energy)[0] + 1e-9
    assert abs(power) <= battery.power[0] + 1e-9
    assert losses >= -1e-12


@settings(max_examples=60, deadline=None, derandomize=True)
@given(some_batteries(standby=False), st.floats(0.0, 1.0), st.sampled_from([-1.0, 1.0]))
def test_all_uses_do_the_same_at_full_power(battery, at, signal):
    soc = charges(battery, at)[0]
    found = [used(use, battery, soc, signal)[:3] for use in USES]
    for other in found[1:]:
        assert other == pytest.approx(found[0], rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("use", USES)
@pytest.mark.parametrize(
    ("fault", "at", "signal"),
    [("discharge below the reserve", 0.0, -1.0), ("charge above the highest", 1.0, 1.0), ("no number", 0.5, math.nan)],
)
def test_what_a_battery_cannot_do_it_does_not_and_it_is_counted(use, fault, at, signal):
    battery = make_batteries([10.0], [4.0], 0.9, soc_min_share=0.2, soc_max_share=0.9)
    soc = charges(battery, at)[0]
    assert used(use, battery, soc, signal) == (0.0, 0.0, soc, 1), fault


def test_a_plant_battery_takes_what_was_cut_by_the_same_step():
    battery = make_batteries([10.0], [4.0], 0.9, constant_share=0.1, quadratic_share=0.3)
    cut = np.array([[3.0]])
    now = DeviceNow(
        0, True, HOURS, np.zeros(1), np.ones(1), np.zeros((1, 1)), {}, 1, PlantsNow(cut, cut, 0.0 * cut, cut)
    )
    state, flows = PlantBatteries(battery).step(np.array([[5.0]]), now)
    alone = run_batteries(battery, np.array([[5.0]]), cut, HOURS)
    assert (flows.demand_mw, flows.taken_mw, state) == (alone.power, alone.power, alone.soc)


def test_the_power_to_reach_a_charge_reaches_it():
    battery = make_batteries([10.0, 10.0, 0.0], [4.0, 4.0, 0.0], 0.9, constant_share=0.1, quadratic_share=0.3)
    wanted = power_to_reach(battery, np.array([[5.0, 5.0, 0.0]]), np.array([6.0, 10.0, 0.0]), HOURS)
    after = run_batteries(battery, np.array([[5.0, 5.0, 0.0]]), wanted, HOURS).soc[0]
    assert after[0] == pytest.approx(6.0)
    assert (wanted[0, 1], after[1]) == (4.0, pytest.approx(5.0 + 0.5 * 4.0 * 0.9))
    assert (wanted[0, 2], after[2]) == (0.0, 0.0)


def test_wear_does_not_ask_what_a_battery_is_used_for():
    """Half a cycle at half charge in MWh and in kWh is the same wear."""
    wear = BatteryWear(cycle_percent=0.01, calendar_empty_percent=1.0, calendar_full_percent=3.0)
    in_mwh = battery_wear(wear, np.array([4.0]), np.array([2.0]), np.array([4.0 * 0.5 * 24.0]), 24.0)
    in_kwh = battery_wear(wear, np.array([4e3]), np.array([2e3]), np.array([4e3 * 0.5 * 24.0]), 24.0)
    assert in_mwh == in_kwh
    assert in_mwh["cycle_loss_percent"] == pytest.approx([0.005])
    assert in_mwh["calendar_loss_percent"] == pytest.approx([2.0 * 24.0 / 8760.0])
