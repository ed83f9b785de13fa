"""Arithmetic for compiled power flows: one operating point, or sixteen in a vector register, by the same source.

An array of shape (k, LANES) holds k numbers of sixteen operating points, an array of shape (k,) those of one; `load`
and `store` tell them apart by the type. Every operation is rounded by itself, as IEEE 754 has it, and lane by lane: an
operating point has the same answer to the bit alone, among others and in either kind of array.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import ir  # type: ignore[import-untyped]
from numba import types
from numba.extending import intrinsic, lower_builtin, models, overload, register_model, type_callable

LANES = 16
_VECTOR = ir.VectorType(ir.DoubleType(), LANES)
_compiled_as: Any = intrinsic


class Lanes(types.Type):
    """Compile-time type of LANES float64."""

    def __init__(self) -> None:
        super().__init__(name=f"lanes{LANES}")


_LANES = Lanes()


@register_model(Lanes)
class _LanesModel(models.PrimitiveModel):
    def __init__(self, manager: Any, of_type: Any) -> None:  # noqa: ANN401
        super().__init__(manager, of_type, _VECTOR)


def _arithmetic(function: Callable[..., Any], instruction: str) -> None:
    @type_callable(function)
    def typed(context: Any) -> Callable[..., Any]:  # noqa: ANN401
        return lambda a, b: _LANES if isinstance(a, Lanes) and isinstance(b, Lanes) else None

    @lower_builtin(function, Lanes, Lanes)
    def lowered(context: Any, builder: Any, signature: Any, args: Any) -> Any:  # noqa: ANN401
        return getattr(builder, instruction)(*args)


for _function, _instruction in (
    (operator.add, "fadd"), (operator.sub, "fsub"), (operator.mul, "fmul"), (operator.truediv, "fdiv"),
):  # fmt: skip
    _arithmetic(_function, _instruction)


def _number(array: Any) -> tuple[Any, Any]:  # noqa: ANN401
    """Return what an array holds at each place, as numba's and as LLVM's type."""
    return (_LANES, _VECTOR) if array.ndim == 2 else (types.float64, ir.DoubleType())


def _address(context: Any, builder: Any, array_type: Any, array: Any, k: Any) -> Any:  # noqa: ANN401
    data = context.make_array(array_type)(context, builder, array).data
    if array_type.ndim == 1:
        return builder.gep(data, [k])
    first = builder.gep(data, [builder.mul(k, ir.Constant(k.type, LANES))])
    return builder.bitcast(first, _VECTOR.as_pointer())


@_compiled_as
def load(typing: Any, array: Any, k: Any) -> Any:  # noqa: ANN401
    """Return number `k` of a C-contiguous float64 array (rows, LANES) or (rows,)."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:  # noqa: ANN401
        return builder.load(_address(context, builder, signature.args[0], *args), align=8)

    return _number(array)[0](array, types.intp), code


@_compiled_as
def store(typing: Any, array: Any, k: Any, value: Any) -> Any:  # noqa: ANN401
    """Put `value` at place `k` of a C-contiguous float64 array (rows, LANES) or (rows,)."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:  # noqa: ANN401
        builder.store(args[2], _address(context, builder, signature.args[0], *args[:2]), align=8)
        return context.get_dummy_value()

    return types.void(array, types.intp, _number(array)[0]), code


@_compiled_as
def splat(typing: Any, like: Any, value: Any) -> Any:  # noqa: ANN401
    """Return a float64 for every operating point of an array such as `like`."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:  # noqa: ANN401
        if signature.args[0].ndim == 1:
            return args[1]
        return _everywhere(builder, args[1])

    return _number(like)[0](like, types.float64), code


def _everywhere(builder: Any, value: Any) -> Any:  # noqa: ANN401
    one = builder.insert_element(ir.Constant(_VECTOR, ir.Undefined), value, ir.Constant(ir.IntType(32), 0))
    places = ir.Constant(ir.VectorType(ir.IntType(32), LANES), [0] * LANES)
    return builder.shuffle_vector(one, ir.Constant(_VECTOR, ir.Undefined), places)


