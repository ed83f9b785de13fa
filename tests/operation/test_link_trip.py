"""The link up to its limit temperature until redispatch, and the three states after the trip of a circuit."""

import copy
from dataclasses import replace

import numpy as np
import pandapower as pp
import pytest
from loop_fixtures import WINDY_DAY, criterion_percent, make_case, member, run
from shipped import goto

from twin import SecurityAnalysis
from twin.cable.ratings import emergency_rating_ahead_a
from twin.core.errors import InputError
from twin.core.quantities import CONGESTION_CAUSES
from twin.core.row_arrays import map_arrays, rows_of
from twin.network.reading.supported import POWER_FLOW_OPTIONS
from twin.network.variants.controls import net_at
from twin.network.variants.grids import grid_variants
from twin.operation.half_hour import assess
from twin.operation.injections import solve_injections
from twin.operation.management.uniform_cap import GridState
from twin.operation.outages.link_trip import LinkTrips
from twin.operation.outages.points import OutageAnalyses

RELIEF_HOURS = (0.5, 24.0)
NOON = slice(24, 27)


@pytest.fixture(scope="module")
def windy(goto_year):
    """Three half-hours of the windiest day: n-1, and by temperature for half an hour and for a day."""
    inputs = goto_year.days(WINDY_DAY)
    steps = range(NOON.start, NOON.stop)
    members = [
        member(inputs, label="n-1"),
        *(member(inputs, label=f"{h} h", criterion="n-1-thermal", relief_minutes=60.0 * h) for h in RELIEF_HOURS),
    ]
    case = make_case(inputs, members)
    return case, run(case, steps)[1]


def cut_mw(record, m):
    return sum(record.ledger.cut_mw[cause][m].sum() for cause in CONGESTION_CAUSES)


def test_the_survivor_may_carry_what_the_cable_takes_until_redispatch_and_no_more(windy):
    case, records = windy
    circuit, month = case.model.cables[0], case.index[NOON.start].month - 1
    for record in records:
        assert record.after.link_percent[0] == pytest.approx(100.0, abs=0.01)
        assert cut_mw(record, 1) < cut_mw(record, 2) < cut_mw(record, 0)
        for m, hours in enumerate(RELIEF_HOURS, start=1):
            allowed = 100.0 * circuit.emergency_a(hours, 2)[month] / circuit.rated_a
            assert record.after.link_percent[m] <= allowed + 0.01
    long = records[0]
    assert long.after.link_percent[2] == pytest.approx(100.0 * circuit.emergency_a(24.0, 2)[month] / 530.0, abs=0.01)
    more = long.injections.with_units(long.injections.unit_mw * 1.01)
    assert criterion_percent(case, 2, more) > 100.1


@pytest.fixture(scope="module")
def trips(windy):
    case, records = windy
    injections, minutes = rows_of(records[0].injections, [1]), 30.0
    trips = LinkTrips(OutageAnalyses(case))
    variant = int(injections.variant[0])
    return case, trips, variant, injections, trips.states(variant, minutes, injections)


def test_redispatch_takes_just_what_the_survivor_is_too_much_loaded_with(trips):
    case, _, _, injections, found = trips
    at_once, controlled, redispatched = found.loading_percent[0]
    assert at_once == pytest.approx(case_link_percent(case, injections), abs=1e-4)
    assert controlled > 100.0
    assert redispatched == pytest.approx(100.0, abs=0.003)
    assert not found.redispatch_short[0]
    rated_mva = np.sqrt(3.0) * 66.0 * 0.530
    assert found.redispatch_mw[0] == pytest.approx((controlled - 100.0) / 100.0 * rated_mva, rel=0.15)


def case_link_percent(case, injections):
    return assess(case, GridState(injections, solve_injections(case, injections))).link_percent[0]


def test_pandapower_finds_the_controls_at_rest_where_they_end(trips):
    """After the trip, with taps and reactors where they ended: same loading and voltage, and nothing wants to move."""
    case, link, variant, injections, found = trips
    reaction, analysis = link.analyses.reaction(variant, 30.0), link.analyses.of_variant(variant)
    number = next(n for n, outage in enumerate(analysis.cases) if outage.elements[:1] == (("line", 0),))
    left = link.analyses.power(analysis, injections).power
    at_once = analysis.contingencies[number].solver.solve(left)
    (settled,) = reaction(number, left, at_once)
    assert settled.positions != reaction.start
    model = case.model
    net = after_trip(case, injections, settled.positions)
    assert net.res_line.loading_percent[1] == pytest.approx(found.loading_percent[0, 1], abs=0.01)
    low = net.res_bus.vm_pu[list(model.roles.voltage_buses)].min()
    assert low == pytest.approx(found.low_vm_pu[0, 1], abs=1e-5)
    tap, reactors = model.controls.tap, model.controls.reactors
    assert abs(net.res_bus.vm_pu[tap.bus] - tap.target_vm_pu) <= tap.dead_band_pu + 1e-6
    output = float(net.res_sgen.q_mvar.iloc[-1])
    inside = reactors.in_below_mvar - 1e-4 <= output <= reactors.out_above_mvar + 1e-4
    assert inside or settled.positions[1] in (0, len(reactors.shunts))


