"""Sites behind their meters: hand-computed half-hours, neutrality of idle batteries and of the sites' order."""

from dataclasses import replace

import numpy as np
import pytest
from loop_fixtures import WINDY_DAY, devices, make_case, member, records_of, run

from twin.devices.battery import lowest_charge
from twin.devices.sites import TOTALS
from twin.metrics.half_hours import block_of
from twin.metrics.tables import member_tables
from twin.operation.case_parts import sum_by_group
from twin.operation.devices import run_sites
from twin.operation.record import over_time
from twin.operation.state import initial_state
from twin.policies.interface import Mode

NOON, EVENING = 24, 40


@pytest.fixture(scope="module")
def windy(goto_year):
    return goto_year.days(WINDY_DAY)


def one_site(windy, *, pv_kw, load_kw, soc_kwh, throttle=False, battery=None, **orders):
    """Run a site with a 10 kWh, 4 kW battery of 81 % round trip used between 10 and 90 %; returns kW and kWh.

    `battery` changes it; `average` and `totals` are the average site's charge and the site's totals.
    """
    keep = {"pv_dc_kw": np.array([pv_kw]), "pv_ac_kw": np.array([5.0]), "battery_kwh": np.array([10.0])}
    sizes = {"battery_kw": np.array([4.0]), "demand_kwh": np.array([load_kw]), "area": np.zeros(1, dtype=int)}
    fleet = replace(
        windy.fleet, site_id=np.array(["one"]), group=np.zeros(1, dtype=int), **keep, **sizes,
        round_trip_efficiency=np.array([0.81]), soc_min_percent=np.array([10.0]), soc_max_percent=np.array([90.0]),
        pv_shape=np.zeros(1, dtype=int), demand_shape=np.zeros(1, dtype=int), groups=windy.fleet.groups.iloc[-1:],
    )  # fmt: skip
    some = replace(windy, fleet=fleet).with_profiles(
        site_pv_per_kw=np.ones_like(windy.profiles.site_pv_per_kw),
        site_demand_per_kwh=np.ones_like(windy.profiles.site_demand_per_kwh),
    )
    case = make_case(some, [member(some, devices=devices(fleet, throttle=throttle, **(battery or {})))])
    orders = {"mode": Mode.SELF_CONSUMPTION, "export_limit_pu": 1.0} | orders
    state = initial_state(case)
    state = replace(state, soc_kwh=np.array([[soc_kwh]]), average_soc_kwh=np.array([[soc_kwh]]), **{
        name: np.full_like(getattr(state, name), float(value)) for name, value in orders.items()
    })  # fmt: skip
    flows, state = run_sites(case, state, range(1))
    return {name: float(1000.0 * np.sum(values)) for name, values in vars(flows).items()} | {
        "soc_kwh": float(state.soc_kwh[0, 0]),
        "clipped": int(flows.clipped[0, 0]),
        "average": float(state.average_soc_kwh[0, 0]),
        "totals": dict(zip(TOTALS, state.site_totals[0][0], strict=True)),
        "average_totals": dict(zip(TOTALS, state.average_totals[0, 0], strict=True)),
    }


def test_surplus_charges_at_once_and_only_the_rest_is_fed_in(windy):
    site = one_site(windy, pv_kw=5.0, load_kw=0.5, soc_kwh=2.0)
    assert site["charge_mw"] == pytest.approx(4.0)
    assert site["export_mw"] == pytest.approx(0.5)
    assert site["soc_kwh"] == pytest.approx(2.0 + 0.5 * 4.0 * 0.9)
    assert site["battery_losses_mw"] == pytest.approx(4.0 * 0.1)


def test_charging_stops_at_the_highest_charge(windy):
    site = one_site(windy, pv_kw=5.0, load_kw=0.0, soc_kwh=8.55)
    assert site["charge_mw"] == pytest.approx(0.45 / (0.9 * 0.5))
    assert site["soc_kwh"] == pytest.approx(9.0)
    assert site["export_mw"] == pytest.approx(4.0)


