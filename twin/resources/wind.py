"""Wind farm output from wind speed by windpowerlib: power curve, storm shutdown, yearly capacity factor."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, lru_cache

import numpy as np
import pandas as pd
import windpowerlib
from scipy.optimize import brentq
from scipy.stats import norm

from twin.core.errors import InputError, Problem
from twin.core.tables import Tables
from twin.core.weather_table import Place

WATER_ROUGHNESS_M = 0.001
"""A place with a shorter roughness length is taken as open water."""

SMOOTHED_TO_M_PER_S = 25.0
"""Smoothed curves are held from there on: the storm control decides above cut-out."""

SMOOTHED_STEP_M_PER_S = 0.5
"""Distance of the speeds that are smoothed, and of those that the smoothing averages over."""

SMOOTHED_OVER_M_PER_S = 12.0
"""Speeds on either side that the smoothing averages over: 4 standard deviations of 12 % at 25 m/s."""


@dataclass(frozen=True)
class PowerCurve:
    """Output per unit of rated power over wind speed at hub height, held at its last value."""

    wind_speed: np.ndarray
    per_unit: np.ndarray

    def at(self, wind_speed: np.ndarray) -> np.ndarray:
        """Return output per unit at `wind_speed` in m/s."""
        held = np.minimum(wind_speed, self.wind_speed[-1])
        return np.asarray(
            windpowerlib.power_output.power_curve(held, self.wind_speed, self.per_unit, density_correction=False)
        )


@dataclass(frozen=True)
class Farm:
    """What a farm's output per unit depends on beside the wind.

    Attributes
    ----------
    turbine : str
        Name in ``turbines.csv``.
    units : int
        Number of turbines.
    at_sea : bool
        Less turbulence, and the capacity factor of ``capacity_factor_offshore``.
    """

    turbine: str
    units: int
    at_sea: bool


@dataclass(frozen=True)
class OwnTurbine:
    """A turbine that is in no table: its curve, and the wind speed in m/s above which it stops."""

    curve: PowerCurve
    cut_out_speed: float


@dataclass(frozen=True)
class FarmCurve:
    """A farm's output from wind speed, every table read."""

    power: PowerCurve
    storm: StormControl
    has_wake: bool

    def per_unit(self, hub_speed: np.ndarray) -> np.ndarray:
        """Return output per unit of contract at the undisturbed `hub_speed` in m/s, (T,) 0..1; rows follow in time."""
        speed = hub_speed * np.interp(hub_speed, *_wake_efficiency()) if self.has_wake else hub_speed
        result: np.ndarray = self.power.at(speed) * self.storm.running_share(hub_speed)
        return result


def known_turbines(tables: Tables) -> list[str]:
    """Return the turbine names of ``turbines.csv``."""
    return sorted(tables["turbines"]["turbine"])


def is_at_sea(place: Place) -> bool:
    """Return whether a place is open water, by its roughness length."""
    return place.roughness_length_m < WATER_ROUGHNESS_M


def power_curve(tables: Tables, turbine: str) -> PowerCurve:
    """Return the power curve of a turbine of ``turbines.csv``.

    The curve is that of the row's type in windpowerlib's turbine library (open energy database, shipped with
    windpowerlib), divided by its largest value so that the turbine reaches exactly its rated power, and held there:
    `wind_storm` takes the turbine off at cut-out.

    Raises
    ------
    InputError
        Where ``turbines.csv`` has no such turbine.
    """
    return _library_curve(_turbine(tables, turbine).library_type)


def farm_curve(tables: Tables, farm: Farm, own: OwnTurbine | None = None) -> FarmCurve:
    """Return a farm's curve: power curve smoothed over the farm and the interval, wake, storm control.

    The smoothing is windpowerlib's (Gaussian with a standard deviation in proportion to the wind speed; Norgaard and
    Holttinen 2004): turbines some kilometres apart do not see the same wind, and half an hour is no steady one. From
    two turbines on the wake lowers the wind speed (windpowerlib, ``dena_mean``), which leaves rated power within reach.

    Parameters
    ----------
    tables : Tables
    farm : Farm
    own : OwnTurbine, optional
        Takes the place of the row of ``turbines.csv``.

    Raises
    ------
    InputError
        Where ``turbines.csv`` has no such turbine.
    """
    spread = _speed_spread(tables, farm)
    if own is None:
        row = _turbine(tables, farm.turbine)
        cut_out, curve = row.cut_out_speed, _smoothed_library_curve(row.library_type, spread)
    else:
        cut_out, curve = own.cut_out_speed, smoothed(own.curve, spread)
    stop_speed = cut_out / wind_parameter(tables, "storm_gust_factor")
    factors = speed_factors(farm.units, spread)
    storm = StormControl(stop_speed, stop_speed * wind_parameter(tables, "storm_restart_share"), factors)
    return FarmCurve(curve, storm, farm.units > 1)


