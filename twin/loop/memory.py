"""What a policy remembers, as bytes in a checkpoint: a run that goes on decides as one that was never stopped."""

from __future__ import annotations

import pickle

import numpy as np

from twin.errors import InputError, Problem
from twin.policies.interface import Policy
from twin.policies.running import name_of


def remembered(policy: Policy, whose: str) -> np.ndarray:
    """Return a policy with its attributes as bytes.

    Parameters
    ----------
    policy : Policy
    whose : str
        Member, for the message.

    Raises
    ------
    InputError
        If it holds something that cannot be saved, e.g. an open file.
    """
    try:
        saved = pickle.dumps(policy)
    except Exception as error:  # whatever a user's attribute raises
        problem = Problem(
            "what the policy remembers cannot be saved, so a run could not go on after a stop",
            f"policy {name_of(policy)}, {whose}",
            f"{type(error).__name__}: {error}",
            "attributes that pickle can save: numbers, texts, arrays, lists, dictionaries",
            "open files, solvers and generators inside decide, or leave them out in __getstate__",
        )
        raise InputError([problem]) from error
    return np.frombuffer(saved, dtype=np.uint8)


def recalled(saved: np.ndarray) -> Policy:
    """Return the policy that `remembered` saved."""
    policy: Policy = pickle.loads(saved.tobytes())  # noqa: S301 - written by this run
    return policy
