"""What a policy remembers, as plain data: a checkpoint holds numbers, texts and arrays, never objects that run code."""

from __future__ import annotations

import copy
import datetime
import enum
import json
import pickle
import sys
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import is_dataclass
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd

from twin.core.errors import InputError, Problem
from twin.policies import interface
from twin.policies.interface import Policy
from twin.policies.running.decision import name_of

TEXT, ARRAY = "policy", "policy_array_{}"
"""Names under which a checkpoint holds the structure (JSON) and each array."""

_PLAIN = (type(None), bool, int, float, str)
_ROWS: dict[str, type] = {"list": list, "tuple": tuple, "set": set, "frozenset": frozenset, "deque": deque}
_GENERATORS = ("PCG64", "PCG64DXSM", "MT19937", "Philox", "SFC64")


class _NotPlainError(TypeError):
    """A value that cannot be kept; its text says where it stands."""


def remembered(policy: Policy, new: Policy, whose: str) -> dict[str, np.ndarray]:
    """Return what a policy remembers, to be saved.

    An object with methods ``state()`` and ``restore(state)`` is kept as it states itself, any other by its attributes.
    An attribute that is no plain data is left out where it is as in the new policy.

    Parameters
    ----------
    policy : Policy
    new : Policy
        The same before its first decision.
    whose : str
        Member, for the message.

    Raises
    ------
    InputError
        If it holds something that is no plain data, e.g. an open file.
    """
    writer = _Writer(new)
    try:
        text = json.dumps(writer.of(policy, new, name_of(policy)))
    except InputError:  # of a policy in a process of its own
        raise
    except Exception as error:  # a user's state() may raise anything
        seen = str(error) if isinstance(error, _NotPlainError) else f"{type(error).__name__}: {error}"
        problem = Problem(
            "what the policy remembers cannot be saved, so a run could not go on after a stop",
            f"policy {name_of(policy)}, {whose}",
            seen,
            "numbers, texts, arrays, lists, tuples, sets, dictionaries, times, random generators of numpy, dataclasses "
            "of the policy's file",
            "make open files, solvers and tables of pandas inside decide, or leave them out in __getstate__, or give "
            "the methods state() and restore(state)",
        )
        raise InputError([problem]) from error
    arrays = {ARRAY.format(k): array for k, array in enumerate(writer.arrays)}
    return {TEXT: np.frombuffer(text.encode(), dtype=np.uint8), **arrays}


def recalled(saved: Mapping[str, np.ndarray], new: Policy) -> Policy:
    """Return the policy that `remembered` saved.

    Parameters
    ----------
    saved : mapping of str to numpy.ndarray
        Other entries are passed over.
    new : Policy
        The same policy before its first decision; it stays as it is.

    Raises
    ------
    ValueError
        If what is saved is not of this policy.
    """
    try:
        tree = json.loads(saved[TEXT].tobytes())
        policy: Policy = _Reader(saved, new).of(tree, new)
    except Exception as error:  # whatever stands there in place of what was saved
        raise ValueError(f"not what policy {name_of(new)} remembers: {type(error).__name__}: {error}") from error
    return policy


def _known(policy: Policy) -> dict[str, type]:
    """Return the classes that a saved name may stand for: dataclasses and enumerations of interface and policy."""
    modules: list[ModuleType | None] = [interface, *(sys.modules.get(type(one).__module__) for one in _all_of(policy))]
    return {
        f"{found.__module__}:{found.__qualname__}": found
        for module in modules
        if module is not None
        for found in vars(module).values()
        if isinstance(found, type) and (is_dataclass(found) or issubclass(found, enum.Enum))
    }


def _all_of(policy: object) -> list[object]:
    """Return a policy and the objects that are its attributes: one of them may be the user's own."""
    return [policy, *(_attributes(policy) or {}).values()]


