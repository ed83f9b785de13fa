"""A run that compiles the kernels gives the same bits as one that loads them."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCRIPT = """
import hashlib
import numpy as np
from network_models.model import grid_of
from twin.network.variants.flow import solve
from twin.security.criterion.headroom import link_headroom
from twin.security.criterion.outages import Trips, assess_outages
from twin.network.variants.grids import grid_variants
from twin.core.random_streams import stream

rows, draw = 200, stream(1, "cold and warm", 0)
grid = grid_variants([grid_of("goto", 2030, parameters={"conductor_mm2": 300})])
model, a = grid.models[0], grid.arrays
p = np.zeros((rows, len(grid.nodes.buses)))
for node, contract_mw in zip(grid.nodes.plant, model.plants.contract_mw):
    p[:, node] += draw.uniform(0.0, 0.8, rows) * contract_mw / 100.0
for node, mean_mw in zip(grid.nodes.area, model.net.load.p_mw):
    p[:, node] -= draw.uniform(0.4, 1.8, rows) * mean_mw / 100.0
variant = np.zeros(rows, dtype=np.int64)
flow = solve(grid, variant, p, 0.1 * p)
headroom = link_headroom(grid, flow)
nobody = Trips(np.zeros((rows, 0)), np.zeros((rows, 0)), np.zeros(0, dtype=np.int64), np.zeros(rows), np.ones(rows))
ignored = np.zeros((rows, a.solve_always.shape[0], a.limit.shape[1]), dtype=bool)
judged = assess_outages(grid, flow, nobody, ignored)
for values in (flow.v, headroom, judged.measure):
    print(hashlib.sha256(values.tobytes()).hexdigest())
"""


@pytest.mark.slow
def test_compiled_and_loaded_kernels_give_the_same_bits(tmp_path):
    environment = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path), "PYTHONPATH": str(ROOT)}

    def hashes():
        done = subprocess.run(
            [sys.executable, "-c", SCRIPT], env=environment, capture_output=True, text=True, check=True
        )
        return done.stdout.split()

    cold, warm = hashes(), hashes()
    assert len(cold) == 3
    assert cold == warm
