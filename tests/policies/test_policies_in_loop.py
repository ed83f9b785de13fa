"""Policies in the loop: failures, fallback, cadence, and what a policy remembers."""

import time
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pytest
from loop_fixtures import MONTH_END, WINDY_DAY, devices, make_case, member, run

from twin.core.errors import InputError
from twin.metrics.member_tables import write_member_tables
from twin.operation import simulate as simulation
from twin.operation.dispatch import orders_due
from twin.operation.state import initial_state
from twin.policies.interface import DAY, GATE_CLOSURE, HALF_HOUR, THREE_HOURS, Cadence, Mode

HOLD = "hold_behind_meter"


@dataclass(frozen=True)
class Failing:
    """Fails at some decisions in the way that `failure` gives."""

    failure: object
    cadence: Cadence = HALF_HOUR
    from_half_hour: int = 0

    def decide(self, view):
        plan = view.plan(Mode.IDLE)
        return self.failure(plan) if view.half_hour_of_day >= self.from_half_hour else plan


def raises(plan):
    raise LookupError("no such forecast")


def waits(plan):
    time.sleep(30.0)


def waits_and_swallows(plan):
    try:
        time.sleep(30.0)
    except Exception:  # noqa: BLE001 - as a user may write it
        return plan


def leaves(plan):
    raise SystemExit(3)


FAILURES = {
    "raises": (raises, "LookupError: no such forecast", 'raise LookupError("no such forecast")'),
    "leaves": (leaves, "SystemExit: 3", "in leaves"),
    "nothing": (lambda plan: None, "decide returned no order", "NoneType; accepted: a twin.policies"),
    "numbers": (lambda plan: plan.mode, "decide returned no order", "ndarray"),
    "NaN": (lambda plan: replace(plan, price_ratio=plan.price_ratio * np.nan), "cannot be obeyed", "price_ratio: not"),
    "shape": (lambda plan: replace(plan, mode=plan.mode[:, :3]), "cannot be obeyed", "mode: wrong shape: (1, 3)"),
    "mode": (lambda plan: replace(plan, mode=plan.mode + 5), "cannot be obeyed", "mode: unknown mode: [5]"),
    "range": (
        lambda plan: replace(plan, export_limit_pu=plan.export_limit_pu - 2.0),
        "cannot be obeyed",
        "outside its",
    ),
    "time": (waits, "longer than policy_seconds = 0.05; this depends on the machine", "interrupted at"),
    "swallowed": (waits_and_swallows, "longer than policy_seconds = 0.05", "interrupted at"),
}


@pytest.fixture(scope="module")
def windy(goto_year):
    return goto_year.days(WINDY_DAY).half_hours(3)


def case_of(inputs, policy, **changes):
    return make_case(inputs, [member(inputs, policy=policy, devices=devices(inputs.fleet, throttle=True), **changes)])


@pytest.mark.parametrize("name", list(FAILURES))
def test_a_failed_decision_is_told_with_policy_member_time_and_view(windy, name):
    failure, what, seen = FAILURES[name]
    case = case_of(windy, Failing(failure), policy_seconds=0.05 if name in ("time", "swallowed") else 60.0)
    with pytest.raises(InputError) as caught:
        orders_due(case, initial_state(case), 0)
    (problem,) = caught.value.problems
    assert problem.where == "policy Failing, scenario test, base, decision at 2031-03-21 00:00"
    assert what in problem.what
    assert seen in problem.seen
    assert "test_policies_in_loop.py, line" in problem.seen or name not in ("raises", "leaves", "time", "swallowed")
    for words in ("step_of_day 0", "soc_percent", "view.outlook: export_mw", "devices none"):
        assert words in problem.seen
    assert "on_policy_failure" in problem.repair


def test_code_that_cannot_be_interrupted_is_found_late_after_its_return(windy, monkeypatch):
    monkeypatch.setattr("twin.policies.running.decision.can_interrupt", lambda: False)
    case = case_of(windy, Failing(lambda plan: time.sleep(0.03) or plan), policy_seconds=0.01)
    with pytest.raises(InputError, match=r"longer than policy_seconds = 0\.01") as caught:
        orders_due(case, initial_state(case), 0)
    assert "returned after 0.0" in caught.value.problems[0].seen


@pytest.mark.parametrize("name", ["raises", "nothing", "NaN", "leaves"])
def test_the_fallback_holds_behind_the_meter_and_is_counted_once_a_decision(windy, name):
    failing = Failing(FAILURES[name][0], from_half_hour=1)
    case = case_of(windy, failing, on_policy_failure=HOLD)
    states, records = run(case)
    held = initial_state(case_of(windy, HOLD))
    held = replace(held, **orders_due(case_of(windy, HOLD), held, 0)[0])
    assert [bool(record.policy_failed[0]) for record in records] == [False, True, True]
    assert (states[0].export_limit_pu[0, 0] == 1.0).all()
    for t in (1, 2):
        for order in ("mode", "export_limit_pu", "battery_power_pu", "soc_min_percent"):
            assert np.array_equal(getattr(states[t], order)[0, t], getattr(held, order)[0, t]), order


def test_a_failed_decision_covers_its_half_hours_and_counts_as_one(windy):
    case = case_of(windy, Failing(raises, cadence=THREE_HOURS), on_policy_failure=HOLD)
    states, records = run(case)
    assert [bool(record.policy_failed[0]) for record in records] == [True, False, False]
    assert (states[2].export_limit_pu[0, :6] == 0.0).all()


