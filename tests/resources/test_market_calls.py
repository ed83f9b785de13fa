"""Orders of single plants: rotation, proxies, caps, FIT before FIP."""

import numpy as np
import pandas as pd
import pytest
from shipped import GOTO, with_inputs

from twin.core.clock import fiscal_year
from twin.core.tables import Tables
from twin.resources.area_market.orders import PlantOrders, plant_orders, rules_of

BEFORE_PROXIES, BEFORE_FIP_RULE, TODAY = 2021, 2025, 2030


def _plants(count: int = 1, **given: str) -> pd.DataFrame:
    row = {"kind": "pv", "area_rule": "unlimited", "area_control": "online", "scheme": "FIT"} | given
    return pd.DataFrame([row] * count, index=[f"p{n}" for n in range(count)])


def _orders(
    year: int, share: np.ndarray, plants: pd.DataFrame, output: np.ndarray | None = None, tables: Tables = GOTO
) -> PlantOrders:
    index = fiscal_year(year)
    sun = _sun(index) if output is None else output
    available = np.repeat(sun[:, None], len(plants), axis=1)
    return plant_orders(tables, index, share, share, available, plants, seed=1, weather_year=0)


def _sun(index: pd.DatetimeIndex) -> np.ndarray:
    return np.clip(np.cos(2 * np.pi * (index.hour.to_numpy() + index.minute.to_numpy() / 60 - 12) / 24), 0, None)


def _share(year: int, at_noon: float, days: int = 365) -> np.ndarray:
    """The same share at 11:00-12:59 of the first `days` days."""
    index = fiscal_year(year)
    return np.where((index.hour.isin([11, 12])) & (np.arange(len(index)) < 48 * days), at_noon, 0.0)


def _days(orders: np.ndarray) -> np.ndarray:
    return (orders.reshape(-1, 48, orders.shape[1]) > 0).any(axis=1).sum(axis=0)


def test_online_unlimited_follows_the_half_hours():
    share = _share(BEFORE_FIP_RULE, 0.3)
    tables = with_inputs({"area_parameters": {"offline_by_proxy_share": 0.0}})
    orders = _orders(BEFORE_FIP_RULE, share, _plants(), tables=tables)
    assert np.array_equal(orders.physical[:, 0], share) and np.array_equal(orders.settled[:, 0], share)


def test_offline_is_called_for_whole_windows_in_rotation_and_meets_the_online_energy():
    share = _share(BEFORE_PROXIES, 0.3)
    sun = _sun(fiscal_year(BEFORE_PROXIES))
    orders = _orders(BEFORE_PROXIES, share, _plants(400, area_control="offline"))
    half_hours = orders.physical.reshape(365, 48, -1).sum(axis=1)
    assert set(np.unique(half_hours)) == {0, 16}
    called, wanted = sun @ orders.physical, sun @ share
    # a plant's calls differ from the wanted ones by less than one day, its mean over 400 random starts by 4 sd
    assert abs(called.mean() - wanted) < 4 * sun[:48][16:32].sum() / np.sqrt(12 * 400)
    assert np.ptp(_days(orders.physical)) <= 1
    assert np.array_equal(orders.physical, orders.settled)


def test_old_rule_stops_after_thirty_days_new_rule_after_its_hours():
    share = _share(BEFORE_PROXIES, 1.0)
    offline = _orders(BEFORE_PROXIES, share, _plants(20, area_control="offline", area_rule="old"))
    assert _days(offline.physical).tolist() == [30] * 20
    online = _orders(BEFORE_PROXIES, share, _plants(area_rule="old"))
    assert _days(online.physical).tolist() == [30] and not online.physical[48 * 30 :].any()
    new = _orders(BEFORE_PROXIES, share, _plants(area_rule="new"))
    assert new.physical.sum() / 2 == pytest.approx(360) and _days(new.physical).tolist() == [180]
    wind = _orders(BEFORE_PROXIES, share, _plants(area_rule="new", kind="wind"))
    assert wind.physical.sum() / 2 == pytest.approx(720)
    new_offline = _orders(BEFORE_PROXIES, share, _plants(area_rule="new", area_control="offline"))
    assert _days(new_offline.physical).tolist() == [45]
    assert _days(_orders(BEFORE_PROXIES, share, _plants()).physical).tolist() == [365]


def test_the_hours_of_a_partial_cut_count_in_part():
    new = _orders(BEFORE_PROXIES, _share(BEFORE_PROXIES, 0.5), _plants(area_rule="new"))
    assert new.physical.sum() / 2 == pytest.approx(360)
    assert _days(new.physical).tolist() == [360]


