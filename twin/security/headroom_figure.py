"""A figure of one bus's headroom: duration curve, and median by month and hour."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from twin.security.headroom_result import EXCEEDED_SHARE, HeadroomResult

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def headroom_figure(result: HeadroomResult, bus: int) -> Figure:
    """Draw the headroom of the bus at position `bus`.

    Parameters
    ----------
    result : HeadroomResult
    bus : int
        Position in `result.buses`.

    Returns
    -------
    matplotlib.figure.Figure
        Not registered with pyplot; the caller saves it.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10.0, 4.0), layout="constrained")
    duration, heat = figure.subplots(1, 2, width_ratios=(1.0, 1.4))
    curve = result.duration_curve(bus)
    duration.plot(100.0 * (np.arange(len(curve)) + 0.5) / len(curve), np.where(np.isfinite(curve), curve, np.nan))
    duration.axhline(0.0, color="black", linewidth=0.6)
    duration.axvline(100.0 * EXCEEDED_SHARE, color="grey", linewidth=0.6, linestyle="--")
    duration.set_xlabel("share of half-hours [%]")
    duration.set_ylabel(f"N-1 headroom for {result.direction} [MW]")
    unknown = int(np.isnan(curve).sum())
    duration.set_title(f"{result.bus_names[bus]}: {unknown} of {len(curve)} half-hours without a value", fontsize=9)
    table = result.by_month_and_hour(bus)
    picture = heat.imshow(table.to_numpy(), aspect="auto", cmap="viridis")
    heat.set_xticks(range(len(table.columns)), [str(hour) for hour in table.columns], fontsize=7)
    heat.set_yticks(range(len(table.index)), [str(month) for month in table.index])
    heat.set_xlabel("hour")
    heat.set_ylabel("month")
    heat.set_title("median [MW]", fontsize=9)
    figure.colorbar(picture, ax=heat)
    return figure
