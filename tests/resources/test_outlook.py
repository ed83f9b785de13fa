"""What policies are told: how wrong it is by lead, what of the past and of the auctions it knows, and how old it is."""

import pickle
from dataclasses import fields, replace

import numpy as np
import pandas as pd
import profile_fakes
import pytest
from shipped import GOTO

from twin.core.clock import fiscal_year
from twin.core.errors import InputError
from twin.resources.forecasts import error_size, make_forecasts
from twin.resources.outlook import Outlooks, given_outlooks, make_outlooks
from twin.resources.profiles import Profiles
from twin.resources.sites import SiteFleet, build_fleet

KEY = {"seed": 1, "weather_year": 0}
KINDS = ("calibrated", "persistence", "climatology", "perfect")
LIMIT_MW = 30.0
DAY = 48
TEN, HALF_PAST_NINE = 20, 19


def _profiles(sites: SiteFleet) -> Profiles:
    """A made-up year: every half-hour has values of its own, PV by night too."""
    index = fiscal_year(2030)
    rng = np.random.default_rng(7)
    plants, areas = profile_fakes.plants(), profile_fakes.areas()
    steps = len(index)

    def drawn(columns: int, low: float, high: float) -> np.ndarray:
        return rng.uniform(low, high, (steps, columns))

    available = drawn(len(plants), 0.2, 0.9) * plants["contract_mw"].to_numpy()
    return Profiles(
        index, available, 0.1 * available, drawn(len(areas), 3.0, 9.0),
        drawn(len(sites.pv_shapes), 0.2, 0.8), drawn(len(sites.demand_shapes), 1e-4, 2e-4),
        *np.zeros((2, steps)), *np.zeros((2, steps, len(plants))), drawn(1, 1.0, 20.0)[:, 0],
        np.ones(steps, dtype=bool),
    )  # fmt: skip


@pytest.fixture(scope="module")
def profiles(sites) -> Profiles:
    return _profiles(sites)


@pytest.fixture(scope="module")
def forecasts(profiles):
    site_pv_mw = profiles.site_pv_per_kw.mean(axis=1)
    return make_forecasts(
        GOTO, profiles, profile_fakes.plants(), profile_fakes.areas(), site_pv_mw, lead_hours=2.0, **KEY
    )


@pytest.fixture(scope="module")
def sites():
    return build_fleet(GOTO, profile_fakes.sites(), profile_fakes.areas(), seed=1)


@pytest.fixture(scope="module")
def outlooks(profiles, forecasts, sites) -> Outlooks:
    return make_outlooks(profiles, forecasts, sites, np.ones(len(sites.group), bool), sites.demand_kwh)


@pytest.fixture(scope="module")
def perfect(outlooks) -> Outlooks:
    return outlooks.told_as("perfect", 1.0)


def _same(one, other) -> bool:
    return all(np.array_equal(getattr(one, field.name), getattr(other, field.name)) for field in fields(one))


def _relative_errors(outlooks, truth, name, since_issue, ahead):
    """Relative error of the first group in every issue, so many half-hours after it, for `ahead` further ones."""
    column = getattr(truth, name)[:, 0]
    at = np.arange(since_issue, len(column) - 2 * DAY, outlooks.issue_steps)
    lead, position = (28, ahead - 28) if ahead >= DAY else (0, ahead)
    told = np.array([getattr(outlooks.at(int(t), lead, LIMIT_MW), name)[position, 0] for t in at])
    return told / column[at + ahead] - 1.0


@pytest.mark.parametrize(("quantity", "name"), [("pv", "pv_mw"), ("demand", "load_mw")])
def test_the_error_grows_with_the_lead_as_the_table_says(outlooks, quantity, name):
    errors = {hours: _relative_errors(outlooks, outlooks, name, 0, 2 * hours) for hours in (1, 6, 24)}
    stated = {hours: float(error_size(GOTO, quantity, hours)) for hours in errors}
    # slow parts leave about 60 independent spells a year: 10 % is one and a half standard errors of their share
    assert {hours: error.std() for hours, error in errors.items()} == pytest.approx(stated, rel=0.1)
    assert errors[1].std() < errors[6].std() <= errors[24].std() * 1.03


