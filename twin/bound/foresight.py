"""`perfect_foresight`: what no policy exceeds, by a linear program of the whole run."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from twin.bound.groups import FleetGroup, fleet_groups, site_column
from twin.bound.link_condition import (
    HEADROOM_WITHIN_MW,
    MARGIN_MW,
    LinkCondition,
    Uncontrolled,
    holds_for,
    link_condition,
    no_condition,
    read_uncontrolled,
)
from twin.bound.program import PER_GROUP, Program, Solution, Worth, make_program, solve_program
from twin.core.errors import InputError, Problem
from twin.core.units import KWH_PER_MWH
from twin.operation.case import Case
from twin.operation.state import stored_at_start_mwh
from twin.policies.rules import Schedule

Objective = Literal["energy", "value"]
OBJECTIVES: tuple[Objective, ...] = ("energy", "value")
_STILL_MW = 1e-9

_RELAXATIONS = (
    "sites of a kind are one battery: powers and charges add up, so each plan of the sites is one of the group",
    "losses of a group are at least those of the best efficiency at the best power: none loses less",
    "a group may charge and discharge at once: more plans, none excluded",
    "batteries of sites discharge up to the sum of the demand that PV does not cover, whichever site it is at",
    "batteries beside plants: no contract limit, and what area balance ordered off does not count against power",
    "cuts are one amount where they help most, free of order, uniformity and firmness; throttling is the same",
    "one condition on the link; other branches, voltages, diesels and shedding are left out",
    "the charge at the end is free",
)


@dataclass(frozen=True)
class Bound:
    """An upper bound and what stands behind it.

    Attributes
    ----------
    objective : str
        ``energy`` (MWh, bounds `energy_used_mwh`) or ``value`` (JPY, bounds `net_supply_jpy`).
    upper : float
        What no policy exceeds.
    none : float
        What the run without orders reached.
    none_congestion_mwh : float
        What it lost to congestion.
    groups : tuple of str
    status : str
        The solver's.
    primal, dual : float
        Objective of the solver's point and value of its multipliers; `upper` is the latter.
    infeasibility_mw : float
        Largest violation of a row by the solver's point.
    seconds : float
        For states, program and solution.
    binding_half_hours : int
        Half-hours in which the link is looked at.
    relaxations : tuple of str
    headroom_mismatch_mw : float
        Worst check: headroom of the tables against the recalculated one.
    schedule : Schedule
    """

    objective: Objective
    upper: float
    none: float
    none_congestion_mwh: float
    groups: tuple[str, ...]
    status: str
    primal: float
    dual: float
    infeasibility_mw: float
    seconds: float
    binding_half_hours: int
    relaxations: tuple[str, ...]
    headroom_mismatch_mw: float
    schedule: Schedule

    @property
    def gap(self) -> float:
        """Distance of the proven value from the solver's point, relative to what is to be gained at most."""
        return (self.dual - self.primal) / max(abs(self.to_gain), 1e-9)

    @property
    def to_gain(self) -> float:
        """What a policy can add to the run without orders at most."""
        return self.upper - self.none

    def reached_percent(self, value: float) -> float | None:
        """Return which part of `to_gain` a policy's value is; None where there is nothing to gain."""
        return 100.0 * (value - self.none) / self.to_gain if self.to_gain > 1e-9 * abs(self.none) else None


def perfect_foresight(case: Case, m: int, folder: Path, objective: Objective) -> Bound:
    """Return what no policy of member `m` exceeds.

    Parameters
    ----------
    case : Case
    m : int
        Its policy does not matter.
    folder : pathlib.Path
        Results of the same member with the policy ``none``, of all half-hours of the case.
    objective : str
        ``energy`` bounds `energy_used_mwh`, ``value`` bounds `net_supply_jpy`.

    Raises
    ------
    InputError
        If the objective is unknown, the folder does not fit, a device is not known, or the solver fails.

    Notes
    -----
    The proof is in docs/concepts/optimisation.md. It holds for runs in which every half-hour solves.
    """
    if objective not in OBJECTIVES:
        raise InputError([Problem("unknown objective", "perfect_foresight", str(objective), ", ".join(OBJECTIVES))])
    begun = time.perf_counter()
    before = read_uncontrolled(case, m, folder, stored_at_start_mwh(case, m))
    groups = fleet_groups(case, m, before.site_import_mw)
    condition = _condition(case, m, before, groups, folder)
    program = _program(case, before, groups, condition, objective)
    solution = solve_program(program)
    if solution.status not in {"Optimal", "nothing to decide"}:
        raise InputError([Problem("the solver found no optimum", "perfect_foresight", solution.status, "Optimal")])
    return Bound(
        objective=objective,
        upper=solution.dual,
        none=before.energy_used_mwh if objective == "energy" else before.net_supply_jpy,
        none_congestion_mwh=before.congestion_mwh,
        groups=tuple(group.name for group in groups),
        status=solution.status,
        primal=solution.primal,
        dual=solution.dual,
        infeasibility_mw=solution.infeasibility,
        seconds=time.perf_counter() - begun,
        binding_half_hours=len(condition.steps),
        relaxations=_relaxations(case, m, condition, before),
        headroom_mismatch_mw=condition.mismatch_mw,
        schedule=_schedule(case, groups, solution),
    )


