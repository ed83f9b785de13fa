"""The whole benchmark: sections in order, then the page."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from itertools import chain
from types import ModuleType

from benchmarks import cases, closed_loop, limit, outages, protocol
from benchmarks.closed_loop import loop_times
from benchmarks.machine import facts
from benchmarks.peers import (
    lightsim,
    lightsim_outages,
    opendss,
    ours,
    ours_outages,
    pandapower_series,
    pgm,
    pgm_outages,
)
from benchmarks.scaling import cost
from benchmarks.shapes import YEAR
from benchmarks.tables import OURS, Missed, limit_table, loop_table, outcomes_table, scaling_table

PEER = "power-grid-model"
OUTAGE_TARGET = 10.0
OPEN_LOOP_TARGETS = {
    "power-grid-model, Newton": 15.0,
    "lightsim2grid, TimeSeries": 10.0,
    "lightsim2grid, InjectionSweep": 10.0,
    "pandapower, run_timeseries": 2000.0,
}
_NO_PV = (
    "power-grid-model's converter refuses voltage-controlled generators, and OpenDSS was not tried with them: neither "
    "has a row."
)
_HOW = """A ratio is the median time of the other program over the median of ours for the same work: above 1, ours is
faster. All programs run in one process on both cores, one after the other within each repeat; times are medians of
{repeats} repeats. What is timed goes from injections in memory (power-grid-model: update arrays already filled) to the
voltage magnitudes of all buses in memory; making the model ready is not timed. *Extrapolated* rows were timed on fewer
steps. A tolerance starts at 1e-8, the programs' default, and is tightened tenfold until the largest error at about 24
sampled steps is at most 1e-8 pu against pandapower's Newton at 1e-10 MVA. The nets are those of
`benchmarks/portable.py`: magnetising branches are shunts, because the programs' transformer models differ in them.
Inputs are seeded; no two half-hours are equal."""


@dataclass(frozen=True)
class Size:
    """Steps of the whole tasks and of what is too slow for them."""

    year: int
    repeats: int
    pandapower_steps: int
    outage_steps: int
    per_step_outage_steps: int
    years: tuple[int, ...]
    loop_days: tuple[int, int] | None


FULL = Size(YEAR, protocol.REPEATS, 300, 3_000, 300, (1, 2, 4, 8), None)
QUICK = Size(240, 2, 48, 48, 8, (1, 2, 4), (355, 357))


@dataclass
class _Page:
    lines: list[str] = field(default_factory=list)
    missed: list[Missed] = field(default_factory=list)

    def section(self, title: str, *blocks: list[str] | str) -> None:
        print(title, file=sys.stderr, flush=True)
        self.lines += ["", f"## {title}"]
        for block in blocks:
            self.lines += ["", *([block] if isinstance(block, str) else block)]


def report(size: Size) -> str:
    """Run everything and return the page."""
    head = [f"| {name} | {value} |" for name, value in facts().items()]
    page = _Page()
    goto = cases.goto_2030(size.year)
    seconds, peer = _open_loop(page, goto, size)
    _outages(page, goto, size)
    _open_loop(page, cases.cigre_mv(size.year), size)
    _open_loop(page, cases.ieee_118(size.year), size)
    _scaling(page, size)
    flops = {threads: limit.matrix_product_flops(threads) for threads in (1, 2)}
    least = limit.arithmetic(goto)
    page.section("Distance from the machine's matrix product",
                 limit_table(goto.name, least, seconds / goto.steps, flops))  # fmt: skip
    _closed_loop(page, size, peer)
    flop_limit = flops[max(flops)] / least.flop
    missed = [_line(m, flop_limit) for m in page.missed] or ["None."]
    start = ["# Speed beside the peers", "", "Written by `make bench`.", "", "| | |", "|---|---|", *head, ""]
    middle = [_HOW.format(repeats=size.repeats), "", "## Targets missed", "", *missed]
    return "\n".join(chain(start, middle, page.lines)) + "\n"


def _line(missed: Missed, limit_per_second: float) -> str:
    """Say how much of the machine a target on the Goto grid would take, at the plain fixed point's operations."""
    share = missed.needed_per_second / limit_per_second
    effort = f"; the target is {missed.needed_per_second:,.0f} power flows per second" if share else ""
    if share and "goto" in missed.where:
        effort += f", as many operations in the plain fixed point as {100 * share:.0f} % of the matrix product"
    return f"- {missed.where}: {missed.text}{effort}"


