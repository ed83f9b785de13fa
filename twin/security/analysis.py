"""Security analysis of any pandapower net: every outage at every step, in AC."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import cache
from itertools import chain
from typing import Any

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
from twin.network.variants.controls import first_positions, net_at
from twin.network.variants.maps import in_service
from twin.security.assessment import OutageAnalysis, Reaction, Relief
from twin.security.contingencies import (
    Contingency,
    OutageClass,
    Outages,
    contingencies,
    highest_output_mw,
    unnamed_elements,
)
from twin.security.control_actions import ControlActions, Positions
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
        What is done between the state at once and the settled one; see `twin.security.assessment.Relief`. With
        `relief_minutes` it is done after taps and reactors have acted.
    relief_minutes : float, optional
        Of a `GridModel` whose taps and reactors are automatic: they act by their own rules until then, and the result
        of `run` has a second state, ``after_controls``. Left out: they stay where they are.
    trafo_model, enforce_q_lims, distributed_slack
        As for `BatchPowerFlow`. A machine that is out, or no longer supplied, takes its ``slack_weight`` with it.

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
        relief_minutes: float | None = None,
        trafo_model: str = "t",
        enforce_q_lims: bool = False,
        distributed_slack: bool = False,
    ) -> None:
        self.as_read: AsRead | None = None
        self._settings: dict[str, Any] = {
            "trafo_model": trafo_model, "enforce_q_lims": enforce_q_lims, "distributed_slack": distributed_slack
        }  # fmt: skip
        if isinstance(grid, MonitoredGrid):
            self.grid = grid
        else:
            self.as_read = AsRead(grid.net if isinstance(grid, GridModel) else grid)
            self.grid = _monitored(grid, self.as_read.net, limits, self._settings)
        self.outages, self.largest_plants, self.relief = outages, largest_plants, relief
        self.means = Means(diesels=grid.diesels) if isinstance(grid, GridModel) else Means()
        self._ready: dict[tuple[Contingency, ...], PreparedContingencies] = {}
        self._model = grid if isinstance(grid, GridModel) else None
        raise_if_any(_control_problems(self._model, relief_minutes))
        self.relief_minutes = relief_minutes

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
            shared = self._settings["distributed_slack"]
            self._ready = {cases: PreparedContingencies(grid, cases, distributed_slack=shared)}
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
        highest_mw = highest_output_mw(net, network, given)
        analysis, reaction = self.prepare(highest_mw), self._reaction(highest_mw)
        block = block_steps or _block_steps(len(network.alive), rows, threads)

        def assessed(first: int) -> tuple[list[Tally], list[Tally]]:
            part = {key: values[first : first + block] for key, values in given.items()}
            numbers = first + np.arange(min(block, rows - first))
            power = analysis.power(len(numbers), part)
            return analysis.assess_groups(power, numbers, np.zeros_like(numbers), reaction)

        with ThreadPoolExecutor(threads) as pool:
            tallies = list(pool.map(assessed, range(0, rows, block)))
        at_once, after = (list(chain.from_iterable(of_blocks)) for of_blocks in zip(*tallies, strict=True))
        result = analysis.result(at_once, steps.hours, steps.labels)
        return replace(result, after_controls=analysis.result(after, steps.hours, steps.labels)) if after else result

    def _reaction(self, highest_mw: Mapping[Element, float]) -> Reaction | None:
        """Return what taps and reactors do after an outage; the outages at other positions are made ready once."""
        model, minutes = self._model, self.relief_minutes
        if model is None or minutes is None:
            return None

        @cache
        def at(positions: Positions) -> OutageAnalysis:
            network = in_service(model, extract(net_at(model, positions), **self._settings))
            grid = monitored_model(model, network)
            shared, plants = self._settings["distributed_slack"], self.largest_plants
            other = SecurityAnalysis(grid, self.outages, largest_plants=plants, distributed_slack=shared)
            return other.prepare(highest_mw)

        return ControlActions(model, first_positions(model), minutes, at)

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
    grid: pandapowerNet | GridModel, net: pandapowerNet, limits: Limits, settings: Mapping[str, Any]
) -> MonitoredGrid:
    network = extract(net, **settings)
    raise_if_any(unnamed_elements(net))
    if isinstance(grid, GridModel):
        return monitored_model(replace(grid, net=net), network)
    return monitored_net(net, network, limits)


def _control_problems(model: GridModel | None, relief_minutes: float | None) -> Iterator[Problem]:
    if relief_minutes is None:
        return
    if not 0.0 < relief_minutes < np.inf:
        yield Problem("not a time until redispatch", "relief_minutes", f"{relief_minutes:g}", "minutes above 0")
    if model is None or not model.controls.automatic or not first_positions(model):
        seen = "a grid without rules for them" if model is None else "a grid model that holds them fixed"
        accepted, repair = "a GridModel with automatic controls", "leave relief_minutes out"
        yield Problem("no taps or reactors act after an outage", "relief_minutes", seen, accepted, repair)


def _block_steps(nodes: int, rows: int, threads: int) -> int:
    return max(1, min(LARGEST_BLOCK, BLOCK_NUMBERS // nodes, -(-rows // threads)))


def _not_counts(given: Mapping[str, int | None]) -> Iterator[Problem]:
    for name, value in given.items():
        if value is not None and not (isinstance(value, (int, np.integer)) and value >= 1):
            yield Problem("not a count", name, repr(value), "a whole number from 1")
