"""Profiles: values of elements for many steps, checked against the tables that they are for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from pandapower import pandapowerNet

from twin.core.errors import Problem, raise_if_any
from twin.network.dc_lines import with_infeed_of_ends

Column = tuple[str, str]
"""A pandapower table and a column of it."""

POWERS: dict[str, Column] = {
    "load_p_mw": ("load", "p_mw"), "load_q_mvar": ("load", "q_mvar"),
    "sgen_p_mw": ("sgen", "p_mw"), "sgen_q_mvar": ("sgen", "q_mvar"),
    "storage_p_mw": ("storage", "p_mw"), "storage_q_mvar": ("storage", "q_mvar"),
    "gen_p_mw": ("gen", "p_mw"), "dcline_p_mw": ("dcline", "p_mw"),
}  # fmt: skip
"""Names of powers that can be given, with their table and column."""

SHOWN = 10
"""Labels or values that a message names."""


@dataclass(frozen=True)
class GivenProfiles:
    """Checked profiles of R steps.

    Attributes
    ----------
    rows : int
        Number of steps R; 1 where nothing is given.
    values : dict of (table, column) to numpy.ndarray, (R, L)
        In the order of the net's table; not a number where a value is missing. Instead of the power of a ``dcline``
        the infeed of its ends (`twin.network.dc_lines`).
    labels : pandas.Index or None
        Labels of the steps, where they came as DataFrames with labels of their own.
    """

    rows: int
    values: dict[tuple[str, str], np.ndarray]
    labels: pd.Index | None


def checked(
    net: pandapowerNet, given: Mapping[str, ArrayLike], accepted: Mapping[str, Column] = POWERS
) -> GivenProfiles:
    """Check profiles against the tables of a net.

    Parameters
    ----------
    net : pandapowerNet
    given : mapping of str to array_like, (R, L) or (L,) for one step
        Missing values (masked, NA) become NaN. The columns of a DataFrame and the labels of a Series must be the
        table's index in its order; the row labels of all DataFrames must be the same.
    accepted : mapping of str to (table, column)
        Names that can be given.

    Raises
    ------
    InputError
        Unknown names, text, wrong shapes, different numbers or labels of steps, elements of a table that is empty.
    """
    if not isinstance(given, Mapping):
        wanted = "a mapping, for example {'load_p_mw': array}"
        raise_if_any([Problem("not profiles by name", "profiles", type(given).__name__, wanted)])
    arrays: dict[str, np.ndarray] = {}
    labels: dict[str, pd.Index] = {}
    problems: list[Problem] = []
    for name, values in given.items():
        if name in accepted:
            found = _read(net, name, accepted[name][0], values, arrays, labels)
        else:
            found = _unknown(name, accepted)
        if found:
            problems.append(found)
    steps = {name: len(array) for name, array in arrays.items()}
    if len(set(steps.values())) > 1:
        seen = ", ".join(f"{name} {count}" for name, count in steps.items())
        problems.append(Problem("different numbers of steps", "solve", seen, "the same number of rows everywhere"))
    else:
        problems += _different_labels(labels)
    raise_if_any(problems)
    own = [index for index in labels.values() if not _is_plain(index)]
    values_of = with_infeed_of_ends(net, {accepted[name]: array for name, array in arrays.items()})
    return GivenProfiles(next(iter(steps.values()), 1), values_of, own[0] if own else None)


def _unknown(name: str, accepted: Mapping[str, Column]) -> Problem:
    near = get_close_matches(str(name), accepted, n=1)
    repair = f"did you mean {near[0]}?" if near else "set it in the net before BatchPowerFlow(net)"
    return Problem("cannot be given", f"solve({name}=...)", "", ", ".join(accepted), repair)


def _read(
    net: pandapowerNet,
    name: str,
    table: str,
    values: ArrayLike,
    arrays: dict[str, np.ndarray],
    labels: dict[str, pd.Index],
) -> Problem | None:
    """Put one array into `arrays` and its row labels into `labels`, or return what is wrong with it."""
    where = f"solve({name}=...)"
    elements, index = len(net[table]), net[table].index
    if elements == 0:
        return Problem("the net has no such element", where, f"net.{table} is empty", repair="leave it out")
    of_elements = {pd.DataFrame: "columns", pd.Series: "index"}.get(type(values), "")
    if of_elements and not getattr(values, of_elements).equals(index):
        return Problem(
            f"{'columns' if of_elements == 'columns' else 'labels of the Series'} are not the elements", where,
            _shown(getattr(values, of_elements)), _shown(index), f"reindex({of_elements}=net.{table}.index)",
        )  # fmt: skip
    array = _numbers(values)
    if isinstance(array, str):
        return Problem("not numbers", where, array, "an array of numbers")
    if array.ndim == 1:
        array = array[None]
    if array.ndim != 2 or array.shape[1] != elements or not len(array):
        return Problem("wrong shape", where, str(np.shape(values)), f"(steps, {elements}), columns as net.{table}")
    arrays[name] = array
    if isinstance(values, pd.DataFrame):
        labels[name] = values.index
    return None


def _numbers(values: ArrayLike) -> np.ndarray | str:
    """Return the values as floats, NaN where one is missing or infinite, or what of them is no number."""
    try:
        if isinstance(values, np.ma.MaskedArray):
            values = np.ma.filled(np.ma.asarray(values, dtype=float), np.nan)
        elif isinstance(values, (pd.DataFrame, pd.Series)):
            values = values.to_numpy(dtype=object, na_value=np.nan) if _has_missing_objects(values) else values
        raw = np.asarray(values)
        if raw.dtype.kind not in "buifO" or (raw.dtype.kind == "O" and any(isinstance(x, str) for x in raw.flat)):
            return f"{raw.dtype}: {raw.flat[0]!r}" if raw.size else str(raw.dtype)
        array = np.asarray(raw, dtype=float)
        infinite = np.isinf(array)
        return np.where(infinite, np.nan, array) if infinite.any() else array
    except (TypeError, ValueError) as error:
        return str(error)


def _has_missing_objects(values: pd.DataFrame | pd.Series) -> bool:
    """Tell whether a column is of a kind that keeps missing values as NA or None, which numpy does not know."""
    kinds = values.dtypes if isinstance(values, pd.DataFrame) else [values.dtype]
    return not all(isinstance(kind, np.dtype) and kind.kind in "buif" for kind in kinds)


def _is_plain(index: pd.Index) -> bool:
    """Tell whether row labels are only the count of the rows."""
    return isinstance(index, pd.RangeIndex) and index.start == 0 and index.step == 1


def _different_labels(labels: Mapping[str, pd.Index]) -> list[Problem]:
    """Name DataFrames whose rows are not those of the first one; counts say nothing beside times."""
    own = {name: index for name, index in labels.items() if not _is_plain(index)}
    if not own:
        return []
    first = next(iter(own))
    counts_are_labels = own[first].dtype.kind in "iuf"
    others = labels if counts_are_labels else own
    return [
        Problem(
            "its rows have other labels than those of another profile", f"solve({name}=...)",
            _first_difference(index, own[first]), f"those of {first}", "reindex one of them by the rows of the other",
        )
        for name, index in others.items()
        if not index.equals(own[first])
    ]  # fmt: skip


def _first_difference(index: pd.Index, other: pd.Index) -> str:
    at = next((k for k, (a, b) in enumerate(zip(index, other, strict=True)) if a != b), 0)
    return f"row {at}: {index[at]} instead of {other[at]}"


def _shown(labels: pd.Index) -> str:
    listed = [str(label) for label in labels[:SHOWN]]
    return ", ".join(listed) + (f", ... ({len(labels)} in all)" if len(labels) > SHOWN else "")