def farm_per_unit(tables: Tables, hub_speed: np.ndarray, farm: Farm, own: OwnTurbine | None = None) -> np.ndarray:
    """Return a farm's output per unit of its contract; (T,) 0..1, outages not counted.

    Parameters
    ----------
    tables : Tables
    hub_speed : numpy.ndarray
        (T,) m/s at hub height, undisturbed, in the order of time.
    farm : Farm
    own : OwnTurbine, optional
        See `farm_curve`.
    """
    return farm_curve(tables, farm, own).per_unit(hub_speed)


def speed_at_height(wind_speed: np.ndarray, place: Place, height_m: float) -> np.ndarray:
    """Return the wind speed in m/s at `height_m`, from `Place.wind_height_m` by the logarithmic law."""
    return np.asarray(
        windpowerlib.wind_speed.logarithmic_profile(wind_speed, place.wind_height_m, height_m, place.roughness_length_m)
    )


def wind_parameter(tables: Tables, name: str) -> float:
    """Return one value of ``wind_parameters.csv``."""
    return tables.value(name, "wind_parameters")


@dataclass(frozen=True)
class _Turbine:
    """A row of ``turbines.csv``."""

    library_type: str
    cut_out_speed: float


def _turbine(tables: Tables, name: str) -> _Turbine:
    rows = tables.rows("turbines", "turbine")
    if name not in rows:
        raise InputError([Problem("unknown turbine", "turbine", name, ", ".join(rows), "add it to turbines.csv")])
    return _Turbine(str(rows[name]["library_type"]), float(rows[name]["cut_out_speed"]))


def _speed_spread(tables: Tables, farm: Farm) -> float:
    if farm.units == 1:
        return wind_parameter(tables, "speed_spread_turbine")
    return wind_parameter(tables, "speed_spread_offshore" if farm.at_sea else "speed_spread_onshore")


@cache
def _library_curve(library_type: str) -> PowerCurve:
    curve = windpowerlib.WindTurbine(hub_height=100, turbine_type=library_type).power_curve
    speed, per_unit = curve["wind_speed"].to_numpy(float), curve["value"].to_numpy() / curve["value"].max()
    rated = int(np.argmax(per_unit == 1.0)) + 1
    return PowerCurve(speed[:rated], per_unit[:rated])


@lru_cache(maxsize=256)
def _smoothed_library_curve(library_type: str, spread: float) -> PowerCurve:
    return smoothed(_library_curve(library_type), spread)


def smoothed(curve: PowerCurve, spread: float) -> PowerCurve:
    """Return a curve as `windpowerlib.power_curves.smooth_power_curve` smooths it, all speeds at once."""
    speed = np.arange(0.0, SMOOTHED_TO_M_PER_S + 0.25, SMOOTHED_STEP_M_PER_S)
    away = np.arange(-SMOOTHED_OVER_M_PER_S, SMOOTHED_OVER_M_PER_S + SMOOTHED_STEP_M_PER_S, SMOOTHED_STEP_M_PER_S)
    around = away + speed[1:, None]  # at standstill there is nothing to smooth
    deviation = spread * speed[1:, None]
    density = windpowerlib.tools.gauss_distribution(speed[1:, None] - around, deviation, 0.0)
    per_unit = np.where(around < 0.0, 0.0, curve.at(around.ravel()).reshape(around.shape))
    summed = np.cumsum(SMOOTHED_STEP_M_PER_S * per_unit * density, axis=1)  # in order, as windpowerlib adds them up
    value = np.concatenate([[0.0], summed[:, -1]])
    return PowerCurve(speed, np.maximum.accumulate(value / value.max()))


@cache
def _wake_efficiency() -> tuple[np.ndarray, np.ndarray]:
    curve = windpowerlib.wake_losses.get_wind_efficiency_curve("dena_mean")
    return curve["wind_speed"].to_numpy(), curve["efficiency"].to_numpy()


