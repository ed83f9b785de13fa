"""Read a pandapower JSON file by a whitelist of tables: data only, no objects are ever constructed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandapower as pp
import pandas as pd

from twin.core.errors import InputError, Problem, raise_if_any

ACCEPTED_TABLES = ("bus", "line", "trafo", "load", "sgen", "gen", "shunt", "ext_grid", "impedance", "switch")
"""Element tables that a guest network may fill."""

NOT_ELECTRICAL = ("controller", "measurement", "poly_cost", "pwl_cost", "group", "bus_geodata", "line_geodata")
"""Tables that do not change a power flow; they are not read."""

_ACCEPTED_CLASSES = {("pandapower.auxiliary", "pandapowerNet"), ("pandas.core.frame", "DataFrame")}
_FRAME = {"_module": "pandas.core.frame", "_class": "DataFrame"}


def read_net(path: Path) -> pp.pandapowerNet:
    """Return the network of a pandapower JSON file.

    Only table contents are taken, into an empty network of this pandapower; results, standard types and controllers
    are left behind. ``pandapower.from_json`` is not used because it builds whatever object a file names.

    Raises
    ------
    InputError
        Not a pandapower file; objects of other modules; filled tables outside `ACCEPTED_TABLES`.
    """
    content = _load(path)
    raise_if_any(_foreign_objects(content, path.name))
    tables = _object(content, path)
    raise_if_any(_refused_tables(tables, path.name))
    net = pp.create_empty_network(f_hz=float(tables.get("f_hz", 50.0)), sn_mva=float(tables.get("sn_mva", 1.0)))
    for name in ACCEPTED_TABLES:
        if name in tables:
            net[name] = _frame(tables[name], net[name], f"{path.name}, table {name}")
    return net


def _load(path: Path) -> Any:  # noqa: ANN401 - any JSON value
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError([Problem("the file does not exist", str(path), repair="correct the path")]) from None
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        problem = Problem("not a JSON text", str(path), str(error), repair="save it with pandapower.to_json")
        raise InputError([problem]) from None


def _nested(value: Any) -> Iterator[Any]:  # noqa: ANN401 - any JSON value
    """Yield every JSON value inside `value`; texts that are themselves JSON objects are opened too."""
    yield value
    children: list[Any] = []
    if isinstance(value, dict):
        children = list(value.values())
    elif isinstance(value, list):
        children = value
    elif isinstance(value, str) and "_module" in value:
        try:
            children = [json.loads(value)]
        except json.JSONDecodeError:
            children = []
    for child in children:
        yield from _nested(child)


def _foreign_objects(content: Any, file: str) -> Iterator[Problem]:  # noqa: ANN401 - any JSON value
    for value in _nested(content):
        if isinstance(value, dict) and ("_module" in value or "_class" in value):
            named = (value.get("_module"), value.get("_class"))
            if named not in _ACCEPTED_CLASSES:
                yield Problem(
                    "the file names an object that is not a table; objects are never constructed from a file",
                    file, ".".join(map(str, named)), "tables of numbers and texts",
                    "remove controllers and other objects",
                )  # fmt: skip


def _object(content: Any, path: Path) -> dict[str, Any]:  # noqa: ANN401 - any JSON value
    if not isinstance(content, dict) or content.get("_class") != "pandapowerNet":
        problem = Problem("not a pandapower network", str(path), accepted="a file written by pandapower.to_json")
        raise InputError([problem])
    tables = content.get("_object")
    if not isinstance(tables, dict):
        raise InputError([Problem("the pandapower network is empty or encrypted", str(path))])
    return tables


def _rows(table: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON value
    """Return a table's ``columns index data``; pandapower writes them as a text inside the JSON."""
    rows = table["_object"]
    result: dict[str, Any] = json.loads(rows) if isinstance(rows, str) else rows
    return result


def _refused_tables(tables: dict[str, Any], file: str) -> Iterator[Problem]:
    for name, table in tables.items():
        known = name in ACCEPTED_TABLES or name in NOT_ELECTRICAL or name.startswith(("res_", "_"))
        if known or not isinstance(table, dict) or table.get("_class") != _FRAME["_class"]:
            continue
        count = len(_rows(table)["index"])
        if count:
            accepted = ", ".join(ACCEPTED_TABLES)
            repair = "replace these elements by accepted ones"
            yield Problem(f"table '{name}' is not supported", file, f"{count} rows", accepted, repair)


def _frame(table: Any, empty: pd.DataFrame, where: str) -> pd.DataFrame:  # noqa: ANN401 - any JSON value
    try:
        rows = _rows(table)
        frame = pd.DataFrame(rows["data"], index=rows["index"], columns=rows["columns"])
        optional = [name for name, kind in empty.dtypes.items() if kind in (np.float64, object) and name not in frame]
        whole = frame.reindex(columns=[*frame.columns, *optional])
        return whole.astype(dict(empty.dtypes))
    except (KeyError, TypeError, ValueError) as error:
        repair = "save the network with a pandapower of version 3"
        raise InputError([Problem("the table cannot be read", where, str(error), repair=repair)]) from None
