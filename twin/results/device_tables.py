"""What flexible devices and batteries did, as tables of one member."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyarrow as pa

from twin.devices.names import PLANT_BATTERIES
from twin.loop.case import Case

COLUMNS = ("demand_mw", "losses_mw", "stored_mwh", "unmet_mwh", "clipped")


def battery_sums(
    case: Case, sites: Mapping[str, np.ndarray], flexible: Mapping[str, np.ndarray], plants: Mapping[str, np.ndarray]
) -> dict[str, np.ndarray]:
    """Return losses and charge of all batteries, and the commands that any device could not follow; (T,) each."""
    storage = case.is_storage
    losses = sites["battery_losses_mw"].sum(axis=1) + plants["losses_mw"].sum(axis=1)
    stored = sites["stored_mwh"].sum(axis=1) + plants["stored_mwh"].sum(axis=1)
    return {
        "losses": losses + flexible["losses_mw"][:, storage].sum(axis=1),
        "stored": stored + flexible["stored_mwh"][:, storage].sum(axis=1),
        "clipped": sites["clipped"] + plants["clipped"] + flexible["clipped"].sum(axis=1).astype(np.int64),
    }


def device_table(
    case: Case, m: int, flexible: Mapping[str, np.ndarray], plants: Mapping[str, np.ndarray], time: pa.Array
) -> pa.Table:
    """Return one row per half-hour and device of member `m`; batteries beside plants are one device."""
    own = [device.name for device in case.members[m].flexible]
    rows = {name: [flexible[column][:, case.device_names.index(name)] for column in COLUMNS] for name in own}
    if case.members[m].plant_batteries is not None:
        demand = (plants["charge_mw"] - plants["discharge_mw"]).sum(axis=1)
        losses, stored = plants["losses_mw"].sum(axis=1), plants["stored_mwh"].sum(axis=1)
        rows[PLANT_BATTERIES] = [demand, losses, stored, np.zeros_like(demand), plants["clipped"].astype(float)]
    names = pa.array(list(rows), type=pa.string())
    columns = {
        name: np.concatenate([np.zeros(0), *(values[k] for values in rows.values())]) for k, name in enumerate(COLUMNS)
    }
    code = pa.array(np.repeat(np.arange(len(rows), dtype=np.int32), len(time)))
    return pa.table({
        "time": pa.concat_arrays([time.slice(0, 0), *([time] * len(rows))]),
        "device": pa.DictionaryArray.from_arrays(code, names),
        **columns,
    })  # fmt: skip
