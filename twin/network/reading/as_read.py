"""The net as it was read: an own copy of its tables, and whether the net is still the same."""

from __future__ import annotations

import copy
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import pandapower as pp
import pandas as pd
from pandapower import pandapowerNet

from twin.core.errors import InputError, Problem

_NOT_READ = ("name", "std_type", "geo", "zone", "type")
"""Columns without a bearing on a power flow."""
_READ_IF_THERE = (
    "loss_side",
    "min_q_mvar", "max_q_mvar", "min_vm_pu", "max_vm_pu", "slack_weight", "g_us_per_km", "step_dependency_table",
    "id_characteristic_table", "tap_dependency_table", "tap_at_star_point", "leakage_resistance_ratio_hv",
    "leakage_reactance_ratio_hv", "tap2_side", "tap2_pos", "tap2_neutral", "tap2_step_percent", "tap2_step_degree",
    "tap2_changer_type",
)  # fmt: skip
"""Columns that an empty table of pandapower does not have."""
_SETTINGS = ("f_hz", "sn_mva")


@cache
def empty_net() -> pandapowerNet:
    """Return the tables that pandapower begins with, made once; copy what is to be changed."""
    return pp.create_empty_network()


@cache
def _read_tables() -> tuple[str, ...]:
    """Return the names of pandapower's tables that a power flow reads."""
    without_flow = ("controller", "measurement", "group", "pwl_cost", "poly_cost")
    tables = (name for name, table in empty_net().items() if isinstance(table, pd.DataFrame))
    known = tuple(name for name in tables if not name.startswith(("res_", "_")) and name not in without_flow)
    return (*known, "trafo_characteristic_table", "shunt_characteristic_table")


@cache
def _read_columns() -> frozenset[str]:
    known = {column for name in _read_tables() if name in empty_net() for column in empty_net()[name].columns}
    return frozenset((known | set(_READ_IF_THERE)) - set(_NOT_READ))


def with_every_table(net: pandapowerNet) -> pandapowerNet:
    """Return a net with the same tables, those without a row (or not there at all) as this pandapower makes them."""
    result = copy.copy(net)
    for name in _read_tables():
        if name in empty_net() and (not isinstance(net.get(name), pd.DataFrame) or not len(net[name])):
            result[name] = empty_net()[name]
    return result


class AsRead:
    """A net's tables as they were when it was read.

    Parameters
    ----------
    source : pandapowerNet
        Not modified.

    Attributes
    ----------
    net : pandapowerNet
        An own copy of the tables; results and other contents are shared with `source`.

    Raises
    ------
    InputError
        If it is not a pandapower net.
    """

    def __init__(self, source: pandapowerNet) -> None:
        if not isinstance(source, pandapowerNet):
            accepted = "a net made or read by pandapower"
            raise InputError([Problem("not a pandapower net", "net", type(source).__name__, accepted)])
        self.source = source
        self.net = with_every_table(source)
        for name in _tables_of(source):
            if len(source[name]):
                self.net[name] = source[name].copy()
        self._settings = [source.get(name) for name in _SETTINGS]
        self._seen = _seen(source)

    def check(self) -> None:
        """Raise an error if a value that was read is no longer the same.

        Raises
        ------
        InputError
            With the tables, columns and rows that have changed.
        """
        source = self.source
        tables = {name: source[name] for name in _tables_of(source)}
        same = tables.keys() == self._seen.keys() and self._settings == [source.get(name) for name in _SETTINGS]
        if same and all(_same(table, self._seen[name]) for name, table in tables.items()):
            return
        problems = [
            Problem("the net was changed after it was read", f"net.{where}", what,
                    repair="build a new BatchPowerFlow or SecurityAnalysis, or give the values to solve")
            for where, what in self._changes()
        ]  # fmt: skip
        if problems:
            raise InputError(problems)
        self._seen = _seen(source)

    def _changes(self) -> list[tuple[str, str]]:
        found = [
            (name, f"{self.source.get(name)} instead of {before}")
            for name, before in zip(_SETTINGS, self._settings, strict=True)
            if self.source.get(name) != before
        ]
        for name in _read_tables():
            now, before = self.source.get(name), self.net.get(name)
            rows_now, rows_before = (len(t) if isinstance(t, pd.DataFrame) else 0 for t in (now, before))
            if not rows_now and not rows_before:
                continue
            if rows_now != rows_before:
                found.append((name, f"{rows_now} rows instead of {rows_before}"))
            elif not now.index.equals(before.index):
                found.append((name, "other row labels"))
            else:
                found += _changed_columns(name, now, before)
        return found


def _changed_columns(name: str, now: pd.DataFrame, before: pd.DataFrame) -> list[tuple[str, str]]:
    found = []
    for column in dict.fromkeys((*before.columns, *now.columns)):
        if column not in _read_columns():
            continue
        if column not in now or column not in before:
            found.append((f"{name}.{column}", "the column is new" if column in now else "the column is gone"))
            continue
        same = (now[column] == before[column]) | (now[column].isna() & before[column].isna())
        rows = now.index[~same.fillna(False).to_numpy(bool)]
        if len(rows):
            seen = f"{now[column][rows[0]]} instead of {before[column][rows[0]]} at index {rows[0]}"
            found.append((f"{name}.{column}", seen + (f" and {len(rows) - 1} more" if len(rows) > 1 else "")))
    return found


def _tables_of(net: pandapowerNet) -> list[str]:
    return [name for name in _read_tables() if isinstance(net.get(name), pd.DataFrame)]


class _Seen(NamedTuple):
    """Labels and contents of a table: numbers by their bytes, texts by their objects, which are kept alive."""

    labels: pd.Index
    columns: pd.Index
    contents: list[Any]
    objects: list[Any]


def _seen(net: pandapowerNet) -> dict[str, _Seen]:
    found = {}
    for name in _tables_of(net):
        blocks = _blocks(net[name])
        objects = [values.copy() for values in blocks if values.dtype == object]
        found[name] = _Seen(net[name].index, net[name].columns, [_content(values) for values in blocks], objects)
    return found


def _same(table: pd.DataFrame, seen: _Seen) -> bool:
    if not len(table) and not len(seen.labels):
        return True
    if table.index is not seen.labels or table.columns is not seen.columns:
        return False
    return [_content(values) for values in _blocks(table)] == seen.contents


def _blocks(table: pd.DataFrame) -> list[Any]:
    """Return a table's arrays; by way of its columns they would take thirty times as long."""
    return [block.values for block in table._mgr.blocks]


def _content(values: Any) -> Any:  # noqa: ANN401 - an array of any kind
    if isinstance(values, np.ndarray):
        return values.tobytes()
    return [None if value is pd.NA else value for value in values]