def test_discharging_covers_the_sites_own_demand_down_to_the_lowest_charge(windy):
    site = one_site(windy, pv_kw=0.0, load_kw=3.0, soc_kwh=1.5)
    assert site["discharge_mw"] == pytest.approx(0.5 * 0.9 / 0.5)
    assert site["soc_kwh"] == pytest.approx(1.0)
    assert site["import_mw"] == pytest.approx(3.0 - 0.9)
    assert site["battery_losses_mw"] == pytest.approx(0.9 * (1.0 / 0.9 - 1.0))


def test_a_reserve_that_is_ordered_is_kept(windy):
    site = one_site(windy, pv_kw=0.0, load_kw=3.0, soc_kwh=5.0, soc_min_percent=50.0)
    assert site["discharge_mw"] == 0.0
    assert site["import_mw"] == pytest.approx(3.0)


@pytest.mark.parametrize(
    ("power_pu", "soc_kwh", "charge", "discharge", "clipped"),
    [(0.5, 5.0, 2.0, 0.0, 0), (1.0, 8.55, 1.0, 0.0, 1), (-0.25, 5.0, 0.0, 1.0, 0), (-1.0, 5.0, 0.0, 3.0, 1)],
)
def test_power_orders_are_followed_as_far_as_the_device_can_and_clips_are_counted(
    windy, power_pu, soc_kwh, charge, discharge, clipped
):
    site = one_site(windy, pv_kw=0.0, load_kw=3.0, soc_kwh=soc_kwh, mode=Mode.POWER, battery_power_pu=power_pu)
    assert site["charge_mw"] == pytest.approx(charge)
    assert site["discharge_mw"] == pytest.approx(discharge)
    assert site["clipped"] == clipped
    assert site["export_mw"] == 0.0


@pytest.mark.parametrize(("throttle", "export", "throttled"), [(True, 1.0, 3.5), (False, 4.5, 0.0)])
def test_a_full_battery_throttles_or_feeds_in_as_the_study_says(windy, throttle, export, throttled):
    site = one_site(windy, pv_kw=5.0, load_kw=0.5, soc_kwh=9.0, throttle=throttle, export_limit_pu=0.2)
    assert site["export_mw"] == pytest.approx(export)
    assert site["throttled_mw"] == pytest.approx(throttled)
    assert site["clipped"] == (0 if throttle else 1), "a limit of feed-in is obeyed, or counted where it is not"


@pytest.mark.parametrize(("soc_kwh", "limit", "clipped"), [(2.0, 0.2, 0), (9.0, 1.0, 0), (9.0, 0.0, 1)])
def test_a_limit_of_feed_in_counts_only_where_more_is_fed_in(windy, soc_kwh, limit, clipped):
    """4.5 kW of surplus: at a low charge the battery takes 4 of them, and 0.5 kW is 0.1 of the rating."""
    site = one_site(windy, pv_kw=5.0, load_kw=0.5, soc_kwh=soc_kwh, throttle=False, export_limit_pu=limit)
    assert site["clipped"] == clipped


PART_LOAD = {"constant_share": 0.2, "quadratic_share": 0.5}
"""Of the loss at rated power, which is 0.1 of what is charged and 1/9 of what is discharged; 0.3 is linear."""


def test_losses_at_half_and_at_full_power(windy):
    half = one_site(windy, pv_kw=2.0, load_kw=0.0, soc_kwh=2.0, battery=PART_LOAD)
    lost = 4.0 * 0.1 * (0.2 + 0.3 * 0.5 + 0.5 * 0.25)
    assert half["battery_losses_mw"] == pytest.approx(lost)
    assert half["soc_kwh"] == pytest.approx(2.0 + 0.5 * (2.0 - lost))
    full = one_site(windy, pv_kw=0.0, load_kw=4.0, soc_kwh=8.0, battery=PART_LOAD)
    assert full["battery_losses_mw"] == pytest.approx(4.0 / 9.0)
    assert full["soc_kwh"] == pytest.approx(8.0 - 0.5 * 4.0 / 0.9)