def _attributes(value: object) -> dict[str, Any] | None:
    """Return an object's attributes by name, None where it has no such state."""
    state = value.__getstate__()
    if state is None:
        return {}
    if isinstance(state, tuple) and len(state) == 2:  # attributes, and those of __slots__
        state = (state[0] or {}) | state[1]
    return state if isinstance(state, dict) and all(isinstance(key, str) for key in state) else None


def _states_itself(value: object) -> bool:
    return callable(getattr(value, "state", None)) and callable(getattr(value, "restore", None))


def _same(value: object, other: object) -> bool:
    try:
        return type(value) is type(other) and pickle.dumps(value) == pickle.dumps(other)
    except Exception:  # noqa: BLE001 - whatever a user's attribute raises: it counts as changed
        return False


def _item(other: object, k: object) -> object:
    """Return what stands at the same place in the new policy, None where there is nothing."""
    if isinstance(other, list | tuple):
        return other[k] if isinstance(k, int) and k < len(other) else None
    return other.get(k) if isinstance(other, dict) else None


class _Writer:
    """Turns values into JSON and arrays; an object that stands in several places is one object again afterwards."""

    def __init__(self, new: Policy) -> None:
        self.arrays: list[np.ndarray] = []
        self._numbers: dict[int, int] = {}
        self._kept: list[object] = []  # while it lives, no other value has its id
        self._names = {found: name for name, found in _known(new).items()}

    def of(self, value: Any, other: object, where: str) -> Any:  # noqa: ANN401 - whatever a policy remembers
        kind = type(value)
        if kind in _PLAIN:
            return value
        if id(value) in self._numbers:
            return {"again": self._numbers[id(value)]}
        simple = self._simple(value)
        if simple is not None:
            return simple
        self._numbers[id(value)] = len(self._numbers)
        self._kept.append(value)
        if kind is np.ndarray and not value.dtype.hasobject:
            self.arrays.append(value)
            return {"array": len(self.arrays) - 1}
        if kind in _ROWS.values():
            name = next(name for name, known in _ROWS.items() if known is kind)
            rows = [self.of(row, _item(other, k), f"{where}[{k}]") for k, row in enumerate(value)]
            return {name: rows, **({"maxlen": value.maxlen} if kind is deque else {})}
        if kind is dict:
            pairs = value.items()
            return {
                "dict": [[self.of(k, None, where), self.of(v, _item(other, k), f"{where}[{k!r}]")] for k, v in pairs]
            }
        if kind is np.random.Generator and type(value.bit_generator).__name__ in _GENERATORS:
            state = self.of(value.bit_generator.state, None, where)
            return {"generator": type(value.bit_generator).__name__, "state": state}
        return self._object(value, other, where)

    def _simple(self, value: Any) -> Any:  # noqa: ANN401 - whatever a policy remembers
        """Return a value without parts; None where it has some."""
        if isinstance(value, np.generic) and not value.dtype.hasobject:
            self.arrays.append(np.array(value))
            return {"scalar": len(self.arrays) - 1}
        if type(value) is bytes:
            self.arrays.append(np.frombuffer(value, dtype=np.uint8))
            return {"bytes": len(self.arrays) - 1}
        if type(value) is pd.Timestamp:
            zone = None if value.tz is None else str(value.tz)
            return {"time": value.as_unit("ns").value, "zone": zone, "unit": value.unit}
        if type(value) is datetime.date:
            return {"date": value.toordinal()}
        if isinstance(value, enum.Enum) and type(value) in self._names:
            return {"enum": self._names[type(value)], "name": value.name}
        return None

    def _object(self, value: object, other: object, where: str) -> Any:  # noqa: ANN401 - JSON
        kind = type(value)
        if type(other) is kind and _states_itself(value):
            return {"stated": self.of(value.state(), None, f"{where}.state()")}  # type: ignore[attr-defined]
        if _same(value, other):
            return {"same": True}
        attributes = _attributes(value)
        if attributes is None or not (type(other) is kind or kind in self._names):
            raise _NotPlainError(f"{where} is of type {kind.__name__}")
        others = _attributes(other) or {} if type(other) is kind else {}
        values = {name: self.of(part, others.get(name), f"{where}.{name}") for name, part in attributes.items()}
        return {"object": values, "class": None if type(other) is kind else self._names[kind]}


