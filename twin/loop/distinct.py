"""Members often are in the same state to the bit; what depends on the state alone is computed once."""

from __future__ import annotations

import numpy as np


def distinct_rows(*columns: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the first row of each distinct state and, for every row, its position among them.

    Rows are the same only where all their bytes are, so sharing a result changes nothing.

    Parameters
    ----------
    *columns : numpy.ndarray, (R, ...)
        Everything that the shared computation depends on.

    Returns
    -------
    first : numpy.ndarray, (D,) int
    inverse : numpy.ndarray, (R,) int
    """
    rows = len(columns[0])
    if rows == 0:
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
    flat = np.concatenate([np.ascontiguousarray(x).reshape(rows, -1).astype(float) for x in columns], axis=1)
    seen: dict[bytes, int] = {}
    first: list[int] = []
    inverse = np.empty(rows, dtype=np.int64)
    for r in range(rows):
        key = flat[r].tobytes()
        if key not in seen:
            seen[key] = len(first)
            first.append(r)
        inverse[r] = seen[key]
    return np.array(first, dtype=np.int64), inverse
