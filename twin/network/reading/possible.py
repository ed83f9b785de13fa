"""Values that no element of a grid can have: voltages and ratings below zero, no circuit in parallel, and the like."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pandas as pd
from pandapower import pandapowerNet

from twin.core.errors import Problem

SHOWN = 10


class Range(NamedTuple):
    """Lowest possible value and whether it is itself possible; missing values are no concern of it."""

    low: float
    itself: bool

    def holds(self, values: np.ndarray) -> np.ndarray:
        """Return where the values are possible or missing."""
        above: np.ndarray = values >= self.low if self.itself else values > self.low
        result: np.ndarray = np.isnan(values) | above
        return result

    def __str__(self) -> str:
        return f"a number {'from' if self.itself else 'above'} {self.low:g}"


_ABOVE_ZERO, _FROM_ZERO, _FROM_ONE = Range(0.0, False), Range(0.0, True), Range(1.0, True)
_POSSIBLE: dict[str, dict[str, Range]] = {
    "bus": {"vn_kv": _ABOVE_ZERO},
    "ext_grid": {"vm_pu": _ABOVE_ZERO},
    "gen": {"vm_pu": _ABOVE_ZERO},
    "xward": {"vm_pu": _ABOVE_ZERO},
    "svc": {"set_vm_pu": _ABOVE_ZERO},
    "dcline": {"vm_from_pu": _ABOVE_ZERO, "vm_to_pu": _ABOVE_ZERO, "loss_mw": _FROM_ZERO, "loss_percent": _FROM_ZERO},
    "motor": {"efficiency_percent": _ABOVE_ZERO, "cos_phi": _ABOVE_ZERO},
    "shunt": {"vn_kv": _ABOVE_ZERO},
    "line": {"length_km": _FROM_ZERO, "parallel": _FROM_ONE, "max_i_ka": _FROM_ZERO, "df": _FROM_ZERO},
    "trafo": {"sn_mva": _ABOVE_ZERO, "vn_hv_kv": _ABOVE_ZERO, "vn_lv_kv": _ABOVE_ZERO, "parallel": _FROM_ONE,
              "df": _FROM_ZERO},
    "trafo3w": {f"{name}_{side}_{unit}": _ABOVE_ZERO for name, unit in (("sn", "mva"), ("vn", "kv"))
                for side in ("hv", "mv", "lv")},
    "impedance": {"sn_mva": _ABOVE_ZERO},
    "switch": {"in_ka": _FROM_ZERO, "z_ohm": _FROM_ZERO},
}  # fmt: skip


def impossible_values(net: pandapowerNet) -> Iterator[Problem]:
    """Yield values of elements in service that cannot be, one problem a column with its rows."""
    for table, columns in _POSSIBLE.items():
        if table not in net or not len(net[table]):
            continue
        live = net[table]
        if "in_service" in live:
            live = live[live.in_service.astype(bool)]
        for column, possible in columns.items():
            if column in live:
                values = pd.to_numeric(live[column], errors="coerce").to_numpy(float, na_value=np.nan)
                yield from out_of_range(net, table, live.index, column, values, ~possible.holds(values), str(possible))


def out_of_range(
    net: pandapowerNet, table: str, index: pd.Index, column: str, values: np.ndarray, wrong: np.ndarray, accepted: str
) -> Iterator[Problem]:
    """Yield one problem for all values of a column that are wrong, if any."""
    rows = index[wrong]
    if len(rows):
        listed = ", ".join(
            f"{value:g} at index {row}" for value, row in zip(values[wrong][:SHOWN], rows[:SHOWN], strict=True)
        )
        more = f" and {len(rows) - SHOWN} more" if len(rows) > SHOWN else ""
        repair = "correct it, or set in_service to False" if "in_service" in net[table] else "correct it"
        yield Problem("the value cannot be", f"net.{table}.{column}", listed + more, accepted, repair)
