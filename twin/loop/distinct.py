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
    pieces = []
    for column in columns:
        content = np.ascontiguousarray(column).tobytes()
        width = len(content) // rows
        if width == 0:
            continue
        pieces.append([content[at : at + width] for at in range(0, len(content), width)])
    seen: dict[tuple[bytes, ...], int] = {}
    first: list[int] = []
    inverse = np.empty(rows, dtype=np.int64)
    for r, key in enumerate(zip(*pieces, strict=True)):
        if key not in seen:
            seen[key] = len(first)
            first.append(r)
        inverse[r] = seen[key]
    return np.array(first, dtype=np.int64), inverse
