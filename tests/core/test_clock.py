"""Time belongs to the island: zones with daylight saving, steps of 5 to 60 minutes, years and holidays of a country."""

import math
from dataclasses import replace

import device_cases
import numpy as np
import pandas as pd
import pytest
from clock_cases import constant, on_step
from loop_fixtures import WINDY_DAY, devices, make_case, member, run
from shipped import GOTO

from twin.core.clock import DEFAULT_CLOCK, Clock, fiscal_year, step_of_day, steps_in, steps_of_day
from twin.core.errors import InputError
from twin.core.quantities import CONGESTION_CAUSES
from twin.core.weather_table import Place
from twin.devices.battery import make_batteries
from twin.devices.device import DeviceNow
from twin.devices.storage import GridBattery
from twin.network.variants.controls import Bands
from twin.operation.dispatch import make_view
from twin.operation.state import initial_state
from twin.policies.interface import DAY, DAYS_AHEAD, GATE_CLOSURE, HALF_HOUR, THREE_HOURS, order_problems
from twin.resources.calendar import is_free_day
from twin.resources.demand import class_shapes
from twin.resources.pv import sky_at
from twin.resources.resampling import held_over_steps
from weather.sun import sun_over

STEPS = (5, 6, 10, 12, 15, 20, 30, 60)
LONDON = Clock("Europe/London", 10, first_month=4)
GREENWICH = Place("greenwich", 51.48, 0.0, 30.0, 10.0, 0.1)


def test_a_clock_tells_everything_that_is_wrong_with_it():
    with pytest.raises(InputError) as told:
        Clock("Europe/Londno", 7, first_month=13)
    assert {problem.where for problem in told.value.problems} == {"timezone", "step_minutes", "first_month"}
    assert "5, 6, 10, 12, 15, 20, 30, 60" in str(told.value)
    for minutes in (0, 4, 45, 90):
        with pytest.raises(InputError):
            Clock(step_minutes=minutes)


@pytest.mark.parametrize("minutes", STEPS)
@pytest.mark.parametrize("zone", ["Asia/Tokyo", "Europe/London", "America/St_Johns", "Australia/Lord_Howe"])
def test_a_year_is_uniform_and_made_of_days_of_24_hours(zone, minutes):
    clock = Clock(zone, minutes, first_month=1)
    index = clock.fiscal_year(2028)
    assert len(index) == 366 * clock.steps_of_day == 366 * steps_of_day(index)
    assert set(np.diff(index.asi8)) == {minutes * 60 * 10**9}
    assert (index[:: clock.steps_of_day].normalize() == index[:: clock.steps_of_day]).all()
    assert np.array_equal(step_of_day(index), np.tile(np.arange(clock.steps_of_day), 366))


def test_half_hours_of_japan_are_what_calls_without_a_clock_mean():
    index = DEFAULT_CLOCK.fiscal_year(2030)
    assert index.equals(fiscal_year(2030)) and str(index.tz) == "Asia/Tokyo"
    assert (str(index[0]), str(index[-1])) == ("2030-04-01 00:00:00+09:00", "2031-03-31 23:30:00+09:00")


def test_daylight_saving_does_not_move_the_index_but_the_clock_on_the_wall():
    index = LONDON.fiscal_year(2030)
    assert index[0] == pd.Timestamp("2030-04-01 00:00", tz="UTC")
    summer, winter = (index[index.get_loc(pd.Timestamp(f"2030-{month}-15 12:00", tz="UTC"))] for month in ("07", "12"))
    assert [LONDON.wall(index[[index.get_loc(t)]]).hour[0] for t in (summer, winter)] == [13, 12]
    assert LONDON.fiscal_year_at(index[0]) == LONDON.fiscal_year_at(index[-1]) == 2030


def _solar_noon_hour(day: pd.Timestamp, longitude: float) -> float:
    """Return the hour (UTC) at which the sun is highest: equation of time after Spencer (1971)."""
    angle = 2 * math.pi * (day.dayofyear - 1) / 365
    minutes = 229.18 * (
        0.000075 + 0.001868 * math.cos(angle) - 0.032077 * math.sin(angle)
        - 0.014615 * math.cos(2 * angle) - 0.040849 * math.sin(2 * angle)
    )  # fmt: skip
    return 12 - longitude / 15 - minutes / 60


