"""Batteries that cannot be: told by row and column of the site table, or by the study's key."""

import profile_fakes
import pytest
from loop_fixtures import devices
from shipped import GOTO

from studies.study.devices import site_devices
from studies.study.file.schema import Study
from studies.study.islands import tables_of
from twin.core.errors import InputError
from twin.resources.sites import build_fleet


def fleet(**columns):
    """Return the sites of a table in which the row of existing batteries (row 3) has other values."""
    table = profile_fakes.sites().assign(reserve_percent=0.0, standby_w=0.0)
    for name, value in columns.items():
        table[name] = table[name].astype(float)
        table.loc[1, name] = value
    return build_fleet(GOTO, table, profile_fakes.areas(), seed=1)


def study(**battery):
    return Study.model_validate({
        "schema_version": 1, "name": "tried", "title_en": "tried", "period": {"fiscal_year": 2030},
        "grid": {"year": 2030}, "operation": {"area_balance": False},
        "fleet": {"new_pv": True, "batteries": "all", "battery": battery},
    })  # fmt: skip


def devices_of(own, sites):
    return site_devices(own, tables_of(own), sites)


@pytest.mark.parametrize(
    ("columns", "places"),
    [
        ({"round_trip_efficiency": 1.02}, ["row 3, round_trip_efficiency"]),
        ({"round_trip_efficiency": float("nan")}, ["row 3, round_trip_efficiency"]),
        ({"battery_kw": 0.0}, ["row 3, battery_kw"]),
        ({"battery_kwh": 0.0}, ["row 3, battery_kw"]),
        ({"battery_kwh": 0.0, "battery_kw": 0.0, "standby_w": 10.0}, ["row 3, standby_w"]),
        ({"battery_kwh": -20.0}, ["row 3, battery_kwh", "row 3, battery_kw"]),
        ({"reserve_percent": 95.0}, ["row 3, reserve_percent"]),
        ({"standby_w": -1.0, "reserve_percent": -5.0}, ["row 3, reserve_percent", "row 3, standby_w"]),
        ({"soc_min_percent": 96.0, "battery_kw": -1.0}, ["row 3, battery_kw", "row 3, soc_min_percent"]),
    ],
)
def test_the_site_table_names_row_and_column(columns, places):
    with pytest.raises(InputError) as told:
        fleet(**columns)
    assert sorted(problem.where for problem in told.value.problems) == sorted(f"sites.csv, {place}" for place in places)


def test_columns_that_only_batteries_need_may_be_missing():
    without = build_fleet(GOTO, profile_fakes.sites(), profile_fakes.areas(), seed=1)
    assert not without.standby_w.any()
    assert not without.reserve_percent.any()


def test_the_higher_of_reserve_and_lowest_charge_is_kept():
    sites = fleet(reserve_percent=40.0)
    found = devices_of(study(soc_min_percent=10.0), sites)
    kinds = sites.groups.kind.to_numpy(str)[sites.group]
    assert set(found.battery.soc_min_share[kinds == "existing_battery"]) == {0.4}
    assert set(found.battery.soc_min_share[kinds == "new"]) == {0.1}
    assert set(devices_of(study(reserve_percent=2.0), sites).battery.soc_min_share[kinds == "new"]) == {0.05}


def test_a_study_sets_how_batteries_behave():
    sites = fleet(standby_w=30.0)
    found = devices_of(study(standby_w=7.0, export_at_night=True, round_trip_efficiency=0.81), sites)
    assert set(found.battery.standby) == {0.0, 0.007}
    assert found.export_at_night
    assert set(found.battery.efficiency) == {0.9}
    assert not devices_of(study(), sites).export_at_night
    assert set(devices_of(study(), sites).battery.standby) == {0.0, 0.03}


@pytest.mark.parametrize(
    ("battery", "key"),
    [
        ({"reserve_percent": 95.0}, "reserve_percent"),
        ({"soc_min_percent": 96.0}, "soc_min_percent"),
        ({"soc_max_percent": 4.0}, "soc_max_percent"),
        ({"soc_min_percent": 50.0, "reserve_percent": 97.0}, "reserve_percent"),
    ],
)
def test_a_study_that_leaves_no_charge_to_use_is_told_its_key(battery, key):
    with pytest.raises(InputError, match=f"fleet.battery.{key}"):
        devices_of(study(**battery), fleet())


def test_a_reserve_above_the_highest_charge_of_the_same_study_is_refused_when_it_is_read():
    with pytest.raises(ValueError, match="must be above reserve_percent"):
        study(reserve_percent=80.0, soc_max_percent=70.0)


def test_shares_of_the_losses_are_shares():
    wrong = study().model_copy(
        update={"inputs": {"battery_behaviour": {"constant_share": 0.6, "quadratic_share": 0.7}}}
    )
    with pytest.raises(InputError, match="exceed the whole"):
        devices_of(wrong, fleet())
    ideal = study().model_copy(
        update={"inputs": {"battery_behaviour": {"constant_share": 0.0, "quadratic_share": 0.0}}}
    )
    assert devices_of(ideal, fleet()).battery.constant_share.any() == 0


def test_the_fixture_of_the_tests_has_the_fields_of_a_study():
    assert vars(devices(fleet())).keys() == vars(devices_of(study(), fleet())).keys()
