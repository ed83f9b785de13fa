"""Constraint zones of a run: whose operator works by them, and what they did."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from twin.core.clock import step_hours
from twin.metrics.run_folder import Member, Run
from twin.metrics.zones import CUT_COLUMNS, ZONE_COLUMNS, zone_activity, zone_cuts


@dataclass(frozen=True)
class ZonesOfMember:
    """What the zones of one member did.

    Attributes
    ----------
    member : Member
    facts : mapping of str to mapping
        By zone: titles, limit, rule and margins, as in ``study.json``.
    states : pandas.DataFrame
        The table ``zones``.
    activity, cuts : pandas.DataFrame
        See `twin.metrics.zones`.
    """

    member: Member
    facts: Mapping[str, Mapping[str, Any]]
    states: pd.DataFrame
    activity: pd.DataFrame
    cuts: pd.DataFrame


def read_zones(run: Run, point: str) -> list[ZonesOfMember]:
    """Return the zones of every scenario whose operator works by them, at a sweep point; none in other runs."""
    told = run.study.get("zones") or {}
    paths = {member.folder.relative_to(run.path).as_posix(): member for member in run.members if member.point == point}
    return [_of_member(member, told[path]) for path, member in paths.items() if path in told]


def _of_member(member: Member, facts: list[dict[str, Any]]) -> ZonesOfMember:
    states, ledger = member.table("zones", ZONE_COLUMNS), member.table("ledger", CUT_COLUMNS)
    hours = step_hours(pd.DatetimeIndex(states["time"].drop_duplicates()))
    by_name = {str(one["zone"]): one for one in facts}
    return ZonesOfMember(member, by_name, states, zone_activity(states, hours), zone_cuts(ledger, list(by_name), hours))
