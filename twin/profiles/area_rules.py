"""Rules of the cuts for area balance: who comes first, how often, and since when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from twin.clock import first_fiscal_year
from twin.profiles.area_system import area_parameter
from twin.profiles.tables import parameter, read_table

DAYS, HOURS = "days", "hours"
"""What a cap counts in a fiscal year: days with a cut, or hours times the share that is cut."""

NO_CAP = (np.inf, HOURS)


@dataclass(frozen=True)
class Rules:
    """Rules in force in a fiscal year.

    Attributes
    ----------
    fip_share : float
        FIP over all controllable PV and wind of the area.
    fit_first : bool
        FIT plants are cut to the last before FIP plants are.
    by_proxy : float
        Share of the offline PV's calls that online PV carries out.
    online_share : float
        Online over all controllable PV of the area.
    largest_share : float
        Deepest cut of the plants that come first.
    caps : mapping of (area rule, kind) to (cap, what it counts)
    """

    fip_share: float
    fit_first: bool
    by_proxy: float
    online_share: float
    largest_share: float
    caps: Mapping[tuple[str, str], tuple[float, str]]

    @property
    def proxy_factor(self) -> float:
        """What online PV is cut in fact over its own part."""
        return 1 + self.by_proxy * (1 - self.online_share) / self.online_share

    def by_scheme(self, share: np.ndarray) -> dict[str, np.ndarray]:
        """Return the shares of FIT plants and of all others that together make `share` of all; (T,) each."""
        if not self.fit_first or self.fip_share == 0:
            return {"FIT": share, "FIP": share}
        alone, deepest = share / (1 - self.fip_share), np.maximum(self.largest_share, share)
        rest = (share - (1 - self.fip_share) * deepest) / self.fip_share
        return {"FIT": np.minimum(alone, deepest), "FIP": np.where(alone > deepest, rest, 0.0)}

    def cap(self, area_rule: str, kind: str, scheme: str) -> tuple[float, str]:
        """Return the cap of a plant in a fiscal year and what it counts; a plant in FIP has lost it."""
        return NO_CAP if scheme == "FIP" else self.caps.get((area_rule, kind), NO_CAP)


def rules_of(index: pd.DatetimeIndex) -> Rules:
    """Return the rules of the fiscal year in which `index` begins (``area_rule_dates.csv``)."""
    fiscal_year = first_fiscal_year(index)
    since = read_table("area_rule_dates").set_index("rule")["fiscal_year_from"]
    fip_share = area_parameter("fip_share")
    fit_first = fiscal_year >= since["fit_before_fip"] and fip_share < area_parameter("fip_share_end")
    return Rules(
        fip_share=fip_share,
        fit_first=bool(fit_first),
        by_proxy=area_parameter("offline_by_proxy_share") if fiscal_year >= since["online_proxy"] else 0.0,
        online_share=area_parameter("online_share"),
        largest_share=parameter("area_balance_largest_share"),
        caps={
            ("old", "pv"): (area_parameter("cap_old_days"), DAYS),
            ("old", "wind"): (area_parameter("cap_old_days"), DAYS),
            ("new", "pv"): (area_parameter("cap_new_hours_pv"), HOURS),
            ("new", "wind"): (area_parameter("cap_new_hours_wind"), HOURS),
        },
    )