def test_rounding_beyond_a_range_is_cut_off(windy):
    case = case_of(windy, Failing(lambda plan: replace(plan, export_limit_pu=plan.export_limit_pu * 0.0 - 1e-9)))
    state = replace(initial_state(case), **orders_due(case, initial_state(case), 0)[0])
    assert (state.export_limit_pu[0, 0] == 0.0).all()


@dataclass(frozen=True)
class Stamping:
    """Writes into its orders when they were decided and which half-hour they are for."""

    cadence: Cadence
    start: object

    def decide(self, view):
        plan = view.plan(Mode.IDLE)
        step = (view.time - self.start).total_seconds() / 1800.0
        plan.battery_power_pu[:] = step
        plan.soc_min_percent[:] = ((view.half_hour_of_day + np.arange(view.half_hours)) % 48)[:, None]
        plan.export_limit_pu[:] = (view.outlook.start - self.start).total_seconds() / 1800.0
        return plan


def before(half_hours, lead=0, first=0):
    """Return the step of the decision that is in force at step `t`; a run begins with a decision of its own."""
    return lambda t: max((t - lead - first) // half_hours * half_hours + first, 0)


@pytest.mark.parametrize(
    ("cadence", "decided"),
    [
        (HALF_HOUR, before(1)),
        (THREE_HOURS, before(6)),
        (DAY, before(48)),
        (GATE_CLOSURE, before(48, lead=28, first=20)),
        (Cadence(12, first=3), before(12, first=3)),
        (Cadence(6, first=2, lead=4), before(6, lead=4, first=2)),
    ],
    ids=["half-hour", "three hours", "day", "gate closure", "half past one", "with lead"],
)
def test_orders_are_in_force_when_they_are_meant_to_be(goto_year, cadence, decided):
    inputs = goto_year.days(WINDY_DAY, 3)
    case = case_of(inputs, Stamping(cadence, inputs.profiles.index[0]))
    state = initial_state(case)
    for t in range(144):
        state = replace(state, **orders_due(case, state, t)[0])
        slot, when = t % 96, decided(t)
        assert (state.battery_power_pu[0, slot] == when).all(), t
        assert (state.soc_min_percent[0, slot] == t % 48).all(), t
        begins = when + cadence.lead if cadence.is_due(when % 48) and (when or not cadence.lead) else 0
        assert (state.export_limit_pu[0, slot] == begins).all(), t


@dataclass
class Remembering:
    """Orders depend on how often this very object was asked, and on what it has seen."""

    cadence: Cadence = THREE_HOURS
    asked: int = 0
    exports: list = field(default_factory=list)

    def decide(self, view):
        self.asked += 1
        self.exports.append(float(np.nan_to_num(view.measured_export_mw)))
        plan = view.plan(Mode.SELF_CONSUMPTION if self.asked % 3 else Mode.IDLE)
        plan.export_limit_pu[:] = 1.0 if np.mean(self.exports) > view.measured_export_mw else 0.5
        return plan


def test_each_member_has_a_policy_of_its_own_and_each_run_a_new_one(goto_year):
    inputs = goto_year.days(WINDY_DAY).half_hours(14)
    policy, with_battery = Remembering(), devices(inputs.fleet, throttle=True)
    first = member(inputs, policy=policy, devices=with_battery)
    second = member(inputs, policy=policy, devices=with_battery, twin="other_operator", criterion="n-0")
    together = run(make_case(inputs, [first, second]))
    assert policy == Remembering()
    for m, some in enumerate((first, second)):
        states, records = run(make_case(inputs, [some]))
        assert states[-1].policies[0] == together[0][-1].policies[m]
        assert states[-1].policies[0].asked == 3
        for alone, among in zip(records, together[1], strict=True):
            assert np.array_equal(alone.delivered_mw[0], among.delivered_mw[m])


@pytest.fixture(scope="module")
def two_months(goto_year):
    inputs = goto_year.days(MONTH_END, 2)
    return case_of(inputs, Remembering())


def files_of(folder):
    return {path.relative_to(folder): path.read_bytes() for path in sorted(Path(folder).rglob("*")) if path.is_file()}


class KilledError(Exception):
    """Stands for the end of the process."""


def test_a_run_that_goes_on_remembers(two_months, tmp_path, monkeypatch):
    checked = [np.zeros(0, dtype=int)]
    write_member_tables(two_months, [tmp_path / "whole"], checked)
    real = simulation.Window

    def dies(case, state, start):
        if start == 48:
            raise KilledError
        return real(case, state, start)

    monkeypatch.setattr(simulation, "Window", dies)
    with pytest.raises(KilledError):
        write_member_tables(two_months, [tmp_path / "killed"], checked)
    monkeypatch.setattr(simulation, "Window", real)
    write_member_tables(two_months, [tmp_path / "killed"], checked)
    assert files_of(tmp_path / "killed") == files_of(tmp_path / "whole")


@dataclass
class Opening(Remembering):
    """Keeps a file open between decisions."""

    def decide(self, view):
        self.file = Path(__file__).open()  # noqa: SIM115 - the mistake that is tested
        self.file.close()
        return view.plan(Mode.IDLE)


def test_memory_that_cannot_be_saved_is_told(goto_year, tmp_path):
    case = case_of(goto_year.days(MONTH_END).half_hours(2), Opening())
    with pytest.raises(InputError, match="what the policy remembers cannot be saved") as caught:
        write_member_tables(case, [tmp_path], [np.zeros(0, dtype=int)])
    assert "policy Opening, scenario test, base" in caught.value.problems[0].where
    assert "TextIOWrapper" in caught.value.problems[0].seen
