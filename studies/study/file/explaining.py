"""Turn pydantic's findings into problems in plain words, with line, value, accepted values and repair."""

from __future__ import annotations

import types
import typing
from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from studies.study.file.names import known_keys, model_behind, nearest
from twin.core.errors import Problem

_BOUNDS = {"ge": "at least", "gt": "above", "le": "at most", "lt": "below"}
_TYPES = {
    "float_type": "a number",
    "int_type": "a whole number",
    "bool_type": "true or false",
    "string_type": 'a text in quotes ("...")',
    "list_type": "a list in square brackets",
    "dict_type": "a table",
    "model_type": "a table",
    "model_attributes_type": "a table",
}
_LONGEST_VALUE = 80
VERSION = "schema_version"


def explain(error: ErrorDetails, model: type[BaseModel], where: str, dotted: str) -> Problem:
    """Return the problem that one finding of pydantic stands for.

    Parameters
    ----------
    error : ErrorDetails
        One of `ValidationError.errors()`.
    model : type of pydantic.BaseModel
        The model that was validated; `error["loc"]` starts from it.
    where : str
        File and line.
    dotted : str
        The key as the user wrote it.
    """
    parts = [str(part) for part in error["loc"]]
    kind, seen = error["type"], shown(error["input"])
    if kind == "extra_forbidden":
        keys = sorted(_sibling_keys(model, parts[:-1]))
        repair = nearest(parts[-1], keys) or nearest(".".join(parts), [key for key, _ in known_keys(model)])
        return Problem(f"unknown key {dotted}", where, seen, ", ".join(keys), repair or "remove it or correct its name")
    field = _walk(model, parts)[1]
    description = field.description or "" if field else ""
    if kind == "missing":
        return Problem(f"{dotted} is missing", where, "", description, f"add {parts[-1]} = ...")
    if kind == "value_error":
        return Problem(
            error["msg"].removeprefix("Value error, "), where, "" if isinstance(error["input"], dict) else seen
        )
    if kind in _TYPES:
        repair = f"write {_TYPES[kind]} without quotes or unit; the unit is part of the key's name"
        repair = repair if isinstance(error["input"], str) and kind in {"float_type", "int_type"} else ""
        return Problem(f"{dotted} must be {_TYPES[kind]}", where, seen, description, repair)
    if kind == "literal_error" and dotted == VERSION:
        what = "the study file is of another version of the format"
        repair = f"write {VERSION} = {_joined(field)}; whatever has changed is then named key by key (goto-twin schema)"
        return Problem(what, where, seen, _joined(field), repair)
    if kind == "literal_error":
        choices = literal_choices(field)
        return Problem(
            f"{dotted} has an unknown value", where, seen, _joined(field), nearest(str(error["input"]), choices)
        )
    accepted = _range(field) or description
    repair = f"correct {parts[-1]}: {description}" if description and description != accepted else ""
    return Problem(f"{dotted} cannot have this value", where, seen, accepted, repair)


def findings(model: type[BaseModel], values: object) -> list[ErrorDetails]:
    """Return what pydantic finds wrong with `values`; empty when they are valid."""
    try:
        model.model_validate(values)
    except ValidationError as error:
        return error.errors(include_url=False, include_context=False)
    return []


def shown(value: object) -> str:
    """Return a value as it would stand in the file, shortened."""
    text = str(value).lower() if isinstance(value, bool) else repr(value)
    return text if len(text) <= _LONGEST_VALUE else f"{text[: _LONGEST_VALUE - 3]}..."


def literal_choices(field: FieldInfo | None) -> list[str]:
    """Return the values that a field with fixed choices accepts."""
    return [str(choice) for choice in _choices(field)]


def _choices(field: FieldInfo | None) -> tuple[object, ...]:
    """Return the choices of a field, or of the values of a list or table of choices."""
    annotation = field.annotation if field else None
    while typing.get_origin(annotation) in (dict, list):
        annotation = typing.get_args(annotation)[-1]
    return typing.get_args(annotation)


def _joined(field: FieldInfo | None) -> str:
    """Return the choices of a field as a study file writes them: texts in quotes, numbers without."""
    return ", ".join(f'"{choice}"' if isinstance(choice, str) else str(choice) for choice in _choices(field))


def _walk(model: type[BaseModel], parts: Sequence[str]) -> tuple[Any, FieldInfo | None]:
    """Return what stands at a place, as a type, and the last field on the way to it."""
    annotation: Any = model
    field: FieldInfo | None = None
    for part in parts:
        inner, origin = model_behind(annotation), typing.get_origin(annotation)
        if inner is not None and part in inner.model_fields:
            field = inner.model_fields[part]
            annotation = field.annotation
        elif origin in (dict, list):
            annotation = typing.get_args(annotation)[-1]
        else:
            break
    return annotation, field


def _sibling_keys(model: type[BaseModel], parts: Sequence[str]) -> list[str]:
    parent = model_behind(_walk(model, parts)[0])
    return list(parent.model_fields) if parent else []


def _range(field: FieldInfo | None) -> str:
    """Return the accepted range of a number field in words, or an empty text."""
    if field is None:
        return ""
    limits = [*field.metadata, *_nested_metadata(field.annotation)]
    found = [
        f"{words} {getattr(item, name):g}"
        for item in limits
        for name, words in _BOUNDS.items()
        if isinstance(getattr(item, name, None), (int, float))
    ]
    return " and ".join(dict.fromkeys(found))


def _nested_metadata(annotation: Any) -> list[Any]:  # noqa: ANN401 - a type annotation has no narrower type
    if typing.get_origin(annotation) is typing.Annotated:
        items = list(annotation.__metadata__)
        return [inner for item in items for inner in (item.metadata if isinstance(item, FieldInfo) else [item])]
    if isinstance(annotation, types.UnionType) or typing.get_origin(annotation) in (typing.Union, dict):
        return [item for part in typing.get_args(annotation) for item in _nested_metadata(part)]
    return []
