"""Tables of N-1 over all outages for the fake run folder of `report_fixture`."""

from __future__ import annotations

import numpy as np
import pandas as pd

from twin.core.quantities import TABLES


def outage_tables(index: pd.DatetimeIndex) -> dict[str, pd.DataFrame]:
    """Return a month before the run's and its own: two link circuits, a spur, a plant, what feeds all, a corridor."""
    link = [("Link 1", 90.0, "Link 2"), ("Link 2", 90.0, "Link 1"), ("Spur", 40.0, "Link 1")]
    tripped = [
        ("", "n-0", 45.0, 0.98, 0.0, 0.0, 0.0),
        ("Link 1", "n-1", 90.0, 0.94, 3.0, 0.0, 0.0),
        ("Link 2", "n-1", 90.0, 0.94, 3.0, 0.0, 0.0),
        ("Spur", "n-1", 50.0, 0.97, 0.0, 4.0, 1.5),
        ("offshore", "n-1", 48.0, 0.98, 0.0, 0.0, 16.8),
        ("Source", "n-1", np.nan, np.nan, 0.0, 30.0, 60.0),
        ("Link 1 + Link 2", "common-corridor", 0.1, 1.0, 0.0, 30.0, 60.0),
    ]
    months = [(index[0] - pd.Timedelta("31D"), 0.0), (index[0], 8.0)]
    branches = [
        (time.strftime("%Y-%m"), name, loading + more, outage, time, more / 4, more / 2, more / 2, 0.0)
        for time, more in months
        for name, loading, outage in link
    ]
    outages = [
        (time.strftime("%Y-%m"), name, kind, loading + more, "Link 1", low - more / 1000, 1.02, hours + more, 0,
         demand + more * (demand > 0), 10.0, infeed, 20.0)
        for time, more in months
        for name, kind, loading, low, hours, demand, infeed in tripped
    ]  # fmt: skip
    return {
        "security": pd.DataFrame({"time": index, "loading_percent": 90.0}),
        "security_branches": pd.DataFrame(branches, columns=list(TABLES["security_branches"])),
        "security_outages": pd.DataFrame(outages, columns=list(TABLES["security_outages"])),
    }
