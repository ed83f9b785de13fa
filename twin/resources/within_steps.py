"""The inside of a step: series on shorter steps, with drawn ramps that leave the mean of every longer step."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from twin.core.clock import Clock, step_minutes
from twin.core.errors import InputError, Problem
from twin.core.random_streams import ar1, stream
from twin.core.tables import Tables
from twin.resources.profiles import Forecasts, Profiles
from twin.resources.resampling import hourly_to_steps


@dataclass(frozen=True)
class Ramps:
    """How much output and demand move inside a step; from the table ``parameters``.

    Attributes
    ----------
    pv, wind, demand : float
        Standard deviations: of a plant's PV over its mean of the step, of wind over the contract, of demand over its
        mean.
    common : float
        Share of the variance that all plants of a kind have in common.
    correlation : float
        Of neighbouring steps of 5 minutes.
    """

    pv: float
    wind: float
    demand: float
    common: float
    correlation: float

    @staticmethod
    def of(tables: Tables) -> Ramps:
        """Read them from an island's tables."""
        names = ("pv_sd", "wind_sd", "demand_sd", "common_share", "correlation")
        return Ramps(*(tables.value(f"ramps_{name}") for name in names))


CORRELATION_MINUTES = 5


def finer_index(index: pd.DatetimeIndex, clock: Clock) -> pd.DatetimeIndex:
    """Return the steps of a shorter clock that `index` covers.

    Raises
    ------
    InputError
        Where the clock's step does not divide the index's.
    """
    coarse = step_minutes(index)
    if coarse % clock.step_minutes or coarse == clock.step_minutes:
        seen, accepted = f"{clock.step_minutes} minutes", f"a divisor of {coarse} minutes that is shorter"
        raise InputError([Problem("the steps do not lie inside the longer ones", "--minutes", seen, accepted)])
    periods = len(index) * coarse // clock.step_minutes
    return pd.date_range(index[0], periods=periods, freq=f"{clock.step_minutes}min", name=index.name)


def finer_profiles(
    profiles: Profiles, plants: pd.DataFrame, ramps: Ramps, clock: Clock, *, seed: int, weather_year: int
) -> Profiles:
    """Return the truth on shorter steps.

    Output, demand and the sites' PV follow straight lines and a drawn course around them. Every longer step keeps its
    mean, every plant its contract. PV of the sites is moved before it is clipped at their inverters. What is ordered,
    prices and demand of single sites are held.

    Parameters
    ----------
    profiles : Profiles
    plants : pandas.DataFrame
        `GridModel.plants`: ``kind contract_mw``.
    ramps : Ramps
    clock : Clock
        With the shorter step.
    seed, weather_year : int
        Key of the drawn courses.
    """
    index = finer_index(profiles.index, clock)
    per = len(index) // len(profiles.index)
    correlation = ramps.correlation ** (clock.step_minutes / CORRELATION_MINUTES)

    def course(name: str) -> np.ndarray:
        return ar1(stream(seed, "inside the step", weather_year, name), len(index), correlation)

    def courses(kind: str, names: list[str]) -> np.ndarray:
        own = np.column_stack([course(name) for name in names])
        result: np.ndarray = np.sqrt(ramps.common) * course(kind)[:, None] + np.sqrt(1.0 - ramps.common) * own
        return result

    contract, names = plants["contract_mw"].to_numpy(float), list(map(str, plants.index))
    moved = np.zeros((len(index), len(names)))
    held = np.repeat(profiles.plant_available_mw, per, axis=0)
    for kind, amount in (("pv", ramps.pv * held), ("wind", np.broadcast_to(ramps.wind * contract, held.shape))):
        of_kind = np.flatnonzero((plants["kind"] == kind).to_numpy())
        if len(of_kind):
            moved[:, of_kind] = amount[:, of_kind] * courses(kind, [names[k] for k in of_kind])
    available = with_ramps(profiles.plant_available_mw, moved, contract)
    out = np.divide(
        profiles.plant_unavailable_mw, profiles.plant_available_mw,
        out=np.zeros_like(profiles.plant_available_mw), where=profiles.plant_available_mw > 0.0,
    )  # fmt: skip
    areas = [f"area {k}" for k in range(profiles.area_demand_mw.shape[1])]
    demand = np.repeat(profiles.area_demand_mw, per, axis=0) * ramps.demand * courses("demand", areas)
    sun = np.repeat(profiles.site_pv_per_kw, per, axis=0) * ramps.pv * np.sqrt(ramps.common) * course("pv")[:, None]
    plain = ("site_demand_per_kwh", "area_cut_pv", "area_cut_wind", "area_physical", "area_settled",
             "price_jpy_per_kwh", "is_workday")  # fmt: skip
    return Profiles(
        index=index,
        plant_available_mw=available,
        plant_unavailable_mw=np.repeat(out, per, axis=0) * available,
        area_demand_mw=with_ramps(profiles.area_demand_mw, demand),
        site_pv_per_kw=with_ramps(profiles.site_pv_per_kw, sun),
        **{name: np.repeat(getattr(profiles, name), per, axis=0) for name in plain},
    )


def with_ramps(mean: np.ndarray, moved: np.ndarray, largest: np.ndarray | None = None) -> np.ndarray:
    """Return series on shorter steps that keep the mean of every longer one and stay within 0 and the largest value.

    Parameters
    ----------
    mean : numpy.ndarray, (T, N)
        Of the longer steps, not negative.
    moved : numpy.ndarray, (T * n, N)
        Course to be added to the straight lines.
    largest : numpy.ndarray, (N,), optional
        At least the means.
    """
    per = len(moved) // len(mean)
    lines = np.column_stack([hourly_to_steps(column, per) for column in mean.T])
    ceiling = np.full(mean.shape[1], np.inf) if largest is None else largest
    steps = np.clip(lines + moved, 0.0, ceiling).reshape(len(mean), per, -1)
    found = steps.mean(axis=1)
    down = np.divide(mean, found, out=np.ones_like(mean), where=found > 0.0)
    fallen = np.where(found[:, None] > 0.0, steps * down[:, None], mean[:, None])
    if largest is None:
        return fallen.reshape(len(moved), -1)
    room = ceiling - found
    up = np.divide(ceiling - mean, room, out=np.ones_like(mean), where=room > 0.0)
    risen = ceiling - (ceiling - steps) * up[:, None]
    return np.where(found[:, None] >= mean[:, None], fallen, risen).reshape(len(moved), -1)


def finer_forecasts(forecasts: Forecasts, per: int) -> Forecasts:
    """Return the forecasts on shorter steps, `per` of them in a longer one: nobody expects the ramps."""
    published = forecasts.published
    told = replace(
        published,
        export_mw=np.repeat(published.export_mw, per),
        export_error_mw=np.repeat(published.export_error_mw, per, axis=0),
        pv_error=np.repeat(published.pv_error, per),
        load_error=np.repeat(published.load_error, per),
        sizes=np.repeat(published.sizes, per, axis=0),
        issue_steps=published.issue_steps * per,
    )
    return Forecasts(
        np.repeat(forecasts.plant_available_mw, per, axis=0),
        np.repeat(forecasts.area_demand_mw, per, axis=0),
        told,
        forecasts.substitutes,
        *(None if values is None else np.repeat(values, per, axis=0)
          for values in (forecasts.plant_day_ahead_mw, forecasts.area_day_ahead_mw)),
    )  # fmt: skip