def test_the_lead_counts_from_the_issue_in_force(outlooks):
    at_issue = _relative_errors(outlooks, outlooks, "pv_mw", 0, 6)
    later = _relative_errors(outlooks, outlooks, "pv_mw", 5, 1)
    assert later == pytest.approx(at_issue[: len(later)], abs=1e-12)


def test_the_error_is_correlated_in_time_as_the_table_says(outlooks):
    told = np.array([outlooks.at(t, 0, LIMIT_MW).pv_mw[2, 0] for t in range(4, len(outlooks.index) - DAY, 6)])
    error = told / outlooks.pv_mw[6 : len(told) * 6 + 6 : 6, 0] - 1.0
    assert np.corrcoef(error[1:], error[:-1])[0, 1] == pytest.approx(0.9**6, abs=0.05)
    assert np.corrcoef(error[4:], error[:-4])[0, 1] == pytest.approx(0.9**24, abs=0.05)


def test_a_longer_lead_has_the_same_error_larger(outlooks):
    """Half-hour 1000 as told 2, 8 and 20 hours before; 960 is a midnight."""
    target, truth = 1000, outlooks.load_mw[1000, 0]
    errors = []
    for hours in (2, 8, 20):
        issue = (target - 2 * hours) // 6 * 6
        told = outlooks.at(issue, 0, LIMIT_MW).load_mw[target - issue, 0] if target - issue < DAY else np.nan
        errors.append((told / truth - 1.0) / float(error_size(GOTO, "demand", (target - issue) / 2)))
    assert errors == pytest.approx([errors[0]] * 3)


def test_the_export_has_the_errors_of_its_parts_and_the_outages(outlooks, forecasts):
    """By hand for one half-hour, 5.5 h after the issue."""
    published = forecasts.published
    told = outlooks.at(960 + 3, 0, LIMIT_MW)
    sizes = [float(error_size(GOTO, quantity, 5.5)) for quantity in ("pv", "wind", "demand")]
    by_hand = published.export_mw[971] + published.export_error_mw[971] @ [*sizes, 1.0]
    assert told.export_mw[8] == pytest.approx(by_hand)
    assert told.congestion_mw == pytest.approx(np.maximum(told.export_mw - LIMIT_MW, 0.0))


def test_no_error_is_the_truth_and_a_factor_scales_it(outlooks, perfect):
    for t, lead in ((0, 0), (1003, 0), (1004, 28), (17_500, 28)):
        one, none, two = (outlooks.told_as("calibrated", factor).at(t, lead, LIMIT_MW) for factor in (1.0, 0.0, 2.0))
        assert _same(none, perfect.at(t, lead, LIMIT_MW))
        assert two.export_mw - none.export_mw == pytest.approx(2.0 * (one.export_mw - none.export_mw))
    told = perfect.at(1003, 28, LIMIT_MW)
    assert np.array_equal(told.load_mw, outlooks.load_mw[1031:1079])
    assert np.array_equal(told.export_mw, outlooks.export_mw[1031:1079])


def test_truth_is_the_groups_pv_and_demand(profiles, perfect, sites):
    """Site by site, by hand, for one group and one half-hour; and the sum over all sites."""
    group, t = 2, 5000
    mine = np.flatnonzero(sites.group == group)
    pv_kw = sum(min(profiles.site_pv_per_kw[t, sites.pv_shape[s]] * sites.pv_dc_kw[s], sites.pv_ac_kw[s]) for s in mine)
    load_kw = sum(profiles.site_demand_per_kwh[t, sites.demand_shape[s]] * sites.demand_kwh[s] for s in mine)
    assert perfect.pv_mw[t, group] == pytest.approx(pv_kw / 1000.0)
    assert perfect.load_mw[t, group] == pytest.approx(load_kw / 1000.0)


def test_pv_is_clipped_at_each_inverter(profiles, forecasts, sites):
    small = replace(sites, pv_ac_kw=np.where(np.arange(len(sites.group)) % 2, 0.3, 0.9) * sites.pv_dc_kw)
    told = make_outlooks(profiles, forecasts, small, np.ones(len(sites.group), bool), sites.demand_kwh, "perfect")
    per_site = np.minimum(profiles.site_pv_per_kw[:, small.pv_shape] * small.pv_dc_kw, small.pv_ac_kw)
    assert told.pv_mw.sum(axis=1) == pytest.approx(per_site.sum(axis=1) / 1000.0)


