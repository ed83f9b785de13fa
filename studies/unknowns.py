"""What nobody knows about a study: the rows and keys with a range, as settings that an uncertainty analysis varies."""

from __future__ import annotations

from dataclasses import dataclass

from studies.study import Study
from studies.unknown_rows import RangedRow, Titles, ranged_rows, read_titles
from studies.unknown_rules import why_left_out
from twin.input_tables import STATUSES


@dataclass(frozen=True)
class Setting:
    """One dotted study key and its range.

    Attributes
    ----------
    key : str
    low, high : float
        Values at the two ends of the unknown; `low` is the larger one where the setting moves against the others.
    base : float
        Value of the study as it is.
    whole : bool
        Whether only whole numbers are possible.
    choices : tuple of float
        The only possible values, ascending, where not every number between the ends is possible.
    """

    key: str
    low: float
    base: float
    high: float
    whole: bool = False
    choices: tuple[float, ...] = ()

    def value(self, quantile: float) -> float | int:
        """Return the value at a quantile, 0 (`low`) to 1 (`high`), uniform between."""
        if self.choices:
            chosen = self.choices[min(int(quantile * len(self.choices)), len(self.choices) - 1)]
            return int(chosen) if self.whole else chosen
        if self.whole:
            count = int(self.high) - int(self.low) + 1
            return int(self.low) + min(int(quantile * count), count - 1)
        return self.low + quantile * (self.high - self.low)


@dataclass(frozen=True)
class Unknown:
    """One thing nobody knows; it may move several settings together.

    Attributes
    ----------
    name : str
        ``<table>.<row>``, a name that rows share (``varies_with``), or a dotted study key.
    settings : tuple of Setting
    title_en, title_ja, unit : str
    source, status : str
        Of the range's first row; ``status`` is the weakest of all rows.
    """

    name: str
    settings: tuple[Setting, ...]
    title_en: str
    title_ja: str
    unit: str
    source: str
    status: str

    def values(self, quantile: float) -> dict[str, float | int]:
        """Return the value of each dotted key at a quantile: 0 gives low, 1 high, uniform between."""
        return {setting.key: setting.value(quantile) for setting in self.settings}


@dataclass(frozen=True)
class LeftOut:
    """A row or key with a range that the analysis of a study does not vary, and why."""

    name: str
    title_en: str
    title_ja: str
    reason_en: str
    reason_ja: str


def unknowns(study: Study) -> tuple[Unknown, ...]:
    """Return what nobody knows about a study: every row and key with a range that can move its results.

    Rows with the same ``varies_with`` are one unknown; with a minus before the name they move the other way.

    Parameters
    ----------
    study : Study
        Its own values are the bases; of a swept key the middle one.
    """
    return _sorted_out(study)[0]


def left_out(study: Study) -> tuple[LeftOut, ...]:
    """Return the rows and keys with a range that are no unknowns of this study, with the reason."""
    return _sorted_out(study)[1]


def _sorted_out(study: Study) -> tuple[tuple[Unknown, ...], tuple[LeftOut, ...]]:
    titles = read_titles()
    groups: dict[str, list[RangedRow]] = {}
    without: dict[str, LeftOut] = {}
    for row in ranged_rows(study):
        why = why_left_out(row, study)
        if why is None:
            groups.setdefault(row.group, []).append(row)
        else:
            english, japanese, _ = titles.get(row.group) or row.title
            without.setdefault(f"{row.group} {why}", LeftOut(row.group, english, japanese, *why))
    return tuple(_unknown(name, rows, titles) for name, rows in groups.items()), tuple(without.values())


def _unknown(name: str, rows: list[RangedRow], titles: Titles) -> Unknown:
    settings: dict[str, Setting] = {}
    for row in rows:
        low, high = (row.high, row.low) if row.is_opposite else (row.low, row.high)
        settings.setdefault(row.key, Setting(row.key, low, row.base, high, row.is_whole, row.choices))
    weakest = max(rows, key=lambda row: STATUSES.index(row.status))
    title = titles.get(name) or rows[0].title
    return Unknown(name, tuple(settings.values()), *title, rows[0].source, weakest.status)
