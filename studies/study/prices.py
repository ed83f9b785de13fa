"""Prices of a study that are below zero: allowed, but told before a run and in the reports of money."""

from __future__ import annotations

import logging

from studies.study.file.members import Member
from studies.study.islands import tables_of
from twin.core.tables import Tables

logger = logging.getLogger(__name__)

OF_BUYERS = ("energy_price", "energy_adder")


def negative_prices(tables: Tables) -> list[str]:
    """Return which prices of buyers and of the market are below zero."""
    found = []
    if "buyers" in tables:
        for row in tables["buyers"].to_dict("records"):
            found += [f"{row['buyer_id']}.{name}" for name in OF_BUYERS if row[name] < 0.0]
    if "market" in tables:
        market = tables["market"]
        found += [str(name) for name in market.loc[market["value"] < 0.0, "name"]]
    return found


def warn_of_negative_prices(members: list[Member]) -> None:
    """Say once which prices of any member are below zero."""
    names = dict.fromkeys(name for member in members for name in negative_prices(tables_of(member.study)))
    if names:
        logger.warning(
            "Prices below zero: %s. That is allowed: who is paid pays. If it is a slip, correct the sign in the "
            "island's tables or in [inputs].",
            ", ".join(names),
        )
