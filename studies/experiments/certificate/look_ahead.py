"""Checks whether a policy knows the future, and whether it decides the same twice."""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from twin.core.clock import Clock, steps_in
from twin.operation.case import Case
from twin.operation.dispatch import covered, make_view, put_in_force
from twin.operation.state import State, initial_state
from twin.operation.window import step
from twin.policies.interface import DAYS_AHEAD, ORDERS, Dispatch, Policy, View
from twin.policies.running.decision import decide
from twin.policies.running.process import OTHERS, Noticed, OwnProcess
from twin.resources.profiles import Profiles

CHECKED_DAYS = 7
REPLACED_AT = (20, 24, 0, 37, 18, 30)
"""Half-hours of the day from which the truth is replaced to the end, each on another day of the checked ones."""
REPLACED_DAYS = 2 * DAYS_AHEAD
"""How much is replaced where single decisions are tried: orders reach half as far."""

MakePolicy = Callable[[], Policy]
"""Gives a fresh instance of the policy."""


@dataclass(frozen=True)
class Checks:
    """What was found in the checked days; times are ISO texts.

    Attributes
    ----------
    first, last : str
        Beginning of the first and last step that was run.
    is_deterministic : bool
        Whether two fresh instances gave the same orders and the same state, to the byte, in every step.
    first_unlike : str
        Step, and what differs first; empty where nothing does.
    replaced_at : tuple of str
        From when on the truth was replaced to the end, each in a run from the beginning.
    decisions : int
        Decisions that were made once more from the same state, the truth replaced from that step on.
    looks_ahead : bool or None
        Whether any decision up to the replacement became another one; None where the policy is not deterministic, so
        that a difference says nothing.
    first_difference : str
        The first decision that became another one, and from when on the truth was replaced; empty where none did.
    noticed : tuple of Noticed
        What a policy in a process of its own did beside deciding.
    walls : str
        What the system kept its processes from, see `twin.policies.running.walls`; empty where nothing.
    """

    first: str
    last: str
    is_deterministic: bool
    first_unlike: str
    replaced_at: tuple[str, ...]
    decisions: int
    looks_ahead: bool | None
    first_difference: str
    noticed: tuple[Noticed, ...] = ()
    walls: str = ""


def check_policy(case: Case, m: int, other: int, make_policy: MakePolicy, days: int = CHECKED_DAYS) -> Checks:
    """Run the days with the highest forecast export again and again with fresh instances of a policy.

    Parameters
    ----------
    case : Case
        Its profiles are changed during the trials and put back.
    m : int
        Member whose devices, weather and outlook the policy gets.
    other : int
        Member whose truth takes the place of the member's; with the member's own weather it is turned by half the
        simulated time.
    make_policy : callable
    days : int
        How many days are run at most.

    Raises
    ------
    InputError
        Where the policy fails.
    """
    start, stop = busiest_days(case, m, days)
    made: list[Policy] = []

    def fresh() -> Policy:
        made.append(make_policy())
        return made[-1]

    first, second = fresh(), fresh()
    seconds = [second.under(other) for other in OTHERS] if isinstance(second, OwnProcess) else [second]
    made += seconds
    expected = list(_run(case, m, first, start, stop, stop - start))
    repeated = (_run(case, m, policy, start, stop, stop - start) for policy in seconds)
    differences = (_first_difference(expected, list(again), _NAMES) for again in repeated)
    unlike = next((found for found in differences if found), None)
    trials = [_trial(number, half_hour, stop - start, case.clock) for number, half_hour in enumerate(REPLACED_AT)]
    decisions, found = 0, ""
    if not unlike:
        found = _from_the_beginning(case, m, other, fresh, (start, stop), trials, expected)
        decisions, alone = _one_by_one(case, m, other, fresh(), (start, stop), expected)
        found = found or alone
    own = [policy for policy in made if isinstance(policy, OwnProcess)]
    return Checks(
        first=f"{case.index[start]:%Y-%m-%d %H:%M}",
        last=f"{case.index[stop - 1]:%Y-%m-%d %H:%M}",
        is_deterministic=not unlike,
        first_unlike=_when(case, start, unlike),
        replaced_at=tuple(f"{case.index[start + t]:%Y-%m-%d %H:%M}" for t in sorted(trials)),
        decisions=decisions,
        looks_ahead=None if unlike else bool(found),
        first_difference=found,
        noticed=tuple({one: None for policy in own for one in policy.noticed}),
        walls=", ".join(own[0].held) if own else "",
    )


def busiest_days(case: Case, m: int, days: int) -> tuple[int, int]:
    """Return the steps of the consecutive days whose highest exports, as forecast, are highest in all."""
    outlook = case.outlooks[case.members[m].outlook]
    midnights = range(0, len(case.index), case.clock.steps_of_day)
    highest = np.array([outlook.at(t, 0, float(case.export_limit_mw[m])).export_mw.max() for t in midnights])
    count = min(days, len(highest))
    first = int(np.convolve(highest, np.ones(count), mode="valid").argmax())
    return first * case.clock.steps_of_day, (first + count) * case.clock.steps_of_day


