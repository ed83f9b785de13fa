"""The same case with other policies or with further devices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from twin.devices.contract import Device
from twin.errors import Problem, raise_if_any
from twin.loop.case import Case
from twin.policies.interface import Policy


def under_policies(case: Case, m: int, policies: Sequence[Policy]) -> Case:
    """Return a case in which member `m` runs once under each policy, all in lock-step.

    Parameters
    ----------
    case : Case
    m : int
        Position of the member.
    policies : sequence of Policy

    Returns
    -------
    Case
        Its members are in the order of the policies.
    """
    copies = [m] * len(policies)
    return replace(
        case,
        members=tuple(replace(case.members[m], policy=policy) for policy in policies),
        export_limit_mw=case.export_limit_mw[copies],
        export_per_mw=case.export_per_mw[copies],
    )


def with_devices(case: Case, devices: Sequence[Device]) -> Case:
    """Return a case whose members have some devices beside those that they have already.

    Parameters
    ----------
    case : Case
    devices : sequence of Device
        A policy finds them at the end of `View.devices`, before the batteries beside plants.

    Raises
    ------
    InputError
        Where two devices of a member would have the same name, or a device's first state is not a row of numbers.
    """
    problems = []
    for device in devices:
        if device.name in {name for member in case.members for name in member.orderable}:
            repair = "give the device a name of its own"
            problems.append(Problem("two devices have the same name", type(device).__name__, device.name, "", repair))
        if np.asarray(device.initial()).ndim != 1:
            seen = str(np.asarray(device.initial()).shape)
            problems.append(Problem("the first state is no row of numbers", f"device {device.name}", seen, "(K,)"))
    raise_if_any(problems)
    members = tuple(replace(member, flexible=(*member.flexible, *devices)) for member in case.members)
    return replace(case, members=members)
