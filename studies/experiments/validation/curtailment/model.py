"""The zones of an island under a feed's demand, wind and free output: what their operator would have done."""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np
import pandas as pd

from network_models.island import Island
from network_models.model import build_grid
from studies.measured.feed import Feed
from studies.measured.feed_profiles import infeed_mw, potential_share
from studies.study.zones import Reading
from twin.core.clock import MINUTES_OF_HOUR
from twin.core.tables import Tables
from twin.network.model import GridModel
from twin.operation.zones.flows import Measures, Meter
from twin.operation.zones.operator import FREE_BELOW_MW, manage

LINK_CIRCUITS = "link_circuits"
CHECKED_STATES = 200
"""So many states, evenly over the series, are solved in AC to hold the slopes against."""

COOLING_EXPONENT = 0.25
"""A conductor's rating grows with the root of its cooling, which grows with the root of the wind speed."""


@dataclass(frozen=True)
class Outcome:
    """What a reading makes of a feed, for each of its limits.

    Attributes
    ----------
    reading : Reading
    limits_mw : numpy.ndarray, (M,)
    status : numpy.ndarray, (T, M)
        0, 0.5 or 1.
    held : numpy.ndarray, (T, M) int
        Units of the zone that are held.
    potential_mw, delivered_mw : numpy.ndarray, (U,), (M, U)
        Mean of each unit over the rows that count.
    slope_error_mw : tuple of float
        Largest and mean difference of the linear flow to the AC solution; and how many states had none.
    """

    reading: Reading
    limits_mw: np.ndarray
    status: np.ndarray
    held: np.ndarray
    potential_mw: np.ndarray
    delivered_mw: np.ndarray
    slope_error_mw: tuple[float, float, int]


class ZoneModel:
    """Runs readings of zones on a feed.

    Parameters
    ----------
    island : Island
    tables : Tables
    year : int
        Variant of the grid.
    feed : Feed
    """

    def __init__(self, island: Island, tables: Tables, year: int, feed: Feed) -> None:
        self.island, self.tables, self.year, self.feed = island, tables, year, feed
        self.circuits = np.where(feed.series("circuit_out") > 0.0, 1, 2)
        self.grid = functools.cache(self._grid)
        self.share = functools.cache(self._share)

    def run(self, reading: Reading) -> Outcome:
        """Run the operator of a reading through the feed, for all its limits."""
        row, feed = reading.row, self.feed
        model = self.grid(tuple(sorted(reading.parameters.items())), 2)
        plants = model.plants
        zone = reading.zone(plants.index, MINUTES_OF_HOUR * feed.step_hours)
        own = np.array(zone.units)
        infeed, demand = infeed_mw(model, feed, self.share(str(row["potential"]))), self._demand_mw(model)
        potential = infeed[:, own]
        without = infeed.copy()
        without[:, own] = 0.0
        beside, effect, errors = self._measured(reading, without, infeed, demand)
        limit = reading.limits_mw * self._factor(row)[:, None]
        contract = plants["contract_mw"].to_numpy(float)[own]
        managed = manage(zone, contract, np.maximum(effect[own], 0.0), beside, potential, limit)
        held = (managed.set_point_mw < contract - FREE_BELOW_MW).sum(axis=2)
        moves = ~feed.stands_still
        delivered = np.minimum(managed.set_point_mw, potential[:, None, :])
        return Outcome(
            reading, reading.limits_mw, managed.status, held, potential[moves].mean(axis=0),
            delivered[moves].mean(axis=0), errors,
        )  # fmt: skip

    def _grid(self, parameters: tuple[tuple[str, int], ...], circuits: int) -> GridModel:
        settings = dict(parameters) | ({LINK_CIRCUITS: circuits} if circuits != 2 else {})
        return build_grid(self.island, self.tables, self.year, parameters=settings)

    def _factor(self, row: pd.Series) -> np.ndarray:
        """Return what the limit is multiplied by in each step: circuits in service, cooling by the wind; (T,)."""
        factor = np.ones(len(self.feed.index))
        if row["measures"] != "line":
            factor = factor * self.circuits
        if row["cooled_by_wind"]:
            values = self.tables["grid_parameters"].set_index("key")["value"].astype(str)
            start, highest = (float(values[key]) for key in ("cooling_from_m_per_s", "cooling_highest_factor"))
            wind = np.nan_to_num(self.feed.series("wind"))
            factor = factor * np.clip((wind / start) ** COOLING_EXPONENT, 1.0, highest)
        return factor

    def _share(self, kind: str) -> np.ndarray:
        return potential_share(self.island, self.tables, self.feed, kind)

    def _demand_mw(self, model: GridModel) -> np.ndarray:
        mean = model.net.load["p_mw"].to_numpy(float)
        demand: np.ndarray = np.nan_to_num(self.feed.series("demand"))[:, None] * mean / mean.sum()
        return demand

    def _measured(
        self, reading: Reading, without: np.ndarray, infeed: np.ndarray, demand: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, tuple[float, float, int]]:
        """Return the quantity without the zone's units, their effect on it, and the error of the slopes.

        Slopes are those at the mean state of the rows that count, for each number of circuits.
        """
        moves = ~self.feed.stands_still
        beside, effect = np.empty(len(infeed)), np.zeros(infeed.shape[1])
        errors, unsolved = [np.zeros(0)], 0
        for circuits in np.unique(self.circuits)[::-1]:
            rows = self.circuits == circuits
            meter = self._meter(reading, int(circuits))
            base = moves & rows if (moves & rows).any() else rows
            slopes = self._slopes(meter, infeed[base], demand[base])
            beside[rows] = slopes.of(without[rows], demand[rows])
            effect = slopes.per_plant if circuits == 2 or not (self.circuits == 2).any() else effect
            at = np.flatnonzero(base)[:: max(1, int(base.sum()) // CHECKED_STATES)]
            solved = meter.values(infeed[at], demand[at])
            unsolved += int(np.isnan(solved).sum())
            errors.append(np.abs(slopes.of(infeed[at], demand[at]) - solved))
        found = np.concatenate(errors)
        found = found[~np.isnan(found)]
        return beside, effect, (float(found.max(initial=0.0)), float(found.mean()) if len(found) else 0.0, unsolved)

    def _slopes(self, meter: Meter, infeed: np.ndarray, demand: np.ndarray) -> Measures:
        return meter.linear(infeed.mean(axis=0), demand.mean(axis=0))

    def _meter(self, reading: Reading, circuits: int) -> Meter:
        model = self.grid(tuple(sorted(reading.parameters.items())), circuits)
        return Meter(model, reading.measurement(self.tables, model))
