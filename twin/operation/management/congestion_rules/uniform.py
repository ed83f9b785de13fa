"""One uniform cap on all plants behind the overloaded element: nobody is cut first."""

from __future__ import annotations

import numpy as np

from twin.operation.case import Case


def order(case: Case, members: np.ndarray, unit_mw: np.ndarray, flow_per_infeed: np.ndarray) -> np.ndarray:
    """Return the same place for all units, (R, U)."""
    return np.zeros(unit_mw.shape, dtype=np.int64)
