"""How much of a headline's variance each unknown carries, from the sample itself (docs/uncertainty.md)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from SALib.analyze import rbd_fast
from scipy import stats

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
