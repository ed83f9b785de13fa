"""The operation of one member or of several as time series: what key figures are computed from."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from twin.core.errors import InputError, Problem
from twin.devices.device import COMMERCIAL
from twin.metrics.run_record import RERUN

Columns = Mapping[str, np.ndarray]
"""Columns of a table by name, time first: (T,) of one member, (T, M) of several."""


class HasColumns(Protocol):
    """A table of any kind, or the ``system`` columns of a `MemberSeries`."""

    def __getitem__(self, name: str, /) -> Any:  # noqa: ANN401 - columns of the table's kind
        """Return a column."""


@dataclass(frozen=True)
class MemberSeries:
    """Tables of one member, (T,), or of several side by side, (T, M).

    Attributes
    ----------
    tables : mapping of str to Columns
        By name of the table. ``sites`` has the sums over all kinds of sites, ``devices`` the unmet service of all
        devices (``service_mwh``) and of commercial contracts (``contracts_mwh``).
    hours : float
        Length of a step.
    stored_at_start_mwh : float or numpy.ndarray, (M,)
        Energy in all batteries before the first step.
    battery_mwh : float or numpy.ndarray, (M,)
        Capacity of the sites' batteries.
    """

    tables: Mapping[str, Columns]
    hours: float
    stored_at_start_mwh: float | np.ndarray = 0.0
    battery_mwh: float | np.ndarray = 0.0

    def __getitem__(self, column: str) -> np.ndarray:
        """Return a column of the table ``system``."""
        return self.tables["system"][column]

    @cached_property
    def solved(self) -> np.ndarray:
        """Steps with a solution, bool."""
        return np.asarray(self["failure"] == "", dtype=bool)

    @cached_property
    def stored_change_mwh(self) -> np.ndarray:
        """Change of the energy in all batteries over each step."""
        before = np.concatenate([np.broadcast_to(self.stored_at_start_mwh, self.solved[:1].shape), self["stored_mwh"]])
        return np.diff(before, axis=0)

    def total(self, values: np.ndarray) -> np.ndarray:
        """Return the sum of `values` over the solved steps."""
        return np.asarray(np.where(self.solved, values, 0.0).sum(axis=0), dtype=float)

    def energy_mwh(self, power_mw: np.ndarray) -> np.ndarray:
        """Return the energy of a power over the solved steps."""
        return self.hours * self.total(power_mw)

    def time(self, happens: np.ndarray) -> np.ndarray:
        """Return the hours of solved steps in which something happens."""
        return self.hours * self.total(np.asarray(happens, dtype=float))

    def statistic(self, values: np.ndarray, of: Callable[[np.ndarray], Any], *, limited: bool = False) -> np.ndarray:
        """Return a statistic of the known values of solved steps, NaN without any; infinite ones too if `limited`."""
        known = self.solved & (np.isfinite(values) if limited else ~np.isnan(values))
        if values.ndim == 1:
            return np.asarray(of(values[known]) if known.any() else np.nan, dtype=float)
        columns = [column[rows] for column, rows in zip(values.T, known.T, strict=True)]
        return np.array([of(column) if len(column) else np.nan for column in columns], dtype=float)

    def member(self, m: int) -> MemberSeries:
        """Return one of several members."""
        tables = {name: _OfMember(columns, m) for name, columns in self.tables.items()}
        facts = {
            name: np.broadcast_to(getattr(self, name), self.solved.shape[1])[m]
            for name in ("stored_at_start_mwh", "battery_mwh")
        }
        return replace(self, tables=tables, **facts)


class _OfMember(Mapping[str, np.ndarray]):
    """Columns of one of several members, each taken out when it is asked for."""

    def __init__(self, columns: Columns, m: int) -> None:
        self._columns, self._m = columns, m

    def __getitem__(self, name: str) -> np.ndarray:
        return self._columns[name][:, self._m]

    def __iter__(self) -> Iterator[str]:
        return iter(self._columns)

    def __len__(self) -> int:
        return len(self._columns)


def series_of_folder(
    folder: Path, hours: float, stored_at_start_mwh: float = 0.0, battery_mwh: float = 0.0
) -> MemberSeries:
    """Return the series of a member from its folder; a column is read when a key figure asks for it.

    Parameters
    ----------
    folder : pathlib.Path
        With the member's tables; of a counterfactual only ``system``.
    hours : float
        Length of a step.
    stored_at_start_mwh, battery_mwh : float
        As in `MemberSeries`.
    """
    return MemberSeries(_TablesOfFolder(folder), hours, stored_at_start_mwh, battery_mwh)


def series_of_tables(
    tables: Mapping[str, pd.DataFrame], hours: float, stored_at_start_mwh: float = 0.0
) -> MemberSeries:
    """Return the series of a member from its tables in memory, those with a row a step.

    Parameters
    ----------
    tables : mapping of str to pandas.DataFrame
        As `studies.api.run_case` returns them.
    hours : float
    stored_at_start_mwh : float
    """
    columns = {name: _columns(tables[name]) for name in ("system", "link", "n1", "bus") if name in tables}
    return MemberSeries(columns, hours, stored_at_start_mwh)


def read_table(folder: Path, name: str, columns: list[str] | None = None) -> pd.DataFrame:
    """Return one of a member's tables, or some of its columns.

    Raises
    ------
    InputError
        If the file is damaged: its pages have checksums.
    """
    file = folder / f"{name}.parquet"
    try:
        table = pq.read_table(file, columns=columns, page_checksum_verification=True)
        result: pd.DataFrame = table.to_pandas()
    except (pa.ArrowException, OSError, ValueError) as error:
        raise InputError([Problem("the table cannot be read", str(file), str(error), repair=RERUN)]) from error
    return result


class _TablesOfFolder(Mapping[str, Columns]):
    """Tables of a folder, each read once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._read: dict[str, Columns] = {}

    def __getitem__(self, name: str) -> Columns:
        if name not in self._read:
            self._read[name] = _REDUCED.get(name, _plain)(self._folder, name)
        return self._read[name]

    def __iter__(self) -> Iterator[str]:
        return (path.stem for path in sorted(self._folder.glob("*.parquet")))

    def __len__(self) -> int:
        return sum(1 for _ in self)


def _plain(folder: Path, name: str) -> Columns:
    return _columns(read_table(folder, name))


def _columns(frame: pd.DataFrame) -> Columns:
    return {str(name): frame[name].to_numpy() for name in frame if name != "time"}


def _site_sums(folder: Path, name: str) -> Columns:
    frame = read_table(folder, name, ["time", "self_consumption_mw", "export_mw", "discharge_mw"])
    return _columns(frame.groupby("time").sum())


def _unmet(folder: Path, name: str) -> Columns:
    """Return what devices did not give, and apart the load that contracts took off, which was agreed; (T,) each."""
    frame = read_table(folder, name, ["time", "device", "unmet_mwh"])
    time = read_table(folder, "system", ["time"])["time"]
    is_contract = frame["device"].astype(str) == COMMERCIAL
    parts = {"service_mwh": frame[~is_contract], "contracts_mwh": frame[is_contract]}
    return {
        key: rows.groupby("time")["unmet_mwh"].sum().reindex(time, fill_value=0.0).to_numpy()
        for key, rows in parts.items()
    }


_REDUCED: dict[str, Callable[[Path, str], Columns]] = {"sites": _site_sums, "devices": _unmet}
