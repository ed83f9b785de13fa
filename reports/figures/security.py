"""The headroom of a bus over the year and the day."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from reports.document import style
from reports.document.style import Picture
from reports.document.texts import Words


def headroom_map(row: Mapping[str, Any], number: int, words: Words) -> Picture:
    """Draw the median headroom of a bus by month (rows) and hour (columns).

    Parameters
    ----------
    row : mapping
        The bus in the record of a security analysis: ``bus`` and ``by_month_and_hour``.
    number : int
        For the file's name.
    words : Words
    """
    table = row["by_month_and_hour"]
    values = np.array(table["median_mw"], dtype=float)

    def draw() -> Figure:
        drawing, axes = style.figure(0.9 + 0.16 * len(values))
        ax = axes[0, 0]
        picture = ax.imshow(values, aspect="auto", cmap="viridis")
        ax.set_xticks(range(0, len(table["hours"]), 3), [str(hour) for hour in table["hours"][::3]])
        ax.set_yticks(range(len(values)), [str(month) for month in table["months"]])
        ax.set_xlabel(words("security.axis.hour"))
        ax.set_ylabel(words("security.axis.month"))
        drawing.colorbar(picture, ax=ax, label=words("security.axis.headroom"))
        return drawing

    caption = words("security.figure.headroom", bus=row["bus"])
    return Picture(f"headroom_{number}", caption, draw)
