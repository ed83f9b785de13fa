"""Security analysis of any pandapower net: every outage at every step, in AC."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from pandapower import pandapowerNet

from twin.core.errors import Problem, raise_if_any
from twin.network.batch import checked
from twin.network.extraction import extract
from twin.network.model import Element, GridModel, Limits
from twin.network.monitored import PLAIN_LIMITS, MonitoredGrid, monitored_model, monitored_net
from twin.security.assessment import OutageAnalysis, Relief
from twin.security.contingencies import Contingency, OutageClass, Outages, contingencies, highest_output_mw
from twin.security.prepared import PreparedContingencies
from twin.security.remedies import Means, import_remedies
from twin.security.result import SecurityResult
from twin.security.tally import CASE, ELEMENT, Tally

BLOCK_NUMBERS = 1_000_000
"""Complex numbers of one node array of a block (16 MB); a block holds about ten such arrays."""
LARGEST_BLOCK = 1024


class SecurityAnalysis:
    """Outages of one grid, at every step of its profiles.

    Parameters
    ----------
    grid : pandapowerNet, GridModel or MonitoredGrid
        Not modified. The last two bring their var compensator with slope and limits, its voltage band, short-time
        factor, roles and the line reactors that trip with a circuit.
    outages : "all" or sequence
        ``"all"``: every line, transformer, impedance, compensation (shunts, static var compensators, generators
        without active power) and the largest plants, one by one; and each pair of circuits (chains of lines) between
        the same two buses as a common corridor. Else a list of ``(table, index)``, tuples of them that trip together,
        `CommonCorridor`.
    largest_plants : int
        Plants that trip under ``"all"``, by their highest output.
    limits : Limits
        For a plain net: short-time factor, and the voltage band where the bus table has none.
    relief : callable, optional
        What is done between the state at once and the settled one; see `twin.security.assessment.Relief`.
    trafo_model, enforce_q_lims
        As for `BatchPowerFlow`.

    Raises
    ------
    InputError
        If the list of outages or the net cannot be used; with all problems.
    """

    def __init__(
        self,
        grid: pandapowerNet | GridModel | MonitoredGrid,
        outages: Outages = "all",
        *,
        largest_plants: int = 5,
        limits: Limits = PLAIN_LIMITS,
        relief: Relief | None = None,
        trafo_model: str = "t",
        enforce_q_lims: bool = False,
    ) -> None:
        self.grid = _monitored(grid, limits, trafo_model, enforce_q_lims)
        self.outages, self.largest_plants, self.relief = outages, largest_plants, relief
        self.means = Means(diesels=grid.diesels) if isinstance(grid, GridModel) else Means()
        self._ready: dict[tuple[Contingency, ...], PreparedContingencies] = {}

    def prepare(self, plant_mw: Mapping[Element, float]) -> OutageAnalysis:
        """Make the outages ready; the last list is kept, so that a second run with the same outages begins at once.

        Parameters
        ----------
        plant_mw : mapping of (table, index) to float
            Highest output of each plant over the operating points; ``"all"`` trips the largest ones.
        """
        grid = self.grid
        cases = contingencies(grid.net, grid.network, self.outages, grid.tripped_with, plant_mw, self.largest_plants)
        if cases not in self._ready:
            self._ready = {cases: PreparedContingencies(grid, cases)}
        return OutageAnalysis(grid, self._ready[cases], self.relief)

    def run(
        self,
        profiles: Mapping[str, ArrayLike] | None = None,
        *,
        index: pd.DatetimeIndex | None = None,
        step_hours: float | None = None,
        threads: int = 1,
        block_steps: int | None = None,
    ) -> SecurityResult:
        """Assess every outage at every step.

        Parameters
        ----------
        profiles : mapping of str to array, (T, L)
            As for `BatchPowerFlow.solve`, for example ``load_p_mw``; one step of the net's own values without it.
        index : pandas.DatetimeIndex, optional
            Time of each step.
        step_hours : float, optional
            Length of a step; from `index` if it is left out, else 0.5 h.
        threads : int
            Blocks at work at the same time. Changes no result.
        block_steps : int, optional
            Steps of a block; bounds the memory. Changes no result.

        Raises
        ------
        InputError
            If the profiles do not fit.
        """
        net, network = self.grid.net, self.grid.network
        rows, given = checked(net, profiles or {})
        if index is not None and len(index) != rows:
            raise_if_any([Problem("one time per step is needed", "index", f"{len(index)} times", f"{rows} times")])
        analysis = self.prepare(highest_output_mw(net, network, given))
        block = block_steps or _block_steps(len(network.alive), rows, threads)

        def assessed(first: int) -> Tally:
            part = {key: values[first : first + block] for key, values in given.items()}
            return analysis.assess(analysis.power(min(block, rows - first), part), first)

        with ThreadPoolExecutor(threads) as pool:
            tallies = list(pool.map(assessed, range(0, rows, block)))
        return analysis.result(tallies, _step_hours(index, step_hours), index)

    def import_remedies(
        self,
        profiles: Mapping[str, ArrayLike],
        result: SecurityResult,
        *,
        means: Means | None = None,
        outage_class: OutageClass = OutageClass.SINGLE,
    ) -> pd.DataFrame:
        """Return what each remedy must give against the worst breach in import direction.

        Parameters
        ----------
        profiles : mapping of str to array, (T, L)
            Those of `result`.
        result : SecurityResult
            Of `run`.
        means : Means, optional
            Batteries, demand response and diesels; the diesels of a `GridModel` without it.
        outage_class : OutageClass

        Returns
        -------
        pandas.DataFrame
            See `twin.security.remedies.import_remedies`; empty where there is no such breach.
        """
        worst = result.of_class(outage_class).step_import
        row = int(worst.value.argmax())
        if not np.isfinite(worst.value[row]):
            return pd.DataFrame()
        _, given = checked(self.grid.net, profiles)
        analysis = self.prepare(highest_output_mw(self.grid.net, self.grid.network, given))
        steps = analysis.power(1, {key: values[row : row + 1] for key, values in given.items()})
        case, branch = (int(worst.address[row, column]) for column in (CASE, ELEMENT))
        return import_remedies(analysis, steps, case, branch, means or self.means)


def _monitored(
    grid: pandapowerNet | GridModel | MonitoredGrid, limits: Limits, trafo_model: str, enforce_q_lims: bool
) -> MonitoredGrid:
    if isinstance(grid, MonitoredGrid):
        return grid
    if isinstance(grid, GridModel):
        return monitored_model(grid, extract(grid.net, trafo_model=trafo_model))
    return monitored_net(grid, extract(grid, trafo_model=trafo_model, enforce_q_lims=enforce_q_lims), limits)


def _block_steps(nodes: int, rows: int, threads: int) -> int:
    return max(1, min(LARGEST_BLOCK, BLOCK_NUMBERS // nodes, -(-rows // threads)))


def _step_hours(index: pd.DatetimeIndex | None, step_hours: float | None) -> float:
    if step_hours is not None:
        return step_hours
    if index is None or len(index) < 2:
        return 0.5
    return (index[1] - index[0]) / pd.Timedelta(hours=1)