def test_a_round_trip_at_rated_power_gives_the_efficiency_of_the_table(windy):
    into = one_site(windy, pv_kw=5.0, load_kw=1.0, soc_kwh=2.0, battery=PART_LOAD)
    out = one_site(windy, pv_kw=0.0, load_kw=4.0, soc_kwh=into["soc_kwh"] + 2.0, battery=PART_LOAD)
    stored, taken = into["soc_kwh"] - 2.0, into["soc_kwh"] + 2.0 - out["soc_kwh"]
    assert stored / 2.0 * 2.0 / taken == pytest.approx(0.81)


def test_part_load_ends_exactly_at_the_limits_of_the_charge(windy):
    """Power x of the rating that fills 0.2 kWh in the half-hour: x - 0.1 (0.2 + 0.3 x + 0.5 x^2) = 0.1."""
    x = (0.97 - np.sqrt(0.97**2 - 4.0 * 0.05 * 0.12)) / (2.0 * 0.05)
    full = one_site(windy, pv_kw=5.0, load_kw=0.0, soc_kwh=8.8, battery=PART_LOAD)
    assert full["charge_mw"] == pytest.approx(4.0 * x)
    assert full["soc_kwh"] == pytest.approx(9.0)
    empty = one_site(windy, pv_kw=0.0, load_kw=4.0, soc_kwh=1.4, battery=PART_LOAD)
    y = empty["discharge_mw"] / 4.0
    assert y + (0.2 + 0.3 * y + 0.5 * y * y) / 9.0 == pytest.approx(0.4 / 0.5 / 4.0)
    assert empty["soc_kwh"] == pytest.approx(1.0)


@pytest.mark.parametrize(("pv_kw", "load_kw"), [(0.08, 0.0), (0.0, 0.08)])
def test_a_battery_rests_where_losses_would_be_as_large_as_the_power(windy, pv_kw, load_kw):
    site = one_site(windy, pv_kw=pv_kw, load_kw=load_kw, soc_kwh=5.0, battery=PART_LOAD)
    assert site["charge_mw"] == site["discharge_mw"] == site["battery_losses_mw"] == 0.0
    assert site["soc_kwh"] == 5.0
    assert site["export_mw"] - site["import_mw"] == pytest.approx(pv_kw - load_kw)


def test_standby_comes_out_of_the_charge_and_else_from_pv_or_grid(windy):
    standby = {"standby": np.array([0.1])}
    charged = one_site(windy, pv_kw=0.0, load_kw=0.0, soc_kwh=5.0, mode=Mode.IDLE, battery=standby)
    assert charged["soc_kwh"] == pytest.approx(4.95)
    assert charged["import_mw"] == 0.0
    empty = one_site(windy, pv_kw=0.0, load_kw=0.3, soc_kwh=1.0, battery=standby)
    assert empty["import_mw"] == pytest.approx(0.4)
    assert empty["soc_kwh"] == 1.0
    sunny = one_site(windy, pv_kw=1.0, load_kw=0.3, soc_kwh=1.0, battery=standby)
    assert sunny["charge_mw"] == pytest.approx(0.7)
    assert sunny["soc_kwh"] == pytest.approx(1.0 + 0.5 * 0.6 * 0.9)
    kept = one_site(windy, pv_kw=0.0, load_kw=0.3, soc_kwh=5.0, soc_min_percent=50.0, battery=standby)
    assert kept["soc_kwh"] == 5.0
    for site in (charged, empty, kept):
        assert site["battery_losses_mw"] == pytest.approx(0.1)
    assert sunny["battery_losses_mw"] == pytest.approx(0.1 + 0.6 * 0.1)


