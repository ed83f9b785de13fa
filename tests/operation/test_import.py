"""Overloads in import direction: diesels first, demand last, renewables never."""

import copy
from dataclasses import replace

import numpy as np
import pytest
from loop_fixtures import IMPORT_DAY, criterion_percent, make_case, member, records_of, run, total_cut_mw
from shipped import goto

from twin.core.quantities import CONGESTION_CAUSES

EVENING = range(34, 48)
"""Half-hours in which the islands import."""
FUKUE_BANKS = (2, 3)


@pytest.fixture(scope="module")
def short_link(goto_year):
    """A link of less than half the rating on a summer day, with diesels and without; n-1, inter-trip, n-0."""
    inputs = goto_year.days(IMPORT_DAY)
    thin = goto(2030, parameters={"link_rating_factor": 0.45})
    members = [member(inputs, label=criterion, criterion=criterion) for criterion in ("n-1", "n-1-intertrip", "n-0")]
    with_diesels = make_case(inputs, members, [thin])
    without = make_case(inputs, members, [replace(thin, diesels=thin.diesels.assign(available=False))])
    return (with_diesels, records_of(with_diesels)), (without, records_of(without))


def importing(records, m):
    return [t for t, r in enumerate(records) if r.broken[m] and r.demand_mw[m].sum() > r.injections.unit_mw[m].sum()]


def test_no_renewable_is_cut_for_an_overload_in_import_direction(short_link):
    for case, records in short_link:
        for m in range(len(case.members)):
            steps = importing(records, m)
            assert steps
            cut = total_cut_mw([records[t] for t in steps], [*CONGESTION_CAUSES, "voltage"], m)
            assert cut.max() == 0.0


def test_diesels_hold_the_criterion_and_run_as_little_as_possible(short_link):
    case, records = short_link[0]
    p_min, p_max = case.model.diesels.p_min_mw.to_numpy(), case.model.diesels.p_max_mw.to_numpy()
    for m in range(len(case.members)):
        steps = importing(records, m)
        for t in steps[:: max(len(steps) // 5, 1)]:
            injections = records[t].injections
            output = injections.diesel_mw[m]
            running = output > 0.0
            assert criterion_percent(case, m, injections) <= 100.001
            assert (output[running] >= p_min[running] - 1e-9).all()
            assert (output <= p_max + 1e-9).all()
            assert output.sum() <= injections.demand_mw[m].sum() - injections.unit_mw[m].sum() + 1e-9
            if output.sum() > p_min[running].sum() + 0.1:
                less = injections.diesel_mw * (1.0 - 0.1 / output.sum())
                assert criterion_percent(case, m, replace(injections, diesel_mw=less)) > 100.001
            else:
                one_fewer = injections.diesel_mw.copy()
                one_fewer[m, np.flatnonzero(running)[np.argmin(output[running])]] = 0.0
                assert criterion_percent(case, m, replace(injections, diesel_mw=one_fewer)) > 100.001


def test_no_diesel_runs_without_an_overload(short_link):
    _, records = short_link[0]
    for record in records:
        assert record.injections.diesel_mw[~record.broken].max(initial=0.0) == 0.0


def test_demand_is_shed_only_for_the_intact_grid_and_no_more_than_needed(short_link):
    case, records = short_link[1]
    assert sum(r.injections.diesel_mw.sum() for r in records) == 0.0
    shed_of = [np.array([r.injections.shed_mw[m].sum() for r in records]) for m in range(3)]
    assert shed_of[2].max() > 1.0
    assert np.allclose(shed_of[0], shed_of[2], atol=1e-6)
    for t in np.flatnonzero(shed_of[2]):
        injections = records[t].injections
        assert criterion_percent(case, 2, injections) <= 100.001
        less = replace(injections, shed_mw=injections.shed_mw * (1.0 - 0.1 / shed_of[2][t]))
        assert criterion_percent(case, 2, less) > 100.001


def test_what_no_diesel_relieves_is_recorded(short_link):
    case, records = short_link[1]
    rating_mva = case.grid.end_rating_mva[0, 0]
    steps = importing(records, 0)
    for t in steps:
        over = criterion_percent(case, 0, records[t].injections) / 100.0 - 1.0
        assert records[t].residual_mva[0] == pytest.approx(over * rating_mva, rel=1e-6)
        assert records[t].residual_mva[2] == 0.0
    assert len(steps) > 5


def test_a_bank_overloaded_by_demand_cuts_no_plant_anywhere(goto_year):
    inputs = goto_year.days(IMPORT_DAY)
    model = goto(2030)
    net = copy.deepcopy(model.net)
    net.trafo.loc[list(FUKUE_BANKS), "df"] = 0.1
    case = make_case(inputs, [member(inputs, criterion="n-0"), member(inputs)], [replace(model, net=net)])
    _, records = run(case, EVENING)
    assert all(r.broken.all() for r in records)
    for m in range(2):
        assert total_cut_mw(records, CONGESTION_CAUSES, m).max() == 0.0
    assert sum(r.injections.diesel_mw.sum() for r in records) == 0.0, "diesels at 66 kV do not reach the bank"
