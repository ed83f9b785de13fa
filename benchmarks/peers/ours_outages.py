"""goto-twin: `SecurityAnalysis` on a list of outages; it also judges limits, settled states and what islands lose."""

from __future__ import annotations

from benchmarks.cases import Case
from benchmarks.outages import Worst
from benchmarks.peers.ours import given
from twin import SecurityAnalysis
from twin.security.tally import CASE

THREADS = 2


class Analysis:
    def __init__(self, case: Case, outages: list[tuple[str, int]], tolerance: float) -> None:
        self.analysis = SecurityAnalysis(case.net, outages)
        self.given = given(case)

    def solve(self) -> Worst:
        result = self.analysis.run(self.given, threads=THREADS)
        single = result.of_class()
        return Worst(
            loading_percent=single.branch.value,
            outage=single.branch.address[:, CASE] - 1,
            vm_pu=-single.bus_low.value,
            unsolved=int(single.step_unsolved.sum()),
        )
