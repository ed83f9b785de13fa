"""Constraint zones of an active network management, and the public feed that shows what it does."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from network_models.tables.columns import Flag, Named, Row, may_refer, maybe, number, refers, whole


class Zone(Named):
    """A reading of a constraint zone: what is measured, its limit, and how its operator acts.

    A zone whose rules nobody has published may have several readings (`hypothesis`); `primary` marks the one that
    counts. `measures` is ``line`` (`branch`, counted towards the bus `toward`), ``link`` (all circuits, export
    positive; the limit is for each circuit in service) or ``generation`` (of all plants; the limit is for each circuit
    in service). `parameters` are those of the grid under which it holds, ``<key>=<value>`` with blanks between.
    Percentages are of the limit.
    """

    zone: str
    hypothesis: str
    primary: Flag
    measures: Literal["line", "link", "generation"]
    branch: str = may_refer("lines.line_id")
    toward: str = may_refer("buses.bus_id")
    parameters: str = ""
    potential: Literal["index", "turbine", "mean"]
    rule: Literal["uniform", "pro_rata", "lifo"]
    limit_mw: float = number("MW", gt=0)
    limit_step_mw: float = number("MW", gt=0)
    cooled_by_wind: Flag
    trim_percent: float = number("%", gt=0, le=100)
    trip_percent: float | None = maybe("%", gt=0)
    release_percent: float = number("%", gt=0, le=100)
    release_mw_per_minute: float | None = maybe("MW/min", gt=0)


class ZoneUnit(Row):
    """A plant of a zone; `turn` 1 is cut first."""

    zone: str
    hypothesis: str
    plant: str = refers("plants.plant_id")
    turn: int = whole(ge=1)


class FeedColumn(Row):
    """A column of a public feed of ten minutes, what it is, and what is possible in it.

    Columns of `use` ``status`` and ``controlled`` are what a model is held against; none of them is an input.
    """

    column: str
    use: Literal["time", "demand", "uncontrolled", "controlled", "wind", "circuit_out", "status"]
    zone: str = ""
    lowest: float | None = maybe()
    highest: float | None = maybe()
    step_minutes: int | None = Field(default=None, ge=1, le=60)
