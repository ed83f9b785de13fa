"""The parameters of a grid: values of grid_parameters.csv, overridden by the caller."""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterator, Mapping

import pandas as pd

from twin.core.errors import Problem, raise_if_any

ParameterValue = float | int | str


def resolve(table: pd.DataFrame, overrides: Mapping[str, ParameterValue] | None) -> dict[str, ParameterValue]:
    """Return every parameter's value after the overrides.

    Parameters
    ----------
    table : pandas.DataFrame
        grid_parameters.csv, index `key`.
    overrides : mapping of str to number or str, optional
        Values that replace those of the table. They may lie outside the plausible `low`..`high`, not outside the
        physically possible `possible_low`..`possible_high`.

    Raises
    ------
    InputError
        Unknown keys (with near matches), wrong types, impossible values; all at once.
    """
    given = dict(overrides or {})
    problems = list(_unknown_keys(table, given))
    values: dict[str, ParameterValue] = {}
    for key, row in table.iterrows():
        name = str(key)
        source = given.get(name, row["value"])
        where = f"parameter {name}" if name in given else f"grid_parameters.csv, key {name}"
        try:
            values[name] = _convert(source, row)
        except (ValueError, TypeError):
            problems.append(Problem("the value cannot be used", where, repr(source), _accepted(row)))
    raise_if_any(problems)
    return values


def _unknown_keys(table: pd.DataFrame, given: Mapping[str, ParameterValue]) -> Iterator[Problem]:
    known = [str(key) for key in table.index]
    for key in given:
        if key not in known:
            near = difflib.get_close_matches(key, known, 3, 0.5) or known
            yield Problem("there is no such parameter", "grid parameters", key, ", ".join(near), "correct the key")


def _convert(value: ParameterValue, row: pd.Series) -> ParameterValue:
    if row["kind"] == "choice":
        if value not in str(row["choices"]).split("|"):
            raise ValueError(value)
        return str(value)
    if isinstance(value, bool):
        raise ValueError(value)
    number = float(value)
    if not math.isfinite(number) or number < row["possible_low"] or number > row["possible_high"]:
        raise ValueError(value)
    if row["kind"] == "number":
        return number
    if number != int(number):
        raise ValueError(value)
    return int(number)


def _accepted(row: pd.Series) -> str:
    if row["kind"] == "choice":
        return str(row["choices"]).replace("|", ", ")
    what = "a whole number" if row["kind"] == "integer" else "a number"
    return f"{what} from {row['possible_low']:g} to {row['possible_high']:g}"
