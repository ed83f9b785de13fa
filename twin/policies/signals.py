"""Signals to flexible devices by name; a member may have none of them."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from twin.policies.interface import Dispatch, View


def order(plan: Dispatch, view: View, names: Iterable[str], signal_pu: np.ndarray) -> None:
    """Write a signal to those of the named devices that the member has.

    Parameters
    ----------
    plan : Dispatch
        Its `device_pu` is changed.
    view : View
    names : iterable of str
    signal_pu : numpy.ndarray, (H,)
        Within -1 .. 1.
    """
    for name in names:
        if name in view.devices:
            plan.device_pu[:, view.devices.index(name)] = signal_pu


def stored_mwh(view: View, name: str) -> float:
    """Return what a device holds, 0 where the member has none of it."""
    return float(view.device_stored_mwh[view.devices.index(name)]) if name in view.devices else 0.0
