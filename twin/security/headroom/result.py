"""Headroom of buses as tables: how much, what binds, how often; and its figure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from twin.core.errors import InputError, Problem
from twin.network.model import Element
from twin.security.headroom.prepared import MonitoredLimit
from twin.security.headroom.search import Outcome

if TYPE_CHECKING:
    from matplotlib.figure import Figure

EXCEEDED_SHARE = 0.95


@dataclass(frozen=True)
class HeadroomResult:
    """Extra infeed or demand at unity power factor until the first limit is reached; axes T half-hours, B buses.

    Attributes
    ----------
    index : pandas.Index, (T,)
        Times; numbers of the half-hours where none were given.
    buses : tuple of int, (B,)
    bus_names : tuple of str, (B,)
    direction : str
        ``infeed`` or ``demand``.
    headroom_mw : numpy.ndarray, (T, B)
        Negative: minus the smallest reduction that heals what is breached already. NaN: no reduction heals. Infinite:
        no limit within reach.
    topology : numpy.ndarray, (T, B) int
        Position in `outages` of the state that binds; 0 is the intact grid, -1 none.
    item : numpy.ndarray, (T, B) int
        Position in `items`; -1 where the state has no solution beyond.
    outcome : numpy.ndarray, (T, B) int
        `Outcome`.
    outages : tuple of str
        Names; the first is empty.
    items : tuple of MonitoredLimit
    item_names : tuple of str
    tolerance_mw : float
        Largest distance of a value from the first violation.
    solved : int
        Power flows solved.
    """

    index: pd.Index
    buses: tuple[int, ...]
    bus_names: tuple[str, ...]
    direction: str
    headroom_mw: np.ndarray
    topology: np.ndarray
    item: np.ndarray
    outcome: np.ndarray
    outages: tuple[str, ...]
    items: tuple[MonitoredLimit, ...]
    item_names: tuple[str, ...]
    tolerance_mw: float
    solved: int

    def summary(self) -> pd.DataFrame:
        """Return one row a bus.

        Returns
        -------
        pandas.DataFrame
            Index `bus`; ``guaranteed_mw`` (minimum), ``exceeded_95_percent_mw`` (value exceeded 95 % of the time),
            ``median_mw``: half-hours that no reduction heals count as lower than any number, so that these are NaN
            where such a half-hour decides; ``lowest_known_mw``; ``negative_half_hours``, ``not_healed_half_hours``,
            ``beyond_reach_half_hours``, ``not_settled_half_hours``; ``binding`` (what binds most often).
        """
        rows = []
        for b, name in enumerate(self.bus_names):
            values, outcome = self.headroom_mw[:, b], self.outcome[:, b]
            known = values[~np.isnan(values)]
            rows.append(
                {
                    "bus": name,
                    "guaranteed_mw": self.exceeded_mw(b, 1.0),
                    "exceeded_95_percent_mw": self.exceeded_mw(b, EXCEEDED_SHARE),
                    "median_mw": self.exceeded_mw(b, 0.5),
                    "lowest_known_mw": known.min() if len(known) else np.nan,
                    "negative_half_hours": int((values < 0.0).sum()),
                    "not_healed_half_hours": int((outcome == Outcome.NOT_HEALED).sum()),
                    "beyond_reach_half_hours": int((outcome == Outcome.BEYOND).sum()),
                    "not_settled_half_hours": int((outcome == Outcome.NOT_SETTLED).sum()),
                    "binding": self._most_often(b),
                }
            )
        return pd.DataFrame(rows).set_index("bus")

    def exceeded_mw(self, bus: int, share: float) -> float:
        """Return the value that the headroom of the bus at position `bus` reaches in `share` of all half-hours."""
        values = np.sort(np.where(np.isnan(self.headroom_mw[:, bus]), -np.inf, self.headroom_mw[:, bus]))
        found = values[min(int((1.0 - share) * len(values) + 1e-9), len(values) - 1)]
        return float(found) if found > -np.inf else np.nan

    def duration_curve(self, bus: int) -> np.ndarray:
        """Return (T,) the headroom in falling order, NaN last."""
        values = self.headroom_mw[:, bus]
        known = np.sort(values[~np.isnan(values)])[::-1]
        return np.concatenate([known, np.full(len(values) - len(known), np.nan)])

    def by_month_and_hour(self, bus: int) -> pd.DataFrame:
        """Return the median by month (rows) and hour (columns); NaN half-hours are left out of it.

        Raises
        ------
        InputError
            If the half-hours have no times.
        """
        if not isinstance(self.index, pd.DatetimeIndex):
            raise InputError([Problem("the half-hours have no times", "headroom, index", accepted="a DatetimeIndex")])
        frame = pd.DataFrame(
            {"month": self.index.month, "hour": self.index.hour, "headroom_mw": self.headroom_mw[:, bus]}
        )
        return frame.pivot_table(index="month", columns="hour", values="headroom_mw", aggfunc="median")

    def binding(self, step: int, bus: int) -> tuple[str, Element | None, str]:
        """Return outage, element and side that bind; the element is None where the state has no solution beyond."""
        topology, item = self.topology[step, bus], self.item[step, bus]
        outage = self.outages[topology] if topology >= 0 else ""
        return (outage, None, "") if item < 0 else (outage, self.items[item].element, self.items[item].side)

    def to_frame(self) -> pd.DataFrame:
        """Return one row per half-hour and bus: ``headroom_mw outage element side outcome``, index (time, bus)."""
        names = np.array([*self.item_names, ""], dtype=object)
        sides = np.array([*(item.side for item in self.items), ""], dtype=object)
        outages = np.array([*self.outages, ""], dtype=object)
        return pd.DataFrame(
            {
                "headroom_mw": self.headroom_mw.ravel(),
                "outage": outages[self.topology].ravel(),
                "element": names[self.item].ravel(),
                "side": sides[self.item].ravel(),
                "outcome": np.array([o.name.lower() for o in Outcome], dtype=object)[self.outcome].ravel(),
            },
            index=pd.MultiIndex.from_product([self.index, self.bus_names], names=["time", "bus"]),
        )

    def _most_often(self, bus: int) -> str:
        pairs = np.stack([self.topology[:, bus], self.item[:, bus]], axis=1)
        unique, counts = np.unique(pairs[self.topology[:, bus] >= 0], axis=0, return_counts=True)
        if not len(unique):
            return ""
        topology, item = unique[counts.argmax()]
        what = "no solution" if item < 0 else f"{self.item_names[item]} {self.items[item].side}".strip()
        return f"{what} after {self.outages[topology]}" if topology else what


def headroom_figure(result: HeadroomResult, bus: int) -> Figure:
    """Draw the headroom of the bus at position `bus`.

    Parameters
    ----------
    result : HeadroomResult
    bus : int
        Position in `result.buses`.

    Returns
    -------
    matplotlib.figure.Figure
        Not registered with pyplot; the caller saves it.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10.0, 4.0), layout="constrained")
    duration, heat = figure.subplots(1, 2, width_ratios=(1.0, 1.4))
    curve = result.duration_curve(bus)
    duration.plot(100.0 * (np.arange(len(curve)) + 0.5) / len(curve), np.where(np.isfinite(curve), curve, np.nan))
    duration.axhline(0.0, color="black", linewidth=0.6)
    duration.axvline(100.0 * EXCEEDED_SHARE, color="grey", linewidth=0.6, linestyle="--")
    duration.set_xlabel("share of half-hours [%]")
    duration.set_ylabel(f"N-1 headroom for {result.direction} [MW]")
    unknown = int(np.isnan(curve).sum())
    duration.set_title(f"{result.bus_names[bus]}: {unknown} of {len(curve)} half-hours without a value", fontsize=9)
    table = result.by_month_and_hour(bus)
    picture = heat.imshow(table.to_numpy(), aspect="auto", cmap="viridis")
    heat.set_xticks(range(len(table.columns)), [str(hour) for hour in table.columns], fontsize=7)
    heat.set_yticks(range(len(table.index)), [str(month) for month in table.index])
    heat.set_xlabel("hour")
    heat.set_ylabel("month")
    heat.set_title("median [MW]", fontsize=9)
    figure.colorbar(picture, ax=heat)
    return figure
