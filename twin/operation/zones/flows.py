"""What a zone measures, as a sum over plants and areas: slopes of the AC power flow, and the check against it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from twin.network.batch import BatchPowerFlow
from twin.network.model import GridModel

PROBE_MW = 1.0


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
    """Measures a branch, the link or all generation of a grid.

    Parameters
    ----------
    model : GridModel
    measures : str
        ``line``, ``link`` or ``generation``.
    line : str
        Name of the line, for ``line``.
    toward : int
        Bus towards which its flow counts.
    """

    def __init__(self, model: GridModel, measures: str, line: str = "", toward: int = -1) -> None:
        self.model, self.measures = model, measures
        self._flow = BatchPowerFlow(model.net)
        self._plants = len(model.plants)
        net = model.net
        if measures == "line":
            at = net.line.index[net.line["name"] == line][0]
            self._columns = [int(net.line.index.get_loc(at))]
            self._side = "to" if net.line.at[at, "from_bus"] == toward else "from"

    def values(self, plants_mw: np.ndarray, areas_mw: np.ndarray) -> np.ndarray:
        """Solve states in AC and return what is measured, (T,); NaN where a state has no solution.

        Parameters
        ----------
        plants_mw : numpy.ndarray, (T, P)
        areas_mw : numpy.ndarray, (T, A)
        """
        if self.measures == "generation":
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
        if self.measures == "link":
            measured = -found.ext_grid_p_mw.sum(axis=1)
        else:
            power = found.line_p_to_mw if self._side == "to" else found.line_p_from_mw
            measured = power[:, self._columns].sum(axis=1)
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
