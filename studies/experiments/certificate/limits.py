"""Who loses: how much customers, owners of plants and batteries may lose, and how much devices may clip."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from twin.core.errors import InputError, Problem, raise_if_any
from twin.metrics.comparisons import Kpis

SHIPPED = Path(__file__).with_name("limits.csv")
LOSERS = ("customers_loss_percent", "owners_loss_percent", "wear_increase_percent_per_year", "clipped_percent")
"""Names of the limits, each a criterion of a certificate."""
OF_MONEY = LOSERS[:2]
"""Those that an island without prices has no number for."""


@dataclass(frozen=True)
class Limit:
    """A limit of a certificate; `low` and `high` are the range in which it may be chosen."""

    name: str
    limit: float
    low: float
    high: float
    status: str


def read_limits(file: Path = SHIPPED) -> list[Limit]:
    """Return the limits of a table, in the order of `LOSERS`.

    Raises
    ------
    InputError
        With all that is wrong with the table at once.
    """
    try:
        table = pd.read_csv(file)
    except (OSError, ValueError) as error:
        repair = f"copy {SHIPPED} and change its column limit"
        raise InputError([Problem("the limits cannot be read", str(file), str(error), repair=repair)]) from error
    raise_if_any(_problems(table, file))
    rows = table.set_index("name")
    return [
        Limit(
            name=name,
            limit=float(rows["limit"][name]),
            low=float(rows["low"][name]),
            high=float(rows["high"][name]),
            status=str(rows["status"][name]),
        )
        for name in LOSERS
    ]


def _problems(table: pd.DataFrame, file: Path) -> Iterator[Problem]:
    columns = [name for name in ("name", "limit", "low", "high", "status") if name not in table]
    if columns:
        yield Problem("columns are missing", str(file), ", ".join(columns), "those of the shipped limits.csv")
        return
    names = table["name"].astype(str).tolist()
    if sorted(names) != sorted(LOSERS):
        yield Problem("other limits than the certificate's", str(file), ", ".join(names), ", ".join(LOSERS))
    for row in table.itertuples():
        values = pd.to_numeric(pd.Series([row.limit, row.low, row.high]), errors="coerce")
        if not (values >= 0.0).all() or not values[1] <= values[0] <= values[2]:
            seen = f"{row.limit} in {row.low} to {row.high}"
            yield Problem("no limit within its range", f"{file}, {row.name}", seen, "0 <= low <= limit <= high")


def lost(name: str, mine: Kpis, none: Kpis, commands: int) -> float | None:
    """Return what somebody loses in a run beside the same year without control; negative is a gain.

    None where a run lacks a key figure.
    """
    return _LOST[name](mine, none, commands)


def _money(names: Sequence[str], mine: Kpis, none: Kpis) -> float | None:
    """Return how much less some parties have, in percent of what they have or pay without control."""
    before, after = ([run.get(name) for name in names] for run in (none, mine))
    known = [value for value in (*before, *after) if value is not None]
    if len(known) < 2 * len(names):
        return None
    had, has = sum(known[: len(names)]), sum(known[len(names) :])
    if had == has:
        return 0.0
    return 100.0 * (had - has) / abs(had) if had else float("inf") * (had - has)


def _customers(mine: Kpis, none: Kpis, commands: int) -> float | None:
    return _money(("cash_sites_jpy", "cash_homes_jpy"), mine, none)


def _owners(mine: Kpis, none: Kpis, commands: int) -> float | None:
    return _money(("cash_plant_owners_jpy",), mine, none)


def _wear(mine: Kpis, none: Kpis, commands: int) -> float | None:
    after, before = (run.get("battery_wear_percent_per_year") for run in (mine, none))
    return None if after is None or before is None else after - before


def _clipped(mine: Kpis, none: Kpis, commands: int) -> float | None:
    clipped = mine.get("clipped_commands")
    return None if clipped is None else 100.0 * clipped / commands


_LOST: dict[str, Callable[[Kpis, Kpis, int], float | None]] = dict(
    zip(LOSERS, (_customers, _owners, _wear, _clipped), strict=True)
)
