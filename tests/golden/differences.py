"""Whether two goldens hold the same numbers, and where not."""

from collections.abc import Iterator
from typing import Any

RELATIVE = 1e-9
ABSOLUTE = 1e-9
SHOWN = 20
MISSING = "(missing)"
SUMS = (3, 4)
"""Lengths of what `numbers_of.sums` returns: the second number is the size that the others are compared against."""


def leaves(value: object, key: str = "") -> Iterator[tuple[str, Any, float]]:
    """Yield each value of nested tables and lists with its key and the size that its difference is held against."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from leaves(inner, f"{key} > {name}" if key else str(name))
    elif isinstance(value, list):
        is_sums = len(value) in SUMS and all(isinstance(one, int | float) for one in value)
        for position, inner in enumerate(value):
            for name, one, size in leaves(inner, f"{key}[{position}]"):
                yield name, one, max(size, abs(value[1])) if is_sums else size
    else:
        yield key, value, abs(value) if isinstance(value, int | float) else 0.0


def are_close(first: object, second: object, size: float) -> bool:
    """Return whether two values are the same but for the last digits of numbers."""
    if isinstance(first, int | float) and isinstance(second, int | float):
        return first == second or abs(first - second) <= max(RELATIVE * size, ABSOLUTE)
    return first == second


def differences(kept: object, now: object) -> list[tuple[str, object, object]]:
    """Return the keys whose values differ, with the kept value and the new one."""
    before = {key: (value, size) for key, value, size in leaves(kept)}
    after = {key: value for key, value, _ in leaves(now)}
    nothing = (MISSING, 0.0)
    keys = [*before, *(key for key in after if key not in before)]
    found = []
    for key in keys:
        (value, size), new = before.get(key, nothing), after.get(key, MISSING)
        if not are_close(value, new, size):
            found.append((key, value, new))
    return found


def report(found: list[tuple[str, object, object]], count: int) -> str:
    """Return a message with the first differences and how many there are."""
    lines = [f"  {key}: kept {before!r}, now {after!r}" for key, before, after in found[:SHOWN]]
    more = [f"  ... and {len(found) - SHOWN} more"] if len(found) > SHOWN else []
    return "\n".join([f"{len(found)} of {count} values differ:", *lines, *more])
