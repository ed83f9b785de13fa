"""Comparison C: reactive limits and taps beside pandapower's ``enforce_q_lims`` and ``DiscreteTapControl``."""

from __future__ import annotations

import copy
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandapower as pp
from agreement import OPTIONS, VM_LIMIT_PU, solve_reference, voltage_error
from pandapower import pandapowerNet
from pandapower.control import DiscreteTapControl
from settled_controls import SOURCES_PU, STATES, at_state, come_to_rest
from shipped import goto

from twin import BatchPowerFlow
from twin.network.model import Controls, TapChanger
from twin.network.result import BatchResult
from twin.network.variants.grids import grid_variants

LIMITED = (
    *("case14", "case24_ieee_rts", "case30", "case_ieee30", "case39", "case57", "case89pegase", "case118", "case145"),
    *("case_illinois200", "case300", "GBreducednetwork", "iceland", "create_cigre_network_hv"),
)
AT_LIMIT_MVAR, OFF_SET_PU = 1e-6, 1e-7
TAP_STARTS = (-8, -2, 3, 8)


@dataclass(frozen=True)
class Limited:
    """Generators within reactive limits.

    Attributes
    ----------
    network : str
    gens, ours_at_limit, theirs_at_limit : int
    theirs_stuck : int
        Generators that ``runpp`` leaves at a limit although the voltage asks for the other direction.
    ours_wrong : int
        The same of ours, and generators that hold their voltage outside their limits or lie off it within them.
    voltage_error_pu : float
        NaN where one side has no solution.
    ours, theirs : str
        Tier and tolerance, or the class of failure in brackets.
    """

    network: str
    gens: int
    ours_at_limit: int
    theirs_at_limit: int
    theirs_stuck: int
    ours_wrong: int
    voltage_error_pu: float
    ours: str
    theirs: str

    @property
    def verdict(self) -> str:
        """What the row says, in words; see `misses`."""
        if np.isnan(self.voltage_error_pu):
            failed = self.ours.startswith("("), self.theirs.startswith("(")
            return {(True, True): "both unsolved", (False, True): "solved by us only"}.get(
                failed, "unsolved by us only"
            )
        if self.voltage_error_pu < VM_LIMIT_PU:
            return "agrees"
        return "runpp does not go back" if self.theirs_stuck else "differs"

    @property
    def misses(self) -> bool:
        """The two differ and pandapower's rule does not explain it, or ours breaks its own rule."""
        return self.ours_wrong > 0 or self.verdict in ("differs", "unsolved by us only")


def limited(name: str, net: pandapowerNet) -> Limited:
    """Compare a network with reactive limits enforced on both sides."""
    result = BatchPowerFlow(net, enforce_q_lims=True).solve()
    solved, theirs = solve_reference(net, 1.0, "t", enforce_q_lims=True)
    ours = str(result.method[0]) if result.converged[0] else f"({result.failure[0]})"
    ours_at = theirs_at = stuck = wrong = 0
    if result.converged[0]:
        at, against, off = _gens(net, result.gen_q_mvar[0], _vm_of_gens(net, result))
        ours_at, wrong = int(at.sum()), int((against | (off & ~at)).sum())
    if not theirs.startswith("("):
        vm_pu = solved.res_bus.vm_pu.loc[net.gen.bus].to_numpy()
        at, against, _ = _gens(net, solved.res_gen.q_mvar.to_numpy(), vm_pu)
        theirs_at, stuck = int(at.sum()), int(against.sum())
    both = bool(result.converged[0]) and not theirs.startswith("(")
    error = voltage_error(result, 0, solved) if both else np.nan
    return Limited(name, len(net.gen), ours_at, theirs_at, stuck, wrong, error, ours, theirs)


def _vm_of_gens(net: pandapowerNet, result: BatchResult) -> np.ndarray:
    return result.vm_pu[0][net.bus.index.get_indexer(net.gen.bus)]


def _gens(net: pandapowerNet, q_mvar: np.ndarray, vm_pu: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return which generators are at a limit, stand at one (or beyond) against their voltage, are off their set point.

    Generators that share a bus with a slack hold nothing and count for nothing.
    """
    free = net.gen.in_service.to_numpy(bool) & ~net.gen.bus.isin(net.ext_grid.bus).to_numpy()
    low, high = (net.gen[column].to_numpy(float) for column in ("min_q_mvar", "max_q_mvar"))
    at_low, at_high = q_mvar < low + AT_LIMIT_MVAR, q_mvar > high - AT_LIMIT_MVAR
    below, above = vm_pu < net.gen.vm_pu.to_numpy() - OFF_SET_PU, vm_pu > net.gen.vm_pu.to_numpy() + OFF_SET_PU
    beyond = (q_mvar < low - AT_LIMIT_MVAR) | (q_mvar > high + AT_LIMIT_MVAR)
    against = (at_low & ~at_high & below) | (at_high & ~at_low & above) | beyond
    return free & (at_low | at_high), free & against, free & (below | above)


@dataclass(frozen=True)
class Tapped:
    """The two main transformers of Goto from one start position, injections constant.

    Attributes
    ----------
    source_vm_pu : float
    state : str
    start, ours, theirs : int
        Tap positions: at the start, and where the loop's rule and pandapower's controller come to rest.
    half_hours : int
        That the loop's rule takes.
    vm_pu : float
        Voltage held at the end.
    in_band : bool
        Whether it lies within the dead band.
    """

    source_vm_pu: float
    state: str
    start: int
    ours: int
    theirs: int
    half_hours: int
    vm_pu: float
    in_band: bool

    @property
    def verdict(self) -> str:
        """What the row says, in words; see `misses`."""
        if not self.in_band:
            return "outside the band"
        return "same position" if self.ours == self.theirs else "both within the band"

    @property
    def misses(self) -> bool:
        """Our rule came to rest outside the band, or further than a position from pandapower's."""
        return not self.in_band or abs(self.ours - self.theirs) > 1


def tapped(sources: Sequence[float] = SOURCES_PU, starts: Sequence[int] = TAP_STARTS) -> Iterator[Tapped]:
    """Let both rules run from every start in every state until nothing moves."""
    tap = goto(2030).controls.tap
    assert tap is not None
    for source in sources:
        model = replace(goto(2030, "fixed", {"source_vm_pu": source}), controls=Controls(tap=tap, automatic=True))
        grid = grid_variants([model])
        for state, start in itertools.product(STATES, starts):
            net = at_state(model, state).net
            rest, theirs = come_to_rest(grid, net, (start,)), _by_pandapower(net, tap, start)
            in_band = rest.half_hours >= 0 and abs(rest.held_vm_pu - tap.target_vm_pu) <= tap.dead_band_pu
            yield Tapped(source, state, start, rest.positions[0], theirs, rest.half_hours, rest.held_vm_pu, in_band)


def _by_pandapower(net: pandapowerNet, tap: TapChanger, start: int) -> int:
    controlled = copy.deepcopy(net)
    controlled.trafo.loc[list(tap.transformers), "tap_pos"] = start
    low, high = tap.target_vm_pu - tap.dead_band_pu, tap.target_vm_pu + tap.dead_band_pu
    for transformer in tap.transformers:
        DiscreteTapControl(controlled, transformer, vm_lower_pu=low, vm_upper_pu=high)
    pp.runpp(controlled, **OPTIONS, run_control=True)
    return int(controlled.trafo.tap_pos.loc[tap.transformers[0]])