@_compiled_as
def coefficient(typing: Any, like: Any, array: Any, k: Any) -> Any:  # noqa: ANN401
    """Return number `k` of `array`: each operating point's own, or one that all of an array such as `like` share."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:  # noqa: ANN401
        value = builder.load(_address(context, builder, signature.args[1], *args[1:]), align=8)
        shared = signature.args[0].ndim == 2 and signature.args[1].ndim == 1
        return _everywhere(builder, value) if shared else value

    return _number(like)[0](like, array, types.intp), code


def _call(name: str, arguments: int) -> Any:  # noqa: ANN401
    """Return the code that calls one of LLVM's functions of numbers."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:  # noqa: ANN401
        lanes = isinstance(signature.return_type, Lanes)
        number, suffix = (_VECTOR, f"v{LANES}f64") if lanes else (ir.DoubleType(), "f64")
        kind = ir.FunctionType(number, [number] * arguments)
        return builder.call(builder.module.declare_intrinsic(f"llvm.{name}.{suffix}", (), kind), args)

    return code


@_compiled_as
def root(typing: Any, value: Any) -> Any:  # noqa: ANN401
    """Return the square root."""
    return value(value), _call("sqrt", 1)


@_compiled_as
def fma(typing: Any, a: Any, b: Any, c: Any) -> Any:  # noqa: ANN401
    """Return ``a b + c``, rounded once."""
    return c(a, b, c), _call("fma", 3)


@_compiled_as
def less_product(typing: Any, a: Any, b: Any, c: Any) -> Any:  # noqa: ANN401
    """Return ``c - a b``, rounded once."""
    call = _call("fma", 3)

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:  # noqa: ANN401
        return call(context, builder, signature, (builder.fneg(args[0]), args[1], args[2]))

    return c(a, b, c), code


def _zero(number: Any) -> Any:  # noqa: ANN401
    return ir.Constant(_VECTOR, [0.0] * LANES) if isinstance(number, Lanes) else ir.Constant(ir.DoubleType(), 0.0)


@_compiled_as
def larger(typing: Any, a: Any, b: Any) -> Any:  # noqa: ANN401
    """Return the larger one; `b` where one is not a number."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:  # noqa: ANN401
        return builder.select(builder.fcmp_ordered(">", *args), *args)

    return b(a, b), code


@_compiled_as
def where(typing: Any, chosen: Any, a: Any, b: Any) -> Any:  # noqa: ANN401
    """Return `a` where `chosen` is not zero, `b` elsewhere."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:  # noqa: ANN401
        return builder.select(builder.fcmp_ordered("!=", args[0], _zero(signature.args[0])), args[1], args[2])

    return b(chosen, a, b), code


@_compiled_as
def any_lane(typing: Any, value: Any) -> Any:  # noqa: ANN401
    """Return whether an operating point's number is not zero (not a number counts as such)."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:  # noqa: ANN401
        differs = builder.fcmp_unordered("!=", args[0], _zero(signature.args[0]))
        if not isinstance(signature.args[0], Lanes):
            return differs
        bits = builder.bitcast(differs, ir.IntType(LANES))
        return builder.icmp_unsigned("!=", bits, ir.Constant(ir.IntType(LANES), 0))

    return types.boolean(value), code


def width(array: np.ndarray) -> int:
    """Return how many operating points an array holds."""
    return LANES if array.ndim == 2 else 1


def get(array: np.ndarray, k: int, r: int) -> float:
    """Return number `k` of operating point `r`."""
    result: float = array[k, r] if array.ndim == 2 else array[k]
    return result


def put(array: np.ndarray, k: int, r: int, value: float) -> None:
    """Set number `k` of operating point `r`."""
    if array.ndim == 2:
        array[k, r] = value
    else:
        array[k] = value


@overload(width, strict=False)
def _width(array: Any) -> Any:  # noqa: ANN401
    return (lambda array: LANES) if array.ndim == 2 else (lambda array: 1)


@overload(get, strict=False)
def _get(array: Any, k: Any, r: Any) -> Any:  # noqa: ANN401
    return (lambda array, k, r: array[k, r]) if array.ndim == 2 else (lambda array, k, r: array[k])


@overload(put, strict=False)
def _put(array: Any, k: Any, r: Any, value: Any) -> Any:  # noqa: ANN401
    def of_lanes(array: Any, k: Any, r: Any, value: Any) -> None:  # noqa: ANN401
        array[k, r] = value

    def of_one(array: Any, k: Any, r: Any, value: Any) -> None:  # noqa: ANN401
        array[k] = value

    return of_lanes if array.ndim == 2 else of_one
