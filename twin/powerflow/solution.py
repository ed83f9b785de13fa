"""What every solver returns."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np


class Method(IntEnum):
    """Tier that solved a row."""

    NONE = 0
    FIXED_POINT = 1
    CONSTANT_JACOBIAN = 2
    NEWTON = 3


class Failure(IntEnum):
    """Why a row has no solution."""

    NONE = 0
    INPUT_NOT_FINITE = 1
    NOT_CONVERGED = 2
    LIMITS_NOT_SETTLED = 3


@dataclass(frozen=True)
class Solution:
    """Solved rows R of a network with nodes N and controlled nodes C.

    Attributes
    ----------
    v : numpy.ndarray, (R, N) complex
        Voltages, pu; NaN at dead nodes and in rows without a solution.
    q_controlled_pu : numpy.ndarray, (R, C)
        Reactive infeed of the controlling devices of each controlled node.
    at_limit : numpy.ndarray, (R, C) int
        -1 at the lower limit, 1 at the upper one, 0 where the voltage is held.
    method, failure : numpy.ndarray, (R,) int
        `Method` and `Failure`.
    residual_mva : numpy.ndarray, (R,)
        Largest complex power mismatch at any node, recomputed from the full admittance matrix.
    """

    v: np.ndarray
    q_controlled_pu: np.ndarray
    at_limit: np.ndarray
    method: np.ndarray
    failure: np.ndarray
    residual_mva: np.ndarray

    @property
    def converged(self) -> np.ndarray:
        """(R,) bool."""
        return self.failure == Failure.NONE


def empty_solution(rows: int, nodes: int, controlled: int) -> Solution:
    """Return a solution to be filled."""
    return Solution(
        v=np.empty((rows, nodes), dtype=complex),
        q_controlled_pu=np.empty((rows, controlled)),
        at_limit=np.empty((rows, controlled), dtype=np.int64),
        method=np.empty(rows, dtype=np.int64),
        failure=np.empty(rows, dtype=np.int64),
        residual_mva=np.empty(rows),
    )
