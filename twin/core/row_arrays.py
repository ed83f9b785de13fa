"""Structures of arrays whose first axis are rows: picked, put back and joined in all their arrays at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import is_dataclass
from functools import partial
from typing import Any, TypeVar

import numpy as np
from numba import njit

S = TypeVar("S")


def map_arrays(function: Callable[..., np.ndarray], first: S, *others: S) -> S:
    """Return a structure like the given ones whose arrays are the function of theirs.

    Parameters
    ----------
    function : callable
        Takes one array of each structure.
    first, *others : numpy.ndarray, or dataclass or dict of such
        Of the same kind, with the same names.
    """
    made: Any
    if isinstance(first, np.ndarray):
        made = function(first, *others)
    elif isinstance(first, dict) or is_dataclass(first):
        parts = [structure if isinstance(structure, dict) else vars(structure) for structure in (first, *others)]
        arrays: dict[Any, Any] = {}
        for name, part in parts[0].items():
            mapped = function if isinstance(part, np.ndarray) else partial(map_arrays, function)
            arrays[name] = mapped(*(alike[name] for alike in parts))
        if isinstance(first, dict):
            return arrays  # type: ignore[return-value]
        made = object.__new__(type(first))
        made.__dict__.update(arrays)
    else:
        raise TypeError(f"no array, dataclass or dict: {type(first).__name__}")
    return made  # type: ignore[no-any-return]


def rows_of(structure: S, pick: Any) -> S:  # noqa: ANN401 - whatever indexes an array
    """Return the rows `pick` (indices, mask or slice) of all arrays."""
    return map_arrays(lambda values: values[pick], structure)


def with_rows(structure: S, pick: Any, part: S) -> S:  # noqa: ANN401 - whatever indexes an array
    """Return a copy whose rows `pick` are taken from `part`."""
    copy = map_arrays(lambda values: values.copy(), structure)
    put_rows(copy, pick, part)
    return copy


def put_rows(structure: S, pick: Any, part: S) -> None:  # noqa: ANN401 - whatever indexes an array
    """Put `part` into the rows `pick` of all arrays, in place."""

    def put(values: np.ndarray, new: np.ndarray) -> np.ndarray:
        values[pick] = new
        return values

    map_arrays(put, structure, part)


def joined_rows(parts: Sequence[S]) -> S:
    """Return the rows of several structures, one after the other."""
    if len(parts) == 1:
        return parts[0]
    return map_arrays(lambda *values: np.concatenate(values), *parts)


def for_kernel(values: np.ndarray, of: type = float) -> np.ndarray:
    """Return an array as a kernel takes it, in rows and writeable, copied where it is not: one compiled form serves."""
    return np.require(values, np.dtype(of), ["C_CONTIGUOUS", "WRITEABLE"])


@njit(cache=True, nogil=True)
def sum_at(values: np.ndarray, place: np.ndarray, places: int) -> np.ndarray:
    """Sum the columns that belong to the same place, (R, places); always in the order of the columns.

    A product with a matrix of ones would sum in an order that depends on how many rows there are.

    Parameters
    ----------
    values : numpy.ndarray, (R, K)
    place : numpy.ndarray, (K,) int
    places : int
    """
    out = np.zeros((values.shape[0], places), dtype=values.dtype)
    for r in range(values.shape[0]):
        for k in range(len(place)):
            out[r, place[k]] += values[r, k]
    return out
