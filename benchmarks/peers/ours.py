"""goto-twin: `BatchPowerFlow`; its tolerance is its own."""

from __future__ import annotations

import numpy as np

from benchmarks.cases import Case
from twin import BatchPowerFlow


class OpenLoop:
    def __init__(self, case: Case, tolerance: float) -> None:
        self.flow, self.given = BatchPowerFlow(case.net), given(case)

    def solve(self) -> np.ndarray:
        return self.flow.solve(**self.given).vm_pu


def given(case: Case) -> dict[str, np.ndarray]:
    """Return the case's injections by the names of `BatchPowerFlow.solve`."""
    tables = {"load_p_mw": "load", "load_q_mvar": "load", "sgen_p_mw": "sgen", "gen_p_mw": "gen"}
    return {name: getattr(case, name) for name, table in tables.items() if len(case.net[table])}
