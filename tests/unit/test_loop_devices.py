"""Sites behind their meters: hand-computed half-hours, neutrality of idle batteries and of the sites' order."""

from dataclasses import replace

import numpy as np
import pytest
from loop_fixtures import WINDY_DAY, devices, make_case, member, run

from twin.loop.site_devices import run_sites
from twin.loop.state import initial_state
from twin.policies.interface import Mode
from twin.results.tables import member_tables, stack

NOON, EVENING = 24, 40


@pytest.fixture(scope="module")
def windy(goto_year):
    return goto_year.days(WINDY_DAY)


def one_site(windy, *, pv_kw, load_kw, soc_kwh, throttle=False, **orders):
    """Run a site with a 10 kWh, 4 kW battery of 81 % round trip used between 10 and 90 %; returns kW and kWh."""
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
    case = make_case(some, [member(some, devices=devices(fleet, throttle=throttle))])
    orders = {"mode": Mode.SELF_CONSUMPTION, "export_limit_pu": 1.0} | orders
    state = initial_state(case)
    state = replace(state, soc_kwh=np.array([[soc_kwh]]), **{
        name: np.full_like(getattr(state, name), float(value)) for name, value in orders.items()
    })  # fmt: skip
    flows, state = run_sites(case, state, 0)
    return {name: float(1000.0 * np.sum(values)) for name, values in vars(flows).items()} | {
        "soc_kwh": float(state.soc_kwh[0, 0]),
        "clipped": int(flows.clipped[0]),
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


def test_sites_that_hold_back_never_feed_in(windy):
    held = devices(windy.fleet, throttle=True)
    case = make_case(windy, [member(windy, policy="hold_behind_meter", devices=held)])
    _, records = run(case)
    with_battery = np.isin(case.sites.groups.kind, ["existing_battery", "new"])
    exported = np.array([r.sites.export_mw[0, with_battery] for r in records])
    assert exported.max() < 1e-12
    assert sum(r.sites.throttled_mw[0].sum() for r in records) > 1.0
    assert sum(r.sites.export_mw[0, ~with_battery].sum() for r in records) > 1.0


def test_batteries_that_rest_change_nothing_but_the_stored_energy(windy):
    case = make_case(windy, [member(windy), member(windy, devices=devices(windy.fleet))])
    block = stack(0, run(case)[1])
    without, idle = (member_tables(case, block, m) for m in (0, 1))
    for name in ("ledger", "link", "n1", "bus"):
        assert without[name].to_pandas().equals(idle[name].to_pandas()), name
    system = [tables["system"].to_pandas().drop(columns="stored_mwh") for tables in (without, idle)]
    assert system[0].equals(system[1])
    stored = idle["system"].to_pandas()["stored_mwh"]
    some = case.members[1].devices
    assert stored.to_numpy() == pytest.approx((some.soc_min_share * some.battery_kwh).sum() / 1000.0)


def test_the_order_of_the_sites_does_not_matter(windy):
    order = np.random.default_rng(3).permutation(len(windy.fleet.site_id))
    arrays = {name: value[order] for name, value in vars(windy.fleet).items() if len(value) == len(order)}
    shuffled = replace(windy, fleet=replace(windy.fleet, **arrays))
    cases = [
        make_case(some, [member(some, policy="congestion_aware", devices=devices(some.fleet))])
        for some in (windy, shuffled)
    ]
    (states, records), (other_states, other_records) = (run(case) for case in cases)
    for t in range(48):
        assert np.allclose(states[t].soc_kwh[:, order], other_states[t].soc_kwh, rtol=0.0, atol=1e-9)
        assert np.allclose(records[t].delivered_mw, other_records[t].delivered_mw, rtol=0.0, atol=1e-6)
