"""What the questions measure, beside numbers worked out by hand."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

from twin.core.quantities import CONGESTION_CAUSES
from twin.devices.battery import make_batteries
from twin.metrics.questions.congestion_share import largest_size_mw
from twin.metrics.questions.demand_response import moved
from twin.metrics.questions.outage_days import of_outage_days
from twin.metrics.questions.supply_hours import MoreStorage, SupplyHours, diesel_supply, summary
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


@pytest.mark.parametrize(
    ("own", "others", "mw", "is_broken"),
    [
        ((2.0, 8.0, 20.0), (0.0, 0.0, 0.0), 15.0, True),  # 5 % lies half-way between 10 and 20 MW
        ((10.0, 20.0, 30.0), (0.0, 0.0, 0.0), 5.0, True),  # below the smallest size that was run
        ((0.0, 1.0, 2.0), (0.0, 0.5, 1.5), 30.0, True),  # others reach 1 % half-way between 20 and 40 MW
        ((0.0, 1.0, 2.0), (0.0, 0.1, 0.2), 40.0, False),
    ],
)
def test_the_largest_size_keeps_both_limits(own, others, mw, is_broken):
    found = largest_size_mw(np.array([10.0, 20.0, 40.0]), np.array(own), np.array(others), 5.0, 1.0)
    assert found == (pytest.approx(mw), is_broken)


def site(pv_kw, load_kw, *, reserve=0.5, kwh=4.0, kw=5.0, efficiency=0.8, lowest=0.0):
    """A single site with half-hours; its battery keeps `reserve` of the charge on usual days."""
    columns = [np.asarray(values, dtype=float)[:, None] for values in (pv_kw, load_kw)]
    battery = make_batteries(np.array([kwh]), np.array([kw]), np.array([efficiency]), soc_min_share=reserve)
    return SupplyHours(battery, np.array([lowest]), *columns, 0.5)


def test_a_charge_lasts_as_long_as_it_does_by_hand():
    """The reserve of 2 kWh at 0.8 one way gives 1.6 kWh: three half-hours of 1 kW; a lowest charge is never used."""
    dark, load = np.zeros(400), np.ones(400)
    assert site(dark, load).lasted(1.0)[:, 0].tolist() == [1.5] * 400
    assert site(dark, load, lowest=0.25).lasted(1.0)[:, 0].tolist() == [0.5] * 400
    assert site(dark, load).lasted(0.5)[:, 0].tolist() == [3.0] * 400


def test_the_sun_prolongs_a_supply_and_a_demand_that_it_covers_lasts_for_a_week_at_most():
    """Sun in the second half-hour of four: 1 kW over the demand fills 0.5 kWh, which serves one dark half-hour."""
    some = site([0.0, 2.0, 0.0, 0.0], np.ones(4), reserve=0.0, efficiency=1.0, kwh=10.0)
    assert some.charge_kwh[:, 0].tolist() == [0.0, 0.5, 0.0, 0.0]
    assert some.lasted(1.0)[:, 0].tolist() == [0.0, 1.0, 0.5, 0.0]
    assert set(site(np.full(48, 2.0), np.ones(48)).lasted(1.0)[:, 0].tolist()) == {168.0}


def test_a_demand_above_the_rating_is_not_served_and_a_car_adds_charge_and_power():
    dark, load = np.zeros(48), np.full(48, 3.0)
    assert site(dark, load, kw=2.0).lasted(1.0).max() == 0.0
    with_car = site(dark, load, kw=2.0).lasted(1.0, MoreStorage(10.0, 6.0))
    assert with_car[:, 0].tolist() == [3.0] * 48  # 12 kWh at 0.8 are 9.6 kWh: six half-hours of 1.5 kWh


def test_a_full_battery_is_followed_like_any_other():
    """The short way over full batteries gives what following every step gives."""
    rng = np.random.default_rng(4)
    pv, load = rng.uniform(0.0, 2.2, 96), rng.uniform(0.2, 2.5, 96)
    some = site(pv, load, reserve=0.3, kwh=3.0, efficiency=0.9)
    change = np.minimum(np.maximum(pv - load, 0.0), 5.0) * 0.9 - np.maximum(load - pv, 0.0) / 0.9
    before, expected = np.roll(some.charge_kwh[:, 0], 1), []
    for start in range(96):
        charge, steps = before[start], 0
        while steps < 336 and (charge := min(charge + 0.5 * change[(start + steps) % 96], 3.0)) >= -1e-9:
            steps += 1
        expected.append(steps / 2.0)
    assert len(set(expected)) > 5
    assert some.lasted(1.0)[:, 0].tolist() == expected


def test_a_day_and_the_worst_steps_are_counted_over_sites_and_steps():
    assert summary(np.array([[0.0, 24.0], [23.5, 168.0]])) == {
        "p05_hours": pytest.approx(0.15 * 23.5), "median_hours": 23.75, "day_percent": 50.0
    }  # fmt: skip


def test_what_diesels_carry_is_counted_with_all_and_with_half_of_them(tmp_path):
    """PV and wind give 20, 20 and 5 MW of at most half of 30, 40 and 90 MW."""
    pd.DataFrame({"demand_mw": [30.0, 40.0, 90.0], "available_mw": [90.0, 20.0, 5.0]}).to_parquet(
        tmp_path / "system.parquet"
    )
    found = diesel_supply(tmp_path, 80.0, 0.5)
    assert found["diesel_covers_percent"] == pytest.approx(200.0 / 3.0)
    assert found["diesel_half_covers_percent"] == pytest.approx(200.0 / 3.0)
    assert (found["diesel_short_max_mw"], found["diesel_half_short_max_mw"]) == (10.0, 50.0)
    assert found["diesel_saved_percent"] == pytest.approx(100.0 * (15.0 + 20.0 + 5.0) / 160.0)


def test_moved_energy_counts_both_directions_and_no_unsolved_step():
    system = {"failure": np.array(["", "", "diverged"]), "flexible_demand_mw": np.array([3.0, -1.0, 50.0])}
    habit = {"failure": np.array(["", "", ""]), "flexible_demand_mw": np.array([1.0, 1.0, 0.0])}
    mine, usual = (MemberSeries({"system": columns}, 0.5) for columns in (system, habit))
    assert moved(mine, usual) == {"moved_up_mwh": 1.0, "moved_down_mwh": 1.0}
    assert moved(usual, usual) == {"moved_up_mwh": 0.0, "moved_down_mwh": 0.0}


def outage_tables(folder, cut_mw, diesel_mw):
    """Four half-hours about midnight, the last one unsolved: demand 20, 30, 50 and 90 MW."""
    time = pd.date_range("2030-10-06 23:00", periods=4, freq="30min", tz="Asia/Tokyo")
    system = {"time": time, "failure": ["", "", "", "diverged"],
              "demand_mw": [20.0, 30.0, 50.0, 90.0], "unsupplied_mw": [0.0, 0.0, 2.0, 9.0],
              "diesel_mw": diesel_mw, "import_mw": [5.0, 6.0, 7.0, 8.0]}  # fmt: skip
    system |= {cause.column: [0.0] * 4 for cause in CONGESTION_CAUSES}
    system[next(iter(CONGESTION_CAUSES)).column] = cut_mw
    link = {"time": time, "circuit_1_loading_percent": [0.0] * 4, "circuit_2_loading_percent": [10.0, 20.0, 80.0, 99.0]}
    folder.mkdir()
    pd.DataFrame(system).to_parquet(folder / "system.parquet")
    pd.DataFrame(link).to_parquet(folder / "link.parquet")
    return folder


def test_what_happens_on_the_days_of_an_outage_is_counted_on_these_days_and_solved_steps_only(tmp_path):
    mine = outage_tables(tmp_path / "mine", [9.0, 9.0, 4.0, 9.0], [0.0, 5.0, 6.0, 7.0])
    both = outage_tables(tmp_path / "both", [0.0, 0.0, 1.0, 0.0], [0.0] * 4)
    found = of_outage_days(mine, both, [(date(2030, 10, 7), date(2030, 10, 8))], 40.0, 0.5)
    assert found["outage_days"] == pytest.approx(0.5 / 24.0)
    assert found["outage_cut_mwh"] == 2.0
    assert found["outage_cut_more_mwh"] == 1.5
    assert found["outage_import_more_mwh"] == 0.0
    assert (found["outage_diesel_hours"], found["outage_diesel_mwh"]) == (0.5, 3.0)
    assert found["outage_unsupplied_mwh"] == 1.0
    assert (found["outage_circuit_max_percent"], found["outage_at_risk_max_mw"]) == (80.0, 50.0)
    assert found["outage_diesels_carry_percent"] == 0.0
    assert of_outage_days(mine, both, [], 40.0, 0.5)["outage_days"] == 0.0
