"""N-1 inter-trip (N-1電制): what must be shed after each outage, whether it suffices, what it buys, what it costs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from twin.core.clock import HOURS_PER_YEAR
from twin.core.errors import InputError, Problem, gathered, raise_if_any
from twin.network.model import GridModel
from twin.network.profiles import GivenProfiles, checked
from twin.network.variants.flow import solve
from twin.network.variants.grids import GridVariants, grid_variants
from twin.security.criterion.headroom import link_headroom
from twin.security.criterion.outages import UNSOLVED_PERCENT, Trips
from twin.security.criterion.shedding import Shedding, link_headroom_with_trips, shedding
from twin.security.steps import labels_of

RATE_COLUMNS = ("outages_per_year", "hours_per_outage")


@dataclass(frozen=True)
class InterTripResult:
    """What inter-trip sheds after each outage; axes T half-hours, O outages, J trippable plants.

    Attributes
    ----------
    index : pandas.Index, (T,)
        Times; numbers of the half-hours where none were given.
    outages : tuple of str, (O,)
    plants : tuple of str, (J,)
    end_names : tuple of str
        Element of each monitored branch end.
    shedding : Shedding
        Loadings, voltages and plants, (T, O) and (T, O, J).
    shed_mw : numpy.ndarray, (T, O)
    headroom_without_mw, headroom_with_mw : numpy.ndarray, (T,)
        Export headroom of the link (survivor of a link trip only) without and with inter-trip; NaN where unknown.
    solved : numpy.ndarray, (T,) bool
        Whether the intact grid has a solution.
    """

    index: pd.Index
    outages: tuple[str, ...]
    plants: tuple[str, ...]
    end_names: tuple[str, ...]
    shedding: Shedding
    shed_mw: np.ndarray
    headroom_without_mw: np.ndarray
    headroom_with_mw: np.ndarray
    solved: np.ndarray

    @property
    def suffices(self) -> np.ndarray:
        """(T, O) bool: short-time rating kept at once, continuous rating kept after the trips."""
        return self.shedding.measure_percent <= 100.0

    @property
    def bought_mw(self) -> np.ndarray:
        """(T,) export headroom of the link that inter-trip adds."""
        result: np.ndarray = self.headroom_with_mw - self.headroom_without_mw
        return result

    def summary(self) -> pd.DataFrame:
        """Return one row an outage.

        Returns
        -------
        pandas.DataFrame
            Index `outage`; ``needed_half_hours`` (something overloaded after it), ``insufficient_half_hours``,
            ``unsolved_half_hours``, ``largest_shed_mw``, ``mean_shed_mw`` (over all half-hours),
            ``worst_at_once_percent``, ``worst_settled_percent``, ``worst_refused_percent`` (one plant of the set stays
            connected) and ``lowest_vm_pu``, ``highest_vm_pu`` (settled). Unsolved half-hours count as insufficient and
            are left out of loadings and voltages.
        """
        s = self.shedding
        unsolved = ~(s.at_once_percent < UNSOLVED_PERCENT)

        def extreme(values: np.ndarray, largest: bool) -> np.ndarray:
            masked = np.where(unsolved | np.isnan(values), -np.inf if largest else np.inf, values)
            found = masked.max(axis=0) if largest else masked.min(axis=0)
            return np.where(np.isfinite(found), found, np.nan)

        refused = np.where(s.refused_percent < UNSOLVED_PERCENT, s.refused_percent, np.inf)
        return pd.DataFrame(
            {
                "needed_half_hours": (s.at_once_percent > 100.0).sum(axis=0),
                "insufficient_half_hours": (~self.suffices).sum(axis=0),
                "unsolved_half_hours": unsolved.sum(axis=0),
                "largest_shed_mw": self.shed_mw.max(axis=0),
                "mean_shed_mw": self.shed_mw.mean(axis=0),
                "worst_at_once_percent": extreme(s.at_once_percent, True),
                "worst_settled_percent": extreme(s.settled_percent, True),
                "worst_refused_percent": extreme(np.where(s.shed_pu > 0.0, refused, np.nan), True),
                "lowest_vm_pu": extreme(s.vm_min_settled, False),
                "highest_vm_pu": extreme(s.vm_max_settled, True),
            },
            index=pd.Index(self.outages, name="outage"),
        )

    def expected_energy(self, rates: pd.DataFrame) -> pd.DataFrame:
        """Return the energy that inter-trip is expected to shed in a year.

        ``rate / 8760 h * (mean shed * 8760 h) * hours per outage``: an outage is as likely at any moment, and what it
        sheds stays off, with its output of that half-hour, until the element is back.

        Parameters
        ----------
        rates : pandas.DataFrame
            Index outage names; columns ``outages_per_year hours_per_outage``.

        Returns
        -------
        pandas.DataFrame
            Index `outage`; ``outages_per_year hours_per_outage mean_shed_mw expected_mwh_per_year``,
            ``expected_insufficient_hours_per_year``.

        Raises
        ------
        InputError
            If a rate is missing or negative.
        """
        _check_rates(rates, self.outages)
        known = rates.loc[list(self.outages), list(RATE_COLUMNS)].astype(float)
        per_hour = known["outages_per_year"] / HOURS_PER_YEAR
        shed_mwh = pd.Series(self.shed_mw.mean(axis=0) * HOURS_PER_YEAR, index=known.index)
        insufficient_h = pd.Series((~self.suffices).mean(axis=0) * HOURS_PER_YEAR, index=known.index)
        return known.assign(
            mean_shed_mw=self.shed_mw.mean(axis=0),
            expected_mwh_per_year=per_hour * shed_mwh * known["hours_per_outage"],
            expected_insufficient_hours_per_year=per_hour * insufficient_h * known["hours_per_outage"],
        )


def _check_rates(rates: pd.DataFrame, outages: tuple[str, ...]) -> None:
    missing = [column for column in RATE_COLUMNS if column not in rates]
    problems = [Problem("column is missing", "outage rates", name, ", ".join(RATE_COLUMNS)) for name in missing]
    unknown = [name for name in outages if name not in rates.index]
    if unknown:
        problems.append(Problem("no rate for an outage", "outage rates", ", ".join(unknown), "a row for each outage"))
    if not problems:
        bad = rates.index[~(rates[list(RATE_COLUMNS)] >= 0.0).all(axis=1)]
        problems += [Problem("rate is not a number of 0 or more", "outage rates", str(name)) for name in bad]
    if problems:
        raise InputError(problems)


Rule = Literal["smallest-total", "largest-first"]


@dataclass(frozen=True)
class _Injections:
    """Per unit, (T, n) at the nodes with injections; the trippable plants apart, (T, J)."""

    p: np.ndarray
    q: np.ndarray
    plant_p: np.ndarray
    plant_q: np.ndarray


def intertrip(
    model: GridModel,
    profiles: Mapping[str, ArrayLike],
    index: pd.DatetimeIndex | None = None,
    *,
    cap_mw: float = np.inf,
    rule: Rule = "smallest-total",
) -> InterTripResult:
    """Return what inter-trip sheds after each outage at each half-hour.

    Whole trippable plants, each with its output of that half-hour. At once the short-time rating counts, settled
    (after the trips) the continuous one. A plant whose trip does not lower the loading stays connected.

    Parameters
    ----------
    model : GridModel
        Not modified; taps and reactors stay as its net has them, the compensator acts.
    profiles : mapping of str to array_like, (T, L)
        ``sgen_p_mw sgen_q_mvar load_p_mw load_q_mvar`` in the order of the net's tables; what is left out keeps the
        net's value.
    index : pandas.DatetimeIndex, optional
        Starts of the half-hours; those of the profiles without it.
    cap_mw : float, default infinite
        Most that one inter-trip may shed.
    rule : {"smallest-total", "largest-first"}
        The sufficient set with the least output (with more than 12 plants connected, or without a sufficient set, as
        the other rule); or the largest plants first, as in the closed loop.

    Returns
    -------
    InterTripResult

    Raises
    ------
    InputError
        An unknown rule, a negative cap, profiles of another table or shape.
    """
    of_steps = _checked(model, profiles, cap_mw, rule)
    rows, given = of_steps.rows, of_steps.values
    labels = labels_of(rows, of_steps.labels, index)
    grid = grid_variants([model])
    found = _injections(model, grid, rows, given)
    variant = np.zeros(rows, dtype=np.int64)
    flow = solve(grid, variant, found.p, found.q)
    base_mva = grid.base_mva
    plants = _trippable(model)
    cap_pu = np.full(rows, min(cap_mw, 1e9) / base_mva)
    trips = Trips(
        found.plant_p, found.plant_q, grid.nodes.plant[plants], cap_pu, np.ones(len(cap_pu)), rule == "smallest-total"
    )
    shed = shedding(grid, flow, trips, grid.watched_at)
    without = link_headroom(grid, flow)[:, 0]
    with_trips = link_headroom_with_trips(grid, flow, trips, without)
    shed = shed._replace(measure_percent=np.where(flow.solved[:, None], shed.measure_percent, UNSOLVED_PERCENT))
    return InterTripResult(
        index=pd.RangeIndex(rows) if labels is None else labels,
        outages=grid.outage_names[1:],
        plants=tuple(model.plants.index[plants].astype(str)),
        end_names=grid.end_names,
        shedding=type(shed)(*(values[:, 1:] for values in shed)),
        shed_mw=shed.shed_pu[:, 1:] * base_mva,
        headroom_without_mw=without,
        headroom_with_mw=with_trips,
        solved=flow.solved,
    )


def _trippable(model: GridModel) -> np.ndarray:
    return np.flatnonzero(model.plants.trippable.to_numpy(bool))


def _injections(
    model: GridModel, grid: GridVariants, steps: int, given: Mapping[tuple[str, str], np.ndarray]
) -> _Injections:
    base_mva, nodes = grid.base_mva, grid.nodes

    def pu(table: str, column: str) -> np.ndarray:
        net_table = model.net[table]
        values = given.get((table, column), net_table[column].to_numpy(float))
        scale = net_table.scaling.to_numpy(float) * net_table.in_service.to_numpy(float) / base_mva
        return np.broadcast_to(values * scale, (steps, len(net_table)))

    plants = len(model.plants)
    node_of_sgen = np.concatenate([nodes.plant, nodes.diesel])
    p, q = np.zeros((2, steps, len(nodes.buses)))
    for column, total in (("p_mw", p), ("q_mvar", q)):
        np.add.at(total.T, node_of_sgen, pu("sgen", column).T)
        np.subtract.at(total.T, nodes.area, pu("load", column).T)
    trippable = _trippable(model)
    of_plants = [np.ascontiguousarray(pu("sgen", column)[:, :plants][:, trippable]) for column in ("p_mw", "q_mvar")]
    return _Injections(np.ascontiguousarray(p), np.ascontiguousarray(q), *of_plants)


def _checked(model: GridModel, profiles: Mapping[str, ArrayLike], cap_mw: float, rule: str) -> GivenProfiles:
    problems: list[Problem] = []
    accepted = tuple(f"{table}_{column}" for table in ("sgen", "load") for column in ("p_mw", "q_mvar"))
    if rule not in get_args(Rule):
        problems.append(Problem("unknown rule", "inter-trip, rule", rule, ", ".join(get_args(Rule))))
    if not cap_mw >= 0.0:
        problems.append(Problem("the cap is not a power", "inter-trip, cap_mw", str(cap_mw), "0 or more"))
    problems += [
        Problem("unknown profile", "inter-trip, profiles", name, ", ".join(accepted))
        for name in profiles
        if name not in accepted
    ]
    found = GivenProfiles(0, {}, None)
    with gathered(problems):
        found = checked(model.net, {name: values for name, values in profiles.items() if name in accepted})
    raise_if_any(problems)
    return found
