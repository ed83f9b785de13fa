"""What the PV fleets are made of: modules, losses, age, and where their roofs and fields face."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pvlib

from twin.errors import InputError, Problem
from twin.profiles.tables import read_table


@dataclass(frozen=True)
class PvFleet:
    """A kind of PV plant.

    Attributes
    ----------
    name : str
    power_per_kelvin : float
        Relative change of the module's power per kelvin, negative.
    faiman_u0, faiman_u1 : float
        Heat loss of the module, W/(m2 K) and W s/(m3 K) (Faiman 2008).
    albedo : float
        Of the ground before the modules.
    inverter_efficiency : float
        At rated power.
    dc_ac_ratio : float
        kW of modules per kW of inverter; sets how full the inverter is, not where a plant is clipped.
    output_factor : float
        Output over what physics and losses give; 1 where nothing is left to explain.
    loss : float
        Share of the dc power that is lost, before ageing.
    degradation_per_year : float
        Share of the initial power that a module loses each year.
    years_before : float
        Years of use before the modules came here; 0 for new ones.
    in_service_year : int
        Fiscal year of the first full year here.
    """

    name: str
    power_per_kelvin: float
    faiman_u0: float
    faiman_u1: float
    albedo: float
    inverter_efficiency: float
    dc_ac_ratio: float
    output_factor: float
    loss: float
    degradation_per_year: float
    years_before: float
    in_service_year: int

    def years_of_use(self, fiscal_year: int) -> float:
        """Return the years that the modules were used before a fiscal year began; not negative."""
        return self.years_before + max(fiscal_year - self.in_service_year, 0)

    def kept(self, fiscal_year: int) -> float:
        """Return output over that of modules without losses and age; 0 or more.

        The power falls linearly, ``1 - rate * years``: so are degradation rates published (Jordan, Kurtz 2013).
        """
        aged = max(1 - self.degradation_per_year * self.years_of_use(fiscal_year), 0.0)
        return self.output_factor * (1 - self.loss) * aged


def fleet_names() -> list[str]:
    """Return the fleets of ``pv_fleets.csv``."""
    return list(read_table("pv_fleets")["fleet"])


def read_pv_fleet(name: str) -> PvFleet:
    """Return a fleet with the values in force.

    Parameters
    ----------
    name : str
        Of `fleet_names`.

    Raises
    ------
    InputError
        If there is no such fleet.
    """
    if name not in fleet_names():
        raise InputError([Problem("unknown pv_fleet", "pv_fleets.csv", name, ", ".join(fleet_names()))])
    row, age = _row("pv_fleets", name), _row("pv_ageing", name)
    modules = ("power_per_kelvin", "faiman_u0", "faiman_u1", "albedo")
    rest = ("inverter_efficiency", "dc_ac_ratio", "output_factor")
    return PvFleet(
        name=name,
        **{column: float(row[column]) for column in (*modules, *rest)},
        loss=_loss(name),
        degradation_per_year=float(age["degradation_per_year"]),
        years_before=float(age["years_before"]),
        in_service_year=int(age["in_service_year"]),
    )


def orientations(fleet: str) -> pd.DataFrame:
    """Return the orientations of a fleet; their shares add up to one whatever a study sets.

    Parameters
    ----------
    fleet : str
        Of `fleet_names`.

    Returns
    -------
    pandas.DataFrame
        In the order of ``pv_orientations.csv``; ``tilt`` and ``azimuth`` in degrees, clockwise from north, ``share``.
        Rows with a range have the share that table or study state; the others divide what is left in proportion.

    Raises
    ------
    InputError
        If the stated shares leave less than nothing.
    """
    rows = read_table("pv_orientations")
    rows = rows[rows["fleet"] == fleet].reset_index(drop=True)
    stated = rows["low"].notna().to_numpy()
    share = rows["share"].to_numpy(float)
    left, others = 1 - share[stated].sum(), share[~stated].sum()
    if share.min() < 0 or left < -1e-12 or (others == 0 and left > 1e-12):
        seen = ", ".join(f"{value:g}" for value in share)
        raise InputError([Problem("shares do not fit", f"pv_orientations.csv, {fleet}", seen, "0 to 1, in all 1")])
    share = np.where(stated, share, share * (left / others if others else 0.0))
    return rows[["tilt", "azimuth"]].assign(share=share)


def _row(table: str, fleet: str) -> dict[Hashable, Any]:
    rows = read_table(table)
    return rows[rows["fleet"] == fleet].to_dict("records")[0]


def _loss(fleet: str) -> float:
    table = read_table("pv_losses")
    percent = dict(zip(table["loss"], table[f"{fleet}_percent"], strict=True))
    return float(pvlib.pvsystem.pvwatts_losses(**percent, age=0, availability=0)) / 100
