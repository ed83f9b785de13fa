"""The cut is the smallest one that meets the criterion, taken from the right plants in the right order."""

import copy
from dataclasses import replace

import numpy as np
import pandapower as pp
import pytest
from loop_fixtures import WINDY_DAY, all_plants, criterion_percent, make_case, member, records_of, total_cut_mw
from shipped import goto

from twin.core.quantities import CONGESTION_CAUSES
from twin.network.reading.supported import POWER_FLOW_OPTIONS
from twin.operation.case_parts import Tier

AT_LIMIT_PERCENT = 100.001
SAMPLE = 6
FUKUE_KISHIKU, FLOATING_FARM_COLLECTOR = 26, 31
"""Radial lines."""


def congested(records, m, least_mw=0.2):
    """Some half-hours in which member m is cut, spread over the day."""
    steps = [t for t, r in enumerate(records) if sum(r.ledger.cut_mw[c][m].sum() for c in CONGESTION_CAUSES) > least_mw]
    return [steps[k] for k in np.unique(np.linspace(0, len(steps) - 1, SAMPLE).astype(int))] if steps else []


def with_ratings(model, factors):
    """The model with some lines' ratings multiplied."""
    net = copy.deepcopy(model.net)
    for index, factor in factors.items():
        net.line.loc[index, "max_i_ka"] *= factor
    return replace(model, net=net)


@pytest.fixture(scope="module")
def windy(goto_year):
    """Full-size link, all criteria, both bases; and a link of half the rating for the intact grid."""
    inputs = goto_year.days(WINDY_DAY)
    members = [
        member(inputs, label="n-1"),
        member(inputs, label="n-1, non-firm", firmness=all_plants(inputs, "non-firm")),
        member(inputs, label="n-1 by output", firmness=all_plants(inputs, "non-firm"), uniform_basis="available"),
        member(inputs, label="intertrip", criterion="n-1-intertrip"),
        member(inputs, label="intertrip, non-firm", criterion="n-1-intertrip", firmness=all_plants(inputs, "non-firm")),
        member(inputs, label="n-0", criterion="n-0", grid=1),
        member(inputs, label="n-0, non-firm", criterion="n-0", grid=1, firmness=all_plants(inputs, "non-firm")),
    ]
    case = make_case(inputs, members, [inputs.model, goto(2030, parameters={"link_rating_factor": 0.45})])
    return case, records_of(case)


@pytest.mark.parametrize("m", range(7))
def test_the_criterion_holds_and_a_tenth_of_a_megawatt_more_breaks_it(windy, m):
    case, records = windy
    steps = congested(records, m)
    assert len(steps) >= 3
    for t in steps:
        injections = records[t].injections
        assert criterion_percent(case, m, injections) <= AT_LIMIT_PERCENT
        cut = sum(records[t].ledger.cut_mw[cause] for cause in CONGESTION_CAUSES)
        last_tier = cut * (case.units.tier == case.units.tier[m][cut[m] > 0.0].max())
        given_back = 0.1 * last_tier / np.maximum(last_tier.sum(axis=1, keepdims=True), 1e-12)
        more = injections.with_units(injections.unit_mw + given_back)
        assert criterion_percent(case, m, more) > AT_LIMIT_PERCENT


def test_pandapower_agrees_that_the_survivor_is_just_at_its_rating(windy):
    case, records = windy
    t = max(congested(records, 0), key=lambda t: records[t].ledger.cut_mw["congestion_n1"][0].sum())
    record, model = records[t], case.model
    net = copy.deepcopy(model.net)
    net.gen["in_service"] = False
    plants = case.plants
    p_mw = record.injections.unit_mw[0]
    net.sgen.loc[net.sgen.index[:plants], "p_mw"] = p_mw[:plants]
    net.sgen.loc[net.sgen.index[:plants], "q_mvar"] = p_mw[:plants] * case.units.q_per_p[0, :plants]
    net.load["p_mw"], net.load["q_mvar"] = record.injections.demand_mw[0], record.injections.demand_mvar[0]
    pp.create_sgens(net, model.areas.bus.iloc[case.areas.of_group], p_mw=p_mw[plants:], q_mvar=0.0)
    svc = pp.create_sgen(net, model.compensator.bus, p_mw=0.0, q_mvar=0.0)
    net.line.loc[0, "in_service"] = False
    _act_as_compensator(net, svc, model.compensator)
    assert net.res_line.loading_percent[1] == pytest.approx(100.0, abs=0.01)


def _act_as_compensator(net, svc, compensator):
    """Slope and susceptance limits by bisection on the output; the residual falls with it."""

    def residual(q_mvar):
        net.sgen.loc[svc, "q_mvar"] = q_mvar
        pp.runpp(net, **POWER_FLOW_OPTIONS)
        vm_pu = net.res_bus.vm_pu[compensator.bus]
        wanted = (compensator.set_vm_pu - vm_pu) / (compensator.slope_percent / 100.0) * compensator.q_max_mvar
        return np.clip(wanted, compensator.q_min_mvar * vm_pu**2, compensator.q_max_mvar * vm_pu**2) - q_mvar

    low, high = -25.0, 25.0
    for _ in range(40):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if residual(middle) > 0.0 else (low, middle)