def test_the_security_analysis_has_the_same_three_states(trips):
    """At once and after the controls as the loop; after a relief that halves all power as pandapower."""
    case, link, variant, injections, found = trips

    def halved(contingency, power, v):
        return replace(power, **{name: 0.5 * part for name, part in vars(power).items() if part is not None})

    _, positions = link.analyses.key(variant)
    model = replace(case.model, net=as_injected(case, injections, positions))
    result = SecurityAnalysis(model, [("line", 0)], relief=halved, relief_minutes=30.0).run()
    states = [result.steps().iloc[0], result.after_controls.steps().iloc[0]]
    assert [state.loading_percent for state in states] == pytest.approx(found.loading_percent[0, :2], abs=1e-4)
    assert [state.low_vm_pu for state in states] == pytest.approx(found.low_vm_pu[0, :2], abs=1e-6)
    assert states[0].loading_percent != pytest.approx(states[1].loading_percent, abs=0.1)
    reaction, analysis = link.analyses.reaction(variant, 30.0), link.analyses.of_variant(variant)
    number = next(n for n, outage in enumerate(analysis.cases) if outage.elements[:1] == (("line", 0),))
    left = link.analyses.power(analysis, injections).power
    (settled,) = reaction(number, left, analysis.contingencies[number].solver.solve(left))
    half = map_arrays(lambda values: 0.5 * values if values.dtype == float else values, injections)
    half = replace(half, unit_q_per_p=injections.unit_q_per_p)
    net = after_trip(case, half, settled.positions)
    assert states[1].settled_loading_percent == pytest.approx(net.res_line.loading_percent[1], abs=0.01)


def test_a_grid_without_rules_for_its_controls_has_no_state_after_them(trips):
    with pytest.raises(InputError) as refused:
        SecurityAnalysis(trips[0].model.net, relief_minutes=30.0)
    assert "leave relief_minutes out" in refused.value.problems[0].repair
    with pytest.raises(InputError):
        SecurityAnalysis(trips[0].model, relief_minutes=0.0)


def as_injected(case, injections, positions):
    """The pandapower net with the injections of the first row."""
    model = case.model
    net, plants, p_mw = net_at(model, positions), case.plants, injections.unit_mw[0]
    net.gen["in_service"] = False
    net.sgen.loc[net.sgen.index[:plants], "p_mw"] = p_mw[:plants]
    net.sgen.loc[net.sgen.index[:plants], "q_mvar"] = p_mw[:plants] * injections.unit_q_per_p[0, :plants]
    net.load["p_mw"], net.load["q_mvar"] = injections.demand_mw[0], injections.demand_mvar[0]
    pp.create_sgens(net, model.areas.bus.iloc[case.areas.of_group], p_mw=p_mw[plants:], q_mvar=0.0)
    return net


def after_trip(case, injections, positions):
    """The pandapower net after the trip of the first circuit, solved; the last sgen is the compensator."""
    model, net = case.model, as_injected(case, injections, positions)
    svc, compensator = pp.create_sgen(net, model.compensator.bus, p_mw=0.0, q_mvar=0.0), model.compensator
    net.line.loc[0, "in_service"] = False
    low, high = -25.0, 25.0
    for _ in range(30):
        q_mvar = net.sgen.loc[svc, "q_mvar"] = 0.5 * (low + high)
        pp.runpp(net, **POWER_FLOW_OPTIONS)
        vm_pu = net.res_bus.vm_pu[compensator.bus]
        wanted = (compensator.set_vm_pu - vm_pu) / (compensator.slope_percent / 100.0) * compensator.q_max_mvar
        wanted = np.clip(wanted, compensator.q_min_mvar * vm_pu**2, compensator.q_max_mvar * vm_pu**2)
        low, high = (q_mvar, high) if wanted > q_mvar else (low, q_mvar)
    return net


def test_nothing_moves_before_its_time_nor_where_controls_are_fixed(trips):
    case, link, variant, injections, found = trips
    short = link.states(variant, 1.0, injections)
    assert short.loading_percent[0, 1] == short.loading_percent[0, 0] == found.loading_percent[0, 0]
    fixed = replace(case.model, controls=replace(case.model.controls, automatic=False))
    other = replace(case, grid=make_grid(fixed))
    assert LinkTrips(OutageAnalyses(other)).analyses.reaction(0, 30.0) is None


def make_grid(model):
    return grid_variants([copy.copy(model)])


def test_a_steady_preload_and_then_the_stated_current_end_at_the_limit():
    section = goto(2030).cables[0].sections[0]
    ladder, ambient, hours = section.ladder, float(section.ambient_c[0]), 2.0
    current = float(emergency_rating_ahead_a(ladder, ambient, hours, 2))
    loss = ladder.cores * ladder.losses.limit_ohm_per_m * current**2
    states = np.full(len(ladder.gain_k_m_per_w), loss / 4.0)
    kept = ladder.kept(hours * 3600.0)
    driven = np.where(np.arange(len(states)) < ladder.own, loss, 0.0)
    end = ambient + ladder.dielectric_k + (states * kept + driven * (1.0 - kept)) @ ladder.gain_k_m_per_w
    assert end == pytest.approx(ladder.losses.limit_c, abs=1e-6)
