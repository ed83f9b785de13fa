"""Read a pandapower JSON file as data: tables of numbers and texts, no object is ever constructed."""

from __future__ import annotations

import copy
import json
import warnings
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pandapower as pp
import pandas as pd
from packaging.version import InvalidVersion, Version

from twin.core.errors import InputError, Problem, raise_if_any
from twin.network.reading.as_read import empty_net

_TABLE = ("DataFrame", ("pandas.core.frame", "pandas"))
LARGEST_ROW_NUMBER = 9_999_999
"""pandapower keeps a place for every number up to the largest bus."""
_SCALARS = ("int", "uint", "float", "bool", "str")
_DATA = {
    "pandapower.auxiliary": ("pandapowerNet",),
    "pandas.core.frame": ("DataFrame",),
    "pandas.core.series": ("Series",),
    "pandas": ("DataFrame", "Series", "Index", "RangeIndex", "DatetimeIndex", "MultiIndex", "Timestamp", "Timedelta"),
    "builtins": ("complex", "tuple", "set", "frozenset"),
}
"""What is data by module; numpy's numbers and arrays beside them."""
_LEFT_OUT = ("pandapower.", "networkx.", "shapely.", "geopandas.")
"""Modules whose objects may stand in a file outside the tables that are read; they are left out, not made."""
_CONVERTED_FROM = "3.2.0"
"""Format from which pandapower's conversion only adds what is missing; newer files are converted from here too."""
_OLD_OR_LATER_TABLES = ("trafo_characteristic_table", "shunt_characteristic_table")
_NOT_READ = ("controller", "measurement", "poly_cost", "pwl_cost", "group", "bus_geodata", "line_geodata")
_DEFAULTS = {"in_service": True, "closed": True, "scaling": 1.0, "parallel": 1, "df": 1.0, "z_ohm": 0.0, "step": 1}


def read_net(path: Path) -> pp.pandapowerNet:
    """Return the network of a pandapower JSON file of any version up to the installed one.

    Only tables that a power flow may read are taken, into an empty network of this pandapower, and brought to its
    format by ``pandapower.convert_format``. Results, standard types, costs, controllers (``runpp`` does not run them
    either), and tables of the user's own are left behind. ``pandapower.from_json`` is not used because it builds
    whatever object a file names.

    Raises
    ------
    InputError
        Not a pandapower file; objects that are no data; tables that cannot be read; newer formats.
    """
    return copy.deepcopy(_net_of(_text(path), path))


@lru_cache(maxsize=4)
def _net_of(text: str, path: Path) -> pp.pandapowerNet:
    """Return the network of a file's text: a study is read, checked and run from the same file."""
    content = _parsed(text, path)
    raise_if_any(_foreign_objects(content, path.name))
    contents = _contents(content, path)
    net = copy.deepcopy(empty_net())
    problems: list[Problem] = []
    for name in [name for name in contents if _is_read(name, net)]:
        where = f"{path.name}, table {name}"
        try:
            frame = _frame(contents[name])
        except (KeyError, TypeError, ValueError, AttributeError, InputError) as error:
            problems.append(Problem("the table cannot be read", where, str(error), repair="save the network anew"))
            continue
        if frame is not None:
            net[name] = frame
    for name, kind in (("f_hz", float), ("sn_mva", float), ("name", str)):
        value = _plain(contents.get(name))
        if value is not None:
            net[name] = kind(value)
    raise_if_any(problems)
    _convert(net, contents, path.name)
    _complete(net, path.name)
    return net


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise InputError([Problem("the file does not exist", str(path), repair="correct the path")]) from None
    except OSError as error:
        raise InputError([Problem("the file cannot be read", str(path), str(error))]) from None
    except UnicodeDecodeError as error:
        raise _not_json(path, error) from None


def _parsed(text: str, path: Path) -> Any:  # noqa: ANN401 - any JSON value
    try:
        return json.loads(text)
    except (json.JSONDecodeError, RecursionError) as error:
        raise _not_json(path, error) from None


def _not_json(path: Path, error: Exception) -> InputError:
    return InputError([Problem("not a JSON text", str(path), str(error), repair="save it with pandapower.to_json")])


def _nested(value: Any) -> Iterator[Any]:  # noqa: ANN401 - any JSON value
    """Yield every JSON value inside `value`; texts that are themselves JSON objects are opened too."""
    waiting = [value]
    while waiting:
        found = waiting.pop()
        yield found
        if isinstance(found, dict):
            waiting.extend(found.values())
        elif isinstance(found, list):
            waiting.extend(found)
        elif isinstance(found, str) and "_module" in found:
            try:
                waiting.append(json.loads(found))
            except (json.JSONDecodeError, RecursionError):
                continue


def _is_data(module: object, name: object) -> bool:
    if module == "numpy":
        return isinstance(name, str) and (name in ("array", "ndarray") or name.rstrip("_0123456789") in _SCALARS)
    return name in _DATA.get(str(module), ())


def _foreign_objects(content: Any, file: str) -> Iterator[Problem]:  # noqa: ANN401 - any JSON value
    """Yield one problem for each kind of object that reading the file as pandapower does would build."""
    counts: dict[str, int] = {}
    for value in _nested(content):
        if isinstance(value, dict) and ("_module" in value or "_class" in value):
            module, name = value.get("_module"), value.get("_class")
            if not _is_data(module, name) and not f"{module}.".startswith(_LEFT_OUT):
                counts[f"{module}.{name}"] = counts.get(f"{module}.{name}", 0) + 1
    for named, count in counts.items():
        yield Problem(
            "the file names an object that is not data; objects are never constructed from a file", file,
            named + (f" ({count} times)" if count > 1 else ""), "tables of numbers and texts", "remove the objects",
        )  # fmt: skip


