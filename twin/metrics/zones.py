"""What constraint zones did over a run: how long each held units, how often it acted, and what it took from whom."""

from __future__ import annotations

import pandas as pd

from twin.core.quantities import CutCause

ZONE_COLUMNS = ("time", "zone", "flow_mw", "limit_mw", "order", "status", "cut_mw")
CUT_COLUMNS = ("unit", "available_mw", CutCause.CONGESTION_N0.column, "element")


def zone_activity(table: pd.DataFrame, hours: float) -> pd.DataFrame:
    """Return a row for each zone, in the order in which they act.

    Parameters
    ----------
    table : pandas.DataFrame
        A member's table ``zones``.
    hours : float
        Length of a step.

    Returns
    -------
    pandas.DataFrame
        ``held_hours`` (any unit held), ``stopped_hours`` (all of them stopped), ``trim_hours`` and ``trip_hours``
        (steps in which set-points are lowered, or all units tripped), ``most_percent`` (highest flow of its limit) and
        ``cut_mwh``.
    """
    loading = 100.0 * table["flow_mw"] / table["limit_mw"]
    values = pd.DataFrame({
        "zone": table["zone"].astype(str),
        "held_hours": hours * (table["status"] > 0.0),
        "stopped_hours": hours * (table["status"] == 1.0),
        "trim_hours": hours * (table["order"].astype(str) == "trim"),
        "trip_hours": hours * (table["order"].astype(str) == "trip"),
        "cut_mwh": hours * table["cut_mw"],
        "most_percent": loading,
    })  # fmt: skip
    of_zone = values.groupby("zone", sort=False)
    return of_zone.sum().assign(most_percent=of_zone["most_percent"].max())


def zone_cuts(ledger: pd.DataFrame, zones: list[str], hours: float) -> pd.DataFrame:
    """Return what zones take from each unit that any of them cuts, the most first.

    Parameters
    ----------
    ledger : pandas.DataFrame
        A member's table ``ledger`` with `CUT_COLUMNS`.
    zones : list of str
        Their names, which are elements of the ledger.
    hours : float
        Length of a step.

    Returns
    -------
    pandas.DataFrame
        By unit: a column of MWh for each zone, ``cut_mwh`` in all, and ``percent`` of what the unit could produce.
    """
    unit, element = ledger["unit"].astype(str), ledger["element"].astype(str)
    cut_mwh = hours * ledger[CutCause.CONGESTION_N0.column].astype(float)
    found = pd.DataFrame({zone: cut_mwh.where(element == zone, 0.0).groupby(unit).sum() for zone in zones})
    found["cut_mwh"] = found[zones].sum(axis=1)
    found["percent"] = 100.0 * found["cut_mwh"] / (hours * ledger["available_mw"].astype(float).groupby(unit).sum())
    return found[found["cut_mwh"] > 0.0].sort_values("cut_mwh", ascending=False, kind="stable")
