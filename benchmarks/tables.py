"""Markdown tables of what was measured, with targets and whether they are met."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from benchmarks.closed_loop import (
    AS_MANY_SINGLE,
    BOUND_SECONDS,
    LOOP_TARGET,
    MANY_YEARS,
    MPC_SECONDS,
    LoopTimes,
)
from benchmarks.limit import Arithmetic
from benchmarks.protocol import ERROR_PU, Outcome
from benchmarks.scaling import Cost

OURS = "goto-twin"
MEMORY_TARGET_MB = 1000.0
LINEAR = 1.2
"""A step of the longest run may cost this many times one of the shortest."""


@dataclass(frozen=True)
class Missed:
    """A target that was not reached."""

    where: str
    text: str
    needed_per_second: float = 0.0


def outcomes_table(
    where: str, outcomes: Sequence[Outcome], targets: Mapping[str, float], work: int, unit: str
) -> tuple[list[str], list[Missed]]:
    """Return one row per program; the first outcome is ours, `work` the number of power flows of the whole task."""
    ours, missed = outcomes[0].median, []
    lines = [
        f"| Program | Tolerance | Steps timed | Seconds (lowest to highest) | {unit} per second | Unsolved "
        "| Error, pu | Its time / ours | Target | Met |",
        "|---|--:|--:|--:|--:|--:|--:|--:|--:|---|",
    ]
    for outcome in outcomes:
        name, mine = outcome.name, outcome is outcomes[0]
        ratio, target = outcome.median / ours, None if mine else targets.get(name)
        met = "" if target is None else "yes" if ratio >= target else "**no**"
        if target is not None and ratio < target:
            text = f"{ratio:.1f} x {name} instead of {target:,.0f} x"
            missed.append(Missed(where, text, target * work / outcome.median))
        inexact = "" if outcome.error_pu <= ERROR_PU else " (**above 1e-8**)"
        lines.append(
            f"| {name} | {'own' if mine else f'{outcome.tolerance:.0e}'} | {_steps(outcome, outcomes[0])} "
            f"| {outcome.median:.3g} ({min(outcome.seconds):.3g} to {max(outcome.seconds):.3g}) "
            f"| {work / outcome.median:,.0f} | {outcome.unsolved} | {outcome.error_pu:.1e}{inexact} "
            f"| {'1' if mine else _ratio(ratio)} | {'' if target is None else f'{target:,.0f}'} | {met} |"
        )
    return lines, missed


def scaling_table(costs: Sequence[Cost], year: int) -> tuple[list[str], list[Missed]]:
    """Return cost per year of steps and peak memory."""
    lines = [
        "| Task | Years | Seconds | Seconds per year | Peak memory of the process, MB | of which imports, MB |",
        "|---|--:|--:|--:|--:|--:|",
    ]
    for c in costs:
        years = c.steps / year
        lines.append(
            f"| {c.kind} | {years:g} | {c.seconds:.3g} | {c.seconds / years:.3g} | {c.peak_mb:,.0f} "
            f"| {c.imports_mb:,.0f} |"
        )
    heavy = [c for c in costs if c.kind == "n-1" and c.steps <= year and c.peak_mb >= MEMORY_TARGET_MB]
    missed = [f"{c.peak_mb:,.0f} MB for a year with N-1 instead of under 1 GB" for c in heavy]
    for kind in dict.fromkeys(c.kind for c in costs):
        per_step = [c.seconds / c.steps for c in costs if c.kind == kind]
        if per_step[-1] > LINEAR * per_step[0]:
            missed.append(
                f"{kind}: a step of the longest run costs {per_step[-1] / per_step[0]:.2f} x one of the shortest"
            )
    return lines, [Missed("Scaling", text) for text in missed]


def limit_table(
    name: str, arithmetic: Arithmetic, ours_seconds_per_step: float, flops: Mapping[int, float]
) -> list[str]:
    """Return the distance from the machine's matrix product."""
    lines = [
        "| | |",
        "|---|--:|",
        f"| Nodes with injections, nodes of the net ({name}) | {arithmetic.nodes}, {arithmetic.buses} |",
        f"| Fixed-point iterations to 1e-10 pu, mean | {arithmetic.iterations:.1f} |",
        f"| Operations per step | {arithmetic.flop:,.0f} |",
        f"| {OURS} at that count | {arithmetic.flop / ours_seconds_per_step / 1e9:.1f} Gflop/s |",
    ]
    for threads, rate in flops.items():
        share = arithmetic.flop / ours_seconds_per_step / rate
        lines.append(f"| numpy matrix product, {threads} thread{'s' * (threads > 1)} | {rate / 1e9:.1f} Gflop/s |")
        lines.append(f"| {OURS} as a share of it | {100 * share:.0f} % |")
    return lines


def _steps(outcome: Outcome, whole: Outcome) -> str:
    return f"{outcome.steps:,}" + (", extrapolated" if outcome.steps < whole.steps else "")


def _ratio(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}"


def loop_table(times: LoopTimes, peer: str, peer_flows_per_second: float) -> tuple[list[str], list[Missed]]:
    """Return the closed loop's times beside the peer's for as many open-loop flows."""
    peer_seconds = times.flows_a_year / peer_flows_per_second
    of_many = times.many_years / MANY_YEARS
    many_limit = AS_MANY_SINGLE * times.one_year
    rows = [
        (f"one year, {times.flows_a_year:,.0f} flows", times.one_year, peer_seconds / times.one_year, LOOP_TARGET),
        (f"a year of {MANY_YEARS} in lock-step", of_many, peer_seconds / of_many, LOOP_TARGET),
    ]
    lines = [
        f"| Task | Seconds | Time of {peer} for as many flows / ours | Target | Met |",
        "|---|--:|--:|--:|---|",
    ]
    lines += [
        f"| {name} | {seconds:,.1f} | {ratio:.1f} | {target:g} | {_met(ratio >= target)} |"
        for name, seconds, ratio, target in rows
    ]
    limits = [
        (f"{MANY_YEARS} years in lock-step, {AS_MANY_SINGLE} single years", times.many_years, many_limit),
        ("a year of the loop with `mpc`", times.mpc, MPC_SECONDS),
        *((f"bound of the year, {name}", seconds, BOUND_SECONDS) for name, seconds in times.bounds.items()),
    ]
    lines += ["", "| Task | Seconds | At most | Met |", "|---|--:|--:|---|"]
    lines += [f"| {name} | {seconds:,.1f} | {most:,.1f} | {_met(seconds <= most)} |" for name, seconds, most in limits]
    slow = [(name, ratio, target) for name, _, ratio, target in rows if ratio < target]
    missed = [f"{name}: {ratio:.1f} x {peer} instead of {target:g} x" for name, ratio, target in slow]
    missed += [f"{name}: {seconds:,.0f} s instead of {most:,.0f} s" for name, seconds, most in limits if seconds > most]
    return lines, [Missed("Closed loop", text) for text in missed]


def _met(is_met: bool) -> str:
    return "yes" if is_met else "**no**"
