"""Scores of on and off: confusion, thresholds and logit with weeks left out, paired bootstrap of blocks of days."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy.special import expit

from twin.core.random_streams import stream

BLOCK_DAYS, SAMPLES = 3, 2000
ENDS = 0.025, 0.975
"""Ends of a 95 % interval."""

LOGIT_STEPS, LOGIT_RIDGE, LOGIT_CLOSE = 50, 1e-6, 1e-9


@dataclass(frozen=True)
class OnOff:
    """How well a prediction of on and off fits."""

    rows: int
    accuracy: float
    precision: float
    recall: float
    f1: float
    mcc: float


def on_off(seen: np.ndarray, told: np.ndarray) -> OnOff:
    """Return the scores of a prediction `told` of `seen`, both (T,) bool; 0 where a score is undefined."""
    yes, false, missed, no = confusion(seen, told)
    precision = yes / (yes + false) if yes + false else 0.0
    recall = yes / (yes + missed) if yes + missed else 0.0
    both = precision + recall
    return OnOff(
        rows=len(seen), accuracy=float((yes + no) / len(seen)), precision=float(precision), recall=float(recall),
        f1=float(2.0 * precision * recall / both) if both else 0.0, mcc=float(mcc(np.array([yes, false, missed, no]))),
    )  # fmt: skip


def confusion(seen: np.ndarray, told: np.ndarray) -> np.ndarray:
    """Return hits, false alarms, misses and rightly off."""
    return np.array([(seen & told).sum(), (~seen & told).sum(), (seen & ~told).sum(), (~seen & ~told).sum()], float)


def mcc(counts: np.ndarray) -> np.ndarray:
    """Return Matthews' correlation of (..., 4) counts as of `confusion`; 0 where one side never or always happens."""
    yes, false, missed, no = np.moveaxis(np.asarray(counts, float), -1, 0)
    product = (yes + false) * (yes + missed) * (no + false) * (no + missed)
    top = yes * no - false * missed
    found: np.ndarray = np.divide(top, np.sqrt(product), out=np.zeros_like(top), where=product > 0.0)
    return found


def weeks_of(index: pd.DatetimeIndex) -> np.ndarray:
    """Return the number of each row's week, Monday to Sunday, (T,) int."""
    days = index.normalize()
    return pd.factorize(days - pd.to_timedelta(days.weekday, unit="D"))[0]


def chosen_by_other_weeks(seen: np.ndarray, told: np.ndarray, counts: np.ndarray, weeks: np.ndarray) -> np.ndarray:
    """Return for each week which of several predictions has the highest MCC on the other weeks; the first of equals.

    Parameters
    ----------
    seen : numpy.ndarray, (T,) bool
    told : numpy.ndarray, (T, M) bool
    counts : numpy.ndarray, (T,) bool
        Rows that count.
    weeks : numpy.ndarray, (T,) int

    Returns
    -------
    numpy.ndarray, (W,) int
    """
    number = weeks.max() + 1
    tables = np.zeros((number, told.shape[1], 4))
    for week in range(number):
        rows = counts & (weeks == week)
        yes, off = seen[rows, None], ~seen[rows, None]
        mine = told[rows]
        tables[week] = np.stack(
            [(yes & mine).sum(0), (off & mine).sum(0), (yes & ~mine).sum(0), (off & ~mine).sum(0)], axis=1
        )
    others = tables.sum(axis=0) - tables
    best: np.ndarray = mcc(others).argmax(axis=1)
    return best


def picked(told: np.ndarray, choice: np.ndarray, weeks: np.ndarray) -> np.ndarray:
    """Return of (T, M, ...) values those that each row's week has chosen, (T, ...)."""
    result: np.ndarray = told[np.arange(len(told)), choice[weeks]]
    return result


def logit_by_other_weeks(seen: np.ndarray, inputs: np.ndarray, counts: np.ndarray, weeks: np.ndarray) -> np.ndarray:
    """Return the prediction of a logistic regression at 0.5, fitted on the other weeks for each week, (T,) bool."""
    told = np.zeros(len(seen), dtype=bool)
    for week in range(weeks.max() + 1):
        rows = counts & (weeks != week)
        told[weeks == week] = logit(seen[rows], inputs[rows]).tell(inputs[weeks == week])
    return told