@pytest.mark.parametrize(("t", "lead"), [(DAY, 0), (1003, 0), (1004, 28), (1000, 48)])
def test_persistence_knows_the_past_only(outlooks, t, lead):
    """With a poisoned present and future nothing changes; the nearest day that is over is told."""
    poisoned = {
        name: np.where((np.arange(len(outlooks.index)) >= t)[:, None], np.nan, getattr(outlooks, name).reshape(-1, k))
        for name, k in (("export_mw", 1), ("pv_mw", outlooks.pv_mw.shape[1]), ("load_mw", outlooks.pv_mw.shape[1]))
    }
    poisoned["export_mw"] = poisoned["export_mw"][:, 0]
    poisoned |= {name: np.full_like(getattr(outlooks, name), np.nan) for name in ("pv_error", "load_error")}
    kind = outlooks.told_as("persistence", 1.0)
    told, blind = (some.at(t, lead, LIMIT_MW) for some in (kind, replace(kind, **poisoned)))
    assert _same(told, blind)
    assert np.isfinite(blind.export_mw).all() and np.isfinite(blind.pv_mw).all() and np.isfinite(blind.load_mw).all()
    target = t + lead + np.arange(DAY)
    days = np.where(target - DAY < t, 1, np.where(target - 2 * DAY < t, 2, 3))
    assert np.array_equal(told.export_mw, outlooks.export_mw[target - days * DAY])
    assert told.made_at == outlooks.index[t]


def test_persistence_without_a_day_behind_it_is_climatology(outlooks):
    persistence, climatology = (outlooks.told_as(kind, 1.0).at(10, 0, LIMIT_MW) for kind in KINDS[1:3])
    assert np.array_equal(persistence.pv_mw[:38], climatology.pv_mw[:38])
    assert np.array_equal(persistence.pv_mw[38:], outlooks.pv_mw[:10])


def test_climatology_is_the_mean_of_the_month_and_time_of_day(outlooks):
    t = int(np.flatnonzero(outlooks.index == pd.Timestamp("2030-07-10 09:30", tz="Asia/Tokyo"))[0])
    told = outlooks.told_as("climatology", 1.0).at(t, 5, LIMIT_MW)
    at_noon = (outlooks.index.month == 7) & (outlooks.index.hour == 12) & (outlooks.index.minute == 0)
    assert at_noon.sum() == 31
    assert told.pv_mw[0] == pytest.approx(outlooks.pv_mw[at_noon].mean(axis=0))
    assert told.export_mw[0] == pytest.approx(outlooks.export_mw[at_noon].mean())
    assert told.load_mw[0] == pytest.approx(outlooks.load_mw[at_noon].mean(axis=0))


@pytest.mark.parametrize("kind", KINDS)
def test_prices_of_tomorrow_are_known_from_ten_o_clock(outlooks, profiles, kind):
    some, midnight, price = outlooks.told_as(kind, 1.0), 100 * DAY, profiles.price_jpy_per_kwh
    before = some.at(midnight + HALF_PAST_NINE, 0, LIMIT_MW).price_jpy_per_kwh
    left = DAY - HALF_PAST_NINE
    assert np.array_equal(before[:left], price[midnight + HALF_PAST_NINE : midnight + DAY])
    assert np.array_equal(before[left:], price[midnight : midnight + HALF_PAST_NINE])
    after = some.at(midnight + TEN, 0, LIMIT_MW).price_jpy_per_kwh
    assert np.array_equal(after, price[midnight + TEN : midnight + TEN + DAY])


def test_at_gate_closure_the_whole_next_day_is_told(outlooks, perfect, profiles):
    midnight = 100 * DAY
    told, truth = (some.at(midnight + TEN, 28, LIMIT_MW) for some in (outlooks, perfect))
    assert told.start == outlooks.index[midnight + DAY]
    assert len(told.export_mw) == len(told.pv_mw) == DAY
    assert np.array_equal(told.price_jpy_per_kwh, profiles.price_jpy_per_kwh[midnight + DAY : midnight + 2 * DAY])
    error = (told.load_mw / truth.load_mw - 1.0)[:, 0]
    # leads of 15 h and more after the issue of nine o'clock: the size of the error no longer changes
    unit = outlooks.load_error[midnight + DAY : midnight + 2 * DAY]
    assert error == pytest.approx(float(error_size(GOTO, "demand", 24.0)) * unit)


