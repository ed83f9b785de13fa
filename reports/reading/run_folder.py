"""What a report needs of a run folder, checked before anything is drawn."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from twin.core.errors import Problem, raise_if_any
from twin.core.quantities import KPIS, TABLES, CutCause
from twin.metrics.run_folder import KPI_FILE, ROW_NAMES, Member, Run, open_run
from twin.metrics.run_record import RERUN

CUT_COLUMNS = tuple(cause.column for cause in CutCause)
SAMPLE_CHECK = "sample_check"
"""Table of the sampled states; ``study.json`` has what a report tells of it."""
COLUMNS_READ: dict[str, tuple[str, ...]] = {
    "ledger": ("unit", "available_mw", *CUT_COLUMNS, "element", "outage", "time"),
    "system": (
        "time", "demand_mw", "available_mw", "delivered_mw", "diesel_mw", *CUT_COLUMNS, "main_tap_position",
        "reactors_in_service", "failure",
    ),
    "link": (
        "time", "export_mw", "circuit_1_loading_percent", "circuit_2_loading_percent", "n1_before_loading_percent",
        "n1_loading_percent", "n1_export_headroom_before_mw", "n1_export_headroom_after_mw",
        "n1_import_headroom_before_mw", "n1_import_headroom_after_mw",
    ),
    "sites": ("time", "kind", "charge_mw", "soc_percent"),
    "security_branches": tuple(TABLES["security_branches"]),
    "security_outages": tuple(TABLES["security_outages"]),
}  # fmt: skip
"""The columns of `twin.core.quantities.TABLES` that a report is made from; others may be missing."""


NO_CONTROL_NEEDED = ("reference", "uncontrolled")


def controlled_scenarios(run: Run) -> tuple[str, ...]:
    """Return the scenarios that are neither the reference nor the uncontrolled one."""
    others = {run.study[role] for role in NO_CONTROL_NEEDED}
    return tuple(scenario for scenario in run.scenarios if scenario not in others)


MARKET = "the market around the island: area balance and prices"


def has_market(run: Run) -> bool:
    """Return whether the island has tables of the area around it, so that there can be cuts for its balance."""
    return MARKET not in run.study["island"]["absent"]


def congestion_rule(run: Run) -> str:
    """Return the rule by which the study shares out cuts for congestion: one of its rules, or constraint zones."""
    operation = run.study.get("study", {}).get("operation", {})
    return "zones" if operation.get("operator") == "zones" else str(operation.get("congestion_rule", "uniform"))


def benefit_kpi(run: Run) -> str:
    """Return the key figure that values control: against the uncontrolled scenario where there is one."""
    return "net_benefit_mwh" if run.study["uncontrolled"] is None else "net_benefit_of_control_mwh"


def read_run(path: Path) -> Run:
    """Read and check a run folder.

    Parameters
    ----------
    path : pathlib.Path
        The folder ``runs/<study>``.

    Returns
    -------
    Run

    Raises
    ------
    twin.core.errors.InputError
        With everything that is missing or broken in the folder.
    """
    run = open_run(path)
    problems = []
    for member in run.members:
        missing = [name for name in KPIS if name not in member.kpis]
        if missing:
            file = str(member.folder / KPI_FILE)
            problems.append(Problem("key figures are missing", file, accepted=", ".join(missing), repair=RERUN))
        for table, columns in COLUMNS_READ.items():
            problems += member.table_problems(table, columns)
        problems += member.table_problems(SAMPLE_CHECK, may_be_empty=True)  # of a short run no state may be drawn
    raise_if_any(problems)
    raise_if_any(problem for member in run.members for problem in _odd_rows(run, member))
    return run


def _odd_rows(run: Run, member: Member) -> Iterator[Problem]:
    """Yield where tables do not fit together: other steps than `system` has, or units that the study does not have."""
    steps = pd.Index(member.table("system", ["time"])["time"])
    for table in ("system", "link", "ledger", "sites"):
        file, keys = str(member.folder / f"{table}.parquet"), [ROW_NAMES[table]] if table in ROW_NAMES else []
        rows = member.table(table, ["time", *keys])
        time = pd.Index(rows["time"])
        if rows.duplicated().any() or not (keys or time.is_monotonic_increasing):
            accepted = f"each step once{' for every ' if keys else ''}{''.join(keys)}, ascending"
            yield Problem("times occur twice or out of order", file, accepted=accepted, repair=RERUN)
        elif not (time.isin(steps).all() if keys else time.equals(steps)):
            seen, accepted = (f"{of.nunique()} steps from {of.min()} to {of.max()}" for of in (time, steps))
            yield Problem("other steps than in system.parquet", file, seen, accepted, RERUN)
    known = [unit["unit"] for unit in run.study["units"]]
    others = [name for name in map(str, member.table("ledger", ["unit"])["unit"].unique()) if name not in known]
    if others:
        where = str(member.folder / "ledger.parquet")
        yield Problem("units that the study does not have", where, ", ".join(others[:5]), ", ".join(known), RERUN)
