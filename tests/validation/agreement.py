"""One row of the agreement table: the batch engine beside ``runpp`` on one network at several loads."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import networks
import numpy as np
import pandapower as pp
from pandapower import pandapowerNet
from pandapower.pypower.makeSbus import makeSbus
from scipy.sparse.linalg import MatrixRankWarning

from twin import BatchPowerFlow
from twin.core.errors import InputError
from twin.network.result import BatchResult

LOAD_FACTORS = (1.0, 0.5, 1.15)
TOLERANCES = (1e-10, 1e-9)
VM_LIMIT_PU = 1e-8
LOADING_LIMIT = 1e-5
RESIDUAL_LIMIT_PU = 1e-8
ANOTHER_ROOT_PU = 1e-3
REFUSED = "(refused)"
OPTIONS = {"calculate_voltage_angles": True, "init": "dc", "max_iteration": 50, "numba": False}
BRANCH_TABLES = ("line", "trafo", "trafo3w")


@dataclass(frozen=True)
class Agreement:
    """A network at one load factor, solved by both.

    Attributes
    ----------
    network : str
    load_factor : float
    buses, gens : int
    ours, theirs : str
        Tier of the batch engine and tolerance of pandapower, or the class of failure in brackets.
    voltage_error_pu : float
        Largest ``|V - V_runpp|`` (complex) over the buses; NaN where one side has no solution.
    loading_error : float
        Largest difference of ``loading_percent`` over lines and transformers, percentage points.
    residual_pu : float
        Largest power mismatch of our voltages in pandapower's own equations, per unit of ``sn_mva``; NaN without a
        solution of ours.
    operable : bool
        Our check of the root: solved, the Jacobian's determinant has the sign that it has without power, and no voltage
        is below half of the nominal one.
    """

    network: str
    load_factor: float
    buses: int
    gens: int
    ours: str
    theirs: str
    voltage_error_pu: float
    loading_error: float
    residual_pu: float
    operable: bool

    @property
    def agrees(self) -> bool:
        """Both have the same solution within the limits."""
        return self.voltage_error_pu < VM_LIMIT_PU and self.loading_error < LOADING_LIMIT

    @property
    def verdict(self) -> str:
        """What the row says, in words; see `misses`."""
        if self.ours == REFUSED:
            return "refused"
        if self.ours.startswith("("):
            return "both unsolved" if self.theirs.startswith("(") else "unsolved by us only"
        if not self.residual_pu < RESIDUAL_LIMIT_PU:
            return "residual too large"
        if self.theirs.startswith("("):
            return "solved by us only"
        if self.agrees:
            return "agrees"
        return "another root" if self.voltage_error_pu > ANOTHER_ROOT_PU else "differs"

    @property
    def misses(self) -> bool:
        """The row is none of: agreement; no solution on either side; a proven solution where ``runpp`` has no such."""
        if self.verdict == "refused":
            return self.network not in networks.REFUSED
        return self.verdict not in ("agrees", "both unsolved", "solved by us only", "another root")


def agreements(
    name: str,
    net: pandapowerNet,
    factors: Sequence[float] = LOAD_FACTORS,
    trafo_model: str = "t",
    reference: pandapowerNet | None = None,
) -> list[Agreement]:
    """Solve `net` at all load factors as one batch, and each once more with ``runpp``.

    Parameters
    ----------
    reference : pandapowerNet, optional
        The net that ``runpp`` solves, for negative controls; `net` where left out.
    """
    scale = np.array(factors)[:, None]
    size = {"buses": len(net.bus), "gens": len(net.gen)}
    try:
        result = BatchPowerFlow(net, trafo_model=trafo_model).solve(
            load_p_mw=scale * net.load.p_mw.to_numpy(), load_q_mvar=scale * net.load.q_mvar.to_numpy()
        )
    except InputError:
        return [
            Agreement(name, factor, **size, ours=REFUSED, theirs="", voltage_error_pu=np.nan,
                      loading_error=np.nan, residual_pu=np.nan, operable=False)
            for factor in factors
        ]  # fmt: skip
    rows = []
    for row, factor in enumerate(factors):
        solved, theirs = solve_reference(net if reference is None else reference, factor, trafo_model)
        ours = str(result.method[row]) if result.converged[row] else f"({result.failure[row]})"
        both = result.converged[row] and not theirs.startswith("(")
        rows.append(Agreement(
            name, factor, **size, ours=ours, theirs=theirs,
            voltage_error_pu=voltage_error(result, row, solved) if both else np.nan,
            loading_error=loading_error(result, row, solved) if both else np.nan,
            residual_pu=residual(result.solution.v[row], solved) if result.converged[row] else np.nan,
            operable=bool(result.operable[row]),
        ))  # fmt: skip
    return rows


def solve_reference(
    net: pandapowerNet, factor: float, trafo_model: str, **options: object
) -> tuple[pandapowerNet, str]:
    """Solve a copy with ``runpp`` at the first of `TOLERANCES` that it reaches; return it and the tolerance used."""
    solved = copy.deepcopy(net)
    solved.load["p_mw"] *= factor
    solved.load["q_mvar"] *= factor
    for tolerance in TOLERANCES:
        try:
            with warnings.catch_warnings():
                warnings.filterwarnings("ignore", networks.NOTICE)
                warnings.simplefilter("ignore", RuntimeWarning)  # both of pandapower's Newton while it diverges
                warnings.simplefilter("ignore", MatrixRankWarning)
                pp.runpp(solved, **OPTIONS, **options, trafo_model=trafo_model, tolerance_mva=tolerance)
        except pp.LoadflowNotConverged:
            continue
        return solved, f"{tolerance:.0e}"
    return solved, "(not converged)"


def voltage_error(result: BatchResult, row: int, solved: pandapowerNet) -> float:
    """Return the largest difference of the complex voltages, pu; infinite where only one side has a voltage."""
    ours = result.vm_pu[row] * np.exp(1j * np.radians(result.va_degree[row]))
    theirs = solved.res_bus.vm_pu.to_numpy() * np.exp(1j * np.radians(solved.res_bus.va_degree.to_numpy()))
    if (np.isnan(ours) != np.isnan(theirs)).any():
        return np.inf
    return float(np.nanmax(np.abs(ours - theirs)))


def loading_error(result: BatchResult, row: int, solved: pandapowerNet) -> float:
    """Return the largest difference of ``loading_percent``; a branch without a rating counts for nothing."""
    largest = 0.0
    for table in BRANCH_TABLES:
        if not len(solved[table]):
            continue
        ours = getattr(result, f"{table}_loading_percent")[row]
        theirs = solved[f"res_{table}"].loading_percent.to_numpy()
        rated = np.isfinite(theirs) & np.isfinite(ours)
        largest = max(largest, float(np.abs(ours - theirs)[rated].max(initial=0.0)))
    return largest


def residual(v: np.ndarray, solved: pandapowerNet) -> float:
    """Return the largest mismatch of voltages `v` in the equations that pandapower set up for `solved`, pu.

    Power balance with pandapower's matrix and injections at nodes without a voltage control, active power only at
    those with one, and the held voltages themselves.
    """
    internal = solved._ppc["internal"]
    bus, gen, ref, pv = (internal[key] for key in ("bus", "gen", "ref", "pv"))
    s = makeSbus(float(internal["baseMVA"]), bus, gen, vm=np.abs(v))
    mismatch = v * np.conj(internal["Ybus"] @ v) - s
    mismatch[pv] = mismatch.real[pv] + 1j * (np.abs(v[pv]) - held_vm_pu(gen, len(v))[pv])
    mismatch[ref] = np.abs(v[ref]) - held_vm_pu(gen, len(v))[ref]
    return float(np.abs(mismatch).max())


def held_vm_pu(gen: np.ndarray, size: int) -> np.ndarray:
    """Return the set points of the nodes with a voltage control in pandapower's generator table."""
    held = np.full(size, np.nan)
    held[gen[:, 0].real.astype(int)] = gen[:, 5].real
    return held
