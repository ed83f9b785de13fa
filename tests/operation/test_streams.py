"""Scenarios are paired: new sites leave everything else the same to the bit."""

from dataclasses import fields, replace

import numpy as np
import pytest
from loop_fixtures import SEED, WINDY_DAY, devices, make_case, member, run
from shipped import GOTO

from twin.resources.profiles import build_profiles
from twin.resources.sites import build_fleet
from weather.synthetic.year import synthetic_year


@pytest.fixture(scope="module")
def old_only(goto_year):
    """The same year with a site table that has no new sites."""
    sites = GOTO["sites"]
    fleet = build_fleet(GOTO, sites[sites["kind"] != "new"], goto_year.model.areas, seed=SEED)
    weather = synthetic_year(GOTO, 2030, 0, SEED)
    return fleet, build_profiles(GOTO, goto_year.model, weather, fleet, seed=SEED, weather_year=0)


def test_removing_the_new_sites_leaves_the_old_ones_the_same_to_the_bit(goto_year, old_only):
    fleet, _ = old_only
    everyone = goto_year.fleet
    kept = np.flatnonzero(np.isin(everyone.site_id, fleet.site_id))
    assert 0 < len(kept) == len(fleet.site_id) < len(everyone.site_id)
    for field in fields(fleet):
        values = getattr(fleet, field.name)
        if isinstance(values, np.ndarray) and field.name != "group":
            assert np.array_equal(getattr(everyone, field.name)[kept], values), field.name
    assert everyone.groups.index[everyone.group[kept]].tolist() == fleet.groups.index[fleet.group].tolist()


def test_removing_the_new_sites_leaves_every_series_the_same_to_the_bit(goto_year, old_only):
    _, profiles = old_only
    for field in fields(profiles):
        mine, theirs = getattr(profiles, field.name), getattr(goto_year.profiles, field.name)
        assert np.array_equal(mine, theirs), field.name


def test_sites_without_pv_are_what_no_sites_would_be_to_the_old_ones(goto_year, old_only):
    """With new PV off, old sites feed in what they would feed in if the new ones were not in the table."""
    fleet, _ = old_only
    inputs = goto_year.days(WINDY_DAY)
    alone = replace(inputs, fleet=fleet)
    with_new = make_case(inputs, [member(inputs, devices=devices(inputs.fleet, new_pv=False))])
    without = make_case(alone, [member(alone, devices=devices(fleet))])
    steps = range(20, 28)
    records, of_old = run(with_new, steps)[1], run(without, steps)[1]
    groups = len(fleet.groups)
    for mine, theirs in zip(records, of_old, strict=True):
        assert np.array_equal(mine.sites.available_mw[:, :groups], theirs.sites.available_mw)
        assert mine.sites.available_mw[:, groups:].max() == 0.0
