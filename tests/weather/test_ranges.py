"""Every row with a range can be set to both ends, and does something: what an uncertainty analysis relies on."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from shipped import GOTO, sources_of, with_inputs

from twin.core.clock import Clock
from twin.core.tables import Tables
from weather.climate import Climate, read_climates
from weather.synthetic.year import synthetic_year

ROWS = [
    (name, row["row"], row["low"], row["high"])
    for name in ("process", "typhoons")
    for row in sources_of(name).dropna(subset=["low"]).to_dict("records")
]
WEATHER_YEAR = 4
"""Has several typhoons, so that their parameters matter."""


def year(tables: Tables = GOTO) -> dict[str, pd.DataFrame]:
    climates: dict[str, Climate] = read_climates(tables)
    two = {name: climates[name] for name in ("naru", "offshore")}
    return dict(synthetic_year(tables, 2030, WEATHER_YEAR, 1, clock=Clock(step_minutes=60), climates=two).values)


@pytest.fixture(scope="module")
def shipped() -> dict[str, pd.DataFrame]:
    return year()


@pytest.mark.slow
@pytest.mark.parametrize(("table", "row", "low", "high"), ROWS, ids=[f"{row[0]}-{row[1]}" for row in ROWS])
def test_both_ends_of_a_row_change_the_weather(
    shipped: dict[str, pd.DataFrame], table: str, row: str, low: float, high: float
):
    ends = []
    for value in (low, high):
        tables = with_inputs({table: {row: value}})
        ends.append(year(tables))
    assert all(np.isfinite(frame.to_numpy()).all() for end in ends for frame in end.values())
    assert any(not np.allclose(ends[0][place], ends[1][place], rtol=1e-4) for place in shipped)


@pytest.mark.parametrize("quantile", ["low", "high"])
def test_irradiation_normals_at_their_ends_move_the_year_by_five_percent(
    shipped: dict[str, pd.DataFrame], quantile: str
):
    rows = sources_of("normals").dropna(subset=["low"])
    tables = with_inputs({"normals": dict(zip(rows["row"], rows[quantile], strict=True))})
    moved = year(tables)
    expected = {"low": 0.95, "high": 1.05}[quantile]
    assert moved["naru"]["ghi"].sum() / shipped["naru"]["ghi"].sum() == pytest.approx(expected, abs=0.005)
