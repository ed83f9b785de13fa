"""Key figures of tiny tables, computed by hand; what did not solve is counted and left out."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from loop_fixtures import WINDY_DAY, devices, make_case, member

from twin.core.quantities import KPIS, TABLES, CutCause
from twin.devices.battery import lowest_charge
from twin.metrics.comparisons import net_benefit
from twin.metrics.kpis import key_figures, member_kpis
from twin.metrics.member_tables import write_member_tables
from twin.metrics.sample_check import sampled_steps
from twin.metrics.series import MemberSeries, read_table, series_of_folder
from twin.operation.outages.all_outages import WORST_KEPT

HOURS = 0.5
TIME = pd.date_range("2030-04-01", periods=4, freq="30min", tz="Asia/Tokyo", name="time")
ASKED_ENERGIES = [
    "demand_mwh",
    "available_mwh",
    "delivered_mwh",
    "diesel_mwh",
    "import_mwh",
    "export_mwh",
    "losses_mwh",
    "battery_losses_mwh",
    "stored_change_mwh",
    "unsupplied_mwh",
    "curtailed_congestion_n0_mwh",
    "curtailed_congestion_n1_mwh",
    "curtailed_congestion_firm_mwh",
    "curtailed_area_balance_mwh",
    "curtailed_voltage_mwh",
    "curtailed_behind_the_meter_mwh",
    "unavailable_mwh",
    "residual_overload_mwh",
]
ASKED_OTHERS = [
    "curtailed_congestion_percent_of_available",
    "curtailed_congestion_percent_of_nonfirm",
    "congested_hours",
    "criterion_broken_hours",
    "link_n0_max_loading_percent",
    "link_n0_p99_loading_percent",
    "link_n1_max_loading_percent",
    "link_n1_p99_loading_percent",
    "link_max_export_mw",
    "link_max_import_mw",
    "vm_min_pu",
    "vm_max_pu",
    "self_consumption_mwh",
    "site_export_mwh",
    "battery_cycles_per_year",
    "local_supply_percent",
    "local_use_percent",
    "municipality_local_supply_percent",
    "municipality_local_use_percent",
    "unsolved_half_hours",
    "clipped_commands",
]
ASKED_HEADROOMS = [
    f"n1_{side}_headroom_{when}_{stat}_mw"
    for side in ("export", "import")
    for when in ("before", "after")
    for stat in ("min", "p05", "median")
]
ASKED_COMPARISONS = ["net_benefit_mwh", "congestion_masked_by_area_balance_mwh"]


def system_table(**columns):
    """Four half-hours of nothing, the last one unsolved; `columns` replace."""
    zero = [0.0, 0.0, 0.0, 0.0]
    frame = pd.DataFrame({name: zero for name in TABLES["system"] if name not in ("time", "failure")})
    frame.insert(0, "time", TIME)
    frame["failure"] = ["", "", "", "power flow not converged"]
    return frame.assign(**columns)


@pytest.fixture
def folder(tmp_path):
    """Three solved half-hours and one with absurd numbers that did not solve."""
    write(tmp_path, "devices", pd.DataFrame({
        "time": TIME.repeat(2), "device": ["cars", "commercial"] * 4,
        "unmet_mwh": [0.25, 1.0, 0.5, 2.0, 0.0, 0.0, 9.0, 9.0],
    }))  # fmt: skip
    write(tmp_path, "system", system_table(
        demand_mw=[20.0, 20.0, 10.0, 999.0], available_mw=[30.0, 10.0, 40.0, 70.0],
        delivered_mw=[24.0, 10.0, 20.0, 999.0],
        municipality_demand_mw=[10.0, 10.0, 5.0, 999.0], municipality_delivered_mw=[20.0, 4.0, 5.0, 999.0],
        import_mw=[0.0, 13.0, 0.0, np.nan], export_mw=[3.0, 0.0, 8.0, np.nan], losses_mw=[1.0, 1.0, 2.0, np.nan],
        diesel_mw=[0.0, 2.0, 0.0, 999.0], battery_losses_mw=[0.0, 0.5, 0.0, 999.0], stored_mwh=[1.0, 3.0, 3.0, 50.0],
        unsupplied_mw=[0.0, 0.5, 0.0, 999.0], residual_overload_mw=[0.0, 0.2, 0.0, 999.0],
        congestion_n0_mw=[0.0, 0.0, 4.0, 999.0], congestion_n1_mw=[0.005, 0.0, 6.0, 999.0],
        congestion_firm_mw=[0.0, 0.02, 2.0, 999.0], area_balance_mw=[2.0, 0.0, 1.0, 999.0],
        unavailable_mw=[1.0, 0.0, 3.0, 999.0],
        voltage_mw=[0.0, 0.0, 0.5, 999.0], behind_the_meter_mw=[0.0, 0.0, 0.25, 999.0],
        area_balance_settled_mw=[3.0, 0.0, 1.5, 999.0], nonfirm_available_mw=[10.0, 5.0, 25.0, 999.0],
        nonfirm_congestion_mw=[0.0, 0.0, 10.0, 999.0], criterion_broken=[0, 1, 1, 1], forecast_missed=[0, 1, 0, 1],
        whole_windows_mw=[0.0, 0.005, 5.0, 999.0],
        bank_reverse_flow=[1, 0, 0, 1], clipped_commands=[1, 2, 0, 0],
    ))  # fmt: skip
    write(tmp_path, "link", pd.DataFrame({
        "time": TIME, "export_mw": [2.0, -14.0, 6.0, np.nan],
        "circuit_1_loading_percent": [10.0, 30.0, 20.0, np.nan], "circuit_2_loading_percent": [12.0, 25.0, 21.0,
        np.nan],
        "n1_loading_percent": [50.0, 60.0, 100.0, 1e6],
        "n1_export_headroom_before_mw": [40.0, 60.0, -5.0, 1e9], "n1_export_headroom_after_mw": [40.0, 60.0, 0.0, 1e9],
        "n1_import_headroom_before_mw": [50.0, 30.0, np.nan, 1e9],
        "n1_import_headroom_after_mw": [50.0, 30.0, 70.0, 1e9],
    }))  # fmt: skip
    write(tmp_path, "n1", pd.DataFrame({"time": TIME, "intertrip_shed_mw": [0.0, 0.0, 16.8, 999.0]}))
    write(tmp_path, "bus", pd.DataFrame({"time": TIME, "A": [1.0, 0.97, 1.01, np.nan], "B": [1.02, 0.99, 1.0, np.nan]}))
    write(tmp_path, "security", pd.DataFrame({
        "time": TIME, "loading_percent": [90.0, 104.0, 99.0, 300.0], "low_vm_pu": [0.97, 0.94, 0.93, 0.5],
        "violating_outages": [0, 3, 2, 60], "unsolved_outages": [0, 0, 1, 60], "low_voltage": [0, 1, 1, 1],
        "controlled_low_vm_pu": [0.98, 0.96, 0.94, 0.5], "controlled_low_voltage": [0, 0, 1, 1],
        "controlled_loading_percent": [90.0, 106.0, 101.0, 300.0],
        **{f"link_{state}_low_vm_pu": [0.98, low, 0.97, 0.5]
           for state, low in (("at_once", 0.94), ("controlled", 0.95), ("redispatched", 0.96))},
        "link_controlled_loading_percent": [80.0, 106.0, 90.0, 300.0],
        "redispatch_mw": [0.0, 4.0, 0.001, 99.0], "redispatch_short": [0, 0, 1, 1],
    }))  # fmt: skip
    kinds = pd.DataFrame({
        "time": TIME, "kind": "new", "self_consumption_mw": [1.0, 2.0, 3.0, 999.0], "export_mw": [2.0, 0.0, 1.0, 999.0],
        "discharge_mw": [0.0, 3.0, 1.0, 999.0],
    })  # fmt: skip
    write(tmp_path, "sites", pd.concat([kinds, kinds.assign(kind="existing_plain", discharge_mw=0.0)]))
    write(tmp_path, "batteries", pd.DataFrame({
        "battery_kwh": [20.0, 10.0, 0.0], "cycles": [0.01, 0.03, np.nan],
        "cycle_loss_percent": [0.0001, 0.0003, np.nan], "calendar_loss_percent": [0.0002, 0.0001, np.nan],
    }))  # fmt: skip
    write(tmp_path, "averages", pd.DataFrame({
        "average_self_consumed_kwh": [4000.0, 2500.0], "average_exported_kwh": [1000.0, 1500.0],
    }))  # fmt: skip
    return tmp_path


def write(folder, name, frame):
    frame.to_parquet(folder / f"{name}.parquet")


def kpis_of(folder):
    return member_kpis(folder, stored_at_start_mwh=2.0, battery_mwh=8.0, hours=HOURS)


def test_energies_are_half_the_sum_of_the_solved_half_hours(folder):
    kpis = kpis_of(folder)
    expected = {
        "demand_mwh": 25.0, "available_mwh": 40.0, "delivered_mwh": 27.0, "diesel_mwh": 1.0, "import_mwh": 6.5,
        "export_mwh": 5.5, "losses_mwh": 2.0, "battery_losses_mwh": 0.25, "unsupplied_mwh": 0.25,
        "residual_overload_mwh": 0.1, "whole_windows_mwh": 2.5025,
        "curtailed_congestion_n0_mwh": 2.0, "curtailed_congestion_n1_mwh": 3.0025,
        "curtailed_congestion_firm_mwh": 1.01,
        "curtailed_area_balance_mwh": 1.5, "settled_area_balance_mwh": 2.25, "unavailable_mwh": 2.0,
        "curtailed_voltage_mwh": 0.25, "curtailed_behind_the_meter_mwh": 0.125, "stored_change_mwh": 1.0,
        "energy_used_mwh": 26.75, "self_consumption_mwh": 6.0, "site_export_mwh": 3.0,
    }  # fmt: skip
    assert {name: kpis[name] for name in expected} == pytest.approx(expected)


def test_the_mismatch_is_what_the_two_sides_differ_by(folder):
    supply, use = 27.0 + 1.0 + 6.5, 25.0 - 0.25 + 2.0 + 0.25 + 5.5
    assert kpis_of(folder)["energy_balance_mismatch_mwh"] == pytest.approx(supply - use - 1.0)


def test_hours_and_counts(folder):
    kpis = kpis_of(folder)
    expected = {
        "congested_hours": 1.0, "criterion_broken_hours": 1.0, "forecast_missed_hours": 0.5,
        "whole_window_days": 1.0, "bank_reverse_flow_hours": 0.5,
        "unsolved_half_hours": 1.0, "unsolved_available_mwh": 35.0, "clipped_commands": 3.0,
        "headroom_undefined_half_hours": 1.0, "battery_cycles_per_year": 2.0 / 8.0 * 17520.0 / 3.0,
    }  # fmt: skip
    assert {name: kpis[name] for name in expected} == pytest.approx(expected)


def test_wear_of_the_batteries_of_two_hours_as_of_a_year(folder):
    kpis = kpis_of(folder)
    expected = {
        "battery_wear_percent_per_year": 4380.0 * 0.00035, "battery_wear_max_percent_per_year": 4380.0 * 0.0004,
        "battery_cycles_max_per_year": 4380.0 * 0.03,
        "average_fleet_self_consumption_mwh": 6.5, "average_fleet_site_export_mwh": 2.5,
    }  # fmt: skip
    assert {name: kpis[name] for name in expected} == pytest.approx(expected)
    write(folder, "batteries", read_table(folder, "batteries").iloc[2:])
    assert kpis_of(folder)["battery_wear_max_percent_per_year"] == 0.0


def test_called_contracts_are_no_service_that_was_not_given(folder):
    kpis = kpis_of(folder)
    assert kpis["unmet_service_mwh"] == pytest.approx(0.75)
    assert kpis["called_contracts_mwh"] == pytest.approx(3.0)


def test_shares(folder):
    kpis = kpis_of(folder)
    expected = {
        "curtailed_congestion_percent_of_available": 100.0 * 6.0125 / 40.0,
        "curtailed_congestion_percent_of_nonfirm": 100.0 * 5.0 / 20.0,
        "local_supply_percent": 100.0 * (20.0 + 10.0 + 10.0) / 50.0,
        "local_use_percent": 100.0 * (20.0 + 10.0 + 10.0) / 54.0,
        "municipality_local_supply_percent": 100.0 * (10.0 + 4.0 + 5.0) / 25.0,
        "municipality_local_use_percent": 100.0 * (10.0 + 4.0 + 5.0) / 29.0,
    }
    assert {name: kpis[name] for name in expected} == pytest.approx(expected)


def test_what_batteries_move_is_in_one_of_the_two_shares_of_local_supply():
    """5 MW go into the battery, of which 1 MW is lost and 2 MWh are kept; 1.5 MWh come out again as 3 MW."""
    columns = {
        "delivered_mw": [10.0, 0.0], "demand_mw": [4.0, 4.0], "battery_losses_mw": [1.0, 0.0],
        "stored_mwh": [3.0, 1.5], "failure": ["", ""],
    }  # fmt: skip
    series = MemberSeries({"system": {name: np.array(values) for name, values in columns.items()}}, 0.5, 1.0)
    found = key_figures(series, [f"local_{what}_percent" for what in (
        "supply", "use", "supply_with_batteries", "use_with_batteries")])  # fmt: skip
    assert {name: float(value) for name, value in found.items()} == pytest.approx({
        "local_supply_percent": 100.0 * 4.0 / 8.0, "local_use_percent": 100.0 * 4.0 / 10.0,
        "local_supply_with_batteries_percent": 100.0 * (4.0 + 3.0) / 8.0,
        "local_use_with_batteries_percent": 100.0 * (4.0 + 3.0) / 10.0,
    })  # fmt: skip


def test_link_headroom_and_voltage(folder):
    kpis = kpis_of(folder)
    expected = {
        "link_n0_max_loading_percent": 30.0, "link_n0_p99_loading_percent": 21.0 + 0.98 * 9.0,
        "link_n1_max_loading_percent": 100.0, "link_n1_p99_loading_percent": 60.0 + 0.98 * 40.0,
        "link_max_export_mw": 6.0, "link_max_import_mw": 14.0, "intertrip_max_shed_mw": 16.8,
        "n1_export_headroom_before_min_mw": -5.0, "n1_export_headroom_before_median_mw": 40.0,
        "n1_export_headroom_before_p05_mw": -5.0 + 0.1 * 45.0, "n1_export_headroom_after_min_mw": 0.0,
        "n1_import_headroom_before_median_mw": 40.0, "n1_import_headroom_after_min_mw": 30.0,
        "vm_min_pu": 0.97, "vm_max_pu": 1.02,
    }  # fmt: skip
    assert {name: kpis[name] for name in expected} == pytest.approx(expected)


def test_single_outages_are_judged_in_every_half_hour_and_measured_in_the_solved_ones(folder):
    """An unsolved outage breaks the limit; half-hours: none, overload, voltage and unsolved, all unsolved."""
    kpis = kpis_of(folder)
    expected = {
        "all_outage_violation_hours": 1.5, "all_outage_overload_hours": 1.0, "all_outage_voltage_only_hours": 0.0,
        "all_outage_unsolved_cases": 61.0, "all_outage_max_loading_percent": 104.0, "all_outage_low_vm_min_pu": 0.93,
    }  # fmt: skip
    assert {name: kpis[name] for name in expected} == pytest.approx(expected)
    security = read_table(folder, "security").assign(unsolved_outages=0, violating_outages=[1, 3, 2, 0])
    write(folder, "security", security)
    kpis = kpis_of(folder)
    assert kpis["all_outage_unsolved_cases"] == 0.0
    assert kpis["all_outage_overload_hours"] == 0.5
    assert kpis["all_outage_voltage_only_hours"] == 1.0


def test_states_after_an_outage_are_measured_apart(folder):
    """Half-hours: none, low voltage at once and an overload, low voltage that the controls leave, unsolved."""
    kpis = kpis_of(folder)
    expected = {
        "all_outage_low_voltage_hours": 1.0, "all_outage_controlled_low_voltage_hours": 0.5,
        "all_outage_controlled_low_vm_min_pu": 0.94, "all_outage_controlled_max_loading_percent": 106.0,
        "all_outage_controlled_overload_hours": 1.0, "link_at_once_low_vm_min_pu": 0.94,
        "link_controlled_low_vm_min_pu": 0.95, "link_redispatched_low_vm_min_pu": 0.96,
        "link_controlled_max_loading_percent": 106.0, "redispatch_max_mw": 4.0, "redispatch_hours": 0.5,
        "redispatch_short_hours": 0.5,
    }  # fmt: skip
    assert {name: kpis[name] for name in expected} == pytest.approx(expected)


def test_congestion_of_a_table_leaves_unsolved_half_hours_out(folder):
    found = key_figures(series_of_folder(folder, HOURS), ["curtailed_congestion_mwh"])
    assert found["curtailed_congestion_mwh"] == pytest.approx(6.0125)


@pytest.mark.parametrize(
    ("mine", "mwh"),
    [
        ({"plants_congestion_mw": [0.0, 0.0, 4.0, 0.0]}, 3.0),
        ({"plants_congestion_mw": [0.0, 0.0, 12.0, 0.0]}, -1.0),
        ({"plants_congestion_mw": [0.0, 0.0, 10.0, 0.0], "sites_lost_mw": [3.0, 0.0, 0.0, 0.0]}, -1.0),
        ({"plants_congestion_mw": [0.0, 0.0, 10.0, 0.0], "battery_losses_mw": [0.0, 2.0, 0.0, 0.0]}, -0.5),
        ({"plants_congestion_mw": [0.0, 0.0, 10.0, 999.0], "area_balance_mw": [9.0, 9.0, 9.0, 9.0]}, 0.0),
    ],
)
def test_net_benefit_is_cuts_avoided_less_what_is_lost(tmp_path, mine, mwh):
    base = {"sites_lost_mw": [1.0, 0.0, 0.0, 0.0], "battery_losses_mw": [0.0, 1.0, 0.0, 0.0]}
    price = {"price_jpy_per_kwh": [10.0, 10.0, 10.0, 10.0]}
    for name, columns in (("base", {"plants_congestion_mw": [0.0, 0.0, 10.0, 0.0]}), ("mine", mine)):
        (tmp_path / name).mkdir()
        write(tmp_path / name, "system", system_table(**base | columns | price))
    found = net_benefit(*(series_of_folder(tmp_path / name, HOURS) for name in ("mine", "base")))
    assert found.mwh == pytest.approx(mwh)
    assert found.jpy == pytest.approx(mwh * 1000.0 * 10.0)


def test_net_benefit_is_valued_half_hour_by_half_hour(tmp_path):
    for name, cut in (("base", [2.0, 0.0, 6.0, 0.0]), ("mine", [0.0, 4.0, 0.0, 0.0])):
        (tmp_path / name).mkdir()
        columns = {"plants_congestion_mw": cut, "price_jpy_per_kwh": [20.0, 5.0, 0.01, 0.0]}
        write(tmp_path / name, "system", system_table(**columns))
    found = net_benefit(*(series_of_folder(tmp_path / name, HOURS) for name in ("mine", "base")))
    assert found.mwh == pytest.approx(0.5 * (2.0 - 4.0 + 6.0))
    assert found.jpy == pytest.approx(500.0 * (2.0 * 20.0 - 4.0 * 5.0 + 6.0 * 0.01))


@pytest.fixture(scope="module")
def real_run(goto_year, tmp_path_factory):
    """A windy day in which one half-hour asks for a demand that no grid could carry."""
    inputs = goto_year.days(WINDY_DAY)
    demand_mw = inputs.profiles.area_demand_mw.copy()
    demand_mw[20] *= 300.0
    absurd = inputs.with_profiles(area_demand_mw=demand_mw)
    batteries = {"devices": devices(inputs.fleet), "policy": "congestion_aware"}
    members = [member(absurd, label="perfect", **batteries), member(absurd, label="ahead", operator="forecast")]
    case = make_case(absurd, members)
    folders = [tmp_path_factory.mktemp(some.label) for some in members]
    write_member_tables(case, folders, sampled_steps(case, 1, 0))
    sound = make_case(inputs, [replace(members[0], label="sound")])
    folders.append(tmp_path_factory.mktemp("sound"))
    write_member_tables(sound, folders[2:], sampled_steps(sound, 1, 0))
    return case, folders


def test_a_half_hour_that_does_not_solve_is_a_row_with_its_class(real_run):
    _, folders = real_run
    for folder in folders[:2]:
        system = read_table(folder, "system")
        assert len(system) == 48
        assert np.flatnonzero(system["failure"] != "").tolist() == [20]
        assert system["failure"][20] == "power flow not converged"
        assert system.loc[20, ["losses_mw", "import_mw"]].isna().all()


def test_an_unsolved_half_hour_is_counted_and_spoils_no_key_figure(real_run):
    case, folders = real_run
    start_mwh = float(lowest_charge(case.members[0].devices.battery).sum()) / 1000.0
    kpis, sound = (member_kpis(folders[k], start_mwh, float(case.fleet.battery_mwh[0].sum()), HOURS) for k in (0, 2))
    assert kpis["unsolved_half_hours"] == 1.0
    assert sound["unsolved_half_hours"] == 0.0
    left_out = read_table(folders[2], "system").loc[20]
    for name in ("available", "demand", "losses", "delivered"):
        assert sound[f"{name}_mwh"] - kpis[f"{name}_mwh"] == pytest.approx(HOURS * left_out[f"{name}_mw"], rel=1e-3)
    assert kpis["unsolved_available_mwh"] == pytest.approx(HOURS * left_out["available_mw"])
    assert abs(kpis["energy_balance_mismatch_mwh"]) < 1e-6
    assert kpis["link_n1_max_loading_percent"] <= 200.0
    assert all(np.isfinite(value) for value in kpis.values() if value is not None)


def test_the_half_hours_after_it_are_as_if_it_had_solved(real_run):
    _, folders = real_run
    absurd, sound = (read_table(folders[k], "system") for k in (0, 2))
    columns = [column for column in absurd if column not in ("time", "failure")]
    later = slice(21, 48)
    assert np.allclose(absurd.loc[later, columns], sound.loc[later, columns], rtol=0.0, atol=1e-6)


def test_tables_have_the_columns_of_the_data_dictionary(real_run):
    case, folders = real_run
    buses = [str(case.model.net.bus.name.loc[bus]) for bus in case.model.roles.voltage_buses]
    branches = [*case.model.net.line["name"], *case.model.net.trafo["name"]]
    for name, columns in TABLES.items():
        if name in ("payments", "cable", "zones"):  # test_value.py, test_cable_temperature.py, test_zone_studies.py
            continue
        of_elements = {"bus": ["time", *buses], "branches": ["time", *branches]}
        of_elements["outage_loadings"] = ["time", "worst_percent", "outage", *branches]
        expected = of_elements.get(name, list(columns))
        assert sorted(read_table(folders[0], name).columns) == sorted(expected), name


def test_the_kept_loadings_after_outages_are_those_of_the_worst_half_hours(real_run):
    """The worst of each kept half-hour is the loading that the security table has, found another way."""
    _, folders = real_run
    kept, security = read_table(folders[0], "outage_loadings"), read_table(folders[0], "security").set_index("time")
    assert kept["time"].nunique() == min(WORST_KEPT, security["loading_percent"].notna().sum())
    least = kept["worst_percent"].min()
    left_out = security.drop(index=kept["time"].unique())["loading_percent"]
    assert not (left_out.round(1) > least).any()
    for time, rows in kept.groupby("time"):
        told = security.loc[time]
        assert rows["outage"].is_unique and len(rows) > 20
        assert rows["worst_percent"].iloc[0] == pytest.approx(told["loading_percent"], abs=0.0501)
        at_worst = rows.set_index("outage").loc[told["outage"], told["element"]]
        assert at_worst == pytest.approx(told["loading_percent"], abs=0.0501)


def test_the_ledger_table_adds_up(real_run):
    _, folders = real_run
    ledger, system = read_table(folders[0], "ledger"), read_table(folders[0], "system")
    cuts = [cause.column for cause in CutCause]
    mismatch = ledger["available_mw"] - ledger["delivered_mw"] - ledger[cuts].sum(axis=1)
    assert mismatch.abs().max() < 1e-5
    by_time = ledger.groupby("time")[["available_mw", *cuts]].sum()
    assert np.allclose(by_time, system[["available_mw", *cuts]], rtol=0.0, atol=1e-4)
    cut = ledger[[f"congestion_{kind}_mw" for kind in ("n0", "n1", "firm")]].sum(axis=1) > 0.0
    assert ledger.loc[cut, "element"].notna().all()
    assert ledger.loc[~cut, "element"].isna().all()


def test_key_figures_are_the_ones_that_were_asked_for_and_all_are_explained(real_run):
    _, folders = real_run
    names = set(member_kpis(folders[0], 0.0, 1.0, HOURS))
    assert names <= set(KPIS)
    assert names >= {*ASKED_ENERGIES, *ASKED_OTHERS, *ASKED_HEADROOMS}
    assert set(KPIS) >= set(ASKED_COMPARISONS)
    for quantity in KPIS.values():
        assert quantity.meaning_en
        assert quantity.meaning_ja
