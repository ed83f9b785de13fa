"""Tables of a security analysis: by step, branch, bus and outage; every class of outages apart."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from twin.network.monitored import MonitoredGrid
from twin.network.solving.solver import Failure
from twin.security.contingencies import Contingency, OutageClass
from twin.security.tally import (
    CASE,
    CONTINUOUS,
    ELEMENT,
    EXPORT,
    HIGH,
    IMPORT,
    LOW,
    MILLIWATT_PER_MW,
    SHORT_TIME,
    SIDE,
    STEP,
    ClassTally,
    Tally,
    Worst,
)

_KIND_HOURS = {
    "hours_over_short_time": SHORT_TIME,
    "hours_over_continuous": CONTINUOUS,
    "hours_export_breach": EXPORT,
    "hours_import_breach": IMPORT,
}
_BAND_HOURS = {"hours_low": LOW, "hours_high": HIGH}


@dataclass(frozen=True)
class SecurityResult:
    """Result of a security analysis; loadings in percent of the continuous rating.

    Attributes
    ----------
    grid : MonitoredGrid
    cases : tuple of Contingency
        The intact grid first.
    repeats : tuple of int
        Number of the case whose voltages were taken for this one because the equations are the same, or -1.
    tally : Tally
    step_hours : float
    index : pandas.Index or None
        Time of each step.
    after_controls : SecurityResult or None
        The same outages once taps and reactors have acted by their own rules; its settled columns are the state after
        the relief (redispatch), where one is given.
    """

    grid: MonitoredGrid
    cases: tuple[Contingency, ...]
    repeats: tuple[int, ...]
    tally: Tally
    step_hours: float
    index: pd.Index | None = None
    after_controls: SecurityResult | None = None

    def of_class(self, outage_class: OutageClass = OutageClass.SINGLE) -> ClassTally:
        """Return the arrays of a class of outages."""
        return self.tally.classes[outage_class]

    def secure(self, outage_class: OutageClass = OutageClass.SINGLE) -> np.ndarray:
        """Return (T,) whether every case of the class is solved and within all limits."""
        return np.asarray(self.of_class(outage_class).step_violating == 0)

    def low_voltage(self, outage_class: OutageClass = OutageClass.SINGLE) -> np.ndarray:
        """Return (T,) whether the lowest voltage of a watched bus lies below that bus's limit."""
        worst = self.of_class(outage_class).step_low
        return np.asarray(-worst.value < self.grid.vm_min_pu[worst.address[:, ELEMENT]])

    def steps(self, outage_class: OutageClass = OutageClass.SINGLE, only: Sequence[str] = ()) -> pd.DataFrame:
        """Return one row per step, with all columns or `only` some.

        ``loading_percent`` is infinite where a case is unsolved, because then nothing is known of it;
        ``solved_loading_percent`` with its element, side and outage is the worst of the solved ones.
        """
        tally = self.of_class(outage_class)
        unsolved = tally.step_unsolved > 0
        columns: dict[str, object] = {"loading_percent": np.where(unsolved, np.inf, _known(tally.step.value))}

        def add(name: str, worst: Worst, of: Callable[..., dict[str, object]], *sign: float) -> None:
            if not only or any(column.startswith(f"{name}_") for column in only):
                found = of(worst, *sign, with_step=False)
                columns.update({f"{name}_{key}": values for key, values in found.items()})

        add("solved", tally.step, self._loading)
        add("settled", tally.step_settled, self._loading)
        add("export_breach", tally.step_export, self._loading)
        add("import_breach", tally.step_import, self._loading)
        add("low", tally.step_low, self._voltage, -1.0)
        add("high", tally.step_high, self._voltage, 1.0)
        columns["violating_outages"] = tally.step_violating
        columns["unsolved_outages"] = tally.step_unsolved
        columns["secure"] = tally.step_violating == 0
        return pd.DataFrame({name: columns[name] for name in only or columns}, index=self.index)

    def branches(self, outage_class: OutageClass = OutageClass.SINGLE) -> pd.DataFrame:
        """Return one row per watched branch: worst loadings, and hours in which at least one case breaks its rating."""
        tally = self.of_class(outage_class)
        watched = np.flatnonzero(np.isfinite(self.grid.rating_pu).any(axis=0))
        elements = self.grid.branch_element
        columns: dict[str, object] = {
            "table": [elements[k][0] for k in watched],
            "element": [elements[k][1] for k in watched],
            "name": [self.grid.branch_names[k] for k in watched],
        }
        for prefix, worst in (("", tally.branch), ("settled_", tally.branch_settled)):
            found = self._loading(Worst(worst.value[watched], worst.address[watched]))
            columns |= {f"{prefix}{key}": values for key, values in found.items() if key != "element"}
        return pd.DataFrame(columns | self._hours(tally.branch_steps[:, watched], _KIND_HOURS))

    def buses(self, outage_class: OutageClass = OutageClass.SINGLE) -> pd.DataFrame:
        """Return one row per watched bus: lowest and highest voltage, and hours outside the band."""
        tally, grid = self.of_class(outage_class), self.grid
        columns: dict[str, object] = {"name": grid.bus_names}
        for name, worst, sign in (("low", tally.bus_low, -1.0), ("high", tally.bus_high, 1.0)):
            columns |= {f"{name}_{key}": v for key, v in self._voltage(worst, sign).items() if key != "bus"}
        columns |= self._hours(tally.bus_steps, _BAND_HOURS)
        return pd.DataFrame(columns, index=grid.net.bus.index)[grid.watched_bus]

    def outages(self) -> pd.DataFrame:
        """Return one row per outage case, the intact grid first."""
        tally = self.tally.cases
        names = [case.name for case in self.cases]
        columns: dict[str, object] = {
            "outage": names,
            "class": [case.outage_class.label for case in self.cases],
            "elements": [case.elements for case in self.cases],
            "same_as": [names[other] if other >= 0 else "" for other in self.repeats],
        }
        for prefix, worst in (("", tally.worst), ("settled_", tally.settled)):
            columns |= {f"{prefix}{key}": v for key, v in self._loading(worst).items() if key != "outage"}
        for name, worst, sign in (("low", tally.low, -1.0), ("high", tally.high, 1.0)):
            columns |= {f"{name}_{key}": v for key, v in self._voltage(worst, sign).items() if key != "outage"}
        columns["hours_violated"] = tally.steps_violated * self.step_hours
        columns |= self._hours(tally.steps, _KIND_HOURS | _BAND_HOURS)
        columns["steps_unsolved"] = tally.unsolved.sum(axis=1)
        for row, what in enumerate(("demand", "infeed")):
            columns[f"{what}_lost_mw"] = tally.lost_most_mw[row]
            columns[f"{what}_lost_mwh"] = tally.lost_milliwatt_steps[row] / MILLIWATT_PER_MW * self.step_hours
        return pd.DataFrame(columns)

    def unsolved(self) -> pd.DataFrame:
        """Return the number of unsolved (step, outage) cases by class of outages and class of failure."""
        classes = np.array([case.outage_class for case in self.cases])
        counts = [self.tally.cases.unsolved[classes == kind].sum(axis=0) for kind in OutageClass]
        return pd.DataFrame(
            np.array(counts), index=[kind.label for kind in OutageClass], columns=[f.name.lower() for f in Failure]
        ).drop(columns="none")

    def _loading(self, worst: Worst, *, with_step: bool = True) -> dict[str, object]:
        ends, of_row = np.unique(worst.address[:, [ELEMENT, SIDE]], axis=0, return_inverse=True)
        sides = [self._side(branch, side) for branch, side in ends]
        return {
            "loading_percent": _known(worst.value),
            "element": _names(self.grid.branch_names, worst.address[:, ELEMENT]),
            "side": _names(sides, of_row.ravel()),
            "outage": _names([case.name for case in self.cases], worst.address[:, CASE]),
            **({"step": self._times(worst.address[:, STEP])} if with_step else {}),
        }

    def _voltage(self, worst: Worst, sign: float, *, with_step: bool = True) -> dict[str, object]:
        return {
            "vm_pu": sign * _known(worst.value),
            "bus": _names(self.grid.bus_names, worst.address[:, ELEMENT]),
            "outage": _names([case.name for case in self.cases], worst.address[:, CASE]),
            **({"step": self._times(worst.address[:, STEP])} if with_step else {}),
        }

    def _side(self, branch: int, side: int) -> str:
        if branch < 0:
            return ""
        table, _ = self.grid.branch_element[branch]
        if table == "trafo3w":
            return ("hv", "mv", "lv")[int(np.argwhere(self.grid.network.branch_rows[table] == branch)[0, 1])]
        return (("hv", "lv") if table == "trafo" else ("from", "to"))[side]

    def _times(self, steps: np.ndarray) -> object:
        if self.index is None:
            return steps
        return self.index.take(np.maximum(steps - self.tally.steps[0], 0)).where(steps >= 0)

    def _hours(self, steps: np.ndarray, kinds: dict[str, int]) -> dict[str, np.ndarray]:
        return {name: steps[kind.bit_length() - 1] * self.step_hours for name, kind in kinds.items()}


def _known(values: np.ndarray) -> np.ndarray:
    return np.where(np.isneginf(values), np.nan, values)


def _names(names: list[str], at: np.ndarray) -> np.ndarray:
    result: np.ndarray = np.array([*names, ""], dtype=object)[at]
    return result
