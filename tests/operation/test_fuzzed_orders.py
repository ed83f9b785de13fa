"""Whatever a policy orders, the devices keep their limits and lose no energy."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from loop_fixtures import WINDY_DAY, devices, make_case, member

from twin.devices.sites import TOTALS
from twin.operation.case_parts import mean_of_groups, sum_by_group
from twin.operation.devices import run_sites
from twin.operation.state import initial_state
from twin.policies.interface import Mode

STEPS = range(20, 28)
HOURS = 0.5


STANDBY_KW = 0.04


@pytest.fixture(scope="module")
def case(goto_year):
    """The same efficiency at any power without standby, and part-load losses, standby, a reserve, feed-in at night."""
    inputs = goto_year.days(WINDY_DAY)
    fleet = inputs.fleet
    real = devices(
        fleet, throttle=True, standby=STANDBY_KW * (fleet.battery_kwh > 0.0), constant_share=0.14,
        quadratic_share=0.67, export_at_night=True, soc_min_share=np.full(len(fleet.site_id), 0.3),
    )  # fmt: skip
    return make_case(inputs, [member(inputs, label="plain", devices=devices(fleet)), member(inputs, devices=real)])


def orders(groups):
    shape = (2, 96, groups)
    pu = st.floats(-3.0, 3.0, width=32)
    return st.fixed_dictionaries({
        "mode": arrays(np.int8, shape, elements=st.sampled_from([int(mode) for mode in Mode])),
        "battery_power_pu": arrays(float, shape, elements=pu),
        "export_limit_pu": arrays(float, shape, elements=pu),
        "soc_min_percent": arrays(float, shape, elements=st.floats(-50.0, 150.0, width=32)),
    })  # fmt: skip


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(data=st.data())
def test_devices_keep_their_limits_and_lose_no_energy(case, data):
    plan = data.draw(orders(len(case.sites.groups)))
    start = data.draw(st.floats(0.0, 1.0))
    soc_kwh = np.array([
        (some.soc_min_share + start * (some.soc_max_share - some.soc_min_share)) * some.energy
        for some in (one.devices.battery for one in case.members)
    ])  # fmt: skip
    average = np.array([mean_of_groups(case.sites, soc) for soc in soc_kwh])
    state = replace(initial_state(case), soc_kwh=soc_kwh, average_soc_kwh=average, **plan)
    for t in STEPS:
        before = state
        flows, state = run_sites(case, state, range(t, t + 1))
        keeps_limits(case, state)
        loses_no_energy(case, before.soc_kwh, state.soc_kwh, flows)
    totals_are_those_of_the_sites(case, state)


def keeps_limits(case, state):
    for m, one in enumerate(case.members):
        some, average = one.devices.battery, case.fleet.average_sites.battery
        d = case.fleet.device_class[m]
        for soc_kwh, low, high in (
            (state.soc_kwh[m], some.soc_min_share * some.energy, some.soc_max_share * some.energy),
            (
                state.average_soc_kwh[m],
                average.soc_min_share[d] * average.energy[d],
                average.soc_max_share[d] * average.energy[d],
            ),
        ):
            assert (soc_kwh >= low - 1e-9).all()
            assert (soc_kwh <= high + 1e-9).all()


def loses_no_energy(case, before_kwh, after_kwh, flows):
    values = {name: value for name, value in vars(flows).items() if name != "clipped"}
    assert min(value.min() for value in values.values()) >= 0.0
    power_mw = np.array([sum_by_group(case.sites, m.devices.battery.power) for m in case.members]) / 1e3
    standby_mw = np.array([sum_by_group(case.sites, m.devices.battery.standby) for m in case.members]) / 1e3
    assert (flows.charge_mw <= power_mw + standby_mw + 1e-9).all()
    assert (flows.discharge_mw <= power_mw + 1e-9).all()
    assert (flows.battery_losses_mw >= standby_mw - 1e-9).all()
    stored_mwh = np.array(
        [sum_by_group(case.sites, after - before) for after, before in zip(after_kwh, before_kwh, strict=True)]
    )
    into_battery = HOURS * (flows.charge_mw - flows.discharge_mw - flows.battery_losses_mw)
    assert np.allclose(stored_mwh / 1000.0, into_battery, rtol=0.0, atol=1e-9)
    supply = flows.available_mw - flows.throttled_mw + flows.import_mw + flows.discharge_mw
    assert np.allclose(supply, flows.load_mw + flows.charge_mw + flows.export_mw, rtol=0.0, atol=1e-9)


def totals_are_those_of_the_sites(case, state):
    """What the sites used themselves and what they took from the grid is their demand, site by site."""
    for m, one in enumerate(case.members):
        totals = dict(zip(TOTALS, state.site_totals[m].T, strict=True))
        profiles = case.profiles[0][0]
        demand = profiles.site_demand_per_kwh[STEPS.start : STEPS.stop][:, case.sites.demand_shape].sum(axis=0)
        demand_kwh = HOURS * demand * one.devices.demand_kwh
        assert np.allclose(totals["self_consumed_kwh"] + totals["imported_kwh"], demand_kwh, rtol=1e-9, atol=1e-9)
        assert (totals["stored_kwh_hours"] <= len(STEPS) * HOURS * one.devices.battery.energy + 1e-9).all()
        without = one.devices.battery.energy == 0.0
        assert not totals["discharged_kwh"][without].any()
        assert not totals["throttled_kwh"][without].any()