@dataclass(frozen=True)
class StormControl:
    """When the turbines of a farm stop and restart.

    Attributes
    ----------
    stop_speed, restart_speed : float
        m/s, interval means at hub height.
    turbine_factors : numpy.ndarray
        (N,) wind speed at each turbine over that of the farm.
    """

    stop_speed: float
    restart_speed: float
    turbine_factors: np.ndarray

    def running_share(self, hub_speed: np.ndarray) -> np.ndarray:
        """Return the share of the turbines that a storm leaves running; (T,) 0..1."""
        if hub_speed.max() * self.turbine_factors.max() < self.stop_speed:
            return np.ones(len(hub_speed))
        shares = [running(factor * hub_speed, self.stop_speed, self.restart_speed) for factor in self.turbine_factors]
        result: np.ndarray = np.mean(shares, axis=0)
        return result


def speed_factors(units: int, spread: float) -> np.ndarray:
    """Return the wind speed at each of `units` turbines over their mean.

    The quantiles in the middle of `units` equal parts of a normal distribution with standard deviation `spread`, so
    that the turbines stop and restart one after the other; (N,), mean 1.
    """
    result: np.ndarray = 1 + spread * norm.ppf((np.arange(units) + 0.5) / units)
    return result


def running(wind_speed: np.ndarray, stop_speed: float, restart_speed: float) -> np.ndarray:
    """Return how much of each interval a turbine runs.

    It stops in the interval in which `stop_speed` is reached and runs again in the first one at or below
    `restart_speed`; in between it keeps its state. The intervals of stopping and of restarting count half.

    Parameters
    ----------
    wind_speed : numpy.ndarray
        (T,) m/s; the turbine is taken as running before.
    stop_speed, restart_speed : float
        m/s, the latter lower.

    Returns
    -------
    numpy.ndarray
        (T,) 0, 0.5 or 1.
    """
    decides = (wind_speed >= stop_speed) | (wind_speed <= restart_speed)
    last = np.maximum.accumulate(np.where(decides, np.arange(len(wind_speed)), -1))
    stopped = (last >= 0) & (wind_speed[last] >= stop_speed)
    changed = stopped != np.concatenate([[False], stopped[:-1]])
    return np.where(changed, 0.5, np.where(stopped, 0.0, 1.0))


SCALES = np.linspace(0.3, 3.0, 28)
"""Wind-speed factors within which the calibration looks for the target."""


def calibrated_scale(tables: Tables, hub_speed: np.ndarray, farm: Farm, target: float, where: str) -> float:
    """Find the wind-speed factor with which a farm's mean output meets a capacity factor.

    Parameters
    ----------
    tables : Tables
    hub_speed : numpy.ndarray
        (T,) m/s over a normal year.
    farm : Farm
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
    curve = farm_curve(tables, farm)

    def mean_output(scale: float) -> float:
        return float(curve.per_unit(scale * hub_speed).mean())

    reached = [mean_output(SCALES[0])]
    while reached[-1] < target and len(reached) < len(SCALES):
        reached.append(mean_output(SCALES[len(reached)]))
    if reached[-1] < target or len(reached) == 1:
        accepted = f"{reached[0]:.3f} to {max(reached):.3f}" if len(reached) > 1 else f"above {reached[0]:.3f}"
        raise InputError([Problem("capacity factor out of reach of the wind there", where, f"{target:.3f}", accepted)])
    below, above = SCALES[len(reached) - 2], SCALES[len(reached) - 1]
    return float(brentq(lambda scale: mean_output(scale) - target, below, above, xtol=1e-10))


def capacity_factor_before_outages(tables: Tables, plant: pd.Series, farm: Farm) -> float:
    """Return the mean output per unit that a row of `GridModel.plants` is to have before outages.

    ``capacity_factor_target`` is the metered one: outages are part of it. ``capacity_factor_onshore`` or
    ``capacity_factor_offshore`` moves all farms of a kind together.
    """
    factor = wind_parameter(tables, "capacity_factor_offshore" if farm.at_sea else "capacity_factor_onshore")
    return float(factor * plant["capacity_factor_target"] / plant["availability"])


def farm_scale(tables: Tables, plant: pd.Series, farm: Farm, hub_speed: np.ndarray) -> float:
    """Return the wind-speed factor of a row of `GridModel.plants`; 1 where it has no target."""
    if pd.isna(plant["capacity_factor_target"]):
        return 1.0
    target = capacity_factor_before_outages(tables, plant, farm)
    return calibrated_scale(tables, hub_speed, farm, target, f"plants.csv, {plant.name}")
