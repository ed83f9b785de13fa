"""The plant whose infeed moves the overloaded flow most is cut first: least energy for a MW of relief."""

from __future__ import annotations

import numpy as np

from twin.operation.case import Case


def order(case: Case, members: np.ndarray, unit_mw: np.ndarray, flow_per_infeed: np.ndarray) -> np.ndarray:
    """Return the rank of each unit by its effect, in steps of a thousandth, (R, U)."""
    return -np.round(1000.0 * flow_per_infeed).astype(np.int64)
