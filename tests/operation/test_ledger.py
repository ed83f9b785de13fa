"""Identities of the ledger and of energy hold, and fail when something is dropped."""

from dataclasses import replace

import numpy as np
import pytest
from identities import energy_mismatch_mwh, ledger_mismatch_mw
from loop_fixtures import IMPORT_DAY, WINDY_DAY, devices, make_case, member, records_of
from shipped import goto

from twin.devices.battery import lowest_charge
from twin.metrics import half_hours
from twin.metrics.flows import block_flows
from twin.operation.ledger import Ledger
from twin.policies.interface import Cadence, Mode

HALF_HOURS = 48


class ChargeByNightFromTheGrid:
    """Batteries charge from the grid by night and cover the sites' demand by day."""

    cadence = Cadence(48)

    def decide(self, view):
        plan = view.plan(Mode.POWER)
        plan.battery_power_pu[:12] = 0.3
        plan.battery_power_pu[12:] = -1.0
        return plan


@pytest.fixture(scope="module")
def case(goto_year):
    inputs = goto_year.days(WINDY_DAY)
    batteries = devices(inputs.fleet)
    held = devices(inputs.fleet, throttle=True)
    return make_case(
        inputs,
        [
            member(inputs, label="n-1 on a windy day"),
            member(inputs, label="area balance", area_balance=True, policy="congestion_aware", devices=batteries),
            member(inputs, label="held", policy="hold_behind_meter", devices=held, criterion="n-1-intertrip"),
            member(inputs, label="ahead", operator="forecast", policy="self_consumption", devices=batteries),
            member(inputs, label="grid charging", policy=ChargeByNightFromTheGrid(), devices=batteries),
        ],
    )


def stored_at_start_mwh(case, m):
    some = case.members[m].devices
    return float(lowest_charge(some.battery).sum()) / 1000.0


def test_what_was_available_was_delivered_or_cut_at_every_unit(case):
    records = records_of(case)
    assert ledger_mismatch_mw(records) < 1e-9
    booked = {cause for r in records for cause, mw in r.ledger.cut_mw.items() if mw.max() > 0.01}
    assert booked >= {"unavailable", "area_balance", "behind_the_meter", "congestion_n1", "congestion_firm"}


def test_no_cut_is_negative_or_more_than_what_was_there(case):
    records = records_of(case)
    for record in records:
        assert min(mw.min() for mw in record.ledger.cut_mw.values()) >= -1e-12
        assert record.delivered_mw.min() > -1e-9


def test_energy_is_conserved_in_every_half_hour(case):
    records = records_of(case)
    for m in range(len(case.members)):
        mismatch = energy_mismatch_mwh(case, m, records, stored_at_start_mwh(case, m))
        assert np.abs(mismatch).max() < 1e-6


def test_energy_is_conserved_with_diesels_and_demand_that_is_not_supplied(goto_year):
    inputs = goto_year.days(IMPORT_DAY)
    thin = goto(2030, parameters={"link_rating_factor": 0.45})
    members = [member(inputs), member(inputs, criterion="n-0")]
    case = make_case(inputs, members, [thin])
    without = make_case(inputs, members, [replace(thin, diesels=thin.diesels.assign(available=False))])
    records = records_of(case)
    records_without = records_of(without)
    assert sum(r.injections.diesel_mw.sum() for r in records) > 1.0
    assert sum(r.injections.shed_mw.sum() for r in records_without) > 1.0
    for some, its_records in ((case, records), (without, records_without)):
        for m in range(2):
            assert np.abs(energy_mismatch_mwh(some, m, its_records, 0.0)).max() < 1e-6


@pytest.mark.parametrize("dropped", ["unavailable", "behind_the_meter", "area_balance"])
def test_the_ledger_identity_fails_when_a_booked_cut_is_dropped(case, monkeypatch, dropped):
    book = Ledger.cut
    monkeypatch.setattr(Ledger, "cut", lambda self, cause, mw: book(self, cause, mw * (cause != dropped)))
    records = records_of(case)
    assert ledger_mismatch_mw(records) > 0.01


def test_the_ledger_identity_fails_when_one_congestion_cut_is_dropped(case, monkeypatch):
    book, dropped = Ledger.cut_for, []

    def all_but_one(self, cause, rows, mw, end, outage):
        if self.available_mw.any() and mw.max() > 0.1 and not dropped:
            dropped.append(mw.max())
            return
        book(self, cause, rows, mw, end, outage)

    monkeypatch.setattr(Ledger, "cut_for", all_but_one)
    records = records_of(case)
    assert ledger_mismatch_mw(records) == pytest.approx(dropped[0], rel=1e-6)


def test_the_energy_identity_fails_when_one_branch_loss_is_dropped(case, monkeypatch):
    records = records_of(case)

    def without_one_branch(variants, nodes, of_time, node_i):
        flows, variant = block_flows(variants, nodes, of_time, node_i), variants[0]
        network, row = variant.network, variant.branches([("line", 29)])
        v = variant.intact.w + node_i @ variant.intact.z[:, variant.nodes(nodes.buses)].T
        ends = ((network.branch_from, network.y_from), (network.branch_to, network.y_to))
        loss = sum((v[:, bus[row]] * np.conj(y[row] @ v.T).T).real.sum(axis=1) for bus, y in ends) * network.base_mva
        return replace(flows, losses_mw=flows.losses_mw - loss)

    monkeypatch.setattr(half_hours, "block_flows", without_one_branch)
    assert np.abs(energy_mismatch_mwh(case, 0, records, 0.0)).max() > 1e-3


def test_the_energy_identity_fails_when_the_sites_hide_a_discharge(case):
    records = records_of(case)
    m = 4
    hidden = [replace(r, sites=replace(r.sites, stored_mwh=r.sites.stored_mwh * 1.01)) for r in records]
    assert np.abs(energy_mismatch_mwh(case, m, hidden, stored_at_start_mwh(case, m))).max() > 1e-4
