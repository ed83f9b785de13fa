"""Policies by name: a shipped one, or a class in a user's Python file."""

from __future__ import annotations

from pathlib import Path

from twin.errors import InputError, Problem
from twin.policies.interface import Policy
from twin.policies.rules import POLICIES


def load_policy(name: str, folder: Path) -> Policy:
    """Return the policy that a study names.

    Parameters
    ----------
    name : str
        Name of a shipped policy, or ``<file>.py:<class>``.
    folder : pathlib.Path
        What a relative path starts from.

    Raises
    ------
    InputError
        If there is no such policy.
    """
    if name in POLICIES:
        return POLICIES[name]
    accepted = f"one of {', '.join(POLICIES)}, or my_policy.py:MyPolicy"
    raise InputError([Problem("there is no such policy", "[operation] policy", name, accepted)])
