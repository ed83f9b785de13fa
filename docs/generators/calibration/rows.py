"""What a row and a figure of the calibration record are; each ``<topic>_rows.py`` beside this file makes some."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

FITS, DIFFERS, ABSENT = "fits", "does not fit", "not computed"


@dataclass(frozen=True)
class Row:
    """A published fact beside the model's value.

    Attributes
    ----------
    topic : str
        Heading of the record under which the row stands.
    fact, source, unit : str
        The fact in words, its citation (``[jma_normals, Fukue]``), its unit.
    published, model : float
        Both in `unit`; `model` is NaN where the row could not be computed (`why` then says what was missing).
    low, high : float
        The model fits between them: the range of the published value, or a tolerance that has a reason.
    why : str
        Where the range comes from; what explains a difference.
    """

    topic: str
    fact: str
    source: str
    unit: str
    published: float
    model: float
    low: float
    high: float
    why: str

    @property
    def verdict(self) -> str:
        """`FITS`, `DIFFERS` or `ABSENT`."""
        if np.isnan(self.model):
            return ABSENT
        return FITS if self.low <= self.model <= self.high else DIFFERS


@dataclass(frozen=True)
class Figure:
    """A figure of the record, written as SVG below ``docs/figures/calibration``."""

    path: Path
    caption: str
