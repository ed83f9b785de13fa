"""A group of batteries or of flexible demand as one storage."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class FleetGroup:
    """A part of the fleet as one storage, at least as able as its devices; axes T half-hours.

    ``stored = (1 - leak) * stored before + hours * (charge * (1 - loss_in) - discharge * (1 + loss_out) - lost -
    standby - drain)``.

    Attributes
    ----------
    name : str
        Kind of sites, or name of the device.
    capacity_mwh : float
        What 100 % of its charge is.
    charge_mw, discharge_mw : numpy.ndarray, (T,)
        Most power either way; flexible demand that is used later discharges.
    lowest_mwh, highest_mwh : numpy.ndarray, (T,)
        Charge.
    first_mwh : float
        Charge before the first half-hour.
    loss_in, loss_out : float
        Lost of a MW charged, and beside a MW discharged: the least of all devices at any power.
    more_lost_mw : float
        Most that the devices can lose beyond that; 0 where `loss_in` and `loss_out` are exact.
    leak : float
        Share of the charge that is lost in a half-hour.
    standby_mw : float
        What the devices take all the time, out of the charge or from outside.
    drain_mw : numpy.ndarray, (T,)
        What is used of the charge: hot water, trips.
    usual_mw : numpy.ndarray, (T,)
        Charge without orders.
    in_demand_mw : numpy.ndarray, (T,)
        Part of it that the areas' demand contains already.
    usual_losses_mw : numpy.ndarray, (T,)
        Losses that are no losses of flexibility, as they are there without it.
    ordered_off_mw : numpy.ndarray, (T,)
        Area-balance cuts that it may take at no change of infeed.
    given_up_mw : numpy.ndarray, (T,)
        Demand that can be called off for good, in at most `given_up_half_hours`.
    given_up_half_hours : int
    """

    name: str
    capacity_mwh: float
    charge_mw: np.ndarray
    discharge_mw: np.ndarray
    lowest_mwh: np.ndarray
    highest_mwh: np.ndarray
    first_mwh: float
    loss_in: float
    loss_out: float
    more_lost_mw: float
    leak: float
    standby_mw: float
    drain_mw: np.ndarray
    usual_mw: np.ndarray
    in_demand_mw: np.ndarray
    usual_losses_mw: np.ndarray
    ordered_off_mw: np.ndarray
    given_up_mw: np.ndarray
    given_up_half_hours: int

    @property
    def additions_mw(self) -> np.ndarray:
        """Most infeed that the group can add to the state without orders, (T,)."""
        return self.discharge_mw + self.usual_mw + self.standby_mw + self.given_up_mw


def fleet_group(
    name: str,
    steps: int,
    capacity_mwh: float,
    power_mw: tuple[np.ndarray | float, np.ndarray | float],
    charge_mwh: tuple[np.ndarray | float, np.ndarray | float, float],
    losses: tuple[float, float],
    **more: np.ndarray | float,
) -> FleetGroup:
    """Return a group of which only what it has is given.

    Parameters
    ----------
    name : str
    steps : int
        Half-hours T.
    capacity_mwh : float
    power_mw : tuple
        Most charge and discharge.
    charge_mwh : tuple
        Lowest, highest, first.
    losses : tuple of float
        Of a MW charged and beside a MW discharged.
    more : numpy.ndarray or float
        Other fields of `FleetGroup`; 0 where not given.
    """
    series = {"drain_mw", "usual_mw", "in_demand_mw", "usual_losses_mw", "ordered_off_mw", "given_up_mw"}
    values: dict[str, np.ndarray] = {key: _series(more.get(key, 0.0), steps) for key in series}
    return FleetGroup(
        name=name,
        capacity_mwh=capacity_mwh,
        charge_mw=_series(power_mw[0], steps),
        discharge_mw=_series(power_mw[1], steps),
        lowest_mwh=_series(charge_mwh[0], steps),
        highest_mwh=_series(charge_mwh[1], steps),
        first_mwh=charge_mwh[2],
        loss_in=losses[0],
        loss_out=losses[1],
        more_lost_mw=float(more.get("more_lost_mw", 0.0)),
        leak=float(more.get("leak", 0.0)),
        standby_mw=float(more.get("standby_mw", 0.0)),
        given_up_half_hours=int(more.get("given_up_half_hours", 0)),
        **values,
    )


def _series(values: np.ndarray | float, steps: int) -> np.ndarray:
    return np.array(np.broadcast_to(values, steps), dtype=float)
