"""Power flows of a pandapower net for many steps at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from pandapower import pandapowerNet

from twin.core.errors import Problem, raise_if_any
from twin.network.distributed_slack import shares, solve_shared, with_shares
from twin.network.node_power import node_power
from twin.network.profiles import POWERS, checked
from twin.network.reading.as_read import AsRead
from twin.network.reading.extraction import extract
from twin.network.result import BatchResult
from twin.network.settings import SETTINGS, ResultBySettings, solve_by_settings
from twin.network.solving.solver import TOLERANCE_MVA, Solution, Solver, default_threads, empty_solution

_VALUES_PER_BLOCK = 1_000_000
"""Nodes times rows of a block (16 MB an array); smaller blocks were not quicker."""
_LEAST_ROWS = 256


class BatchPowerFlow:
    """AC power flow of one net for many steps.

    Parameters
    ----------
    net : pandapowerNet
        Not modified, and read once: `solve` refuses to go on with a net that was changed afterwards.
    trafo_model : str
        ``t`` or ``pi``, as in ``runpp``.
    enforce_q_lims : bool
        Whether generators keep within their reactive limits.
    distributed_slack : bool
        Whether external grid and generators share by ``slack_weight`` what the set powers leave open, as in ``runpp``.
    trafo_loading : str
        ``current`` or ``power``, as in ``runpp``: what ``trafo_loading_percent`` and that of three windings compare.
    trafo3w_losses : str
        ``hv``, ``mv`` or ``lv``: the side at which the losses without load stand, where the table has no ``loss_side``.
    tolerance_mva : float
        Largest complex power mismatch at a bus, in MVA (``runpp`` compares its own in per unit). Where an admittance is
        so large that rounding alone leaves more, that is what the bus may keep; ``residual_mva`` tells.

    Raises
    ------
    InputError
        If the net holds an element that is not supported, or what pandapower itself refuses; an unknown option, or a
        tolerance that is not a power above 0.
    """

    def __init__(
        self,
        net: pandapowerNet,
        *,
        trafo_model: str = "t",
        enforce_q_lims: bool = False,
        distributed_slack: bool = False,
        trafo_loading: str = "current",
        trafo3w_losses: str = "hv",
        tolerance_mva: float = TOLERANCE_MVA,
    ) -> None:
        raise_if_any(_wrong_options(trafo_loading, trafo3w_losses, tolerance_mva))
        self._options: dict[str, Any] = {
            "trafo_model": trafo_model, "enforce_q_lims": enforce_q_lims, "distributed_slack": distributed_slack,
            "trafo_loading": trafo_loading, "trafo3w_losses": trafo3w_losses, "tolerance_mva": tolerance_mva,
        }  # fmt: skip
        self.as_read = AsRead(net)
        self.net = self.as_read.net
        if len(self.net.trafo3w) and "loss_side" not in self.net.trafo3w:
            self.net.trafo3w["loss_side"] = trafo3w_losses
        used = {"enforce_q_lims": enforce_q_lims, "distributed_slack": distributed_slack}
        self.network = extract(self.net, trafo_model=trafo_model, **used)
        self._shares = shares(self.net, self.network) if distributed_slack else None
        self.solver = Solver(self.network, tolerance_mva=tolerance_mva)

    def solve(self, **given: ArrayLike) -> BatchResult | ResultBySettings:
        """Solve each step.

        Parameters
        ----------
        **given : array_like, (steps, elements) or (elements,) for one step
            ``load_p_mw``, ``load_q_mvar``, ``sgen_p_mw``, ``sgen_q_mvar``, ``storage_p_mw``, ``storage_q_mvar``,
            ``gen_p_mw`` in the order and with the sign of pandapower's tables, before ``scaling``; what is left out
            keeps the net's value. A row with a value that is not a number fails alone. The arrays are not copied:
            leave them as they are while results of these elements are still to be read. Settings beside them
            (`twin.network.settings.SETTINGS`: ``gen_vm_pu``, ``trafo_tap_pos``, ``switch_closed``,
            ``line_in_service``, ...) make a net, and its matrices, for each combination that occurs.

        Returns
        -------
        BatchResult or ResultBySettings
            With the same attributes.

        Raises
        ------
        InputError
            With everything that is wrong with the arrays; or if the net was changed after this object was made.
        """
        self.as_read.check()
        profiles = checked(self.net, given, POWERS | SETTINGS)
        if not profiles.values.keys().isdisjoint(SETTINGS.values()):
            return solve_by_settings(self.net, profiles.values, self._solve_other_net)
        return self._solve_rows(profiles.rows, profiles.values)

    def _solve_other_net(
        self, net: pandapowerNet, arrays: Mapping[tuple[str, str], np.ndarray], rows: int
    ) -> BatchResult:
        return type(self)(net, **self._options)._solve_rows(rows, dict(arrays))

    def _solve_rows(self, rows: int, arrays: dict[tuple[str, str], np.ndarray]) -> BatchResult:
        threads = default_threads()
        solution = empty_solution(rows, len(self.network.alive), len(self.network.controlled.node))
        size = max(_LEAST_ROWS, min(_VALUES_PER_BLOCK // len(self.network.alive), -(-rows // threads)))
        blocks = [slice(first, min(first + size, rows)) for first in range(0, rows, size)]
        with ThreadPoolExecutor(threads) as pool:
            open_mw = list(pool.map(lambda block: self._solve_block(block, arrays, solution), blocks))
        if self._shares is not None:
            arrays = with_shares(self.network, self._shares, arrays, np.concatenate(open_mw))
        return BatchResult(self.net, self.network, solution, arrays, self._options["trafo_loading"])

    def _solve_block(self, block: slice, arrays: dict[tuple[str, str], np.ndarray], solution: Solution) -> np.ndarray:
        """Solve the rows of a block, put them into `solution` and return the power that is shared, MW (R,)."""
        part = {name: values[block] for name, values in arrays.items()}
        power = node_power(self.network, block.stop - block.start, part)
        if self._shares is None:
            solved, open_mw = self.solver.solve(power, threads=1), np.zeros(block.stop - block.start)
        else:
            solved, open_mw = solve_shared(self.solver, power, self._shares)
        for field in fields(Solution):
            getattr(solution, field.name)[block] = getattr(solved, field.name)
        return open_mw


def _wrong_options(trafo_loading: str, trafo3w_losses: str, tolerance_mva: float) -> Iterator[Problem]:
    sides = ("hv", "mv", "lv")
    choices = ("trafo_loading", trafo_loading, ("current", "power")), ("trafo3w_losses", trafo3w_losses, sides)
    for name, value, accepted in choices:
        if value not in accepted:
            yield Problem("unknown choice", f"BatchPowerFlow, {name}", repr(value), " or ".join(accepted))
    if not 0.0 < tolerance_mva < np.inf:
        where = "BatchPowerFlow, tolerance_mva"
        yield Problem("the tolerance is not a power", where, str(tolerance_mva), "a number above 0, in MVA")
