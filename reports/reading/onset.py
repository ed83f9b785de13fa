"""Where congestion begins: the values that a study tried one at a time, beside the member that they start from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from reports.document.digits import SMALLEST_SHOWN
from twin.metrics.run_folder import Run

PARAMETER = "grid.parameters."
CONTRACT = "fleet.contract_mw."


@dataclass(frozen=True)
class Change:
    """One value tried alone.

    Attributes
    ----------
    key : str
        Dotted key of the study file; empty for the start itself.
    value, start : object
        The tried value, and the one that stands there at the start (None where the run does not tell it).
    cut_mwh, congested_hours, criterion_broken_hours : float
        Over the run's period.
    difference_mwh : float
        `cut_mwh` less that of the start; positive is more congestion.
    """

    key: str
    value: object
    start: object
    cut_mwh: float
    congested_hours: float
    criterion_broken_hours: float
    difference_mwh: float

    @property
    def is_congested(self) -> bool:
        """Whether it has a congestion cut that is not rounding noise."""
        return self.cut_mwh >= SMALLEST_SHOWN


@dataclass(frozen=True)
class Onset:
    """The start and what was tried from there.

    Attributes
    ----------
    scenario, point : str
        Of the member that all start from.
    start : Change
    changes : tuple of Change
        Grouped by key: the key with the largest difference (of either sign) first; in a group the largest cut first.
    """

    scenario: str
    point: str
    start: Change
    changes: tuple[Change, ...]


def read_onset(run: Run) -> Onset | None:
    """Return what the study tried one at a time, None where it tried nothing."""
    rows = run.study.get("onset") or []
    if len(rows) < 2:
        return None
    first, tried = rows[0], rows[1:]
    start = _change(first, None, first)
    changes = [_change(row, _starting_value(run, first, row["key"]), first) for row in tried]
    reach: dict[str, float] = {}
    for change in changes:
        reach[change.key] = max(reach.get(change.key, 0.0), abs(change.difference_mwh))
    changes.sort(key=lambda change: (-reach[change.key], change.key, -change.cut_mwh))
    return Onset(first["scenario"], first["member"], start, tuple(changes))


def _change(row: Mapping[str, Any], start: object, first: Mapping[str, Any]) -> Change:
    cut, cut_at_start = (float(one["curtailed_congestion_mwh"]) for one in (row, first))
    hours = float(row["congested_hours"]), float(row["criterion_broken_hours"])
    return Change(row["key"], row["value"], start, cut, *hours, cut - cut_at_start)


def _starting_value(run: Run, first: Mapping[str, Any], key: str) -> object:
    """Return the value of `key` at the start: by sweep point, scenario, study, else as the network's tables have it."""
    study = run.study.get("study", {})
    overrides = study.get("scenario", {}).get(first["scenario"], {})
    stated = (run.member(first["scenario"], first["member"]).sweep.get(key), _at(overrides, key), _at(study, key))
    return next((value for value in stated if value is not None), _tabulated(run, key))


def _at(settings: object, key: str) -> object:
    for name in key.split("."):
        settings = settings.get(name) if isinstance(settings, Mapping) else None
    return settings


def _tabulated(run: Run, key: str) -> object:
    fact = assumption(run, key)
    if fact is not None:
        return fact["value"]
    unit = contract_unit(run, key)
    return None if unit is None else unit["contract_mw"]


def assumption(run: Run, key: str) -> Mapping[str, Any] | None:
    """Return the assumption that a key of the grid's parameters names."""
    return _named(run.study["assumptions"], "key", key, PARAMETER)


def contract_unit(run: Run, key: str) -> Mapping[str, Any] | None:
    """Return the plant whose capacity a key sets."""
    return _named(run.study["units"], "unit", key, CONTRACT)


def _named(records: list[dict[str, Any]], field: str, key: str, prefix: str) -> Mapping[str, Any] | None:
    if not key.startswith(prefix):
        return None
    return next((record for record in records if record[field] == key.removeprefix(prefix)), None)
