"""Formulas in the tables of a plan: names of its numbers, arithmetic, and what the model offers by function."""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from studies.study.file.names import nearest
from twin.core.errors import InputError, Problem

Function = Callable[..., float]
OPERATORS: dict[type[ast.AST], Callable[..., Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.USub: operator.neg,
    ast.Eq: operator.eq,
}
PLAIN: dict[str, Function] = {"min": np.minimum, "max": np.maximum, "sqrt": math.sqrt}
"""Functions that every formula may call; what is not known stays so."""


def evaluated(formula: str, names: Mapping[str, float], functions: Mapping[str, Function], where: str) -> float:
    """Return the value of a formula; NaN where a part of it is not known, or is divided by zero.

    Parameters
    ----------
    formula : str
        Numbers, names, ``+ - * / ==``, and calls with texts and numbers, e.g. ``P38 * P96``.
    names : mapping of str to float
    functions : mapping of str to callable
        Beside `PLAIN`.
    where : str
        Place of the formula, for messages.

    Raises
    ------
    InputError
        If it cannot be read, or names what there is not: with the nearest names.
    """
    known = PLAIN | dict(functions)
    try:
        return float(_value(ast.parse(formula, mode="eval").body, names, known, where))
    except ZeroDivisionError:
        return math.nan
    except SyntaxError:
        raise _refused("the formula cannot be read", where, formula, "numbers, names of the plan, + - * /") from None


def _value(node: ast.expr, names: Mapping[str, float], functions: Mapping[str, Function], where: str) -> Any:  # noqa: ANN401
    def part(inner: ast.expr) -> Any:  # noqa: ANN401
        return _value(inner, names, functions, where)

    match node:
        case ast.Constant(value=int() | float() | str()):
            return node.value
        case ast.Name():
            return names[_known(node.id, names, where)]
        case ast.BinOp() if type(node.op) in OPERATORS:
            return OPERATORS[type(node.op)](part(node.left), part(node.right))
        case ast.UnaryOp() if type(node.op) in OPERATORS:
            return OPERATORS[type(node.op)](part(node.operand))
        case ast.Compare(ops=[only]) if type(only) in OPERATORS:
            return OPERATORS[type(only)](part(node.left), part(node.comparators[0]))
        case ast.Call(func=ast.Name(id=name), keywords=[]):
            return functions[_known(name, functions, where)](*map(part, node.args))
    raise _refused("the formula holds what none may hold", where, ast.unparse(node), "numbers, names, calls, + - * /")


def _known(name: str, names: Mapping[str, object], where: str) -> str:
    if name not in names:
        raise _refused("there is no such name", where, name, ", ".join(names), nearest(name, names))
    return name


def _refused(what: str, where: str, seen: str, accepted: str, repair: str = "") -> InputError:
    return InputError([Problem(what, where, seen, accepted, repair)])
