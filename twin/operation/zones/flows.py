"""What a zone measures: in states of a whole grid with their slopes, and in states of the closed loop's ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from twin.network.batch import BatchPowerFlow
from twin.network.model import Element, GridModel
from twin.network.variants.flow import Flow
from twin.network.variants.grids import GridVariants
from twin.operation.zones.operator import Zone

PROBE_MW = 1.0


class Measurement(NamedTuple):
    """What is measured: a line, the link (its export, as it reaches the source), or the output of all plants.

    `element` and `side` (``from`` or ``to``) are a line's and the end at which power flowing into it counts.
    """

    kind: Literal["line", "link", "generation"]
    element: Element | None = None
    side: str = ""


@dataclass(frozen=True)
class Measures:
    """A measured quantity near one state of the grid.

    Attributes
    ----------
    at_base_mw : float
    base_plants_mw, base_areas_mw : numpy.ndarray, (P,), (A,)
        The state.
    per_plant, per_area : numpy.ndarray, (P,), (A,)
        Change for a MW more of infeed, of demand.
    """

    at_base_mw: float
    base_plants_mw: np.ndarray
    base_areas_mw: np.ndarray
    per_plant: np.ndarray
    per_area: np.ndarray

    def of(self, plants_mw: np.ndarray, areas_mw: np.ndarray) -> np.ndarray:
        """Return the quantity for (T, P) infeed and (T, A) demand, (T,)."""
        more = (plants_mw - self.base_plants_mw) @ self.per_plant + (areas_mw - self.base_areas_mw) @ self.per_area
        result: np.ndarray = self.at_base_mw + more
        return result


class Meter:
    """Measures in a grid.

    Parameters
    ----------
    model : GridModel
    measurement : Measurement
    """

    def __init__(self, model: GridModel, measurement: Measurement) -> None:
        self.model, self.measurement = model, measurement
        self._flow = BatchPowerFlow(model.net)
        self._plants = len(model.plants)

    def values(self, plants_mw: np.ndarray, areas_mw: np.ndarray) -> np.ndarray:
        """Solve states in AC and return what is measured, (T,); NaN where a state has no solution.

        Parameters
        ----------
        plants_mw : numpy.ndarray, (T, P)
        areas_mw : numpy.ndarray, (T, A)
        """
        kind, element, side = self.measurement
        if kind == "generation":
            total: np.ndarray = plants_mw.sum(axis=1)
            return total
        net = self.model.net
        rest = net.sgen["p_mw"].to_numpy(float)[self._plants :]
        sgen = np.column_stack([plants_mw, np.tile(rest * net.sgen["in_service"].to_numpy()[self._plants :],
                                                   (len(plants_mw), 1))])  # fmt: skip
        tangent = net.load["q_mvar"].to_numpy(float) / np.maximum(net.load["p_mw"].to_numpy(float), 1e-9)
        of_plant = net.sgen["q_mvar"].to_numpy(float) / np.maximum(net.sgen["p_mw"].to_numpy(float), 1e-9)
        found = self._flow.solve(
            load_p_mw=areas_mw, load_q_mvar=areas_mw * tangent, sgen_p_mw=sgen, sgen_q_mvar=sgen * of_plant
        )
        if element is None:
            measured = -found.ext_grid_p_mw.sum(axis=1)
        else:
            power = found.line_p_to_mw if side == "to" else found.line_p_from_mw
            measured = power[:, net.line.index.get_loc(element[1])]
        return np.where(found.converged, measured, np.nan)

    def linear(self, plants_mw: np.ndarray, areas_mw: np.ndarray) -> Measures:
        """Return the slopes at a state, one MW more of each plant and area in turn.

        Parameters
        ----------
        plants_mw : numpy.ndarray, (P,)
        areas_mw : numpy.ndarray, (A,)
        """
        count, areas = len(plants_mw), len(areas_mw)
        p, a = np.tile(plants_mw, (1 + count + areas, 1)), np.tile(areas_mw, (1 + count + areas, 1))
        p[1 + np.arange(count), np.arange(count)] += PROBE_MW
        a[1 + count + np.arange(areas), np.arange(areas)] += PROBE_MW
        values = self.values(p, a)
        slope = (values[1:] - values[0]) / PROBE_MW
        return Measures(float(values[0]), plants_mw, areas_mw, slope[:count], slope[count:])


class ReducedMeter:
    """Measures in solved states of the closed loop, each for itself: no value depends on what else is asked.

    Parameters
    ----------
    grid : GridVariants
    measurement : Measurement
    """

    def __init__(self, grid: GridVariants, measurement: Measurement) -> None:
        self.grid, self.measurement = grid, measurement
        self._maps: dict[int, tuple[np.ndarray, ...]] = {}

    def flow(self, flow: Flow, plants_mw: np.ndarray) -> np.ndarray:
        """Return what is measured in some states with (R, P) infeed, (R,) MW; NaN where a state has no solution."""
        if self.measurement.kind == "generation":
            total: np.ndarray = plants_mw.sum(axis=1)
            return total
        numbers, row = np.unique(flow.variant, return_inverse=True)
        of_v, of_i, v, i = (np.stack(parts)[row] for parts in zip(*map(self._map, numbers.tolist()), strict=True))
        v, i = (base + np.einsum("rn,rn->r", slopes, flow.i) for base, slopes in ((v, of_v), (i, of_i)))
        measured: np.ndarray = np.where(flow.solved, (v * np.conj(i)).real * self.grid.base_mva, np.nan)
        return measured

    def _map(self, number: int) -> tuple[np.ndarray, ...]:
        """Return what voltage and current at the meter are of the node currents in a grid variant."""
        if number not in self._maps:
            variant = self.grid.variants[number]
            network, (z, w) = variant.network, (variant.intact.z, variant.intact.w)
            at, element = variant.nodes(self.grid.nodes.buses), self.measurement.element
            if element is None:  # what the source takes; it stands behind the link
                node, out = network.slack[0], -network.y_bus[[network.slack[0]]].toarray()[0]
            else:
                is_to, branch = self.measurement.side == "to", variant.branches([element])[0]
                node = (network.branch_to if is_to else network.branch_from)[branch]
                out = (network.y_to if is_to else network.y_from)[[branch]].toarray()[0]
            self._maps[number] = z[node, at], out @ z[:, at], w[node], out @ w
        return self._maps[number]


@dataclass(frozen=True)
class MeasuredZone:
    """A constraint zone of the closed loop; equal ones are the same zone.

    Attributes
    ----------
    zone : Zone
        Its units are columns of the plants.
    measurement : Measurement
    limit_mw : float
        Of a line; for the link and for all plants, of each circuit of the link that is in service.
    """

    zone: Zone
    measurement: Measurement
    limit_mw: float

    def limit_at(self, circuits: np.ndarray) -> np.ndarray:
        """Return the limit with so many circuits of the link in service, (R,) MW."""
        result: np.ndarray = self.limit_mw * (np.ones(len(circuits)) if self.measurement.kind == "line" else circuits)
        return result
