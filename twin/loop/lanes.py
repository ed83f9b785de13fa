"""Members with the same flexible devices run in one lane."""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from twin.devices.contract import Device
from twin.loop.member import Member


@dataclass(frozen=True)
class Lane:
    """Members (`rows`) with the same devices, and the columns of state that each device has."""

    rows: np.ndarray
    devices: tuple[Device, ...]
    columns: tuple[slice, ...]


def lanes_of(members: Sequence[Member]) -> tuple[Lane, ...]:
    """Return the members with flexible devices, those with equal ones together."""
    alike: dict[bytes, list[int]] = {}
    for m, member in enumerate(members):
        if member.flexible:
            alike.setdefault(pickle.dumps(member.flexible), []).append(m)
    lanes = []
    for rows in alike.values():
        devices = members[rows[0]].flexible
        ends = np.cumsum([0, *(len(device.initial()) for device in devices)])
        columns = tuple(slice(int(a), int(b)) for a, b in pairwise(ends))
        lanes.append(Lane(np.array(rows), devices, columns))
    return tuple(lanes)
