"""Shares of variance on functions whose shares are known; bounds follow from the sample size."""

import numpy as np
import pytest
from SALib.sample import latin
from SALib.test_functions import Ishigami

from studies.experiments.uncertainty.variance import (
    RANK,
    VALUE,
    first_order,
    main_effects,
    regression_shares,
    share_of_years,
)

SAMPLES = 256


def hypercube(unknowns: int, seed: int, samples: int = SAMPLES) -> np.ndarray:
    problem = {"num_vars": unknowns, "names": [str(k) for k in range(unknowns)], "bounds": [[0.0, 1.0]] * unknowns}
    return latin.sample(problem, samples, seed=seed)


def test_a_linear_function_has_its_exact_shares():
    u = hypercube(4, seed=1)
    weights = np.array([3.0, -2.0, 1.0, 0.0])
    found = main_effects(u, u @ weights)
    # without noise only the sample's own correlations (sd 1/sqrt(256) each) stand between y's variance and the sum
    assert found.scale == VALUE
    assert found.r2 == pytest.approx(1.0)
    assert found.share == pytest.approx(weights**2 / 14.0, abs=4.0 / np.sqrt(SAMPLES) * 0.25)
    assert found.share[3] == pytest.approx(0.0, abs=1e-12)


def test_noise_and_many_idle_unknowns_do_not_carry_variance():
    """60 unknowns of which 3 act, noise of 40 %: the sum of the idle ones is 0 within its own scatter."""
    sums, covered = [], []
    weights = np.zeros(60)
    weights[:3] = np.sqrt(12.0 * np.array([0.4, 0.15, 0.05]))
    for seed in range(40):
        u = hypercube(60, seed)
        noise = np.random.default_rng(seed).normal(0.0, np.sqrt(0.4), SAMPLES)
        found = regression_shares(u, u @ weights + noise, VALUE)
        sums.append(found.share[3:].sum())
        covered.append((found.low[:3] <= weights[:3] ** 2 / 12.0) & (weights[:3] ** 2 / 12.0 <= found.high[:3]))
        assert found.share[0] > found.share[1] > found.share[4:].max()
    # a coefficient's variance is 0.4 * 12 / (256 - 61) at least, its square over 12 scatters by sqrt(2) of that
    scatter = np.sqrt(2.0 * 57) * 0.4 / (SAMPLES - 61)
    assert abs(np.mean(sums)) < 4.0 * scatter / np.sqrt(40)
    # 120 intervals of 95 %: fewer than 104 hits have a probability below 1e-4
    assert np.sum(covered) >= 104


def test_ishigami_by_salib_and_by_regression():
    """First-order indices of Ishigami's function are 0.3139, 0.4424 and 0; the second is even, so no line sees it."""
    u = hypercube(3, seed=3, samples=2048)
    y = Ishigami.evaluate(-np.pi + 2.0 * np.pi * u)
    by_salib = first_order(u, y, VALUE)
    # 4 harmonics of 2048 samples: the noise of an index is about 2 sqrt(S (1 - S) M / N) <= 0.045
    assert by_salib == pytest.approx([0.3139, 0.4424, 0.0], abs=0.06)
    found = main_effects(u, y)
    # the linear part of sin on -pi..pi: (cov(sin x, x))^2 / var(x) = (1)^2 / (pi^2 / 3), coefficient 1, over 13.84,
    # with the interaction 0.1 x3^4 in E: E[x3^4] = pi^4 / 5
    linear = (1.0 + 0.1 * np.pi**4 / 5.0) ** 2 / (np.pi**2 / 3.0) / 13.8446
    assert found.share == pytest.approx([linear, 0.0, 0.0], abs=4.0 * 2.0 * np.sqrt(linear / 2048))


def test_a_skewed_headline_is_judged_by_its_ranks():
    """Nothing in three of four samples, far more in the rest: a line through the values explains little."""
    u = hypercube(3, seed=4)
    y = np.exp(12.0 * np.maximum(u @ np.array([2.0, 0.6, 0.0]) - 1.3, 0.0)) - 1.0
    found = main_effects(u, y)
    assert found.scale == RANK
    assert found.r2 > regression_shares(u, y, VALUE).r2 + 0.1
    assert found.share[0] > found.share[1] > abs(found.share[2])


def test_the_share_of_weather_years():
    rng = np.random.default_rng(5)
    years, sample = rng.normal(0.0, 1.0, 400), rng.normal(0.0, 2.0, 4000)
    # a variance of n values is known to sqrt(2 / n)
    for scale in (VALUE, RANK):
        expected = 0.25 if scale == VALUE else 12.0 * np.var(_normal_cdf(years / 2.0))
        tolerance = 4.0 * expected * np.sqrt(2 / 400 + 2 / 4000)
        assert share_of_years(years, sample, scale) == pytest.approx(expected, abs=tolerance)
    assert share_of_years(years[:1], sample, VALUE) == 0.0


def test_a_constant_headline_or_too_few_samples_have_no_shares():
    u = hypercube(3, seed=6)
    assert main_effects(u, np.full(SAMPLES, 7.0)) is None
    assert main_effects(u[:5], u[:5, 0]) is None


def _normal_cdf(x: np.ndarray) -> np.ndarray:
    from scipy.stats import norm

    return norm.cdf(x)
