"""Rows and arrays that are the same to the bit: what depends on them is computed once, and they are held once."""

from __future__ import annotations

import numpy as np
from numba import njit


def held_once(value: np.ndarray, known: list[np.ndarray]) -> np.ndarray:
    """Return the one of the `known` arrays that is the same to the bit, or `value`, which is known from then on."""
    for other in known:
        if other is value or (other.dtype == value.dtype and other.shape == value.shape and _same_bytes(other, value)):
            return other
    known.append(value)
    return value


def _same_bytes(one: np.ndarray, other: np.ndarray) -> bool:
    mine, theirs = (np.ascontiguousarray(values).reshape(-1).view(np.uint8) for values in (one, other))
    return all(np.array_equal(mine[::every], theirs[::every]) for every in (_LOOK_AT_EVERY, 1))


_LOOK_AT_EVERY = 1021
"""Bytes that are compared first: arrays that differ do so nearly everywhere."""


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
    if len(columns[0]) == 1:
        return np.zeros(1, dtype=np.int64), np.zeros(1, dtype=np.int64)
    words = np.concatenate([_words(column) for column in columns], axis=1)
    first, inverse, same = _grouped(words)
    return (first, inverse) if same else _by_bytes(words)


def _words(column: np.ndarray) -> np.ndarray:
    """Return the bytes of each row as 64-bit words, the last one filled with zeros, (R, w)."""
    rows = len(column)
    if column.itemsize == 8:
        return np.ascontiguousarray(column).reshape(rows, -1 if column.size else 0).view(np.uint64)
    content = np.ascontiguousarray(column).reshape(rows, -1 if column.size else 0).view(np.uint8)
    padded = np.zeros((rows, -(-content.shape[1] // 8) * 8), dtype=np.uint8)
    padded[:, : content.shape[1]] = content
    return padded.view(np.uint64)


@njit(cache=True, nogil=True)
def _grouped(words: np.ndarray) -> tuple[np.ndarray, np.ndarray, bool]:
    """Group rows by a hash of their words; tells whether the rows of each group are indeed the same."""
    rows, width = words.shape
    factor, shift, one = np.uint64(0x9E3779B97F4A7C15), np.uint64(32), np.uint64(1)
    hashes = np.empty(rows, dtype=np.uint64)
    first, inverse = np.empty(rows, dtype=np.int64), np.empty(rows, dtype=np.int64)
    slots = 1
    while slots < 2 * rows:
        slots *= 2
    table, known, same = np.full(slots, -1), 0, True
    for r in range(rows):
        h, place = np.uint64(0), np.uint64(0)
        for k in range(width):
            place += one
            mixed = (words[r, k] + place * factor) * factor
            h += (mixed ^ (mixed >> shift)) * factor
        hashes[r] = h
        slot = np.int64(h & np.uint64(slots - 1))
        while table[slot] >= 0 and hashes[first[table[slot]]] != h:
            slot = (slot + 1) % slots
        if table[slot] < 0:
            table[slot], first[known] = known, r
            known += 1
        at = table[slot]
        inverse[r] = at
        for k in range(width):
            same &= words[r, k] == words[first[at], k]
    return first[:known].copy(), inverse, same


def _by_bytes(words: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Group without hashes, for rows that differ and share one."""
    seen: dict[bytes, int] = {}
    inverse = np.array([seen.setdefault(row.tobytes(), len(seen)) for row in words], dtype=np.int64)
    return np.unique(inverse, return_index=True)[1], inverse
