"""The table ``cable`` and its key figures: what is missing stays missing, and the warmest section counts."""

import numpy as np
import pandas as pd
import pytest
from shipped import goto

from twin.cable.ratings import MOST_MINUTES, course
from twin.core.quantities import TABLES
from twin.metrics.cable_temperature import CYCLE_DAYS, cable_table
from twin.metrics.kpis import KEY_FIGURES
from twin.metrics.series import MemberSeries

STEPS = 48 * (CYCLE_DAYS + 1) + 20
NAMES = [
    name for name in KEY_FIGURES if name.startswith(("link_conductor", "link_survivor", "link_emergency", "link_cyc"))
]


@pytest.fixture(scope="module")
def circuits():
    return goto(2030).cables


def link_of(first: np.ndarray, second: np.ndarray, survivor: np.ndarray) -> pd.DataFrame:
    time = pd.date_range("2030-08-01", periods=len(first), freq="30min", tz="Asia/Tokyo")
    columns = {"circuit_1_loading_percent": first, "circuit_2_loading_percent": second, "n1_loading_percent": survivor}
    return pd.DataFrame({"time": time, **columns})


def series_of(link: pd.DataFrame, cable: pd.DataFrame) -> MemberSeries:
    tables = {name: {key: frame[key].to_numpy() for key in frame if key != "time"}
              for name, frame in (("link", link), ("cable", cable))}  # fmt: skip
    known = ~np.isnan(tables["link"]["circuit_1_loading_percent"])
    return MemberSeries(tables | {"system": {"failure": np.where(known, "", "power flow not converged")}}, 0.5)


def test_a_day_by_day_course_and_its_key_figures(circuits):
    rng = np.random.default_rng(3)
    loading = 40.0 + 35.0 * np.sin(np.arange(STEPS) * np.pi / 24.0) + rng.uniform(0.0, 5.0, STEPS)
    link = link_of(loading, 0.9 * loading, 1.9 * loading)
    cable = cable_table(circuits, link, 0.5).to_pandas()
    assert list(cable) == list(TABLES["cable"])
    amps = np.stack([loading, 0.9 * loading], axis=1) / 100.0 * circuits[0].rated_a
    months = link["time"].dt.month.to_numpy()
    by_section = [course(part.ladder, amps, part.ambient_of(months), 0.5).conductor_c for part in circuits[0].sections]
    assert cable["circuit_1_conductor_c"].to_numpy() == pytest.approx(np.max(by_section, axis=0)[:, 0], abs=1e-4)
    assert (cable["circuit_2_conductor_c"] < cable["circuit_1_conductor_c"]).all()
    assert (cable["emergency_30min_a"] > cable["emergency_2h_a"]).all()
    assert (cable["emergency_2h_a"] > cable["emergency_24h_a"]).all()
    assert cable["cyclic_rating_a"].nunique() == 2  # a week, and what is left of the next one
    assert np.ptp(cable["cyclic_rating_a"][CYCLE_DAYS * 48 :]) == 0.0
    figures = {name: float(KEY_FIGURES[name](series_of(link, cable))) for name in NAMES}
    assert figures["link_conductor_max_c"] == pytest.approx(cable["circuit_1_conductor_c"].max())
    assert figures["link_conductor_above_50_hours"] == 0.5 * (cable["circuit_1_conductor_c"] > 50).sum() > 0.0
    assert figures["link_survivor_min_minutes"] == pytest.approx(cable["survivor_minutes"].min())
    assert 0.0 < figures["link_survivor_min_minutes"] < MOST_MINUTES
    assert cable["circuit_1_conductor_c"].mean() < figures["link_conductor_mean_c"] < figures["link_conductor_max_c"]


def test_steps_without_a_solution_have_no_value_and_do_not_cool_the_cable(circuits):
    loading = np.full(STEPS, 60.0)
    whole = cable_table(circuits, link_of(loading, loading, 1.1 * loading), 0.5).to_pandas()
    holes = loading.copy()
    holes[[0, 100, 101]] = np.nan
    survivor = 1.1 * loading
    survivor[50] = np.nan
    link = link_of(holes, holes, survivor)
    found = cable_table(circuits, link, 0.5).to_pandas()
    missing = found["circuit_1_conductor_c"].isna().to_numpy()
    assert np.flatnonzero(missing).tolist() == [0, 100, 101]
    assert found["hottest_section"].isna().to_numpy().tolist() == missing.tolist()
    assert found["circuit_1_conductor_c"][~missing].to_numpy() == pytest.approx(
        whole["circuit_1_conductor_c"][~missing].to_numpy(), abs=1e-4
    )
    assert np.flatnonzero(found["survivor_minutes"].isna()).tolist() == [0, 50, 100, 101]
    assert float(KEY_FIGURES["link_survivor_limited_hours"](series_of(link, found))) == 0.0


def test_an_idle_link_is_as_warm_as_the_ground_and_its_dielectric_losses(circuits):
    idle = np.zeros(STEPS)
    cable = cable_table(circuits, link_of(idle, idle, idle), 0.5).to_pandas()
    warmest = max(part.ambient_c[7] + part.ladder.dielectric_k for part in circuits[0].sections)
    assert cable["circuit_1_conductor_c"].to_numpy() == pytest.approx(
        warmest, abs=0.2
    )  # August, a few days of September
    assert cable["cyclic_rating_a"].isna().all()
    assert (cable["survivor_minutes"] == MOST_MINUTES).all()


def test_key_figures_are_undefined_where_nothing_is_known_of_the_cables():
    series = MemberSeries({"system": {"failure": np.array([""])}, "link": {}}, 0.5)
    assert NAMES
    assert all(np.isnan(KEY_FIGURES[name](series)) for name in NAMES)
