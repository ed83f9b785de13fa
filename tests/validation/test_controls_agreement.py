"""Comparisons A, B and C of the controls: frozen in runpp, by their own law, and beside pandapower's controllers."""

import networks
import numpy as np
import pytest
from frozen_controls import VARIANTS, comparisons, control_error
from other_controllers import LIMITED, limited, tapped
from settled_controls import SOURCES_PU, settled

from twin.network.model import Compensator

FAST_LIMITED = ("case24_ieee_rts", "case_ieee30", "case39")


def test_both_engines_agree_with_runpp_once_the_compensator_is_frozen():
    rows = list(comparisons(VARIANTS[:1]))
    assert [row for row in rows if row.misses] == []
    assert {row.region for row in rows} == {"slope", "high limit", "low limit"}


@pytest.mark.slow
@pytest.mark.parametrize("variant", VARIANTS[1:], ids=lambda v: f"{v[0]} {v[2]}")
def test_further_variants_agree_once_the_compensator_is_frozen(variant):
    assert [row for row in comparisons([variant]) if row.misses] == []


@pytest.mark.parametrize(
    ("vm_pu", "q_mvar", "region", "error"),
    [
        (0.985, 10.0, "slope", 0.0),
        (0.985, 10.01, "slope", 1.5e-5),
        (0.95, 20.0 * 0.95**2, "high limit", 0.0),
        (1.05, 20.0 * 1.05**2, "high limit", np.inf),
        (1.05, -20.0 * 1.05**2, "low limit", 0.0),
        (0.95, -20.0 * 0.95**2, "low limit", np.inf),
    ],
)
def test_the_compensators_law_sees_a_wrong_output(vm_pu, q_mvar, region, error):
    found = control_error(Compensator(0, 1.0, 3.0, -20.0, 20.0), vm_pu, q_mvar)
    assert found == (region, pytest.approx(error, abs=1e-12))


def test_taps_and_reactors_come_to_rest_within_their_bands():
    rows = list(settled((SOURCES_PU[0],)))
    assert [row for row in rows if row.misses] == []
    assert sum(row.rest.moves for row in rows) > 0


@pytest.mark.slow
def test_taps_and_reactors_come_to_rest_from_every_source_voltage():
    assert [row for row in settled(SOURCES_PU[1:]) if row.misses] == []


@pytest.mark.parametrize("name", FAST_LIMITED)
def test_reactive_limits(name):
    row = limited(name, networks.build(name))
    assert not row.misses
    assert row.ours_at_limit > 0


def test_runpp_leaves_a_generator_at_a_limit_that_ours_leaves():
    row = limited("case24_ieee_rts", networks.build("case24_ieee_rts"))
    assert (row.verdict, row.theirs_stuck, row.ours_wrong) == ("runpp does not go back", 1, 0)


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in LIMITED if name not in FAST_LIMITED])
def test_reactive_limits_of_further_networks(name):
    assert not limited(name, networks.build(name)).misses


@pytest.mark.slow
def test_the_taps_stop_where_pandapowers_controller_stops():
    rows = list(tapped((SOURCES_PU[2],), (-8,)))
    assert [row.verdict for row in rows] == ["same position"] * 3
    assert all(row.ours != row.start for row in rows)


@pytest.mark.slow
def test_the_taps_stop_within_the_band_from_everywhere():
    assert [row for row in tapped() if row.misses] == []