def _open_loop(page: _Page, case: cases.Case, size: Size) -> tuple[float, float]:
    """Race; returns our seconds and the rate of the faster power-grid-model in flows per second, 0 without."""
    entries = [protocol.Entry(OURS, ours.OpenLoop)]
    if case.net.gen.empty:
        entries += [
            protocol.Entry("power-grid-model, Newton", pgm.newton),
            protocol.Entry("power-grid-model, iterative current", pgm.iterative_current),
        ]
    entries += [
        protocol.Entry("lightsim2grid, TimeSeries", lightsim.time_series),
        protocol.Entry("lightsim2grid, InjectionSweep", lightsim.injection_sweep),
    ]
    if case.net.gen.empty:
        entries.append(protocol.Entry("OpenDSS, yearly mode, 2 contexts", opendss.OpenLoop))
    entries.append(protocol.Entry("pandapower, run_timeseries", pandapower_series.OpenLoop, size.pandapower_steps))
    title = f"Open loop: {case.name}, {len(case.net.bus)} buses, {case.steps:,} steps"
    targets = OPEN_LOOP_TARGETS if case.name.startswith("goto") else {entry.name: 1.0 for entry in entries}
    outcomes = protocol.race(case, entries, size.repeats)
    table, missed = outcomes_table(title, outcomes, targets, case.steps, "Steps")
    page.missed += missed
    page.section(title, table, _notes(opendss) if case.net.gen.empty else _NO_PV)
    peers = [case.steps / outcome.median for outcome in outcomes if outcome.name.startswith(PEER)]
    return outcomes[0].median, max(peers, default=0.0)


def _closed_loop(page: _Page, size: Size, peer_flows_per_second: float) -> None:
    table, missed = loop_table(loop_times(size.loop_days), PEER, peer_flows_per_second)
    page.missed += missed
    page.section("Closed loop", table, _notes(closed_loop))


def _outages(page: _Page, case: cases.Case, size: Size) -> None:
    entries = [
        outages.OutageEntry(OURS, ours_outages.Analysis),
        outages.OutageEntry("power-grid-model, Newton, product", pgm_outages.newton, size.outage_steps),
        outages.OutageEntry("power-grid-model, iterative current, product", pgm_outages.iterative_current,
                            size.outage_steps),
        outages.OutageEntry("lightsim2grid, ScenarioSweep", lightsim_outages.Sweep, size.outage_steps),
        outages.OutageEntry("lightsim2grid, ContingencyAnalysis", lightsim_outages.PerStep, size.per_step_outage_steps),
    ]  # fmt: skip
    count = len(outages.all_branches(case))
    title = f"All outages: {case.name}, {count} outages at {case.steps:,} steps"
    outcomes = outages.race(case, entries, size.repeats)
    targets = {entry.name: OUTAGE_TARGET for entry in entries}
    table, missed = outcomes_table(title, outcomes, targets, count * case.steps, "Cases")
    page.missed += missed
    page.section(title, table, *(_notes(module) for module in (outages, pgm_outages, lightsim_outages)))


def _notes(module: ModuleType) -> str:
    """Return what a module's docstring says after its first line."""
    return str(module.__doc__).split("\n\n", 1)[1].strip()


def _scaling(page: _Page, size: Size) -> None:
    costs = [cost("open loop", years * size.year) for years in size.years]
    costs += [cost("n-1", years * size.year) for years in size.years[:-1]]
    table, missed = scaling_table(costs, size.year)
    page.missed += missed
    page.section("Scaling, goto-twin alone, each row in a fresh process", table)