@dataclass(frozen=True)
class Logit:
    """A logistic regression on standardised inputs; `weight` begins with the constant."""

    middle: list[float]
    spread: list[float]
    weight: list[float]

    def tell(self, inputs: np.ndarray) -> np.ndarray:
        """Return whether on is likelier than off, (T,) bool, from (T, K) inputs."""
        result: np.ndarray = self.design(inputs) @ np.array(self.weight) > 0.0
        return result

    def design(self, inputs: np.ndarray) -> np.ndarray:
        """Return the standardised inputs behind a column of ones, (T, 1 + K)."""
        return np.column_stack([np.ones(len(inputs)), (inputs - np.array(self.middle)) / np.array(self.spread)])


def logit(seen: np.ndarray, inputs: np.ndarray) -> Logit:
    """Fit a logistic regression by Newton's method."""
    spread = inputs.std(axis=0)
    scaled = Logit(inputs.mean(axis=0).tolist(), np.where(spread > 0.0, spread, 1.0).tolist(), [])
    design, weight = scaled.design(inputs), np.zeros(inputs.shape[1] + 1)
    for _ in range(LOGIT_STEPS):
        p = expit(design @ weight)
        slope = design.T @ (seen - p) - LOGIT_RIDGE * weight
        bend = (design * (p * (1.0 - p))[:, None]).T @ design + LOGIT_RIDGE * np.eye(len(weight))
        step = np.linalg.solve(bend, slope)
        weight = weight + step
        if np.abs(step).max() < LOGIT_CLOSE:
            break
    return replace(scaled, weight=weight.tolist())


@dataclass(frozen=True)
class Difference:
    """A difference of MCC with its interval."""

    mcc: float
    low: float
    high: float

    @property
    def verdict(self) -> str:
        """What it says of the first: better, worse or equal."""
        return "better" if self.low > 0.0 else "worse" if self.high < 0.0 else "equal"


def paired_difference(
    seen: np.ndarray, first: np.ndarray, second: np.ndarray, index: pd.DatetimeIndex, seed: int
) -> Difference:
    """Return MCC of `first` less that of `second`, with a paired bootstrap of blocks of three days.

    Parameters
    ----------
    seen, first, second : numpy.ndarray, (T,) bool
        Rows that count only.
    index : pandas.DatetimeIndex
        Of these rows.
    seed : int
    """
    whole, sampled = _resampled(seen, (first, second), index, seed)
    low, high = np.quantile(sampled[0] - sampled[1], ENDS)
    return Difference(float(whole[0] - whole[1]), float(low), float(high))


def mcc_interval(seen: np.ndarray, told: np.ndarray, index: pd.DatetimeIndex, seed: int) -> tuple[float, float]:
    """Return the interval of the MCC of `told`, from the same samples of blocks as `paired_difference`."""
    _, sampled = _resampled(seen, (told,), index, seed)
    low, high = np.quantile(sampled[0], ENDS)
    return float(low), float(high)


def _resampled(
    seen: np.ndarray, told: Sequence[np.ndarray], index: pd.DatetimeIndex, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return the MCC of each prediction, (K,), and those of bootstrap samples of blocks, (K, `SAMPLES`)."""
    block = pd.factorize((index - index[0]) // pd.Timedelta(days=BLOCK_DAYS))[0]
    number = block.max() + 1
    tables = np.array([[confusion(seen[block == b], one[block == b]) for b in range(number)] for one in told])
    draws = stream(seed, "curtailment_bootstrap", 0, "blocks").integers(0, number, (SAMPLES, number))
    return mcc(tables.sum(axis=1)), mcc(tables[:, draws].sum(axis=2))


def daily_hours(on: np.ndarray, counts: np.ndarray, index: pd.DatetimeIndex, step_hours: float) -> pd.Series:
    """Return hours on of each day with rows that count."""
    hours = pd.Series(np.where(counts, on * step_hours, np.nan), index)
    return hours.groupby(index.normalize()).sum(min_count=1).dropna()
