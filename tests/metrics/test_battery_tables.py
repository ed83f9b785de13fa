"""What is said of the sites' batteries at the end of a run: energies, wear, and the average site beside them."""

from dataclasses import replace

import numpy as np
import pytest
from loop_fixtures import PEAK_DAY, devices, make_case, member, run

from twin.devices.battery import BatteryWear, battery_wear, lowest_charge
from twin.metrics.device_tables import battery_tables
from twin.metrics.half_hours import block_of
from twin.metrics.questions.supply_hours import supply_of
from twin.metrics.tables import member_tables
from twin.operation.record import over_time
from twin.policies.interface import Cadence, Mode

HOURS = 48.0


class SellAtNight:
    """Batteries charge from the grid in the early morning and feed in all they have in the evening."""

    cadence = Cadence(48)

    def decide(self, view):
        """Order the same every day."""
        plan = view.plan(Mode.SELF_CONSUMPTION)
        plan.mode[:8], plan.battery_power_pu[:8] = Mode.POWER, 0.4
        plan.mode[38:], plan.battery_power_pu[38:] = Mode.POWER, -1.0
        return plan


@pytest.fixture(scope="module")
def case(goto_year):
    inputs = goto_year.days(PEAK_DAY, 2)
    fleet = inputs.fleet
    standby = 0.01 * (fleet.battery_kwh > 0.0)
    real = devices(fleet, standby=standby, constant_share=0.14, quadratic_share=0.67)
    return make_case(
        inputs,
        [
            member(inputs, label="own use", policy="self_consumption", devices=real),
            member(inputs, label="sells", policy=SellAtNight(), devices=replace(real, export_at_night=True)),
            member(inputs, label="without", devices=devices(fleet, new_pv=False, batteries=False)),
        ],
    )


@pytest.fixture(scope="module")
def done(case):
    return run(case)


def tables_of(case, done, m):
    return {name: table.to_pandas() for name, table in battery_tables(case, done[0][-1], m).items()}


def stored_at_start_mwh(case, m):
    some = case.members[m].devices
    return float(lowest_charge(some.battery).sum()) / 1000.0


@pytest.mark.parametrize("m", [0, 1])
def test_energy_is_conserved_with_part_load_losses_standby_and_feed_in_at_night(case, done, m):
    system = member_tables(case, block_of(0, over_time(done[1])), m)["system"].to_pandas()
    stored_change = np.diff(system["stored_mwh"], prepend=stored_at_start_mwh(case, m))
    supply = system["delivered_mw"] + system["diesel_mw"] + system["import_mw"]
    use = system["demand_mw"] - system["unsupplied_mw"] + system["losses_mw"] + system["battery_losses_mw"]
    assert np.abs(0.5 * (supply - use - system["export_mw"]) - stored_change).max() < 1e-6
    assert system["battery_losses_mw"].min() >= 0.0099  # a thousand batteries of 10 W


def test_single_sites_followed_for_a_blackout_are_charged_as_in_the_loop(case, done):
    battery, profiles = case.members[0].devices.battery, case.profiles[case.members[0].profiles][0]
    shapes = profiles.site_pv_per_kw, profiles.site_demand_per_kwh
    some = supply_of(case.sites, *shapes, battery, battery.energy > 0.0, case.step_hours)
    system = member_tables(case, block_of(0, over_time(done[1])), 0)["system"].to_pandas()
    assert np.abs(some.charge_kwh.sum(axis=1) / 1000.0 - system["stored_mwh"]).max() < 1e-9


def test_batteries_that_may_feed_in_at_night_do(case, done):
    evening = [t for t in range(96) if t % 48 >= 44]
    exported = [sum(done[1][t].sites.export_mw[m].sum() for t in evening) for m in (0, 1)]
    assert exported[0] < 1e-12  # rounding of shares of the rated power
    assert exported[1] > 1.0


def test_the_sites_of_the_table_add_up_to_the_groups_of_the_loop(case, done):
    sites = member_tables(case, block_of(0, over_time(done[1])), 0)["sites"].to_pandas()
    half_hourly = sites.groupby("kind", observed=True).sum(numeric_only=True)
    by_kind = tables_of(case, done, 0)["batteries"].groupby("kind", observed=True).sum(numeric_only=True)
    for total, flow in (
        ("discharged_kwh", "discharge_mw"), ("self_consumed_kwh", "self_consumption_mw"), ("exported_kwh", "export_mw"),
        ("throttled_kwh", "throttled_mw"), ("imported_kwh", "import_mw"),
    ):  # fmt: skip
        assert by_kind[total].to_numpy() == pytest.approx(500.0 * half_hourly.loc[by_kind.index, flow].to_numpy())


def test_a_site_has_a_row_where_it_has_pv_or_a_battery(case, done):
    with_batteries, without = (tables_of(case, done, m)["batteries"] for m in (0, 2))
    fleet = case.sites
    assert with_batteries["site"].tolist() == fleet.site_id.tolist()
    assert set(without["kind"]) == {"existing_plain", "existing_battery"}
    assert without["cycles"].isna().all()
    plain = with_batteries["kind"] == "existing_plain"
    assert with_batteries.loc[plain, "cycle_loss_percent"].isna().all()
    assert with_batteries.loc[~plain, "cycles"].between(0.0, 4.0).all()
    assert with_batteries.loc[~plain, "mean_soc_percent"].between(5.0, 95.0).all()


def test_wear_by_hand(case):
    """A hundred days: 60 full cycles at half charge, and a battery that only stands empty."""
    wear = BatteryWear(cycle_percent=0.01, calendar_empty_percent=1.0, calendar_full_percent=3.0)
    found = battery_wear(
        wear,
        np.array([20.0, 20.0, 0.0]),
        np.array([1200.0, 0.0, 0.0]),
        np.array([10.0 * 2400.0, 0.0, 0.0]),
        2400.0,
    )
    assert found["cycles"].tolist() == [60.0, 0.0, 0.0]
    assert found["mean_soc_percent"].tolist() == [50.0, 0.0, 0.0]
    assert found["cycle_loss_percent"] == pytest.approx([0.6, 0.0, 0.0])
    assert found["calendar_loss_percent"] == pytest.approx([2.0 * 2400.0 / 8760.0, 2400.0 / 8760.0, 0.0])


def test_the_average_sites_stand_beside_the_sums(case, done):
    tables = tables_of(case, done, 0)
    averages, batteries = tables["averages"], tables["batteries"]
    assert averages["group"].tolist() == case.sites.groups.index.tolist()
    assert averages["sites"].sum() == len(case.sites.site_id)
    for name in ("self_consumed_kwh", "exported_kwh", "throttled_kwh"):
        assert averages[name].sum() == pytest.approx(batteries[name].sum())
    assert averages["average_self_consumed_kwh"].sum() > averages["self_consumed_kwh"].sum()
    assert averages["average_exported_kwh"].sum() < averages["exported_kwh"].sum()
    plain = averages["group"].str.startswith("existing_plain")
    assert averages.loc[plain, ["cycles", "average_cycles"]].isna().all(axis=None)
    assert averages.loc[~plain, "cycles"].gt(0.0).any()