def _condition(case: Case, m: int, before: Uncontrolled, groups: list[FleetGroup], folder: Path) -> LinkCondition:
    if not holds_for(case, m):
        return no_condition()
    additions = sum((group.additions_mw for group in groups), np.zeros(len(case.index)))
    condition = link_condition(case, m, before, additions)
    if condition.mismatch_mw > HEADROOM_WITHIN_MW:
        seen, accepted = f"{condition.mismatch_mw:.3f} MW", f"at most {HEADROOM_WITHIN_MW} MW"
        what = "headroom differs from the recalculated one: the folder is of another member"
        raise InputError([Problem(what, f"{folder}, link, n1_export_headroom_before_mw", seen, accepted)])
    return condition


def _program(
    case: Case, before: Uncontrolled, groups: list[FleetGroup], condition: LinkCondition, objective: Objective
) -> Program:
    nothing, everything = np.zeros(len(case.index)), np.ones(len(case.index))
    price = before.price_jpy_per_kwh * KWH_PER_MWH
    if objective == "value" and not np.isfinite(price).all():
        raise InputError([Problem("no bound of the value without prices", "area price", "nan", "a price in each step")])
    worth = Worth(everything, everything, nothing) if objective == "energy" else Worth(price, nothing, price)
    return make_program(groups, condition, before.deliverable_mw, worth, case.step_hours)


def _relaxations(case: Case, m: int, condition: LinkCondition, before: Uncontrolled) -> tuple[str, ...]:
    member = case.members[m]
    if not holds_for(case, m):
        return (
            *_RELAXATIONS,
            f"no condition on the link under {member.criterion} with the operator {member.operator}: "
            "the N-1 headroom of the tables is not what binds, all congestion counts as avoidable",
        )
    unknown = int(np.isnan(before.headroom_mw).sum())
    return (
        *_RELAXATIONS,
        f"the link's condition is linear: effects of {condition.least_per_mw:.3f} to {condition.most_per_mw:.3f} MW "
        f"per MW as in the states without orders, other positions of taps and reactors worth up to "
        f"{condition.positions_gain_mw:.2f} MW, margin {MARGIN_MW:g} MW for curvature (tested, no theorem)",
        f"no condition in {unknown} half-hours whose headroom is unknown",
    )


def _schedule(case: Case, groups: list[FleetGroup], solution: Solution) -> Schedule:
    steps, count = len(case.index), len(groups)
    names = [group.name for group in groups]
    values = solution.x[: count * len(PER_GROUP) * steps].reshape(count, len(PER_GROUP), steps)
    charge, discharge, stored, ordered_off = values.transpose(1, 2, 0)[:4]
    return Schedule(
        index=case.index,
        groups=tuple(names),
        charge_mw=charge,
        discharge_mw=discharge,
        ordered_off_mw=ordered_off,
        stored_percent=100.0 * stored / np.array([group.capacity_mwh for group in groups]),
        signal_pu=np.stack([_signal(group, charge[:, k] - discharge[:, k]) for k, group in enumerate(groups)], axis=1)
        if groups
        else np.zeros((steps, 0)),
        group_of_sites=site_column(case, names),
    )


def _signal(group: FleetGroup, power_mw: np.ndarray) -> np.ndarray:
    """Return a power as a signal within -1 .. 1, (T,): 0 is the usual power."""
    more = power_mw - group.usual_mw
    room = np.where(more > 0.0, group.charge_mw - group.usual_mw, group.usual_mw + group.discharge_mw)
    result: np.ndarray = np.clip(np.divide(more, room, out=np.zeros_like(more), where=room > _STILL_MW), -1.0, 1.0)
    return result
