"""Which member is told what: outlooks of a study's case by kind, error and sites, equal ones held once."""

from dataclasses import replace

import numpy as np
import pytest
from loop_fixtures import devices, member

from studies.study.cases import case_of
from studies.study.inputs import Inputs
from twin.network.variants.grids import grid_variants
from twin.operation.case import of_members

LIMIT_MW = 50.0
FIRST_STEP = 9 * 48
"""The case begins on the tenth day."""


@pytest.fixture(scope="module")
def case(goto_year):
    plain = member(goto_year, label="calibrated")
    members = [
        plain,
        replace(plain, twin="other_operator", operator="forecast"),
        replace(plain, forecast="persistence"),
        replace(plain, forecast_error_factor=2.0),
        replace(plain, forecast="perfect"),
        replace(plain, devices=devices(goto_year.fleet, new_pv=False, batteries=False)),
        replace(plain, devices=devices(goto_year.fleet)),
    ]
    inputs = Inputs(goto_year.fleet, ((goto_year.profiles, goto_year.forecasts),), (0,) * len(members))
    mean_mw = np.tile(goto_year.profiles.area_demand_mw.mean(axis=0), (len(members), 1))
    return case_of(members, grid_variants([goto_year.model]), inputs, (10, 12), mean_mw)


def test_members_with_other_forecasts_or_sites_are_told_something_else(case):
    assert [some.outlook for some in case.members] == [0, 0, 1, 2, 3, 4, 0]
    calibrated, persistence, wrong, perfect, fewer = (some.at(20, 28, LIMIT_MW) for some in case.outlooks)
    true_mw = perfect.load_mw
    error = calibrated.load_mw - true_mw
    assert np.abs(error).max() > 0.0
    assert wrong.load_mw - true_mw == pytest.approx(2.0 * error)
    assert not np.array_equal(persistence.load_mw, true_mw)
    assert fewer.pv_mw.sum() < perfect.pv_mw.sum()


def test_the_first_day_of_a_run_has_the_day_before_it_behind_it(case, goto_year):
    told = case.outlooks[1].at(0, 0, LIMIT_MW)
    assert told.made_at == case.index[0]
    export_mw = goto_year.forecasts.published.export_mw
    assert np.array_equal(told.export_mw, export_mw[FIRST_STEP - 48 : FIRST_STEP])


def test_equal_series_are_held_once(case):
    first = case.outlooks[0]
    for other in case.outlooks[1:]:
        assert other.load_mw is first.load_mw
        assert other.export_error_mw is first.export_error_mw
    assert case.outlooks[3].pv_mw is first.pv_mw
    assert case.outlooks[4].pv_mw is not first.pv_mw


def test_a_worker_gets_what_its_members_are_told(case):
    part = of_members(case, [2, 5])
    for m, whole in ((0, 2), (1, 5)):
        mine = part.outlooks[part.members[m].outlook].at(30, 0, LIMIT_MW)
        theirs = case.outlooks[case.members[whole].outlook].at(30, 0, LIMIT_MW)
        assert np.array_equal(mine.export_mw, theirs.export_mw)
        assert np.array_equal(mine.pv_mw, theirs.pv_mw)
