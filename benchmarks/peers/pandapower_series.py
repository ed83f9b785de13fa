"""pandapower: `run_timeseries` with ConstControl and OutputWriter (its fast voltage-only results)."""

from __future__ import annotations

import copy

import numpy as np
import pandas as pd
from pandapower.control import ConstControl
from pandapower.timeseries import DFData, OutputWriter
from pandapower.timeseries.run_time_series import run_timeseries

from benchmarks.cases import Case


class OpenLoop:
    """Also the converged reference's own program, at its usual tolerance."""

    def __init__(self, case: Case, tolerance: float) -> None:
        self.net, self.tolerance, self.steps = copy.deepcopy(case.net), tolerance, range(case.steps)
        given = {
            ("load", "p_mw"): case.load_p_mw,
            ("load", "q_mvar"): case.load_q_mvar,
            ("sgen", "p_mw"): case.sgen_p_mw,
            ("gen", "p_mw"): case.gen_p_mw,
        }
        for (table, variable), values in given.items():
            elements = self.net[table].index
            if len(elements):
                source = DFData(pd.DataFrame(values))
                ConstControl(self.net, table, variable, elements, profile_name=range(len(elements)), data_source=source)

    def solve(self) -> np.ndarray:
        writer = OutputWriter(self.net, self.steps, output_path=None, log_variables=[("res_bus", "vm_pu")])
        run_timeseries(self.net, self.steps, verbose=False, tolerance_mva=self.tolerance)
        return writer.output["res_bus.vm_pu"].to_numpy()
