"""Names in a study: dotted keys such as ``grid.conductor_mm2``, and what a misspelt name was probably meant to be."""

from __future__ import annotations

import difflib
import types
import typing
from collections.abc import Iterable, Iterator
from typing import Any

from pydantic import BaseModel

Assignment = tuple[str, object, str]
"""A dotted key, the value that the study gives it, and its place in the file."""

UNIT_ENDINGS = (
    "_m",
    "_mw",
    "_kw",
    "_w",
    "_mwh",
    "_kwh",
    "_percent",
    "_pu",
    "_mm2",
    "_minutes",
    "_hours",
    "_half_hours",
)


def nearest(seen: str, known: Iterable[str]) -> str:
    """Return a sentence that names the accepted key nearest to `seen`; empty when nothing is near.

    A key that differs only in its unit is named with a warning to convert the value.
    """
    names = list(known)
    same_but_unit = [name for name in names if _stem(name) == _stem(seen) and name != seen]
    if same_but_unit:
        best = difflib.get_close_matches(seen, same_but_unit, n=1, cutoff=0.0)[0]
        return f"write {best} and convert the value: the unit is part of the name"
    close = difflib.get_close_matches(seen, names, n=2, cutoff=0.6)
    if not close:
        tails = {name.rsplit(".", 1)[-1]: name for name in names}
        close = [tails[tail] for tail in difflib.get_close_matches(seen.rsplit(".", 1)[-1], tails, n=1, cutoff=0.6)]
    return f"did you mean {' or '.join(close)}?" if close else ""


def _stem(name: str) -> str:
    for ending in sorted(UNIT_ENDINGS, key=len, reverse=True):
        if name.endswith(ending):
            return name.removesuffix(ending)
    return name


def model_behind(annotation: Any) -> type[BaseModel] | None:  # noqa: ANN401 - a type annotation has no narrower type
    """Return the pydantic model in an annotation such as ``Roles | None``, or None."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    if isinstance(annotation, types.UnionType) or typing.get_origin(annotation) is typing.Union:
        found = (model_behind(part) for part in typing.get_args(annotation))
        return next((model for model in found if model is not None), None)
    return None


def known_keys(model: type[BaseModel], prefix: str = "") -> Iterator[tuple[str, bool]]:
    """Yield each dotted key of `model` and whether further names may follow it (a free table)."""
    for name, field in model.model_fields.items():
        inner = model_behind(field.annotation)
        if inner is not None:
            yield from known_keys(inner, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", typing.get_origin(field.annotation) is dict


def is_known(model: type[BaseModel], dotted: str) -> bool:
    """Return whether `dotted` names a value of `model`; names below a free table are accepted."""
    return any(
        dotted.startswith(f"{key}.") and len(dotted) > len(key) + 1 if free else dotted == key
        for key, free in known_keys(model)
    )
