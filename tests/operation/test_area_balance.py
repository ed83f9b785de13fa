"""The area-balance order of a half-hour: by hand, from the shares in the profiles."""

from types import SimpleNamespace

import numpy as np

from twin.operation.operator import Order, order


def _order(obeys: list[bool], profile: list[int], t: int) -> Order:
    """Two weather years of two plants; the third unit is a group of sites."""
    shares = {
        "area_physical": np.array([[[0.0, 0.0], [0.5, 0.0]], [[0.0, 0.0], [0.0, 1.0]]]),
        "area_settled": np.array([[[0, 0], [0.2, 1.0]], [[0, 0], [0.0, 1.0]]]),
    }
    case = SimpleNamespace(
        truth=lambda name, step, member: shares[name][np.array(profile)[member], step],
        plants=2,
        operator=SimpleNamespace(obeys_area_balance=np.array(obeys, dtype=bool)),
    )
    return order(case, np.full(3, t), np.arange(3), REMAINING)


REMAINING = np.array([[10.0, 4.0, 3.0], [8.0, 2.0, 3.0], [10.0, 4.0, 3.0]])


def test_each_plant_loses_its_share_of_what_is_left_and_sites_nothing():
    found = _order([True, True, False], [0, 1, 0], 1)
    assert found.physical_mw.tolist() == [[5.0, 0.0, 0.0], [0.0, 2.0, 0.0], [0.0, 0.0, 0.0]]
    assert found.settled_mw.tolist() == [[2.0, 4.0, 0.0], [0.0, 2.0, 0.0], [0.0, 0.0, 0.0]]


def test_no_order_in_force():
    found = _order([True, True, True], [0, 1, 1], 0)
    assert not found.physical_mw.any() and not found.settled_mw.any()
