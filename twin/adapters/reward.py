"""What a half-hour was worth: energy used, and the value of what was supplied."""

from __future__ import annotations

import numpy as np

from twin.loop.case import Case
from twin.loop.record import Record
from twin.units import KWH_PER_MWH


def energy_used_mwh(case: Case, record: Record) -> np.ndarray:
    """Return the energy used in a half-hour, (M,) MWh: delivered less the losses of batteries and shifted demand."""
    losses = record.sites.battery_losses_mw.sum(axis=1) + record.plant_batteries.losses_mw.sum(axis=1)
    losses = losses + record.flexible.losses_mw.sum(axis=1)
    return case.step_hours * (record.delivered_mw.sum(axis=1) - losses)


def net_supply_jpy(case: Case, record: Record, t: int) -> np.ndarray:
    """Return the value of the half-hour's net supply at the area price, (M,) JPY.

    Net supply is what is delivered less what goes into batteries (discharge counts) and into shifted demand.

    Parameters
    ----------
    case : Case
    record : Record
        Of step `t`.
    t : int
    """
    batteries = (record.sites.charge_mw - record.sites.discharge_mw).sum(axis=1)
    beside_plants = (record.plant_batteries.charge_mw - record.plant_batteries.discharge_mw).sum(axis=1)
    supply_mw = record.delivered_mw.sum(axis=1) - batteries - beside_plants - record.flexible.demand_mw.sum(axis=1)
    price = np.array([profiles.price_jpy_per_kwh[t] for profiles, _ in case.profiles])[case.profile]
    return case.step_hours * supply_mw * KWH_PER_MWH * price
