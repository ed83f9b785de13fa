"""Small sites: exact totals, keyed draws, bad tables."""

import numpy as np
import pandas as pd
import profile_fakes
import pytest
from shipped import GOTO

from twin.core.errors import InputError
from twin.resources.sites import AMOUNTS, SiteFleet, build_fleet

PER_SITE = (*AMOUNTS, "area", "pv_shape", "demand_shape", "round_trip_efficiency")


@pytest.fixture
def fleet() -> SiteFleet:
    return build_fleet(GOTO, profile_fakes.sites(), profile_fakes.areas(), seed=1)


def test_totals_of_each_row_are_met_exactly(fleet):
    table = profile_fakes.sites()
    for _, row in table.iterrows():
        mine = np.char.startswith(fleet.site_id, f"{row['kind']}-{row['class']}-")
        assert mine.sum() == row["count"]
        for name in AMOUNTS:
            assert getattr(fleet, name)[mine].sum() == pytest.approx(row["count"] * row[name], rel=1e-12)


def test_sites_differ_but_new_ones_have_the_size_of_the_plan(fleet):
    old = np.char.startswith(fleet.site_id, "existing_plain")
    new = np.char.startswith(fleet.site_id, "new")
    assert len(set(fleet.demand_kwh)) == len(fleet.site_id)
    assert fleet.pv_dc_kw[old].std() > 0.3
    assert set(fleet.pv_dc_kw[new]) == {10.0}
    assert fleet.pv_ac_kw[old].max() < 10.0


def test_adding_rows_leaves_the_old_sites_the_same_to_the_bit(fleet):
    table = profile_fakes.sites()
    before = build_fleet(GOTO, table.iloc[:2], profile_fakes.areas(), seed=1)
    count = len(before.site_id)
    for name in PER_SITE:
        assert np.array_equal(getattr(before, name), getattr(fleet, name)[:count]), name
    assert before.pv_shapes == fleet.pv_shapes


def test_more_sites_of_a_row_keep_the_draws_of_the_first(fleet):
    more = build_fleet(GOTO, profile_fakes.sites(new=50), profile_fakes.areas(), seed=1)
    count = len(fleet.site_id)
    for name in ("site_id", "area", "pv_shape", "demand_shape"):
        assert np.array_equal(getattr(more, name)[:count], getattr(fleet, name)), name
    ratio = more.demand_kwh[:count] / fleet.demand_kwh
    assert np.ptp(ratio[-20:]) < 1e-12


def test_sites_lie_in_goto_city_by_demand():
    many = build_fleet(GOTO, profile_fakes.sites(new=1100), profile_fakes.areas(), seed=1)
    share = np.bincount(many.area, minlength=3) / len(many.area)
    assert share[2] == 0
    assert share[1] == pytest.approx(5 / 53, abs=0.03)
    assert (many.groups["area"].to_numpy()[many.group] == profile_fakes.areas().index.to_numpy()[many.area]).all()


def test_groups_are_kind_and_area(fleet):
    assert list(fleet.groups.columns) == ["kind", "area", "cut"]
    assert fleet.groups.index.is_unique
    assert fleet.groups.loc["new/town", "cut"] == "non-firm"
    kinds = [site.split("-")[0] for site in fleet.site_id]
    assert fleet.groups["kind"].to_numpy()[fleet.group].tolist() == kinds


def test_sites_without_battery_have_neutral_battery_columns(fleet):
    plain = fleet.battery_kwh == 0
    assert set(fleet.round_trip_efficiency[plain]) == {1.0}
    assert set(fleet.round_trip_efficiency[~plain]) == {0.9}
    assert not np.isnan(fleet.soc_max_percent).any()


def test_all_problems_of_a_site_table_at_once():
    table = profile_fakes.sites().astype({"count": float})
    table.loc[0, ["kind", "pv_dc_kw"]] = ["castle", -1.0]
    table.loc[1, ["battery_kwh", "round_trip_efficiency"]] = [20.0, 1.3]
    table.loc[2, ["count", "cut"]] = [2.5, "never"]
    with pytest.raises(InputError) as told:
        build_fleet(GOTO, table, profile_fakes.areas(), seed=1)
    for word in ("castle", "pv_dc_kw", "1.3", "2.5", "never"):
        assert word in str(told.value)
    assert len(told.value.problems) == 5


def test_no_sites_at_all():
    for table in (profile_fakes.sites().iloc[:0], profile_fakes.sites().assign(count=0)):
        fleet = build_fleet(GOTO, table, profile_fakes.areas(), seed=1)
        assert len(fleet.site_id) == len(fleet.pv_dc_kw) == len(fleet.groups) == 0


def test_missing_column_and_row_given_twice():
    table = profile_fakes.sites()
    with pytest.raises(InputError, match="battery_kw"):
        build_fleet(GOTO, table.drop(columns="battery_kw"), profile_fakes.areas(), seed=1)
    with pytest.raises(InputError, match="twice"):
        build_fleet(GOTO, pd.concat([table, table.tail(1)], ignore_index=True), profile_fakes.areas(), seed=1)
