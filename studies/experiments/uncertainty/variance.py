"""From samples to ranges, shares of variance and one-at-a-time swings (``uncertainty.json``)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from SALib.analyze import rbd_fast
from scipy import stats

from studies.experiments.uncertainty.samples import (
    BASE_PART,
    ONE_AT_A_TIME,
    SAMPLES,
    YEARS,
    Row,
    Sample,
    Setup,
    Unknown,
)

UNIFORM_VARIANCE = 1.0 / 12.0
CONFIDENCE = 0.95
RANKS_WHEN_BETTER_BY = 0.1
"""Adjusted R2 by which a regression on ranks has to beat the one on values to be preferred."""

LEAST_FREEDOM = 20
"""Samples beyond one a coefficient, below which no shares are given."""

RBD_HARMONICS = 4
VALUE, RANK = "value", "rank"


@dataclass(frozen=True)
class Shares:
    """Main effects of K unknowns on one headline, as shares of its variance.

    Attributes
    ----------
    scale : str
        ``value``, or ``rank`` where the shares are of the variance of the sample's ranks.
    r2 : float
        Adjusted R2 of the linear regression on the unknowns' quantiles.
    share : numpy.ndarray, (K,)
        Free of bias by noise, hence around 0 and also negative for unknowns that do nothing.
    low, high : numpy.ndarray, (K,)
        95 % interval, not negative.
    """

    scale: str
    r2: float
    share: np.ndarray
    low: np.ndarray
    high: np.ndarray


def main_effects(quantiles: np.ndarray, values: np.ndarray) -> Shares | None:
    """Return the shares of the unknowns, on values or on ranks (`RANKS_WHEN_BETTER_BY`).

    Parameters
    ----------
    quantiles : numpy.ndarray, (N, K)
        Uniform between 0 and 1 and independent, e.g. a Latin hypercube.
    values : numpy.ndarray, (N,)
        The headline of each sample.

    Returns
    -------
    Shares or None
        None where the headline does not vary or there are too few samples.
    """
    if len(values) - quantiles.shape[1] - 1 < LEAST_FREEDOM or np.ptp(values) <= 1e-12 * np.abs(values).max():
        return None
    on_values = regression_shares(quantiles, values, VALUE)
    on_ranks = regression_shares(quantiles, stats.rankdata(values), RANK)
    return on_ranks if on_ranks.r2 > on_values.r2 + RANKS_WHEN_BETTER_BY else on_values


def regression_shares(quantiles: np.ndarray, values: np.ndarray, scale: str) -> Shares:
    """Return squared standardised regression coefficients, less what noise alone adds to a square.

    ``y = b0 + sum b_k (u_k - 1/2) + e`` has the main effects ``b_k^2 / 12``; an estimate's square is too large by the
    estimate's own variance, which is taken off. That variance is "HC2" of MacKinnon and White (1985): unbiased under
    even scatter, and of use also where the scatter grows with the value, as it does for a sum that is often zero. The
    interval is that of the coefficient (Student's t), squared.

    Parameters
    ----------
    quantiles : numpy.ndarray, (N, K)
    values : numpy.ndarray, (N,)
    scale : str
        Name of the scale that `values` are on.
    """
    count, unknowns = quantiles.shape
    x = np.column_stack([np.ones(count), quantiles - 0.5])
    inverse = np.linalg.pinv(x)
    coefficients = inverse @ values
    residuals = values - x @ coefficients
    leverage = np.einsum("nk,kn->n", x, inverse)
    variances = (inverse**2 @ (residuals**2 / (1.0 - leverage)))[1:]
    of_values = values.var(ddof=1)
    b, per_square = coefficients[1:], UNIFORM_VARIANCE / of_values
    freedom = count - unknowns - 1
    reach = stats.t.ppf(0.5 + CONFIDENCE / 2.0, freedom) * np.sqrt(variances)
    return Shares(
        scale=scale,
        r2=float(1.0 - (residuals @ residuals) / freedom / of_values),
        share=(b**2 - variances) * per_square,
        low=np.maximum(np.abs(b) - reach, 0.0) ** 2 * per_square,
        high=(np.abs(b) + reach) ** 2 * per_square,
    )


def share_of_years(of_years: np.ndarray, values: np.ndarray, scale: str) -> float:
    """Return the variance over weather years at the base values, over the sample's variance.

    Parameters
    ----------
    of_years : numpy.ndarray, (Y,)
        The headline of each weather year with every unknown at its base value.
    values : numpy.ndarray, (N,)
        The headline of each sample.
    scale : str
        ``rank`` places the years among the sample's ranks first.
    """
    if len(of_years) < 2:
        return 0.0
    if scale == RANK:
        ordered = np.sort(values)
        below, up_to = (np.searchsorted(ordered, of_years, side=side) for side in ("left", "right"))
        of_years, values = (below + up_to + 1) / 2.0, stats.rankdata(values)
    return float(of_years.var(ddof=1) / values.var(ddof=1))


def first_order(quantiles: np.ndarray, values: np.ndarray, scale: str) -> np.ndarray:
    """Return SALib's first-order indices by RBD-FAST with bias correction, (K,): they also see a curved effect.

    Parameters
    ----------
    quantiles : numpy.ndarray, (N, K)
    values : numpy.ndarray, (N,)
    scale : str
        ``rank`` takes the sample's ranks in place of its values.
    """
    count = quantiles.shape[1]
    problem = {"num_vars": count, "names": [str(k) for k in range(count)], "bounds": [[0.0, 1.0]] * count}
    y = stats.rankdata(values) if scale == RANK else values
    # the interval that SALib adds by resampling is not used: two resamples are the fewest that it takes
    found = rbd_fast.analyze(problem, quantiles, y, M=RBD_HARMONICS, num_resamples=2, seed=0)
    return np.array(found["S1"], dtype=float)


PERCENTILES = {"min": 0, "p05": 5, "p50": 50, "p95": 95, "max": 100}
CROSS_CHECKED = 10
"""Unknowns of each headline, the largest first, whose share SALib estimates a second time."""

KEYS = ("part", "number", "scenario", "weather_year", "failure")
COUNTED = "unsolved_half_hours"
QUANTILE = "quantile of "


def sample_table(setup: Setup, samples: Sequence[Sample], rows: Sequence[Row]) -> pd.DataFrame:
    """Return all samples, a row for each scenario: keys, quantiles of the unknowns (NaN at the base), headlines."""
    quantiles = {(sample.part, sample.number): sample.quantiles for sample in samples}
    columns = {
        f"{QUANTILE}{unknown.name}": [quantiles[row["part"], row["number"]].get(unknown.name) for row in rows]
        for unknown in setup.unknowns
    }
    names = list(dict.fromkeys(name for row in rows for name in row if name not in KEYS))
    values = pd.DataFrame({name: [row.get(name) for row in rows] for name in names}, dtype=float)
    keys = pd.DataFrame({name: [row[name] for row in rows] for name in KEYS}).astype({"weather_year": "Int64"})
    return pd.concat([keys, pd.DataFrame(columns, dtype=float), values], axis=1)


def headline_names(table: pd.DataFrame) -> list[str]:
    """Return the headlines of a sample table, in its order."""
    names = table.columns.astype(str)
    return [name for name in names if name not in (*KEYS, COUNTED) and not name.startswith(QUANTILE)]


def without_failed(table: pd.DataFrame) -> pd.DataFrame:
    """Return a sample table without the samples that failed in any scenario."""
    failed = table["failure"] != ""
    keys = pd.MultiIndex.from_frame(table[["part", "number"]])
    return table[~keys.isin(keys[failed])]


def failures(setup: Setup, samples: Sequence[Sample], table: pd.DataFrame) -> list[dict[str, Any]]:
    """Return what failed and with which values: ``part number weather_year why values``."""
    unknowns = {unknown.name: unknown for unknown in setup.unknowns}
    by_key = {(sample.part, sample.number): sample for sample in samples}
    found: dict[tuple[str, int], dict[str, Any]] = {}
    for row in table[table["failure"] != ""].to_dict("records"):
        key = (row["part"], row["number"])
        head = {"part": key[0], "number": key[1], "weather_year": by_key[key].weather_year, "why": row["failure"]}
        found.setdefault(key, head | {"values": by_key[key].values(unknowns)})
    return list(found.values())


def summary(setup: Setup, table: pd.DataFrame) -> dict[str, dict[str, Any]]:
    """Return the results of each scenario and headline: ranges, shares, swings (form: docs/how_to/uncertainty.md)."""
    good = without_failed(table)
    return {
        scenario: {
            name: _headline(setup.unknowns, good[good["scenario"] == scenario], name)
            for name in headline_names(table)
            if good.loc[good["scenario"] == scenario, name].notna().any()
        }
        for scenario in setup.scenarios
    }


def most_important(setup: Setup, table: pd.DataFrame, count: int) -> list[str]:
    """Return the unknowns that matter most to any headline of any scenario, in the order of `setup.unknowns`.

    The largest of each headline first, then the second of each, until there are `count`; by the shares, or by the
    correlation with the headline where there are too few samples for shares.
    """
    good = without_failed(table)
    rankings = []
    for scenario in setup.scenarios:
        part = _part(good[good["scenario"] == scenario], SAMPLES)
        for name in headline_names(table):
            quantiles, values = _design(setup.unknowns, part, name)
            if len(values) > 1 and np.ptp(values) > 0.0:
                shares = main_effects(quantiles, values)
                weight = _correlation(quantiles, values) ** 2 if shares is None else shares.share
                rankings.append(np.argsort(-weight, kind="stable"))
    in_turn = dict.fromkeys(int(ranking[place]) for place in range(len(setup.unknowns)) for ranking in rankings)
    return [setup.unknowns[k].name for k in sorted(list(in_turn)[:count])]


def _headline(unknowns: Sequence[Unknown], of_scenario: pd.DataFrame, name: str) -> dict[str, Any]:
    base = _values(_part(of_scenario, BASE_PART), name)
    quantiles, values = _design(unknowns, _part(of_scenario, SAMPLES), name)
    found: dict[str, Any] = {"base": float(base[0]) if len(base) else None}
    for key, percent in PERCENTILES.items():
        found[key] = float(np.percentile(values, percent)) if len(values) else None
    found |= dict.fromkeys(("scale", "r2", "weather_share", "rest_share", "estimate_share")) | {"shares": []}
    shares = main_effects(quantiles, values)
    if shares is not None:
        of_years = share_of_years(_values(_part(of_scenario, YEARS), name), values, shares.scale)
        found |= {
            "scale": shares.scale,
            "r2": shares.r2,
            "weather_share": of_years,
            "rest_share": max(0.0, 1.0 - max(shares.r2, 0.0) - of_years),
            "estimate_share": _estimate_share(unknowns, shares),
            "shares": _share_rows(unknowns, shares, quantiles, values),
        }
    return found | {"tornado": _swings(unknowns, _part(of_scenario, ONE_AT_A_TIME), name, found["base"])}


def _share_rows(
    unknowns: Sequence[Unknown], shares: Shares, quantiles: np.ndarray, values: np.ndarray
) -> list[dict[str, Any]]:
    """Return the unknowns that carry variance, the largest share first, the largest with SALib's index beside it."""
    order = [int(k) for k in np.argsort(-shares.share, kind="stable") if shares.share[k] > 0.0]
    checked = order[:CROSS_CHECKED]
    by_salib = dict(zip(checked, first_order(quantiles[:, checked], values, shares.scale), strict=True))
    return [
        {"unknown": unknowns[k].name, "share": float(shares.share[k]), "low": float(shares.low[k]),
         "high": float(shares.high[k]), "rbd_fast": float(by_salib[k]) if k in by_salib else None}
        for k in order
    ]  # fmt: skip


def _estimate_share(unknowns: Sequence[Unknown], shares: Shares) -> float | None:
    """Return the part of the explained variance that rests on unknowns with the status ``estimate``."""
    total = float(shares.share.sum())
    if total <= 0.0:
        return None
    is_estimate = np.array([unknown.status == "estimate" for unknown in unknowns])
    return float(np.clip(shares.share[is_estimate].sum() / total, 0.0, 1.0))


def _swings(unknowns: Sequence[Unknown], part: pd.DataFrame, name: str, base: float | None) -> list[dict[str, Any]]:
    """Return the headline at both ends of each unknown that was moved alone, the largest swing first."""
    rows = []
    for unknown in unknowns:
        quantile = part[f"{QUANTILE}{unknown.name}"]
        at = {end: _values(part[quantile == end], name) for end in (0.0, 1.0)}
        if len(at[0.0]) and len(at[1.0]):
            rows.append({"unknown": unknown.name, "at_low": float(at[0.0][0]), "at_high": float(at[1.0][0])})

    def swing(row: Mapping[str, Any]) -> float:
        values = [row["at_low"], row["at_high"], *([] if base is None else [base])]
        result: float = max(values) - min(values)
        return result

    return sorted((row for row in rows if swing(row) > 0.0), key=lambda row: -swing(row))


def _part(table: pd.DataFrame, part: str) -> pd.DataFrame:
    return table[table["part"] == part]


def _values(part: pd.DataFrame, name: str) -> np.ndarray:
    return part[name].dropna().to_numpy(float)


def _design(unknowns: Sequence[Unknown], part: pd.DataFrame, name: str) -> tuple[np.ndarray, np.ndarray]:
    """Return quantiles (N, K) and values (N,) of the samples that have the headline."""
    known = part[part[name].notna()]
    return known[[f"{QUANTILE}{unknown.name}" for unknown in unknowns]].to_numpy(float), _values(known, name)


def _correlation(quantiles: np.ndarray, values: np.ndarray) -> np.ndarray:
    centred = quantiles - quantiles.mean(axis=0)
    scale = np.sqrt((centred**2).sum(axis=0) * ((values - values.mean()) ** 2).sum())
    return np.asarray((values - values.mean()) @ centred / scale)
