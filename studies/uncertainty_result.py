"""From the samples to ranges, shares of variance and one-at-a-time swings (``uncertainty.json``)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from studies.uncertainty_block import Row, Setup
from studies.uncertainty_design import BASE_PART, ONE_AT_A_TIME, SAMPLES, YEARS, Sample
from studies.uncertainty_shares import Shares, first_order, main_effects, share_of_years
from studies.unknowns import Unknown

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
    """Return the results of each scenario and headline: ranges, shares, swings; the form is in docs/uncertainty.md."""
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
        return max(values) - min(values)

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
