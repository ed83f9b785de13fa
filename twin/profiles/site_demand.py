"""Demand shapes of single sites: variants of the class shapes, shifted in time and unsteady."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from twin.clock import step_hours
from twin.profiles.noise import ar1, per_half_hour
from twin.profiles.tables import read_table
from twin.randomness import stream


@dataclass(frozen=True)
class DemandShape:
    """One of the demand shapes that the sites of a class share."""

    demand_class: str
    variant: int


def demand_shapes() -> tuple[DemandShape, ...]:
    """Return the shapes of ``site_demand.csv``: the variants of each class."""
    table = read_table("site_demand")
    return tuple(
        DemandShape(name, variant)
        for name, count in table[["class", "variants"]].itertuples(index=False)
        for variant in range(count)
    )


def draw_variant(shapes: tuple[DemandShape, ...], demand_class: str, draw: float) -> int:
    """Return the position of a variant of a class, from a draw in 0..1."""
    own = [position for position, shape in enumerate(shapes) if shape.demand_class == demand_class]
    return own[int(draw * len(own))]


def site_demand(
    index: pd.DatetimeIndex,
    class_shapes: dict[str, np.ndarray],
    shapes: tuple[DemandShape, ...],
    *,
    seed: int,
    weather_year: int,
) -> np.ndarray:
    """Return the demand of a site per kWh of its year.

    Parameters
    ----------
    index : pandas.DatetimeIndex
        (T,), one year.
    class_shapes : dict of str to numpy.ndarray
        See `twin.profiles.demand.class_shapes`.
    shapes : tuple of DemandShape
        D shapes.
    seed, weather_year : int
        Key of shift and noise, with class and variant.

    Returns
    -------
    numpy.ndarray
        (T, D) kW per kWh/year; each column sums to 1 kWh.
    """
    rows = {row["class"]: row for _, row in read_table("site_demand").iterrows()}
    columns = [
        _variant(index, class_shapes[shape.demand_class], rows[shape.demand_class], shape, seed, weather_year)
        for shape in shapes
    ]
    return np.column_stack(columns)


def _variant(
    index: pd.DatetimeIndex, shape: np.ndarray, row: pd.Series, key: DemandShape, seed: int, weather_year: int
) -> np.ndarray:
    hours = step_hours(index)
    name = f"{key.demand_class}/{key.variant}"
    shift = stream(seed, "site demand shift", 0, name).normal(0, row["shift_sd_hours"])
    sigma = np.sqrt(np.log(1 + row["noise_cv"] ** 2))
    rng = stream(seed, "site demand noise", weather_year, name)
    noise = np.exp(sigma * ar1(rng, len(index), per_half_hour(row["noise_correlation"], hours)))
    demand = np.roll(shape, round(shift / hours)) * noise
    return demand / (demand.sum() * hours)