def test_old_rule_online_is_called_on_few_days_and_cut_deeper_then():
    share = _share(BEFORE_PROXIES, 0.25, days=100)
    orders = _orders(BEFORE_PROXIES, share, _plants(200, area_rule="old"))
    assert set(np.unique(orders.physical)) == {0.0, 1.0}
    assert set(_days(orders.physical)) == {25}
    assert orders.physical.sum(axis=0).mean() == pytest.approx(share.sum())


def test_a_plant_that_went_to_fip_has_lost_its_cap():
    orders = _orders(BEFORE_FIP_RULE, _share(BEFORE_FIP_RULE, 1.0), _plants(area_rule="old", scheme="FIP"))
    assert _days(orders.physical).tolist() == [365]


def test_caps_hold_for_every_plant_of_a_random_year():
    share = np.random.default_rng(1).uniform(0, 1, 17520) * (_sun(fiscal_year(TODAY)) > 0)
    for control in ("online", "offline"):
        orders = _orders(TODAY, share, _plants(10, area_rule="old", area_control=control))
        assert _days(orders.settled).max() <= 30
    assert _orders(TODAY, share, _plants(area_rule="new")).settled.sum() / 2 <= 360 + 1e-9


def test_proxies_offline_runs_on_and_online_is_cut_for_it():
    share = _share(BEFORE_FIP_RULE, 0.2)
    offline = _orders(BEFORE_FIP_RULE, share, _plants(area_control="offline"))
    assert not offline.physical.any() and _days(offline.settled)[0] > 10
    online = _orders(BEFORE_FIP_RULE, share, _plants())
    assert np.array_equal(online.settled[:, 0], share)
    assert online.physical[:, 0] == pytest.approx(share / 0.65)


def test_with_proxies_the_area_loses_as_much_as_it_wants():
    """65 online and 35 offline plants of the same size stand for the area: nothing is cut twice or not at all."""
    share = _share(BEFORE_FIP_RULE, 0.2)
    plants = pd.concat([_plants(65), _plants(35, area_control="offline").rename(index="q{}".format)])
    orders = _orders(BEFORE_FIP_RULE, share, plants)
    sun = _sun(fiscal_year(BEFORE_FIP_RULE))
    assert (sun @ orders.physical).sum() == pytest.approx(100 * (sun @ share))
    assert (sun @ orders.settled).sum() == pytest.approx(100 * (sun @ share), rel=0.02)


def test_there_are_no_proxies_for_wind():
    orders = _orders(TODAY, _share(TODAY, 0.2), _plants(kind="wind", area_control="offline"))
    assert np.array_equal(orders.physical, orders.settled) and orders.physical.any()


@pytest.mark.parametrize(("year", "fit", "fip"), [(BEFORE_FIP_RULE, 0.3, 0.3), (TODAY, 0.3 / 0.85, 0.0)])
def test_fit_before_fip_by_date(year, fit, fip):
    share = _share(year, 0.3)
    settled = [_orders(year, share, _plants(scheme=scheme)).settled.max() for scheme in ("FIT", "FIP", "non-FIT")]
    assert settled == pytest.approx([fit, fip, fip])
    assert fip > 0 or settled[1:] == [0.0, 0.0]


def test_fip_gives_way_when_no_fit_is_left():
    parts = rules_of(GOTO, fiscal_year(TODAY)).by_scheme(np.array([0.5, 0.782, 0.85]))
    assert parts["FIT"] == pytest.approx([0.5 / 0.85, 0.92, 0.92])
    assert parts["FIP"] == pytest.approx([0.0, 0.0, (0.85 - 0.85 * 0.92) / 0.15])
    assert 0.85 * parts["FIT"] + 0.15 * parts["FIP"] == pytest.approx([0.5, 0.782, 0.85])


def test_no_fit_before_fip_once_fip_has_grown():
    tables = with_inputs({"area_parameters": {"fip_share": 0.25}})
    parts = rules_of(tables, fiscal_year(TODAY)).by_scheme(np.array([0.5]))
    assert parts["FIT"] == parts["FIP"] == [0.5]


def test_exempt_and_uncontrolled_plants_and_other_kinds_are_left_alone():
    share = _share(TODAY, 1.0)
    for plants in (_plants(area_rule="exempt"), _plants(area_control="none"), _plants(kind="tidal")):
        orders = _orders(TODAY, share, plants)
        assert not orders.physical.any() and not orders.settled.any()


def test_an_added_plant_leaves_the_calls_of_others():
    share = _share(BEFORE_PROXIES, 0.3)
    few, more = (_orders(BEFORE_PROXIES, share, _plants(count, area_control="offline")) for count in (3, 9))
    assert np.array_equal(few.physical, more.physical[:, :3])
