"""Solve many injections of one network: the tier is chosen row by row."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array, diags_array, hstack, vstack
from scipy.sparse.linalg import splu

from twin.powerflow.network import Network
from twin.powerflow.node_power import NodePower
from twin.powerflow.solution import Failure, Method, Solution

TOLERANCE_MVA = 1e-8
MAX_NEWTON_STEPS = 30


@dataclass(frozen=True)
class Solver:
    """A network made ready for many rows.

    Attributes
    ----------
    network : Network
    """

    network: Network

    def solve(self, power: NodePower, start: np.ndarray | None = None) -> Solution:
        """Solve each row.

        Parameters
        ----------
        power : NodePower
            Infeed, rows R.
        start : numpy.ndarray, (R, N) complex, optional
            Voltages to start from; the answer does not depend on them beyond the tolerance.

        Returns
        -------
        Solution
        """
        solved = [self._newton(power.rows(slice(row, row + 1)), start) for row in range(len(power.constant))]
        return Solution(*(np.concatenate(parts) for parts in zip(*solved, strict=True)))

    def _newton(self, power: NodePower, start: np.ndarray | None) -> tuple[np.ndarray, ...]:
        net = self.network
        v = net.start.copy()
        live = np.flatnonzero(net.alive)
        free = np.setdiff1d(live, net.slack)
        pq = np.setdiff1d(free, net.controlled.node)
        y = net.y_bus
        failure, method = Failure.NOT_CONVERGED, Method.NONE
        v[net.controlled.node] *= net.controlled.vm_set_pu / np.abs(v[net.controlled.node])
        for _ in range(MAX_NEWTON_STEPS):
            vm = np.abs(v)
            mismatch = v * np.conj(y @ v) - power.at(vm)[0]
            residual = np.r_[mismatch.real[free], mismatch.imag[pq]]
            if np.abs(residual).max(initial=0.0) * net.base_mva < TOLERANCE_MVA:
                failure, method = Failure.NONE, Method.NEWTON
                break
            dv_angle, dv_size = _derivatives(y, v)
            jacobian = vstack([
                hstack([dv_angle.real[free][:, free], dv_size.real[free][:, pq]]),
                hstack([dv_angle.imag[pq][:, free], dv_size.imag[pq][:, pq]]),
            ])  # fmt: skip
            step = splu(jacobian.tocsc()).solve(residual)
            angle, size = np.angle(v), vm.copy()
            angle[free] -= step[: len(free)]
            size[pq] -= step[len(free) :]
            v = size * np.exp(1j * angle)
        mismatch = v * np.conj(y @ v) - power.at(np.abs(v))[0]
        q = mismatch.imag[net.controlled.node]
        mismatch[net.controlled.node] = mismatch.real[net.controlled.node]
        worst = np.abs(mismatch[free]).max(initial=0.0) * net.base_mva
        v = np.where(net.alive & (failure == Failure.NONE), v, np.nan)
        return (
            v[None], q[None], np.zeros((1, len(q)), dtype=int), np.array([method]), np.array([failure]),
            np.array([worst]),
        )  # fmt: skip


def _derivatives(y: csr_array, v: np.ndarray) -> tuple[csr_array, csr_array]:
    """Return the derivatives of V conj(Y V) by angle and by magnitude (MATPOWER technical note 2)."""
    i = y @ v
    unit = v / np.abs(v)
    by_angle = 1j * diags_array(v) @ np.conj(diags_array(i) - y @ diags_array(v))
    by_size = diags_array(v) @ np.conj(y @ diags_array(unit)) + np.conj(diags_array(i)) @ diags_array(unit)
    return csr_array(by_angle), csr_array(by_size)
