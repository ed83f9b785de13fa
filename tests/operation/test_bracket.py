"""The largest value without excess, also where too little of it is as bad as too much."""

import numpy as np
import pytest
from loop_fixtures import MONTH_END, make_case, member, run
from shipped import goto

from twin.security.limits import largest_kept

ACCEPT = 1e-3


def kept(function, top=10.0):
    def excess(rows, x):
        return np.array([function(value) for value in x])

    x, met = largest_kept(excess, np.array([top]), np.array([function(top)]), ACCEPT)
    return float(x[0]), bool(met[0])


def test_a_rising_excess_is_brought_to_zero_from_below():
    x, met = kept(lambda x: x - 4.0)
    assert met
    assert 4.0 - ACCEPT <= x <= 4.0


@pytest.mark.parametrize("valley", [2.0, 5.0, 9.5])
def test_an_overload_the_other_way_at_zero_does_not_cost_everything(valley):
    x, met = kept(lambda x: abs(x - valley) - 0.4)
    assert met
    assert valley + 0.4 - ACCEPT <= x <= valley + 0.4


def test_where_nothing_helps_it_ends_at_the_least_excess():
    x, met = kept(lambda x: abs(x - 6.0) + 1.0)
    assert not met
    assert x == pytest.approx(6.0, abs=1e-6)
    assert kept(lambda x: x + 1.0) == (0.0, False)


def test_an_export_cut_beside_a_tight_import_limit_leaves_the_plants_running(goto_year):
    """28 February 2031, noon, with a link of less than half: without plants the island could not import enough."""
    inputs = goto_year.days(MONTH_END)
    thin = goto(2030, parameters={"link_rating_factor": 0.45})
    case = make_case(inputs, [member(inputs)], [thin])
    _, records = run(case, range(26))
    firm = [record.ledger.cut_mw["congestion_firm"][0].sum() for record in records]
    assert max(firm) > 0.05
    for record in records:
        if record.ledger.cut_mw["congestion_firm"][0].sum() > 0.0:
            assert record.injections.unit_mw[0].sum() > record.demand_mw[0].sum()
            assert record.injections.diesel_mw[0].sum() == 0.0