@contextmanager
def replaced_truth(case: Case, m: int, other: int, t: int, count: int | None = None) -> Iterator[None]:
    """Put another year's profiles in the place of a member's from step `t` on, or `count` steps.

    The arrays themselves are changed, so that a policy that has got hold of them sees the change too. With a `count`
    what the outlooks are made of is replaced as well: for a decision whose view is made before.
    """
    mine, theirs = (case.profiles[case.members[k].profiles][0] for k in (m, other))
    pairs: list[tuple[Any, Any, tuple[str, ...], int]] = [(mine, theirs, _OF_PROFILES, 0)]
    if count is not None:
        told, others = (case.outlooks[case.members[k].outlook] for k in (m, other))
        pairs.append((told, others, _OF_OUTLOOKS, told.first))
    kept = []
    try:
        for one, source, names, first in pairs:
            steps = len(one.index)
            rows = np.arange(first + t, steps if count is None else min(first + t + count, steps))
            taken = (rows + steps // 2) % steps if source is one else rows
            new = {name: getattr(source, name)[taken] for name in names}
            for name, values in new.items():
                array = getattr(one, name)
                kept.append((array, rows, array[rows].copy()))
                array[rows] = values
        yield
    finally:
        for array, rows, values in reversed(kept):
            array[rows] = values


_OF_PROFILES = tuple(field.name for field in fields(Profiles) if field.name != "index")
_OF_OUTLOOKS = ("export_mw", "pv_mw", "load_mw", "price_jpy_per_kwh", "export_error_mw", "pv_error", "load_error")
_NAMES = (*ORDERS, "state")
_Digests = tuple[bytes, ...]


def _trial(number: int, half_hour: int, steps: int, clock: Clock) -> int:
    """Return the step, counted from the first checked day, at which a trial from the beginning replaces the truth."""
    day = number * (steps // clock.steps_of_day) // len(REPLACED_AT)
    return steps_in(half_hour, clock.step_minutes) + clock.steps_of_day * day


def _from_the_beginning(
    case: Case,
    m: int,
    other: int,
    make_policy: MakePolicy,
    span: tuple[int, int],
    trials: Sequence[int],
    expected: Sequence[_Digests],
) -> str:
    """Run up to each trial with the truth replaced from it on; return the first decision that became another one."""
    for t in trials:
        with replaced_truth(case, m, other, span[0] + t):
            decided = list(_run(case, m, make_policy(), *span, t + 1))
        place = _first_difference(expected, decided, ORDERS)
        if place:
            return f"{_when(case, span[0], place)}; truth replaced from {case.index[span[0] + t]:%Y-%m-%d %H:%M}"
    return ""


def _one_by_one(
    case: Case, m: int, other: int, policy: Policy, span: tuple[int, int], expected: Sequence[_Digests]
) -> tuple[int, str]:
    """Make each decision once more of the same view, all truth replaced; return how many, and the first other one."""
    alone = _alone(case, m, policy, *span)
    state, decisions = initial_state(alone), 0
    for t in range(len(alone.index)):
        slot = int(alone.step_of_day[t])
        if t == 0 or alone.rhythms[0].is_due(slot):
            decisions += 1
            lead, steps = covered(alone, 0, t, slot)
            view = make_view(alone, state, t, 0, lead, steps)
            with replaced_truth(case, m, other, span[0] + t, REPLACED_DAYS * case.clock.steps_of_day):
                dispatch = _decided_apart(alone, state.policies[0], view)
            orders = {name: getattr(state, name).copy() for name in ORDERS}
            put_in_force(orders, 0, (t + lead + np.arange(steps)) % alone.order_slots, dispatch)
            place = _first_difference([expected[t]], [_of_orders(orders)], ORDERS)
            if place:
                return decisions, f"{_when(case, span[0] + t, place)}; truth replaced from the same step on"
        state, _ = step(alone, state, t)
    return decisions, ""


def _decided_apart(alone: Case, policy: Policy, view: View) -> Dispatch:
    """Return a decision that the policy does not remember."""
    member = alone.members[0]
    rest = (member.on_policy_failure, member.policy_seconds, member.name)
    if not isinstance(policy, OwnProcess):
        return decide(copy.deepcopy(policy), view, *rest)[0]
    before = policy.state()
    dispatch, _ = decide(policy, view, *rest)
    policy.restore(before)
    return dispatch


def _run(case: Case, m: int, policy: Policy, start: int, stop: int, count: int) -> Iterator[_Digests]:
    """Run a member alone over some steps and yield digests of the orders in force and of the whole state."""
    alone = _alone(case, m, policy, start, stop)
    state = initial_state(alone)
    for t in range(count):
        state, _ = step(alone, state, t)
        yield _digests(state)


def _alone(case: Case, m: int, policy: Policy, start: int, stop: int) -> Case:
    member = case.members[m]
    profiles, forecasts = case.profiles[member.profiles]
    return replace(
        case,
        index=case.index[start:stop],
        members=(replace(member, profiles=0, outlook=0, policy=policy),),
        profiles=((profiles.window(start, stop), forecasts.window(start, stop)),),
        outlooks=(case.outlooks[member.outlook].window(start, stop),),
        export_limit_mw=case.export_limit_mw[[m]],
        export_per_mw=case.export_per_mw[[m]],
    )


def _digests(state: State) -> _Digests:
    arrays = state.arrays()
    whole = hashlib.blake2b()
    for name in sorted(arrays):
        whole.update(arrays[name].tobytes())
    return (*_of_orders(arrays), whole.digest())


def _of_orders(arrays: Mapping[str, np.ndarray]) -> _Digests:
    return tuple(hashlib.blake2b(arrays[name].tobytes()).digest() for name in ORDERS)


def _first_difference(
    first: Sequence[_Digests], second: Sequence[_Digests], names: Sequence[str]
) -> tuple[int, str] | None:
    """Return the first half-hour in which one of the names differs, and that name."""
    for t, (one, two) in enumerate(zip(first, second, strict=False)):
        for name, a, b in zip(names, one, two, strict=False):
            if a != b:
                return t, name
    return None


def _when(case: Case, start: int, place: tuple[int, str] | None) -> str:
    return "" if place is None else f"{case.index[start + place[0]]:%Y-%m-%d %H:%M}, {place[1]}"
