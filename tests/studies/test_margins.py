"""The margin that the tool finds: the smallest that keeps the level, in another weather year, or a refusal."""

import numpy as np
import pytest

from studies.study.file.members import members
from studies.study.file.schema import Operation, Study
from studies.study.margins import REHEARSAL_YEAR, smallest_margin, with_margins
from twin.core.errors import InputError


def falling(margins):
    return [40.0 * np.exp(-mw) for mw in margins]


def test_it_is_the_smallest_tried_margin_that_keeps_the_level():
    found = smallest_margin(falling, 60.0, 10.0)
    assert falling([found])[0] <= 10.0
    assert falling([found - 0.0125 * 60.0])[0] > 10.0
    assert smallest_margin(falling, 60.0, 40.0) == 0.0


def test_a_level_that_no_margin_keeps_is_refused_with_what_is_possible():
    with pytest.raises(InputError, match=r"(?s)at least 5 h.*raise the level"):
        smallest_margin(lambda margins: [5.0 for _ in margins], 60.0, 1.0)


def study(**changes):
    values = {
        "schema_version": 1, "name": "margin", "title_en": "Margin", "period": {"fiscal_year": 2030},
        "grid": {"year": 2030}, "operation": {"area_level_percent": 6.0, "flow_margin_mw": "auto"},
    }  # fmt: skip
    return Study.model_validate(values | changes)


class AskedError(Exception):
    """Carries the member that a case was asked for."""


def ask(member):
    raise AskedError(member)


@pytest.mark.parametrize(("judged", "tried"), [(0, REHEARSAL_YEAR), (REHEARSAL_YEAR, REHEARSAL_YEAR + 1)])
def test_it_is_looked_for_in_another_year_without_dispatch(judged, tried):
    asked = members(study(weather={"weather_year": judged}, scenario={"own": {"operation.policy": "price"}}))
    with pytest.raises(AskedError) as caught:
        with_margins(asked, ask)
    rehearsal = caught.value.args[0].study
    assert (rehearsal.weather.weather_year, rehearsal.operation.policy) == (tried, "none")
    assert rehearsal.operation.operator == "forecast"


def test_a_number_stays_and_other_weather_is_refused():
    plain = members(study(operation={"area_level_percent": 6.0, "flow_margin_mw": 2.0}))
    assert with_margins(plain, ask) == plain
    with pytest.raises(InputError, match="no other weather year"):
        with_margins(members(study(weather={"source": "measured"})), ask)


@pytest.mark.parametrize("value", ["automatic", -1.0, True, float("nan"), float("inf")])
def test_anything_else_is_refused_with_one_message(value):
    with pytest.raises(ValueError, match=r"1 validation error(?s:.*)flow_margin_mw must be"):
        Operation(flow_margin_mw=value)
