"""Key figures of the payments."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pyarrow as pa

from twin.value.market import Market
from twin.value.payment import PARTIES, cash
from twin.value.statement import statement

CASH_KPIS = (*(f"cash_{party}_jpy" for party in PARTIES), "cash_sum_mismatch_jpy")


def cash_kpis(table: pa.Table, folder: Path, plants: pd.DataFrame, market: Market) -> dict[str, float]:
    """Return the cash of each party and how far it is from what the party's own meters give.

    Parameters
    ----------
    table : pyarrow.Table
        From `twin.value.payments.payments`.
    folder, plants, market
        As given there.
    """
    of_rows, of_meters = cash(table), statement(folder, plants, market)
    mismatch = max(abs(of_rows[party] - of_meters[party]) for party in PARTIES)
    return {f"cash_{party}_jpy": of_rows[party] for party in PARTIES} | {"cash_sum_mismatch_jpy": mismatch}