def _contents(content: Any, path: Path) -> dict[str, Any]:  # noqa: ANN401 - any JSON value
    """Return the entries of the network; those of the first versions stand in the file without a frame."""
    if isinstance(content, dict) and content.get("_class") == "pandapowerNet":
        content = content.get("_object")
        if not isinstance(content, dict):
            raise InputError([Problem("the pandapower network is empty or encrypted", str(path))])
    elif not (isinstance(content, dict) and isinstance(content.get("bus"), dict) and "ext_grid" in content):
        problem = Problem("not a pandapower network", str(path), accepted="a file written by pandapower.to_json")
        raise InputError([problem])
    result: dict[str, Any] = content
    return result


def _is_read(name: str, empty: pp.pandapowerNet) -> bool:
    if name.startswith(("res_", "_")) or name in _NOT_READ:
        return False
    return name in _OLD_OR_LATER_TABLES or isinstance(empty.get(name), pd.DataFrame)


def _frame(table: Any) -> pd.DataFrame | None:  # noqa: ANN401 - any JSON value
    """Return a table as pandapower writes it: split or by columns, often a text inside the JSON; None if it is none."""
    if not isinstance(table, dict):
        return None
    orient = "columns"
    if "_object" in table:
        if table.get("_class") != "DataFrame":
            return None
        orient = table.get("orient", "columns")
        table = table["_object"]
        table = json.loads(table) if isinstance(table, str) else table
    if orient == "split":
        rows = [[_plain(cell) for cell in row] for row in table["data"]]
        return pd.DataFrame(rows, index=_row_numbers(table["index"]), columns=table["columns"])
    columns = {name: {row: _plain(cell) for row, cell in column.items()} for name, column in table.items()}
    frame = pd.DataFrame(columns)
    return frame.set_axis(_row_numbers([int(label) for label in frame.index])).sort_index()


def _row_numbers(labels: Sequence[Any]) -> pd.Index:
    """Return the numbers of a table's rows, by which elements are named; anything else is refused."""
    for label in labels:
        is_whole = isinstance(label, int | float) and not isinstance(label, bool) and 0 <= label <= LARGEST_ROW_NUMBER
        if not is_whole or label != int(label):
            raise ValueError(
                f"a row is called {str(label)[:40]!r}; rows have whole numbers from 0 to {LARGEST_ROW_NUMBER:,}"
            )
    return pd.Index([int(label) for label in labels], dtype=np.int64)


def _plain(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    """Return a cell as a number, a text, or what JSON has; data that pandapower wraps is unwrapped."""
    if not isinstance(value, dict) or "_module" not in value:
        return value
    kind, content = str(value.get("_class")), value.get("_object")
    if value["_module"] != "numpy" or kind in ("array", "ndarray"):
        return None
    if kind.startswith("bool"):
        return str(content).lower() == "true"
    return content if kind.startswith("str") else float(str(content)) if kind.startswith("float") else int(str(content))


def _convert(net: pp.pandapowerNet, contents: dict[str, Any], file: str) -> None:
    """Bring the tables to the format of this pandapower."""
    version = str(contents.get("version") or "1.0")
    form = str(contents.get("format_version") or version)
    try:
        known = min(Version(form), Version(version.split(".dev")[0]))
        if known > Version(pp.__format_version__) or Version(version).major > Version(pp.__version__).major:
            raise InputError([
                Problem("the file is of a newer pandapower", file, f"version {version}, format {form}",
                        f"up to version {pp.__version__}", "install that pandapower, or save the network with this one")
            ])  # fmt: skip
        net["version"] = version
        net["format_version"] = str(min(known, Version(_CONVERTED_FROM)))
    except InvalidVersion as error:
        raise InputError([Problem("no version of pandapower", file, str(error))]) from None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            pp.convert_format(net)
        except (ArithmeticError, AttributeError, IndexError, KeyError, TypeError, UserWarning, ValueError) as error:
            repair = f"read it with pandapower {version} and save it with a newer one"
            what = f"tables of version {version} cannot be converted"
            raise InputError([Problem(what, file, f"{type(error).__name__}: {error}", repair=repair)]) from error


def _complete(net: pp.pandapowerNet, file: str) -> None:
    """Give every table the columns and kinds of numbers of this pandapower; what has no value stays empty."""
    empty, problems = empty_net(), []
    for name, wanted in empty.items():
        if not isinstance(wanted, pd.DataFrame) or name.startswith(("res_", "_")):
            continue
        frame = net[name]
        if not len(frame):
            net[name] = wanted.copy()
            continue
        for column, kind in wanted.dtypes.items():
            where = f"{file}, table {name}, column {column}"
            if column not in frame:
                value = _DEFAULTS.get(str(column), False if kind == np.dtype(bool) else None)
                if value is None and isinstance(kind, np.dtype) and kind.kind in "iu":
                    problems.append(Problem("the column is missing", where, f"{len(frame)} rows"))
                    continue
                frame[column] = pd.Series(value, index=frame.index, dtype=object)
            try:
                frame[column] = _as_kind(frame[column], kind)
            except (TypeError, ValueError) as error:
                problems.append(Problem("the column cannot be read", where, str(error), str(kind)))
        net[name] = frame
    raise_if_any(problems)


def _as_kind(values: pd.Series, kind: Any) -> pd.Series:  # noqa: ANN401 - a numpy or pandas kind
    if kind == np.dtype(bool):
        return values.astype(object).where(values.notna(), False).astype(bool)
    if kind == np.dtype(object):
        return values.astype(object).where(values.notna(), None)
    numbers = pd.to_numeric(values.astype(object).where(values.notna(), np.nan))
    return numbers.astype("Int64" if isinstance(kind, pd.api.extensions.ExtensionDtype) else kind)