@pytest.mark.parametrize(
    ("slot", "newest"),
    [(0, 0), (5, 0), (6, 6), (HALF_PAST_NINE, 18), (TEN, 20), (22, 20), (24, 24), (47, 42)],
)
def test_the_age_is_that_of_the_newest_issue_or_auction(outlooks, slot, newest):
    assert outlooks.at(100 * DAY + slot, 0, LIMIT_MW).made_at == outlooks.index[100 * DAY + newest]


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_made_after_the_decision(outlooks, kind):
    some = outlooks.told_as(kind, 1.0)
    for t in range(DAY):
        told = some.at(t, 0, LIMIT_MW)
        assert outlooks.index[t] - pd.Timedelta("1D") < told.made_at <= outlooks.index[t] == told.start


@pytest.mark.parametrize("kind", ["calibrated", "perfect", "climatology"])
def test_after_the_year_its_last_day_is_told_again(outlooks, profiles, kind):
    some, end = outlooks.told_as(kind, 1.0), len(outlooks.index)
    told = some.at(end - 4, 28, LIMIT_MW)
    assert told.start == outlooks.index[-1] + pd.Timedelta("12h30min")
    rows = np.arange(end + 24, end + 72)
    rows = np.where(rows < end + DAY, rows - DAY, rows - 2 * DAY)
    assert np.array_equal(told.price_jpy_per_kwh, profiles.price_jpy_per_kwh[rows])
    if kind == "perfect":
        assert np.array_equal(told.pv_mw, outlooks.pv_mw[rows])
        assert np.array_equal(told.export_mw, outlooks.export_mw[rows])


@pytest.mark.parametrize("kind", KINDS)
def test_a_window_knows_what_lies_around_it(outlooks, kind):
    some = outlooks.told_as(kind, 1.0)
    part = some.window(100 * DAY, 107 * DAY)
    for t in (0, 5, 7 * DAY - 1):
        assert _same(part.at(t, 0, LIMIT_MW), some.at(100 * DAY + t, 0, LIMIT_MW))
    assert _same(part.window(DAY, 2 * DAY).at(0, 28, LIMIT_MW), some.at(101 * DAY, 28, LIMIT_MW))
    with pytest.raises(InputError, match="window outside"):
        part.window(0, len(outlooks.index))


def test_a_series_shorter_than_a_day_can_be_told(profiles, forecasts, sites):
    few = (profiles.window(0, 6), forecasts.window(0, 6))
    for kind in KINDS:
        some = make_outlooks(*few, sites, np.ones(len(sites.group), bool), sites.demand_kwh, kind)
        assert np.isfinite(some.at(5, 28, LIMIT_MW).pv_mw).all()


def test_nothing_of_the_truth_is_held_and_a_copy_in_a_worker_tells_the_same(profiles, forecasts, sites):
    mine = pickle.loads(pickle.dumps(profiles))
    made = make_outlooks(mine, forecasts, sites, np.ones(len(sites.group), bool), sites.demand_kwh)
    told = made.at(1000, 0, LIMIT_MW)
    for field in fields(mine):
        truth = getattr(mine, field.name)
        if field.name != "index":
            arrays = [value for value in vars(made).values() if isinstance(value, np.ndarray)]
            assert not any(np.shares_memory(truth, value) for value in arrays), field.name
            truth[:] = -5.0
    assert _same(told, made.at(1000, 0, LIMIT_MW))
    assert _same(told, pickle.loads(pickle.dumps(made)).at(1000, 0, LIMIT_MW))


def test_what_is_told_can_be_written_to_without_harm(outlooks):
    for kind in KINDS:
        some = outlooks.told_as(kind, 1.0)
        first, again = some.at(1000, 0, LIMIT_MW), some.at(1000, 0, LIMIT_MW)
        for values in vars(first).values():
            if isinstance(values, np.ndarray):
                values[:] = -1.0
        assert _same(again, some.at(1000, 0, LIMIT_MW))


