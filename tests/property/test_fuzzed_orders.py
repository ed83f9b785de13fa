"""Whatever a policy orders, the devices keep their limits and lose no energy."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from loop_fixtures import WINDY_DAY, devices, make_case, member

from twin.loop.site_devices import run_sites
from twin.loop.state import initial_state
from twin.policies.interface import Mode

STEPS = range(20, 28)
HOURS = 0.5


@pytest.fixture(scope="module")
def case(goto_year):
    inputs = goto_year.days(WINDY_DAY)
    return make_case(
        inputs, [member(inputs, label=str(t), devices=devices(inputs.fleet, throttle=t)) for t in (False, True)]
    )


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
    some = case.members[0].devices
    between = some.soc_min_share + start * (some.soc_max_share - some.soc_min_share)
    state = replace(initial_state(case), soc_kwh=np.tile(between * some.battery_kwh, (2, 1)), **plan)
    for t in STEPS:
        before_kwh = state.soc_kwh
        flows, state = run_sites(case, state, t)
        keeps_limits(some, state.soc_kwh)
        loses_no_energy(case, before_kwh, state.soc_kwh, flows)


def keeps_limits(some, soc_kwh):
    assert (soc_kwh >= some.soc_min_share * some.battery_kwh - 1e-9).all()
    assert (soc_kwh <= some.soc_max_share * some.battery_kwh + 1e-9).all()


def loses_no_energy(case, before_kwh, after_kwh, flows):
    values = {name: value for name, value in vars(flows).items() if name != "clipped"}
    assert min(value.min() for value in values.values()) >= 0.0
    battery_kw = np.array([case.by_group(m.devices.battery_kw) for m in case.members]) / 1000.0
    assert (flows.charge_mw <= battery_kw + 1e-9).all()
    assert (flows.discharge_mw <= battery_kw + 1e-9).all()
    stored_mwh = np.array([case.by_group(after - before) for after, before in zip(after_kwh, before_kwh, strict=True)])
    into_battery = HOURS * (flows.charge_mw - flows.discharge_mw - flows.battery_losses_mw)
    assert np.allclose(stored_mwh / 1000.0, into_battery, rtol=0.0, atol=1e-9)
    supply = flows.available_mw - flows.throttled_mw + flows.import_mw + flows.discharge_mw
    assert np.allclose(supply, flows.load_mw + flows.charge_mw + flows.export_mw, rtol=0.0, atol=1e-9)
