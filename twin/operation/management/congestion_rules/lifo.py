"""The last connected is cut first, wholly, before an earlier one gives anything: the rule of non-firm connections."""

from __future__ import annotations

import numpy as np

from twin.operation.case import Case


def order(case: Case, members: np.ndarray, unit_mw: np.ndarray, flow_per_infeed: np.ndarray) -> np.ndarray:
    """Return the place of each unit by its date of connection, the latest first, (R, U); equal dates share a cap.

    Site groups have no date of their own: they stand with the latest.
    """
    connected = case.model.plants["in_service_from"].to_numpy()
    latest_first = np.unique(connected)[::-1]
    place = np.zeros(unit_mw.shape[1], dtype=np.int64)
    place[: case.plants] = [int(np.flatnonzero(latest_first == date)[0]) for date in connected]
    return np.broadcast_to(place, unit_mw.shape).copy()
