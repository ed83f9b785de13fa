"""Outage rates of Goto: every outage has one, by length."""

import pytest
from grid_cases import goto_model
from shipped import GOTO

from network_models.outage_rates import outage_rates


def test_every_outage_has_a_rate_within_its_range():
    model = goto_model(2030, "controlled")
    rates = outage_rates(GOTO, model)
    names = [str(model.net[table].name.loc[index]) for table, index in model.roles.outages]
    assert list(rates.index) == names
    assert (rates["low"] <= rates["outages_per_year"]).all()
    assert (rates["outages_per_year"] <= rates["high"]).all()
    assert (rates["hours_per_outage"] > 0.0).all()


def test_rates_go_by_length_and_kind():
    """0.1 a year and 100 km of cable, 0.5 of overhead line; the first path circuit has 9 km of line, 4 km of cable."""
    model = goto_model(2030, "controlled")
    rates = outage_rates(GOTO, model)
    link_km = model.net.line.length_km.loc[model.roles.link[0].element[1]]
    assert rates["outages_per_year"].iloc[0] == pytest.approx(0.1 * link_km / 100.0)
    path = rates.loc["Narao - Nakadori landing 1"]
    assert path["outages_per_year"] == pytest.approx(0.5 * 0.09 + 0.1 * 0.04)
    assert path["hours_per_outage"] == pytest.approx((0.5 * 0.09 * 6.0 + 0.1 * 0.04 * 1440.0) / (0.045 + 0.004))