def test_kinds_share_their_series(outlooks):
    other = outlooks.told_as("persistence", 1.0)
    assert other.pv_mw is outlooks.pv_mw and other.export_error_mw is outlooks.export_error_mw
    held = sum(value.nbytes for value in vars(outlooks).values() if isinstance(value, np.ndarray))
    groups = outlooks.pv_mw.shape[1]
    assert held < len(outlooks.index) * 8 * (2 * groups + 12)


@pytest.mark.parametrize(("kind", "factor"), [("oracle", 1.0), ("calibrated", -0.5), ("calibrated", np.nan)])
def test_kinds_and_factors_that_do_not_exist_are_refused(outlooks, kind, factor):
    with pytest.raises(InputError):
        outlooks.told_as(kind, factor)


def _given(**changes: np.ndarray) -> Outlooks:
    steps = 4 * DAY
    index = pd.date_range("2030-04-01", periods=steps, freq="30min", tz="Asia/Tokyo")
    values = {"index": index, "export_mw": np.arange(steps, dtype=float), "pv_mw": np.ones((steps, 2)),
              "load_mw": np.ones((steps, 2)), "price_jpy_per_kwh": np.ones(steps)}  # fmt: skip
    return given_outlooks(GOTO, **values | changes)


def test_own_forecasts_are_told_as_they_are():
    assert np.array_equal(_given().at(10, 3, LIMIT_MW).export_mw, np.arange(13, 61))


def test_gaps_in_own_forecasts_are_refused_all_at_once_with_where_they_are():
    pv, export = np.ones((4 * DAY, 2)), np.ones(4 * DAY)
    pv[60:63, 1], pv[100, 1] = np.nan, np.nan
    export[7] = np.inf
    with pytest.raises(InputError) as caught:
        _given(pv_mw=pv, export_mw=export)
    first, second = caught.value.problems
    assert (first.where, first.seen) == ("export_mw, 2030-04-01 03:30", "inf; 1 steps in all")
    assert second.where == "pv_mw, column 1, 2030-04-02 06:00 to 2030-04-02 07:00"
    assert second.seen == "nan; 4 steps in all"


def test_own_forecasts_of_another_length_or_with_holes_in_time_are_refused():
    index = pd.date_range("2030-04-01", periods=4 * DAY + 1, freq="30min", tz="Asia/Tokyo").delete(20)
    with pytest.raises(InputError) as caught:
        _given(index=index, load_mw=np.ones((4 * DAY, 3)), price_jpy_per_kwh=np.ones(5))
    told = {problem.what: problem for problem in caught.value.problems}
    assert "10:30" in told["forecasts with holes in time"].seen
    assert told["forecast of another length"].where == "price_jpy_per_kwh"
    assert "forecasts for other site groups" in told


@pytest.mark.parametrize("minutes", [10, 60])
def test_own_forecasts_of_another_step_are_told_a_day_ahead_and_prices_until_the_auction(minutes):
    day = 1440 // minutes
    index = pd.date_range("2030-04-01", periods=4 * day, freq=f"{minutes}min", tz="Europe/London")
    ramp = np.arange(4 * day, dtype=float)
    told = given_outlooks(GOTO, index, ramp, ramp[:, None], ramp[:, None], ramp).at(day + 2, 3, LIMIT_MW)
    assert told.start == index[day + 5] and told.made_at <= index[day + 2]
    assert np.array_equal(told.export_mw, ramp[day + 5 : 2 * day + 5])
    tomorrow = np.where(ramp < 2 * day, ramp, ramp - day)[day + 5 : 2 * day + 5]
    assert np.array_equal(told.price_jpy_per_kwh, tomorrow), "before the auction today's prices stand for tomorrow"
    later = given_outlooks(GOTO, index, ramp, ramp[:, None], ramp[:, None], ramp).at(
        day + 10 * 60 // minutes, 3, LIMIT_MW
    )
    assert later.price_jpy_per_kwh[-1] == later.export_mw[-1], "the auction of ten o'clock is over"
