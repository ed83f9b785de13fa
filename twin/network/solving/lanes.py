"""Vector arithmetic for compiled power flows: sixteen operating points in one vector register.

An array of shape (k, LANES) holds k such numbers; lane r belongs to row r of a block. Every operation is done lane by
lane: the answer of a row does not depend on the others.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

from llvmlite import ir  # type: ignore[import-untyped]
from numba import types
from numba.extending import intrinsic, lower_builtin, models, register_model, type_callable

LANES = 16
_VECTOR = ir.VectorType(ir.DoubleType(), LANES)
_FUSE = ("contract",)
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
        return getattr(builder, instruction)(*args, flags=_FUSE)


for _function, _instruction in (
    (operator.add, "fadd"), (operator.sub, "fsub"), (operator.mul, "fmul"), (operator.truediv, "fdiv"),
):  # fmt: skip
    _arithmetic(_function, _instruction)


def _address(context: Any, builder: Any, array_type: Any, array: Any, k: Any) -> Any:  # noqa: ANN401
    data = context.make_array(array_type)(context, builder, array).data
    first = builder.gep(data, [builder.mul(k, ir.Constant(k.type, LANES))])
    return builder.bitcast(first, _VECTOR.as_pointer())


@_compiled_as
def load(typing: Any, array: Any, k: Any) -> Any:  # noqa: ANN401
    """Return number `k` of a C-contiguous float64 array (rows, LANES)."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:  # noqa: ANN401
        return builder.load(_address(context, builder, signature.args[0], *args), align=8)

    return _LANES(array, types.intp), code


@_compiled_as
def store(typing: Any, array: Any, k: Any, value: Any) -> Any:  # noqa: ANN401
    """Put `value` at place `k` of a C-contiguous float64 array (rows, LANES)."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:  # noqa: ANN401
        builder.store(args[2], _address(context, builder, signature.args[0], *args[:2]), align=8)
        return context.get_dummy_value()

    return types.void(array, types.intp, _LANES), code


@_compiled_as
def splat(typing: Any, value: Any) -> Any:  # noqa: ANN401
    """Return the same float64 in every lane."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:  # noqa: ANN401
        one = builder.insert_element(ir.Constant(_VECTOR, ir.Undefined), args[0], ir.Constant(ir.IntType(32), 0))
        everywhere = ir.Constant(ir.VectorType(ir.IntType(32), LANES), [0] * LANES)
        return builder.shuffle_vector(one, ir.Constant(_VECTOR, ir.Undefined), everywhere)

    return _LANES(types.float64), code


@_compiled_as
def root(typing: Any, value: Any) -> Any:  # noqa: ANN401
    """Return the square root."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:  # noqa: ANN401
        kind = ir.FunctionType(_VECTOR, [_VECTOR])
        return builder.call(builder.module.declare_intrinsic(f"llvm.sqrt.v{LANES}f64", (), kind), args)

    return _LANES(_LANES), code


@_compiled_as
def larger(typing: Any, a: Any, b: Any) -> Any:  # noqa: ANN401
    """Return the larger one; `b` where one is not a number."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:  # noqa: ANN401
        return builder.select(builder.fcmp_ordered(">", *args), *args)

    return _LANES(_LANES, _LANES), code


@_compiled_as
def where(typing: Any, chosen: Any, a: Any, b: Any) -> Any:  # noqa: ANN401
    """Return `a` where `chosen` is not zero, `b` elsewhere."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:  # noqa: ANN401
        zero = ir.Constant(_VECTOR, [0.0] * LANES)
        return builder.select(builder.fcmp_ordered("!=", args[0], zero), args[1], args[2])

    return _LANES(_LANES, _LANES, _LANES), code


@_compiled_as
def any_lane(typing: Any, value: Any) -> Any:  # noqa: ANN401
    """Return whether a lane is not zero (not a number counts as such)."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:  # noqa: ANN401
        differs = builder.fcmp_unordered("!=", args[0], ir.Constant(_VECTOR, [0.0] * LANES))
        bits = builder.bitcast(differs, ir.IntType(LANES))
        return builder.icmp_unsigned("!=", bits, ir.Constant(ir.IntType(LANES), 0))

    return types.boolean(_LANES), code
