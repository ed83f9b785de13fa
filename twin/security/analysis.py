"""Security analysis of any pandapower net: every outage at every step, in AC."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from pandapower import pandapowerNet

from twin.core.errors import Problem, raise_if_any
from twin.network.model import Element, GridModel, Limits
from twin.network.monitored import PLAIN_LIMITS, MonitoredGrid, monitored_model, monitored_net
from twin.network.profiles import GivenProfiles, checked
from twin.network.reading.as_read import AsRead
from twin.network.reading.extraction import extract
from twin.security.assessment import OutageAnalysis, Relief
from twin.security.contingencies import (
    Contingency,
    OutageClass,
    Outages,
    contingencies,
    highest_output_mw,
    unnamed_elements,
)
from twin.security.prepared import PreparedContingencies
from twin.security.remedies import Means, import_remedies
from twin.security.result import SecurityResult
from twin.security.steps import steps_of
from twin.security.tally import CASE, ELEMENT, Tally

BLOCK_NUMBERS = 1_000_000
"""Complex numbers of one node array of a block (16 MB); a block holds about ten such arrays."""
LARGEST_BLOCK = 1024


class SecurityAnalysis:
    """Outages of one grid, at every step of its profiles.

    Parameters
    ----------
    grid : pandapowerNet, GridModel or MonitoredGrid
        Not modified, and read once: a net that was changed afterwards is refused. The last two bring their var
        compensator with slope and limits, its voltage band, short-time factor, roles and the line reactors that trip
        with a circuit.
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
        self.as_read: AsRead | None = None
        if isinstance(grid, MonitoredGrid):
            self.grid = grid
        else:
            self.as_read = AsRead(grid.net if isinstance(grid, GridModel) else grid)
            self.grid = _monitored(grid, self.as_read.net, limits, trafo_model, enforce_q_lims)
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
        ready = self._ready[cases]
        return OutageAnalysis(ready.grid, ready, self.relief)

    def run(
        self,
        profiles: Mapping[str, ArrayLike] | None = None,
        *,
        index: pd.Index | None = None,
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
            Time of each step; the row labels of the profiles without it. Other labels (numbers, names) are no times.
        step_hours : float, optional
            Length of a step; from the times if it is left out. Without times hours and MWh are not a number.
        threads : int
            Blocks at work at the same time. Changes no result.
        block_steps : int, optional
            Steps of a block; bounds the memory. Changes no result.

        Raises
        ------
        InputError
            If the profiles, their times or the numbers of threads and steps do not fit, or if the net was changed.
        """
        net, network, found = self.grid.net, self.grid.network, self._profiles(profiles)
        rows, given = found.rows, found.values
        raise_if_any(_not_counts({"threads": threads, "block_steps": block_steps}))
        steps = steps_of(rows, found.labels, index, step_hours)
        analysis = self.prepare(highest_output_mw(net, network, given))
        block = block_steps or _block_steps(len(network.alive), rows, threads)

        def assessed(first: int) -> Tally:
            part = {key: values[first : first + block] for key, values in given.items()}
            return analysis.assess(analysis.power(min(block, rows - first), part), first)

        with ThreadPoolExecutor(threads) as pool:
            tallies = list(pool.map(assessed, range(0, rows, block)))
        return analysis.result(tallies, steps.hours, steps.labels)

    def _profiles(self, profiles: Mapping[str, ArrayLike] | None) -> GivenProfiles:
        if self.as_read is not None:
            self.as_read.check()
        return checked(self.grid.net, {} if profiles is None else profiles)

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
        given = self._profiles(profiles).values
        analysis = self.prepare(highest_output_mw(self.grid.net, self.grid.network, given))
        steps = analysis.power(1, {key: values[row : row + 1] for key, values in given.items()})
        case, branch = (int(worst.address[row, column]) for column in (CASE, ELEMENT))
        return import_remedies(analysis, steps, case, branch, means or self.means)


def _monitored(
    grid: pandapowerNet | GridModel, net: pandapowerNet, limits: Limits, trafo_model: str, enforce_q_lims: bool
) -> MonitoredGrid:
    network = extract(net, trafo_model=trafo_model, enforce_q_lims=enforce_q_lims)
    raise_if_any(unnamed_elements(net))
    if isinstance(grid, GridModel):
        return monitored_model(replace(grid, net=net), network)
    return monitored_net(net, network, limits)


def _block_steps(nodes: int, rows: int, threads: int) -> int:
    return max(1, min(LARGEST_BLOCK, BLOCK_NUMBERS // nodes, -(-rows // threads)))


def _not_counts(given: Mapping[str, int | None]) -> Iterator[Problem]:
    for name, value in given.items():
        if value is not None and not (isinstance(value, (int, np.integer)) and value >= 1):
            yield Problem("not a count", name, repr(value), "a whole number from 1")