@pytest.mark.parametrize(
    ("clock", "place"), [(LONDON, GREENWICH), (Clock(step_minutes=10), Place("fukue", 32.7, 128.84, 25.0, 10.0, 0.1))]
)
def test_the_sun_is_highest_at_noon_in_summer_and_winter(clock, place):
    index = clock.fiscal_year(2030)
    nothing = pd.DataFrame(0.0, index, ["ghi", "dni", "dhi", "temp_air", "wind_speed"])
    for date in ("2030-04-15", "2030-07-01", "2030-11-03", "2031-02-11"):
        first = index.get_loc(pd.Timestamp(date, tz=index.tz))
        day = slice(first, first + clock.steps_of_day)
        middle = index[day] + pd.Timedelta(minutes=5)
        for zenith in (sun_over(index[day], place).zenith, sky_at(nothing[day], place, clock).zenith):
            highest = middle[int(np.argmin(zenith))].tz_convert("UTC")
            hour = highest.hour + highest.minute / 60
            assert hour == pytest.approx(_solar_noon_hour(pd.Timestamp(date), place.longitude), abs=7 / 60), date


def test_people_live_by_the_clock_on_the_wall():
    hourly = LONDON.with_step(60)
    index = hourly.fiscal_year(2030)
    shape = class_shapes(GOTO, index, None, np.ones(len(index)), hourly)["residential"]
    days = {month: pd.Series(shape, index)[f"2030-{month}"] for month in ("06", "12")}
    june, december = (values.groupby(values.index.hour).mean().to_numpy() for values in days.values())
    shifts = [np.corrcoef(np.roll(june, hours), december)[0, 1] for hours in (0, 1)]
    assert shifts[1] > shifts[0], "in summer the standard time of the same hour on the wall is an hour earlier"


def test_free_days_are_those_of_the_country():
    days = pd.DatetimeIndex(["2030-04-29", "2030-12-25", "2030-12-26", "2030-08-26"])
    assert is_free_day(GOTO, days).tolist() == [True, False, False, False]
    assert is_free_day(replace(GOTO, holidays="GB-ENG"), days).tolist() == [False, True, True, True]
    assert is_free_day(replace(GOTO, holidays=""), days).tolist() == [False] * 4