class _Reader:
    """Makes values of what `_Writer` left, beside the new policy."""

    def __init__(self, saved: Mapping[str, np.ndarray], new: Policy) -> None:
        self._saved = saved
        self._known = _known(new)
        self._made: list[Any] = []
        self._simple: dict[str, Callable[[dict[str, Any]], Any]] = {
            "scalar": lambda tree: self._array(tree["scalar"])[()],
            "bytes": lambda tree: self._array(tree["bytes"]).tobytes(),
            "time": lambda tree: pd.Timestamp(tree["time"], unit="ns", tz=tree["zone"]).as_unit(tree["unit"]),
            "date": lambda tree: datetime.date.fromordinal(tree["date"]),
            "enum": lambda tree: self._enum(tree)[tree["name"]],
        }

    def of(self, tree: Any, other: Any) -> Any:  # noqa: ANN401 - whatever a policy remembers
        if not isinstance(tree, dict):
            return tree
        kind = next(iter(tree))
        if kind == "again":
            return self._made[tree[kind]]
        if kind in self._simple:
            return self._simple[kind](tree)
        number = len(self._made)
        self._made.append(None)
        self._made[number] = value = self._started(kind, tree, other)
        if kind in ("list", "set", "deque"):
            add = value.add if kind == "set" else value.append
            for k, row in enumerate(tree[kind]):
                add(self.of(row, _item(other, k)))
        elif kind in ("tuple", "frozenset"):
            value = _ROWS[kind](self.of(row, _item(other, k)) for k, row in enumerate(tree[kind]))
        elif kind == "dict":
            for key, row in tree[kind]:
                made = self.of(key, None)
                value[made] = self.of(row, _item(other, made))
        elif kind == "generator":
            value.bit_generator.state = self.of(tree["state"], None)
        elif kind == "stated":
            value.restore(self.of(tree[kind], None))
        elif kind == "object":
            self._fill(value, tree[kind], {} if tree["class"] is not None else _attributes(other) or {})
        self._made[number] = value
        return value

    def _started(self, kind: str, tree: dict[str, Any], other: Any) -> Any:  # noqa: ANN401 - see `of`
        """Return a value before its parts are put in, so that a part may refer to it."""
        if kind == "array":
            return self._array(tree["array"]).copy()
        if kind == "deque":
            return deque(maxlen=tree["maxlen"])
        if kind in _ROWS:
            return _ROWS[kind]()
        if kind == "dict":
            return {}
        if kind == "generator" and tree[kind] in _GENERATORS:
            return np.random.Generator(getattr(np.random, tree[kind])())
        if kind in ("same", "stated") or (kind == "object" and tree["class"] is None):
            return copy.deepcopy(other)
        if kind == "object":
            found = self._known[tree["class"]]
            return object.__new__(found)
        raise ValueError(f"{kind} is not known")

    def _fill(self, value: Any, tree: dict[str, Any], others: dict[str, Any]) -> None:  # noqa: ANN401 - see `of`
        values = {name: self.of(part, others.get(name)) for name, part in tree.items()}
        if hasattr(value, "__setstate__"):
            value.__setstate__(values)
            return
        for name in others.keys() - values.keys():
            object.__delattr__(value, name)
        for name, part in values.items():
            object.__setattr__(value, name, part)

    def _array(self, number: int) -> np.ndarray:
        return self._saved[ARRAY.format(number)]

    def _enum(self, tree: dict[str, Any]) -> Any:  # noqa: ANN401 - an enumeration of the policy
        found = self._known[tree["enum"]]
        if not issubclass(found, enum.Enum):
            raise TypeError(f"{tree['enum']} is no enumeration")
        return found
