"""Cost over more years, and the memory that a year needs, each measured in a process of its own."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from benchmarks.cases import Case, goto_2030
from benchmarks.outages import all_branches
from benchmarks.peers.ours import OpenLoop
from benchmarks.peers.ours_outages import Analysis

WARM_STEPS = 100
_MB_PER_KB = 1 / 1024


@dataclass(frozen=True)
class Cost:
    """Of one process: what was solved, in how many seconds, and the peak memory of the process and of its imports."""

    kind: str
    steps: int
    seconds: float
    peak_mb: float
    imports_mb: float


def cost(kind: str, steps: int) -> Cost:
    """Measure ``open loop`` or ``n-1`` over `steps` in a fresh process."""
    command = [sys.executable, "-m", "benchmarks.scaling", kind, str(steps)]
    return Cost(**json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout))


def _measured(kind: str, steps: int) -> Cost:
    imports = _peak_mb()
    case = goto_2030(steps)
    _ready(kind, case.cut(slice(WARM_STEPS))).solve()
    program = _ready(kind, case)
    start = time.perf_counter()
    program.solve()
    return Cost(kind, steps, time.perf_counter() - start, _peak_mb(), imports)


def _ready(kind: str, case: Case) -> OpenLoop | Analysis:
    return OpenLoop(case, 0.0) if kind == "open loop" else Analysis(case, all_branches(case), 0.0)


def _peak_mb() -> float:
    """Return the most memory this process held; getrusage would count what its parent held before the start."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert found is not None
    return int(found[1]) * _MB_PER_KB


if __name__ == "__main__":
    print(json.dumps(vars(_measured(sys.argv[1], int(sys.argv[2])))))
