"""Wind farm output; the only module that knows windpowerlib."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import pandas as pd
import windpowerlib
from scipy.optimize import brentq

from twin.errors import InputError, Problem
from twin.profiles.tables import read_table
from twin.weather_table import Place

SCALES = np.linspace(0.3, 3.0, 109)
"""Wind-speed factors within which the calibration looks for the target."""


@dataclass(frozen=True)
class PowerCurve:
    """Output per unit of rated power over wind speed at hub height; zero outside (cut-out)."""

    wind_speed: np.ndarray
    per_unit: np.ndarray

    def at(self, wind_speed: np.ndarray) -> np.ndarray:
        """Return output per unit at `wind_speed` in m/s."""
        return np.asarray(
            windpowerlib.power_output.power_curve(wind_speed, self.wind_speed, self.per_unit, density_correction=False)
        )


def known_turbines() -> list[str]:
    """Return the turbine names of ``turbines.csv``."""
    return sorted(read_table("turbines")["turbine"])


@cache
def power_curve(turbine: str) -> PowerCurve:
    """Return the power curve of a turbine of ``turbines.csv``.

    The curve is that of the row's type in windpowerlib's turbine library (open energy database, shipped with
    windpowerlib), divided by its largest value so that the turbine reaches exactly its rated power, and held at rated
    power up to ``cut_out_speed`` where the library's curve ends before.

    Raises
    ------
    InputError
        Where ``turbines.csv`` has no such turbine.
    """
    rows = read_table("turbines").set_index("turbine")
    if turbine not in rows.index:
        raise InputError(
            [Problem("unknown turbine", "turbine", turbine, ", ".join(rows.index), "add it to turbines.csv")]
        )
    row = rows.loc[turbine]
    curve = windpowerlib.WindTurbine(hub_height=100, turbine_type=row["library_type"]).power_curve
    speed, per_unit = curve["wind_speed"].to_numpy(), curve["value"].to_numpy() / curve["value"].max()
    if speed[-1] < row["cut_out_speed"]:
        speed, per_unit = np.append(speed, row["cut_out_speed"]), np.append(per_unit, 1.0)
    return PowerCurve(speed, per_unit)


def speed_at_height(wind_speed: np.ndarray, place: Place, height_m: float) -> np.ndarray:
    """Return the wind speed in m/s at `height_m`, from `Place.wind_height_m` by the logarithmic law."""
    return np.asarray(
        windpowerlib.wind_speed.logarithmic_profile(wind_speed, place.wind_height_m, height_m, place.roughness_length_m)
    )


def farm_per_unit(hub_speed: np.ndarray, turbine: str, units: int) -> np.ndarray:
    """Return a farm's output per unit of its contract.

    Parameters
    ----------
    hub_speed : numpy.ndarray
        (T,) m/s at hub height, undisturbed.
    turbine : str
        Name in ``turbines.csv``.
    units : int
        Number of turbines; from two on the wake lowers the wind speed (windpowerlib, ``dena_mean``), which leaves
        rated power within reach.

    Returns
    -------
    numpy.ndarray
        (T,) 0..1.
    """
    speed = hub_speed if units == 1 else hub_speed * np.interp(hub_speed, *_wake_efficiency())
    return power_curve(turbine).at(speed)


@cache
def _wake_efficiency() -> tuple[np.ndarray, np.ndarray]:
    curve = windpowerlib.wake_losses.get_wind_efficiency_curve("dena_mean")
    return curve["wind_speed"].to_numpy(), curve["efficiency"].to_numpy()


def calibrated_scale(hub_speed: np.ndarray, turbine: str, units: int, target: float, where: str) -> float:
    """Find the wind-speed factor with which a farm's mean output meets a capacity factor.

    Parameters
    ----------
    hub_speed : numpy.ndarray
        (T,) m/s over a normal year.
    turbine, units
        See `farm_per_unit`.
    target : float
        Mean output per unit of contract, outages not counted.
    where : str
        Row named in the error.

    Returns
    -------
    float
        The smallest factor within `SCALES` that meets it.

    Raises
    ------
    InputError
        Where no factor does.
    """

    def excess(scale: float) -> float:
        return float(farm_per_unit(scale * hub_speed, turbine, units).mean()) - target

    over = np.array([excess(scale) for scale in SCALES])
    above = int(np.argmax(over >= 0))
    if over[above] < 0 or above == 0:
        accepted = f"{over[0] + target:.3f} to {over.max() + target:.3f}"
        raise InputError([Problem("capacity factor out of reach of the wind there", where, f"{target:.3f}", accepted)])
    return float(brentq(excess, SCALES[above - 1], SCALES[above], xtol=1e-10))


def farm_scale(plant: pd.Series, hub_speed: np.ndarray) -> float:
    """Return the wind-speed factor of a row of `GridModel.plants`; 1 where it has no target.

    The target is the metered one: outages are part of it, so that the output before outages has to be
    ``capacity_factor_target / availability``.
    """
    if pd.isna(plant["capacity_factor_target"]):
        return 1.0
    target = plant["capacity_factor_target"] / plant["availability"]
    return calibrated_scale(hub_speed, plant["turbine"], int(plant["units"]), target, f"plants.csv, {plant.name}")
