"""The samples of an uncertainty analysis: a Latin hypercube by keyed streams, and the study as it is."""

import numpy as np
import pytest

from studies.experiments.uncertainty.samples import (
    Sample,
    Setting,
    Unknown,
    base_and_years,
    blocks_of,
    hypercube,
    one_at_a_time,
    sample_members,
    sampled_scenarios,
)
from studies.study.file.reading import read_study, study_path
from studies.study.file.schema import Study


@pytest.fixture(scope="module")
def goto_2030() -> Study:
    return read_study(study_path("goto_2030"), None, None)


def unknown(name: str, key: str, low: float, high: float, whole: bool = False) -> Unknown:
    return Unknown(name, (Setting(key, low, (low + high) / 2, high, whole),), name, name, "", "test", "estimate")


RATING = unknown("rating", "grid.parameters.link_rating_factor", 0.8, 1.2)
DEMAND = unknown("demand", "fleet.demand_factor", 0.9, 1.1)
LEAD = unknown("lead", "operation.forecast_lead_half_hours", 2, 5, whole=True)


def test_every_unknown_and_the_weather_years_are_spread_evenly(goto_2030):
    samples = hypercube(goto_2030, (RATING, DEMAND), 64)
    for name in ("rating", "demand"):
        strata = sorted(int(sample.quantiles[name] * 64) for sample in samples)
        assert strata == list(range(64))
    years, counts = np.unique([sample.weather_year for sample in samples], return_counts=True)
    assert years.tolist() == list(range(1, 17))
    assert set(counts) == {4}


def test_columns_are_not_bound_to_each_other(goto_2030):
    """The correlation of independent columns of n scatters by 1 / sqrt(n)."""
    samples = hypercube(goto_2030, (RATING, DEMAND), 400)
    columns = [[sample.quantiles[name] for sample in samples] for name in ("rating", "demand")]
    assert abs(np.corrcoef(columns)[0, 1]) < 4.0 / np.sqrt(400)


def test_one_more_unknown_changes_no_other(goto_2030):
    fewer, more = (hypercube(goto_2030, some, 32) for some in ((RATING,), (DEMAND, RATING)))
    for a, b in zip(fewer, more, strict=True):
        assert a.quantiles["rating"] == b.quantiles["rating"]
        assert a.weather_year == b.weather_year


def test_the_seed_of_the_study_decides(goto_2030):
    other = goto_2030.model_copy(update={"seed": 7})
    assert hypercube(goto_2030, (RATING,), 8) == hypercube(goto_2030, (RATING,), 8)
    assert hypercube(goto_2030, (RATING,), 8) != hypercube(other, (RATING,), 8)


def test_a_sample_is_the_study_with_its_values_in_it(goto_2030):
    scenarios = sampled_scenarios(goto_2030)
    assert scenarios == ("new_pv_uncontrolled", "new_pv_congestion_aware")
    sample = Sample("samples", 3, 5, {"rating": 0.25, "lead": 0.999})
    members = sample_members(goto_2030, sample, scenarios, {"rating": RATING, "lead": LEAD})
    assert [member.scenario for member in members] == list(scenarios)
    for member in members:
        study = member.study
        assert study.grid.parameters["link_rating_factor"] == pytest.approx(0.9)
        assert study.operation.forecast_lead_half_hours == 5
        assert study.weather.weather_year == 5
        # the middle of the sweep, as [onset] takes it
        assert study.grid.conductor_mm2 == 300
        assert study.operation.criterion == "n-1"
        assert study.fleet.new_pv
    assert members[1].study.operation.policy == "congestion_aware"


def test_parts(goto_2030):
    base, *years = base_and_years(goto_2030)
    assert (base.weather_year, dict(base.quantiles)) == (0, {})
    assert [sample.weather_year for sample in years] == list(range(1, 17))
    alone = one_at_a_time(goto_2030, ["rating", "demand"])
    assert [dict(sample.quantiles) for sample in alone] == [
        {"rating": 0.0}, {"rating": 1.0}, {"demand": 0.0}, {"demand": 1.0},
    ]  # fmt: skip
    assert [len(block) for block in blocks_of(alone, 3)] == [3, 1]


def test_given_weather_has_no_other_years():
    study = read_study(study_path("goto_2030"), None, None)
    measured = study.model_copy(update={"weather": study.weather.model_copy(update={"source": "measured"})})
    assert [sample.weather_year for sample in base_and_years(measured)] == [None]
    assert {sample.weather_year for sample in hypercube(measured, (RATING,), 4)} == {None}
