"""Dotted keys such as ``grid.conductor_mm2`` into nested tables: the leaves of a table, and values put in."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any


def flatten(table: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Return the leaves of nested tables by dotted key, in the order of the file.

    Parameters
    ----------
    table : mapping
        Nested tables; keys may themselves be dotted (``"grid.year"``).
    prefix : str, optional
        Put before every key.
    """
    leaves: dict[str, Any] = {}
    for key, value in table.items():
        if isinstance(value, Mapping):
            leaves |= flatten(value, f"{prefix}{key}.")
        else:
            leaves[prefix + key] = value
    return leaves


def with_values(table: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """Return a deep copy of `table` in which each dotted key of `values` has its value.

    Raises
    ------
    ValueError
        If a part of a dotted key is a value and not a table.
    """
    result = copy.deepcopy(dict(table))
    for dotted, value in values.items():
        *folders, leaf = parts_of(dotted)
        node = result
        for folder in folders:
            node = node.setdefault(folder, {})
            if not isinstance(node, dict):
                raise ValueError(f"{folder} in {dotted} is a value, not a table")
        node[leaf] = copy.deepcopy(value)
    return result


def parts_of(dotted: str) -> list[str]:
    """Return the parts of a dotted key; the rows of input tables (``inputs.<table>.<row>``) may hold dots."""
    return dotted.split(".", 2) if dotted.startswith("inputs.") else dotted.split(".")
