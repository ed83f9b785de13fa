"""Tables of the N-1 over all outages: by half-hour, by branch and month, by outage and month."""

from __future__ import annotations

import pandas as pd
import pyarrow as pa

from twin.security.outages import OutageClass
from twin.security.result import SecurityResult

STEP_COLUMNS = {
    "solved_loading_percent": "loading_percent",
    "solved_element": "element",
    "solved_outage": "outage",
    "low_vm_pu": "low_vm_pu",
    "low_bus": "low_bus",
    "high_vm_pu": "high_vm_pu",
    "high_bus": "high_bus",
    "violating_outages": "violating_outages",
    "unsolved_outages": "unsolved_outages",
}
BRANCH_COLUMNS = [
    *("name", "loading_percent", "outage", "step", "hours_over_short_time", "hours_over_continuous"),
    *("hours_export_breach", "hours_import_breach"),
]
OUTAGE_COLUMNS = [
    *("outage", "class", "loading_percent", "element", "low_vm_pu", "high_vm_pu", "hours_violated", "steps_unsolved"),
    *("demand_lost_mw", "demand_lost_mwh", "infeed_lost_mw", "infeed_lost_mwh"),
]


def outage_tables(found: SecurityResult, index: pd.DatetimeIndex) -> dict[str, pa.Table]:
    """Return the tables of one member for one block.

    Parameters
    ----------
    found : SecurityResult
    index : pandas.DatetimeIndex
        Its half-hours, of one month.

    Returns
    -------
    dict of str to pyarrow.Table
        ``security``, ``security_branches`` and ``security_outages``; columns as in `twin.schema.TABLES`.
    """
    steps = found.steps(OutageClass.SINGLE)[list(STEP_COLUMNS)].rename(columns=STEP_COLUMNS)
    steps.insert(0, "time", index)
    branches = found.branches(OutageClass.SINGLE)[BRANCH_COLUMNS].copy()
    outages = found.outages()[OUTAGE_COLUMNS].copy()
    branches = branches.rename(columns={"name": "element", "step": "time"})
    for frame in (branches, outages):
        frame.insert(0, "month", index[0].strftime("%Y-%m"))
    return {"security": _table(steps), "security_branches": _table(branches), "security_outages": _table(outages)}


def _table(frame: pd.DataFrame) -> pa.Table:
    return pa.Table.from_pandas(frame, preserve_index=False).replace_schema_metadata()
