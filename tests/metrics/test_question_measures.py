"""What the questions measure, beside numbers worked out by hand."""

import numpy as np
import pytest

from twin.metrics.questions.taken_back import HEADROOM, LOADING, taken_back, tight_steps, tightness
from twin.metrics.series import MemberSeries


def series(headroom, loading, failure=None):
    count = len(headroom)
    system = {"failure": np.array([""] * count if failure is None else failure)}
    return MemberSeries({"system": system, "link": {HEADROOM: np.array(headroom), LOADING: np.array(loading)}}, 0.5)


def test_the_tightest_steps_are_those_with_least_headroom_and_never_unsolved_ones():
    headroom = np.linspace(50.0, 1.0, 200)
    failure = [""] * 199 + ["diverged"]
    assert tight_steps(series(headroom, headroom, failure)).tolist() == [198, 197]
    found = tightness(series(headroom, 100.0 - headroom), np.array([198, 199]))
    assert found["tight_headroom_mw"] == pytest.approx((headroom[198] + headroom[199]) / 2.0)
    assert found["tight_loading_percent"] == pytest.approx(100.0 - found["tight_headroom_mw"])


def kpis(cut, loading, headroom):
    return {"curtailed_congestion_mwh": cut, "tight_loading_percent": loading, "tight_headroom_mw": headroom}


def test_shares_are_of_what_is_added_in_all_years_together():
    base = [kpis(10.0, 90.0, 8.0), kpis(0.0, 70.0, 20.0)]
    loose = [kpis(50.0, 100.0, 1.0), kpis(0.0, 74.0, 17.0)]
    mine = [kpis(20.0, 92.0, 6.5), kpis(0.0, 71.0, 19.0)]
    found = taken_back(mine, loose, base)
    assert found["curtailed_congestion_mwh_taken_back_percent"] == pytest.approx(75.0)
    assert found["curtailed_congestion_mwh_taken_back_percent_by_year"] == [pytest.approx(75.0), None]
    assert found["tight_loading_percent_taken_back_percent"] == pytest.approx(100.0 * (1.0 - 3.0 / 14.0))
    assert found["equivalent_mw"] == pytest.approx([5.5, 2.0])


def test_where_nothing_is_added_no_share_is_stated():
    same = [kpis(10.0, 90.0, 8.0)]
    found = taken_back(same, same, same)
    assert found["curtailed_congestion_mwh_taken_back_percent"] is None
    assert found["tight_loading_percent_taken_back_percent"] is None
