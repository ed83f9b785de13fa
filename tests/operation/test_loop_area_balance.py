"""The area-balance order of a half-hour: by hand, from the shares in the profiles."""

from types import SimpleNamespace

import numpy as np

from twin.operation.operator import order


def _case(obeys: list[bool], profile: list[int]) -> SimpleNamespace:
    """Two weather years of two plants; the third unit is a group of sites."""
    years = [
        SimpleNamespace(area_physical=np.array([[0.0, 0.0], [0.5, 0.0]]), area_settled=np.array([[0, 0], [0.2, 1.0]])),
        SimpleNamespace(area_physical=np.array([[0.0, 0.0], [0.0, 1.0]]), area_settled=np.array([[0, 0], [0.0, 1.0]])),
    ]
    profiles = tuple((year, None) for year in years)
    operator = SimpleNamespace(obeys_area_balance=np.array(obeys, dtype=bool))
    return SimpleNamespace(profiles=profiles, profile=np.array(profile), plants=2, operator=operator)


REMAINING = np.array([[10.0, 4.0, 3.0], [8.0, 2.0, 3.0], [10.0, 4.0, 3.0]])


def test_each_plant_loses_its_share_of_what_is_left_and_sites_nothing():
    found = order(_case([True, True, False], [0, 1, 0]), 1, REMAINING)
    assert found.physical_mw.tolist() == [[5.0, 0.0, 0.0], [0.0, 2.0, 0.0], [0.0, 0.0, 0.0]]
    assert found.settled_mw.tolist() == [[2.0, 4.0, 0.0], [0.0, 2.0, 0.0], [0.0, 0.0, 0.0]]


def test_no_order_in_force():
    found = order(_case([True, True, True], [0, 1, 1]), 0, REMAINING)
    assert not found.physical_mw.any() and not found.settled_mw.any()
