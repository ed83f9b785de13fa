"""One item between two parties, and the table of all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

PARTIES = ("plant_owners", "sites", "homes", "aggregator", "retailer", "network", "outside")
"""Who pays and is paid: owners of plants; customers with small PV; homes with monitors and other flexible customers;
the aggregator, which also owns the new PV and the grid batteries; the local retailer; the network operator; all others:
market, fund of the FIT levy, suppliers."""


@dataclass(frozen=True)
class Payment:
    """One item between two parties; `jpy` is (T,), negative where the receiver pays."""

    item: str
    payer: str
    receiver: str
    jpy: np.ndarray


def payment_table(time: pa.Array, found: Sequence[Payment]) -> pa.Table:
    """Return payments as a table, zeros left out; columns ``time item payer receiver jpy``."""
    rows = [np.flatnonzero(payment.jpy) for payment in found]
    count = [len(row) for row in rows]
    return pa.table({
        "time": time.take(pa.array(np.concatenate([np.zeros(0, dtype=np.int64), *rows]))),
        "item": _text([payment.item for payment in found], count),
        "payer": _text([payment.payer for payment in found], count),
        "receiver": _text([payment.receiver for payment in found], count),
        "jpy": np.concatenate([np.zeros(0), *(p.jpy[row] for p, row in zip(found, rows, strict=True))]),
    })  # fmt: skip


def _text(names: Sequence[str], count: Sequence[int]) -> pa.DictionaryArray:
    unique = list(dict.fromkeys(names))
    code = np.repeat(np.array([unique.index(name) for name in names], dtype=np.int8), count)
    return pa.DictionaryArray.from_arrays(pa.array(code), pa.array(unique, type=pa.string()))


def cash(table: pa.Table) -> dict[str, float]:
    """Return what each party has received less what it has paid, JPY."""
    sums = table.group_by(["payer", "receiver"]).aggregate([("jpy", "sum")]).to_pylist()
    received = {party: sum(row["jpy_sum"] for row in sums if row["receiver"] == party) for party in PARTIES}
    return {party: received[party] - sum(r["jpy_sum"] for r in sums if r["payer"] == party) for party in PARTIES}