@pytest.mark.parametrize("minutes", STEPS)
@pytest.mark.parametrize("cadence", [HALF_HOUR, THREE_HOURS, DAY, GATE_CLOSURE])
def test_decisions_fall_at_the_same_times_whatever_the_step(cadence, minutes):
    day = 1440 // minutes
    rhythm = cadence.in_steps(minutes)
    due = [slot * minutes for slot in range(day) if rhythm.is_due(slot)]
    wanted = [slot * 30 for slot in range(48) if cadence.is_due(slot)]
    if cadence is HALF_HOUR:
        wanted = list(range(0, 1440, max(steps_in(1, minutes) * minutes, 30)))
    assert due == wanted
    assert rhythm.lead * minutes == cadence.lead * 30
    assert rhythm.lead + rhythm.every <= DAYS_AHEAD * day
    last = (due[-1] // minutes) + rhythm.every
    assert last >= day + due[0] // minutes, "an order lasts until the next decision"


@pytest.mark.parametrize("minutes", [pytest.param(5, marks=pytest.mark.slow), *STEPS[1:]])
def test_taps_and_reactors_wait_for_the_same_time(goto_year, minutes):
    half_hours = Bands.of([goto_year.model], np.zeros(1, dtype=int))
    bands = Bands.of([goto_year.model], np.zeros(1, dtype=int), minutes)
    assert (bands.delay * minutes >= half_hours.delay * 30).all()
    assert ((bands.delay - 1) * minutes < half_hours.delay * 30).all()
    assert (bands.most_steps == half_hours.most_steps * (2 if minutes == 60 else 1)).all()


def test_values_are_held_over_steps_of_any_length():
    values = np.arange(6.0)
    assert held_over_steps(values, 30, 60).tolist() == [0.5, 2.5, 4.5]
    assert held_over_steps(values, 30, 10).tolist() == np.repeat(values, 3).tolist()
    for minutes in STEPS:
        assert held_over_steps(values, 60, minutes).sum() * minutes == values.sum() * 60
    assert held_over_steps(values, 30, 20).sum() * 20 == values.sum() * 30


def _at(device, minutes):
    """Return a shipped test device with its tables on another step."""
    per = 30 // minutes if minutes <= 30 else 1
    if device.name == "water_heaters":
        draw = device.draw_kwh
        if minutes == 60:
            draw = draw.reshape(12, 24, 2, -1).sum(axis=2)
            share = 1 - (1 - device.fill_share.reshape(24, 2)).prod(axis=1)
        else:
            draw, share = np.repeat(draw, per, axis=1) / per, 1 - (1 - np.repeat(device.fill_share, per)) ** (1 / per)
        return replace(device, draw_kwh=draw, fill_share=share)
    if device.name == "cars":
        leave, back = (times * 30 // minutes for times in (device.leave, device.back))
        return replace(device, leave=leave, back=back, steps_of_day=1440 // minutes)
    return device


@pytest.mark.parametrize("minutes", [5, 10, 30, 60])
@pytest.mark.parametrize("make", ["homes", "water_heaters", "cars", "commercial"])
def test_devices_conserve_energy_at_any_step(make, minutes):
    """What was taken is lost, stored, driven or made up for a service that was not given; nothing else."""
    device = _at(getattr(device_cases, make)(), minutes)
    hours, day = minutes / 60, 1440 // minutes
    rng = np.random.default_rng(3)
    state = device.initial()[None, :]
    before, taken, lost, unmet, stored = state[0].copy(), 0.0, 0.0, 0.0, 0.0
    classes = dict.fromkeys(("residential", "commercial", "public"), np.full(1, device_cases.A_KW_PER_KWH))
    nothing = np.zeros((1, len(device_cases.AREA_SHARE)))
    for step in range(2 * day):
        signal = rng.choice([0.0, 0.7, 1.0] if make == "cars" else [-1.0, 0.0, 0.7, 1.0], 1)
        now = DeviceNow(step % day, True, hours, signal, rng.choice([0.5, 1.0, 2.0], 1), nothing, classes, 1)
        state, flows = device.step(state, now)
        stored = flows.stored_mwh[0]
        taken += flows.demand_mw.sum() * hours
        lost += flows.losses_mw[0] * hours
        unmet += flows.unmet_mwh[0]
    if make == "cars":
        driven = 2 * (device.trip_kwh[0] * device.cars).sum() / 1000
        charged = ((state[0] - before)[: len(device.cars)] * device.cars).sum() / 1000
        assert taken * device.battery.efficiency[0] == pytest.approx(charged + driven, abs=1e-9)
        return
    not_given = {"homes": 0.0, "water_heaters": unmet / 3.0, "commercial": unmet}[make]
    assert taken - lost == pytest.approx(stored - not_given, abs=1e-9)


def test_a_grid_battery_takes_the_same_energy_at_any_step():
    battery = GridBattery(make_batteries([5.0, 0.0], [2.0, 0.0], 0.9, soc_min_share=0.1, soc_max_share=0.9))
    nothing = np.zeros((1, 2))
    found = []
    for minutes in STEPS:
        state = battery.initial()[None, :]
        for step in range(3 * 60 // minutes):
            now = DeviceNow(step, True, minutes / 60, np.ones(1), np.ones(1), nothing, {})
            state, _ = battery.step(state, now)
        found.append(state[0, 0])
    assert found == pytest.approx([4.5] * len(STEPS), abs=1e-12), "full after three hours at 2 MW, whatever the step"


@pytest.fixture(scope="module")
def windy(goto_year):
    return goto_year.days(WINDY_DAY)


def _still(inputs, minutes, noon=24):
    """Return the case of a day that is like its noon all day: cuts at the link, batteries that fill up."""
    still, clock = on_step(constant(inputs, noon), minutes)
    frozen = replace(still.model, controls=replace(still.model.controls, automatic=False))
    still = still.with_model(controls=frozen.controls)
    members = [
        member(still, label="none"),
        member(still, label="batteries", policy="self_consumption", devices=devices(still.fleet)),
    ]
    return make_case(still, members, clock=clock)


@pytest.mark.slow
def test_a_constant_day_has_the_same_energies_at_10_30_and_60_minutes(windy):
    """The same states follow each other, so energies differ by nothing but rounding; batteries end with one charge."""
    energies = {}
    for minutes in (10, 30, 60):
        case = _still(windy, minutes)
        states, records = run(case)
        hours = case.step_hours
        assert len(records) * hours == 24
        first = records[0]
        cut = sum(sum(r.ledger.cut_mw[cause][0].sum() for cause in CONGESTION_CAUSES) for r in records) * hours
        energies[minutes] = (
            sum(record.delivered_mw[0].sum() for record in records) * hours,
            cut,
            sum(record.demand_mw[0].sum() for record in records) * hours,
            states[-1].soc_kwh[1].sum(),
            first.delivered_mw[0].sum(),
        )
    assert energies[30][1] > 1.0, "the link is full"
    for minutes in (10, 60):
        assert energies[minutes] == pytest.approx(energies[30], rel=1e-9), minutes


@pytest.mark.slow
def test_lock_step_and_blindness_to_the_future_hold_at_10_minutes(windy):
    inputs, clock = on_step(windy, 10)
    batteries = devices(inputs.fleet)
    ahead = {"operator": "forecast", "forecast_lead_half_hours": 2, "devices": batteries}
    some = [
        member(inputs, label="perfect"),
        member(inputs, label="aware", policy="congestion_aware", devices=batteries),
        member(inputs, label="ahead", policy="self_consumption", **ahead),
    ]
    cut = 9
    window = range(60, 60 + 2 * cut)
    case = make_case(inputs, some, clock=clock)
    states, records = run(case, window)
    for m, alone in enumerate(some):
        of_one, its_own = run(make_case(inputs, [alone], clock=clock), window)
        for ours, theirs in zip(records, its_own, strict=True):
            assert np.array_equal(ours.delivered_mw[m], theirs.delivered_mw[0])
        assert np.array_equal(states[-1].soc_kwh[m], of_one[-1].soc_kwh[0])
    other = {
        name: np.concatenate([values[: window.start + cut], 0.5 * values[window.start + cut :]])
        for name, values in vars(inputs.profiles).items()
        if name != "index"
    }
    changed = replace(case, profiles=((replace(inputs.profiles, **other), inputs.forecasts),))
    _, elsewhere = run(changed, window)
    same = [np.array_equal(a.delivered_mw, b.delivered_mw) for a, b in zip(records, elsewhere, strict=True)]
    assert same[:cut] == [True] * cut and not all(same)


@pytest.mark.parametrize("minutes", [10, 60])
@pytest.mark.parametrize("name", ["congestion_aware", "price", "free_hour", "mpc"])
def test_shipped_policies_order_whole_decisions_at_any_step(windy, minutes, name):
    inputs, clock = on_step(windy, minutes)
    case = make_case(inputs, [member(inputs, policy=name, devices=devices(inputs.fleet))], clock=clock)
    view = make_view(case, initial_state(case), 0, 0, 0, clock.steps_of_day)
    orders = case.members[0].policy.decide(view)
    assert order_problems(orders, view) == []
    assert len(view.outlook.export_mw) == clock.steps_of_day == len(orders.mode)
    if name == "free_hour":
        assert np.flatnonzero(orders.price_ratio == 0.0).tolist() == list(range(12 * 60 // minutes, 13 * 60 // minutes))


def test_a_policy_that_counts_in_half_hours_is_told_so_in_a_study_with_another_step(windy):
    for minutes in (10, 30):
        inputs, clock = on_step(windy, minutes)
        case = make_case(inputs, [member(inputs)], clock=clock)
        view = make_view(case, initial_state(case), 0, 0, 0, 6)
        assert view.half_hour_of_day == 0 and view.steps == 6
        if minutes == 30:
            assert view.half_hours == 6
            continue
        with pytest.raises(InputError, match=r"view\.steps"):
            _ = view.half_hours


def test_series_and_clock_with_different_steps_are_refused(windy):
    with pytest.raises(InputError, match="another step"):
        make_case(windy, [member(windy)], clock=DEFAULT_CLOCK.with_step(10))