@pytest.mark.parametrize(
    ("may", "limit", "pv_kw", "power_pu", "discharge", "export", "clipped"),
    [
        (False, 1.0, 0.0, -1.0, 1.0, 0.0, 1),
        (True, 1.0, 0.0, -0.75, 3.0, 2.0, 0),
        (True, 0.2, 0.0, -1.0, 2.0, 1.0, 1),
        (True, -1.0, 0.0, -1.0, 1.0, 0.0, 1),
        (True, 9.0, 4.0, -1.0, 2.0, 5.0, 1),
    ],
)
def test_feed_in_out_of_the_battery_only_where_permitted_and_up_to_the_limit(
    windy, may, limit, pv_kw, power_pu, discharge, export, clipped
):
    orders = {"mode": Mode.POWER, "battery_power_pu": power_pu, "export_limit_pu": limit}
    site = one_site(windy, pv_kw=pv_kw, load_kw=1.0, soc_kwh=9.0, battery={"export_at_night": may}, **orders)
    assert site["discharge_mw"] == pytest.approx(discharge)
    assert site["export_mw"] == pytest.approx(export)
    assert site["clipped"] == clipped


def test_self_consumption_never_feeds_a_battery_into_the_grid(windy):
    site = one_site(windy, pv_kw=0.0, load_kw=1.0, soc_kwh=9.0, battery={"export_at_night": True})
    assert site["discharge_mw"] == pytest.approx(1.0)
    assert site["export_mw"] == 0.0


def test_totals_of_a_half_hour_and_of_the_average_of_one_site(windy):
    site = one_site(windy, pv_kw=5.0, load_kw=0.5, soc_kwh=8.55, throttle=True, export_limit_pu=0.5)
    assert site["totals"] == pytest.approx({
        "discharged_kwh": 0.0, "stored_kwh_hours": 0.5 * 0.5 * (8.55 + 9.0), "self_consumed_kwh": 0.25,
        "exported_kwh": 1.25, "throttled_kwh": 0.5 * (5.0 - 0.5 - 1.0 - 2.5), "imported_kwh": 0.0,
    })  # fmt: skip
    assert site["average_totals"] == pytest.approx(site["totals"])
    assert site["average"] == pytest.approx(site["soc_kwh"])


def test_sites_that_hold_back_never_feed_in(windy):
    held = devices(windy.fleet, throttle=True)
    case = make_case(windy, [member(windy, policy="hold_behind_meter", devices=held)])
    records = records_of(case)
    with_battery = np.isin(case.sites.groups.kind, ["existing_battery", "new"])
    exported = np.array([r.sites.export_mw[0, with_battery] for r in records])
    assert exported.max() < 1e-12
    assert sum(r.sites.throttled_mw[0].sum() for r in records) > 1.0
    assert sum(r.sites.export_mw[0, ~with_battery].sum() for r in records) > 1.0


def test_batteries_that_rest_change_nothing_but_the_stored_energy(windy):
    case = make_case(windy, [member(windy), member(windy, devices=devices(windy.fleet))])
    block = block_of(0, over_time(records_of(case)))
    without, idle = (member_tables(case, block, m) for m in (0, 1))
    for name in ("ledger", "link", "n1", "bus"):
        assert without[name].to_pandas().equals(idle[name].to_pandas()), name
    system = [tables["system"].to_pandas().drop(columns="stored_mwh") for tables in (without, idle)]
    assert system[0].equals(system[1])
    stored = idle["system"].to_pandas()["stored_mwh"]
    some = case.members[1].devices
    assert stored.to_numpy() == pytest.approx(lowest_charge(some.battery).sum() / 1000.0)


REAL = {"constant_share": 0.14, "quadratic_share": 0.67}


def real_devices(fleet, **changes):
    """Return batteries with part-load losses and standby."""
    return devices(fleet, standby=0.01 * (fleet.battery_kwh > 0.0), **REAL, **changes)


def fleet_of(fleet, chosen):
    """Return some sites of a fleet, in that order."""
    arrays = {name: value[chosen] for name, value in vars(fleet).items() if len(value) == len(fleet.site_id)}
    return replace(fleet, **arrays)


