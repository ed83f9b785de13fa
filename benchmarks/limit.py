"""The machine's own matrix-product limit, and how far from it the engine works.

One step of the fixed point V = w + Z conj(s / V) on n nodes with injections is a complex matrix times vector: 8 n^2
operations. A processor cannot do them faster than its best matrix product.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass

import numpy as np
from scipy.sparse.linalg import splu

from benchmarks.cases import Case
from twin.network.node_power import node_power
from twin.network.reading.extraction import extract

SIZE, REPEATS = 1500, 7
_STEP_PU, _SAMPLE, _MOST_STEPS = 1e-10, 200, 60


@dataclass(frozen=True)
class Arithmetic:
    """What the fixed point must at least compute for one step of a case."""

    nodes: int
    buses: int
    iterations: float

    @property
    def flop(self) -> float:
        """Iterations on the nodes with injections, then the other buses' voltages once."""
        return 8.0 * self.nodes * (self.nodes * self.iterations + self.buses - self.nodes)


def arithmetic(case: Case) -> Arithmetic:
    """Count the fixed point's iterations on a sample of steps, by a plain implementation of its own."""
    network = extract(case.net)
    sample = case.cut(np.linspace(0, case.steps - 1, _SAMPLE).astype(int))
    given = {
        ("load", "p_mw"): sample.load_p_mw,
        ("load", "q_mvar"): sample.load_q_mvar,
        ("sgen", "p_mw"): sample.sgen_p_mw,
    }
    power = node_power(network, sample.steps, given).constant
    free = np.setdiff1d(np.arange(power.shape[1]), network.slack)
    active = free[np.abs(power[:, free]).max(0) > 0]
    inverse = splu(network.y_bus[free][:, free].tocsc())
    unit = np.eye(len(free))[:, np.searchsorted(free, active)].astype(complex)
    z = inverse.solve(unit)[np.searchsorted(free, active)]
    w = -inverse.solve(network.y_bus[free][:, network.slack] @ network.slack_v)[np.searchsorted(free, active)]
    iterations = np.zeros(sample.steps)
    v = np.tile(w, (sample.steps, 1))
    for _ in range(_MOST_STEPS):
        new = w + np.conj(power[:, active] / v) @ z.T
        iterations += np.abs(new - v).max(1) > _STEP_PU
        v = new
    return Arithmetic(len(active), power.shape[1], float(iterations.mean()) + 1)


def matrix_product_flops(threads: int) -> float:
    """Return the operations per second of numpy's matrix product, in a process of its own."""
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
    environment = os.environ | dict.fromkeys(names, str(threads))
    command = [sys.executable, "-m", "benchmarks.limit"]
    found = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    return float(found.stdout)


def _measured_flops() -> float:
    a = np.random.default_rng(0).normal(size=(SIZE, SIZE))
    a @ a
    times = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        a @ a
        times.append(time.perf_counter() - start)
    return 2.0 * SIZE**3 / statistics.median(times)


if __name__ == "__main__":
    print(_measured_flops())
