"""Nothing sees the future: what comes after a half-hour changes nothing up to it, to the bit."""

from dataclasses import fields, is_dataclass, replace

import numpy as np
import pytest
from loop_fixtures import WINDY_DAY, devices, make_case, member, run

LEAD = 4


@pytest.fixture(scope="module")
def windy(goto_year):
    return goto_year.days(WINDY_DAY)


def make(inputs):
    batteries = devices(inputs.fleet)
    ahead = {"operator": "forecast", "forecast_lead_half_hours": LEAD}
    return make_case(
        inputs,
        [
            member(inputs, label="perfect"),
            member(inputs, label="intertrip", criterion="n-1-intertrip"),
            member(inputs, label="ahead", **ahead),
            member(inputs, label="ahead, blind", **ahead, operator_sees_dispatch=False, devices=batteries),
            member(inputs, label="aware", policy="congestion_aware", devices=batteries, area_balance=True),
            member(inputs, label="aware, ahead", policy="congestion_aware", devices=batteries, **ahead),
        ]
        + [
            member(inputs, label=kind, policy="congestion_aware", devices=batteries, forecast=kind)
            for kind in ("persistence", "climatology", "perfect")
        ],
    )


def with_another_future(inputs, t):
    """Replace all truth after `t`, and every forecast of plants and demand that is made after `t`."""
    rng = np.random.default_rng(5)

    def replaced(values, first):
        new = values.copy()
        if new.dtype == bool:
            new[first:] = ~new[first:]
        else:
            new[first:] = new[first:] * rng.uniform(0.2, 1.6, new[first:].shape)
        return new

    truth, expected = inputs.profiles, inputs.forecasts
    names = [field.name for field in fields(truth) if field.name != "index"]
    of_truth = {name: replaced(getattr(truth, name), t + 1) for name in names}
    of_truth["plant_unavailable_mw"] = np.minimum(of_truth["plant_unavailable_mw"], of_truth["plant_available_mw"])
    forecasts = replace(
        expected,
        plant_available_mw=replaced(expected.plant_available_mw, t + LEAD + 1),
        area_demand_mw=replaced(expected.area_demand_mw, t + LEAD + 1),
    )
    return replace(inputs, profiles=replace(truth, **of_truth), forecasts=forecasts)


def bits(value):
    """All numbers of a record or state, and what its policies remember, in order, as bytes."""
    if is_dataclass(value):
        return b"".join(bits(getattr(value, field.name)) for field in fields(value))
    if isinstance(value, dict):
        return b"".join(bits(value[key]) for key in sorted(value))
    if isinstance(value, tuple):
        return b"".join(bits(part) for part in value)
    if isinstance(value, np.ndarray):
        return value.tobytes()
    return bits(vars(value)) if hasattr(value, "__dict__") else repr(value).encode()


def test_bits_tell_records_apart_by_the_last_digit(windy):
    _, records = run(make(windy), range(1))
    twin = replace(records[0], demand_mw=np.nextafter(records[0].demand_mw, np.inf))
    assert bits(records[0]) == bits(replace(records[0]))
    assert bits(records[0]) != bits(twin)


@pytest.mark.parametrize("t", [14, 21, 30])
def test_everything_up_to_a_half_hour_is_the_same_whatever_comes_after_it(windy, t):
    states, records = run(make(windy), range(t + 3))
    told_the_same = replace(make(with_another_future(windy, t)), outlooks=make(windy).outlooks)
    other_states, other_records = run(told_the_same, range(t + 3))
    for step in range(t + 1):
        assert bits(records[step]) == bits(other_records[step]), f"half-hour {step}"
        assert bits(states[step]) == bits(other_states[step]), f"state after half-hour {step}"
    assert bits(records[t + 1]) != bits(other_records[t + 1])


def test_the_day_has_cuts_caps_and_charging_to_look_ahead_for(windy):
    _, records = run(make(windy))
    cut = [sum(r.ledger.cut_mw["congestion_n1"][m].sum() for r in records) for m in range(6)]
    assert min(cut[0], cut[1], cut[2], cut[3]) > 1.0
    assert sum(r.sites.charge_mw[4].sum() for r in records) > 1.0