def test_the_order_of_the_sites_does_not_matter(windy):
    order = np.random.default_rng(3).permutation(len(windy.fleet.site_id))
    shuffled = replace(windy, fleet=fleet_of(windy.fleet, order))
    cases = [
        make_case(some, [member(some, policy="congestion_aware", devices=real_devices(some.fleet))])
        for some in (windy, shuffled)
    ]
    (states, records), (other_states, other_records) = (run(case) for case in cases)
    for t in range(48):
        assert np.allclose(states[t].soc_kwh[:, order], other_states[t].soc_kwh, rtol=0.0, atol=1e-9)
        assert np.allclose(states[t].average_soc_kwh, other_states[t].average_soc_kwh, rtol=0.0, atol=1e-9)
        assert np.allclose(records[t].delivered_mw, other_records[t].delivered_mw, rtol=0.0, atol=1e-6)
    totals, shuffled_totals = (run_of[-1].site_totals[0] for run_of in (states, other_states))
    assert np.allclose(totals[order], shuffled_totals, rtol=0.0, atol=1e-9)
    assert np.allclose(totals.sum(axis=0), shuffled_totals.sum(axis=0), rtol=1e-12, atol=0.0)


def only_sites(case, state, steps):
    """Run only the sites over some half-hours."""
    for t in steps:
        _, state = run_sites(case, state, range(t, t + 1))
    return state


def with_orders(case, mode):
    state = initial_state(case)
    return replace(state, mode=np.full_like(state.mode, int(mode)))


def test_more_sites_leave_the_others_the_same_to_the_bit(windy):
    some = replace(windy, fleet=fleet_of(windy.fleet, np.arange(900)))
    found = []
    for inputs in (some, windy):
        case = make_case(inputs, [member(inputs, devices=real_devices(inputs.fleet))])
        found.append(only_sites(case, with_orders(case, Mode.SELF_CONSUMPTION), range(48)))
    assert len(found[1].soc_kwh[0]) > 900
    assert np.array_equal(found[0].soc_kwh[0], found[1].soc_kwh[0, :900])
    assert np.array_equal(found[0].site_totals[0], found[1].site_totals[0][:900])


@pytest.mark.parametrize("policy", ["self_consumption", "hold_behind_meter"])
def test_average_sites_of_equal_sites_do_as_the_sites(windy, policy):
    fleet = windy.fleet
    count = len(fleet.site_id)
    kinds = fleet.groups.kind.to_numpy(str)[fleet.group]
    with_battery = kinds != "existing_plain"
    equal = replace(
        fleet, pv_dc_kw=np.full(count, 6.0), pv_ac_kw=np.full(count, 5.0), battery_kwh=20.0 * with_battery,
        battery_kw=5.0 * with_battery, demand_kwh=np.full(count, 5000.0), pv_shape=np.zeros(count, dtype=int),
        demand_shape=np.zeros(count, dtype=int),
    )  # fmt: skip
    inputs = replace(windy, fleet=equal)
    case = make_case(inputs, [member(inputs, policy=policy, devices=real_devices(equal, throttle=True))])
    states, _ = run(case)
    site_wise = np.array([sum_by_group(case.sites, column) for column in states[-1].site_totals[0].T]).T
    as_average = states[-1].average_totals[0] * case.fleet.average_sites.sites[:, None]
    assert np.allclose(as_average, site_wise, rtol=1e-9, atol=1e-6)
    assert site_wise[:, TOTALS.index("discharged_kwh")].sum() > 100.0


def test_unequal_sites_use_less_of_their_pv_than_average_sites_would(windy):
    case = make_case(windy, [member(windy, devices=devices(windy.fleet, batteries=False))])
    state = only_sites(case, initial_state(case), range(48))
    own, as_average = (
        totals[TOTALS.index("self_consumed_kwh")]
        for totals in (
            state.site_totals[0].sum(axis=0),
            (state.average_totals[0] * case.fleet.average_sites.sites[:, None]).sum(axis=0),
        )
    )
    assert own < 0.99 * as_average


def test_twins_keep_no_totals(windy):
    case = make_case(windy, [member(windy), member(windy, twin="other_operator")])
    state = only_sites(case, initial_state(case), range(20, 28))
    assert state.site_totals[0].any()
    assert not state.site_totals[1].any()