@pytest.mark.parametrize("m", [0, 3, 5])
def test_firm_plants_are_cut_only_when_every_non_firm_one_is_at_zero(windy, m):
    case, records = windy
    cut_firm = [t for t, r in enumerate(records) if r.ledger.cut_mw["congestion_firm"][m].sum() > 1e-6]
    assert cut_firm
    non_firm, firm = (np.flatnonzero(case.units.tier[m] == tier) for tier in (Tier.NON_FIRM, Tier.FIRM))
    for t in cut_firm:
        assert records[t].injections.unit_mw[m, non_firm].max() <= 1e-6
        assert records[t].ledger.cut_mw["congestion_firm"][m, non_firm].max() == 0.0
    by_cause = {cause: total_cut_mw(records, [cause], m)[:, firm].sum() for cause in CONGESTION_CAUSES}
    assert by_cause["congestion_n0"] == by_cause["congestion_n1"] == 0.0


def test_sites_are_cut_only_when_every_plant_is_at_zero(goto_year):
    inputs = goto_year.days(WINDY_DAY)
    sunny = inputs.with_profiles(
        plant_available_mw=inputs.profiles.plant_available_mw * 0.05,
        plant_unavailable_mw=inputs.profiles.plant_unavailable_mw * 0.05,
        site_pv_per_kw=inputs.profiles.site_pv_per_kw * 2.0,
        area_demand_mw=inputs.profiles.area_demand_mw * 0.05,
        site_demand_per_kwh=inputs.profiles.site_demand_per_kwh * 0.05,
    )
    thin = with_ratings(inputs.model, {FUKUE_KISHIKU: 0.01})
    case = make_case(sunny, [member(sunny, criterion="n-0")], [thin])
    records = records_of(case)
    sites = case.units.tier[0] == Tier.LAST
    cut = [t for t, r in enumerate(records) if r.ledger.cut_mw["congestion_firm"][0, sites].sum() > 1e-3]
    assert cut
    for t in cut:
        cut_sites = np.flatnonzero(records[t].ledger.cut_mw["congestion_firm"][0] * sites > 0.0)
        assert {case.units.names[unit].split("/")[1] for unit in cut_sites} == {"kishiku", "miiraku"}
        behind = ~sites & np.isin(case.units.node, case.units.node[cut_sites])
        assert records[t].injections.unit_mw[0, behind].max() <= 1e-6


def test_one_cap_on_contract_or_one_share_of_output(windy):
    case, records = windy
    for m, reference_of in (
        (1, lambda r: case.units.contract_mw[1]),
        (2, lambda r: r.injections.unit_mw[2] + _cut(r, 2)),
    ):
        for t in congested(records, m):
            record, reference = records[t], np.maximum(reference_of(records[t]), 1e-9)
            share = (record.injections.unit_mw[m] / reference)[: case.plants]
            cut = (_cut(record, m) > 1e-9)[: case.plants]
            cap = share[cut].max()
            assert share[cut] == pytest.approx(cap, abs=1e-9)
            running = record.injections.unit_mw[m, : case.plants] > 1e-6
            assert (share[running & ~cut] <= cap + 1e-9).all()


def _cut(record, m):
    return sum(record.ledger.cut_mw[cause][m] for cause in CONGESTION_CAUSES)


def test_only_plants_behind_the_overloaded_line_are_cut(goto_year):
    inputs = goto_year.days(WINDY_DAY)
    model = with_ratings(inputs.model, {FLOATING_FARM_COLLECTOR: 0.5})
    members = [
        member(inputs, criterion="n-0", firmness=all_plants(inputs, firmness)) for firmness in ("non-firm", "firm")
    ]
    case = make_case(inputs, members, [model])
    records = records_of(case)
    farm = case.units.names.index("floating_farm")
    for m, cause in enumerate(("congestion_n0", "congestion_firm")):
        cut = total_cut_mw(records, [cause], m).sum(axis=0)
        assert cut[farm] > 1.0
        assert np.delete(cut, farm).max() == 0.0
        steps = [t for t, r in enumerate(records) if r.ledger.cut_mw[cause][m, farm] > 0.0]
        assert {case.grid.end_names[records[t].ledger.end[m, farm]] for t in steps} == {"Floating farm collector"}
        assert {case.grid.outage_names[records[t].ledger.outage[m, farm]] for t in steps} == {""}


def test_the_ledger_names_the_survivor_and_the_outage(windy):
    case, records = windy
    for t in congested(records, 1):
        cut = _cut(records[t], 1) > 0.0
        names = {case.grid.end_names[end] for end in records[t].ledger.end[1, cut]}
        outages = {case.grid.outage_names[outage] for outage in records[t].ledger.outage[1, cut]}
        assert names == {"Matsushima - Narao 2"}
        assert outages == {"Matsushima - Narao 1"}


def test_intertrip_needs_less_cut_and_sheds_no_more_than_its_cap(goto_year, windy):
    _, records = windy
    assert total_cut_mw(records, CONGESTION_CAUSES, 4).sum() < total_cut_mw(records, CONGESTION_CAUSES, 1).sum()
    inputs = goto_year.days(WINDY_DAY)
    capped = make_case(inputs, [member(inputs, criterion="n-1-intertrip", intertrip_cap_mw=cap) for cap in (0.0, 8.0)])
    of_capped = records_of(capped)
    assert max(r.after.shed_mw[1] for r in of_capped) <= 8.0
    for t, record in enumerate(of_capped):
        assert np.array_equal(record.injections.unit_mw[0], records[t].injections.unit_mw[0])
