"""Rows are shared only where all their bytes are the same."""

import numpy as np
import pytest

from twin.core import equal_rows as distinct
from twin.core.equal_rows import distinct_rows


def columns(rng, rows):
    """Rows drawn from five, in every kind of column that the loop compares."""
    pick = rng.integers(0, 5, rows)
    return [
        pick,
        rng.random((5, 12))[pick],
        (rng.random((5, 2, 12)) > 0.5)[pick],
        rng.integers(0, 3, (5, 3)).astype(np.int8)[pick],
        np.zeros((rows, 0)),
        np.where(rng.random(rows) > 0.5, 0.0, -0.0),
    ]


def by_hand(some):
    keys = [tuple(np.ascontiguousarray(column[r]).tobytes() for column in some) for r in range(len(some[0]))]
    known = list(dict.fromkeys(keys))
    return [keys.index(key) for key in known], [known.index(key) for key in keys]


@pytest.mark.parametrize("rows", [0, 1, 7, 60])
def test_first_rows_and_positions_are_those_of_a_comparison_of_all_bytes(rows):
    some = columns(np.random.default_rng(rows), rows)
    first, inverse = distinct_rows(*some)
    assert (first.tolist(), inverse.tolist()) == by_hand(some)


def test_rows_that_differ_and_share_a_hash_are_told_apart(monkeypatch):
    def all_alike(words):
        return np.zeros(1, dtype=np.int64), np.zeros(len(words), dtype=np.int64), False

    monkeypatch.setattr(distinct, "_grouped", all_alike)
    some = columns(np.random.default_rng(3), 40)
    first, inverse = distinct_rows(*some)
    assert (first.tolist(), inverse.tolist()) == by_hand(some)
