"""Columns and rows that tables of all subjects are made of: units, references, and where a number comes from."""

from __future__ import annotations

import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, create_model

HOURS = [str(hour) for hour in range(24)]
MONTHS = [str(month) for month in range(1, 13)]


def number(unit: str = "1", **limits: Any) -> Any:  # noqa: ANN401 - a default of any type
    """Return a column of numbers that no row leaves empty; `limits` are pydantic's (``gt ge lt le``)."""
    return Field(json_schema_extra={"unit": unit}, allow_inf_nan=False, **limits)


def maybe(unit: str = "1", **limits: Any) -> Any:  # noqa: ANN401 - a default of any type
    """Return a column of numbers that may be empty or missing."""
    return Field(default=None, json_schema_extra={"unit": unit}, allow_inf_nan=False, **limits)


def refers(target: str) -> Any:  # noqa: ANN401 - a default of any type
    """Return a column whose cells name a row, ``<table>.<column>``."""
    return Field(json_schema_extra={"refers": target})


def may_refer(target: str) -> Any:  # noqa: ANN401 - a default of any type
    """Return a column whose cells name a row or are empty."""
    return Field(default="", json_schema_extra={"refers": target})


def whole(unit: str = "1", **limits: Any) -> Any:  # noqa: ANN401 - a default of any type
    """Return a column of whole numbers."""
    return Field(json_schema_extra={"unit": unit}, **limits)


def _flag(text: object) -> object:
    known = {"true": True, "false": False}
    if isinstance(text, str):
        if text.lower() not in known:
            raise ValueError("flag")
        return known[text.lower()]
    return text


def _date(text: object) -> object:
    return datetime.date.fromisoformat(text) if isinstance(text, str) else text


Flag = Annotated[bool, BeforeValidator(_flag)]
Date = Annotated[datetime.date, BeforeValidator(_date)]


class PlainRow(BaseModel):
    """A row of a table; no column is unknown."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Row(PlainRow):
    """A row of a table: where its numbers come from, and in which range the main one may lie.

    Rows with the same ``varies_with`` have one common unknown; a minus before it: they go down when the others go up.
    """

    source: str
    status: Literal["published", "derived", "estimate"]
    low: float | None = maybe()
    high: float | None = maybe()
    varies_with: str = ""


class Named(Row):
    """A row with a name in English and Japanese."""

    name: str
    name_ja: str


class Value(Row):
    """A named number."""

    name: str
    value: float = number()
    unit: str = "1"
    name_en: str = ""
    name_ja: str = ""


class Parameter(Row):
    """A number of a process."""

    parameter: str
    value: float = number()


class Month(Row):
    """A row per calendar month."""

    month: int = whole(ge=1, le=12)


def with_columns(name: str, base: type[Row], columns: list[str]) -> type[Row]:
    """Return `base` with columns of numbers that are no Python names."""
    fields: dict[str, Any] = {
        f"column_{column}": (float, Field(alias=column, allow_inf_nan=False)) for column in columns
    }
    return create_model(name, __base__=base, **fields)
