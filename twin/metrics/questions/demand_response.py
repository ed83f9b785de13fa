"""What a tariff or an order moves: more than by habit, less than by habit, and what is paid for it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from twin.metrics.series import MemberSeries


def moved(series: MemberSeries, habit: MemberSeries) -> dict[str, float]:
    """Return the energy that flexible demand takes more than by habit, and that it takes less, both positive, MWh.

    Parameters
    ----------
    series, habit : MemberSeries
        Of one member each, under the same weather; `habit` has the same devices under the usual tariff without orders.
        Steps that either did not solve are left out.
    """
    change = series["flexible_demand_mw"] - habit["flexible_demand_mw"]
    both = np.where(series.solved & habit.solved, change, 0.0)
    return {
        "moved_up_mwh": float(series.hours * np.maximum(both, 0.0).sum()),
        "moved_down_mwh": float(series.hours * np.maximum(-both, 0.0).sum()),
    }


def paid_for_moving_jpy(folder: Path) -> float:
    """Return what the aggregator pays for demand moved up while plants are ordered off."""
    table = pq.read_table(folder / "payments.parquet", columns=["item", "jpy"]).to_pandas()
    return float(table.loc[table["item"].astype(str) == "up_dr", "jpy"].sum())
