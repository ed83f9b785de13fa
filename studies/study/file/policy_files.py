"""Policies by name: a shipped one, or a class in a user's Python file."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from studies.study.file.names import Assignment, nearest
from twin.core.errors import InputError, Problem
from twin.policies.catalogue import POLICIES, shipped_policy

if TYPE_CHECKING:
    from twin.policies.interface import Policy
    from twin.policies.running.process import OwnProcess, Walls


def policy_sources(name: str, folder: Path) -> dict[str, Path]:
    """Return the Python files of a policy: its own and those beside it that it imports, and so on.

    Files that it reads otherwise, like tables and weights, are not known.

    Parameters
    ----------
    name : str
        Name of a shipped policy, of which nothing is returned, or ``<file>.py:<class>``.
    folder : pathlib.Path
        What a relative path starts from.

    Returns
    -------
    dict of str to pathlib.Path
        By their path as in `name`.
    """
    if name in POLICIES:
        return {}
    file, _ = policy_file(name, folder)
    stated = Path(name.rpartition(":")[0] or name).parent
    found, left = {file}, [file]
    while left:
        new = set(_beside(left.pop())) - found
        found |= new
        left += new
    return {(stated / path.name).as_posix(): path for path in sorted(found)}


def _beside(file: Path) -> Iterator[Path]:
    """Yield the modules in the same folder that a file imports anywhere."""
    for node in ast.walk(ast.parse(file.read_bytes())):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module]
        for name in names:
            path = file.parent / f"{name.partition('.')[0]}.py"
            if path.is_file():
                yield path


KEY = "operation.policy"
_ENDING = ".py"


def policy_problems(assignments: Iterable[Assignment], folder: Path) -> Iterator[Problem]:
    """Yield what is wrong with the policies that a study names, each at the first place that names it.

    Parameters
    ----------
    assignments : iterable of (str, object, str)
        Every value of a study by dotted key, and its place in the file.
    folder : pathlib.Path
        Folder of the study file.
    """
    seen = {"", *POLICIES}  # a shipped one is not made here: pandas takes long
    for key, value, where in assignments:
        if key == KEY and isinstance(value, str) and value not in seen:
            seen.add(value)
            try:
                load_policy(value, folder, where)
            except InputError as error:
                yield from error.problems


def load_policy(
    name: str, folder: Path, where: str = f"[{KEY.replace('.', '] ')}", walls: Walls | None = None
) -> Policy:
    """Return the policy that a study names, a new one each time.

    Parameters
    ----------
    name : str
        Name of a shipped policy, or ``<file>.py:<class>``.
    folder : pathlib.Path
        What a relative path starts from.
    where : str
        Place of the name, for messages.
    walls : Walls, optional
        Shut the process of a user's file as far as the system can.

    Raises
    ------
    InputError
        If there is no such policy, or with all that keeps the class from being one.
    """
    if name in POLICIES:
        return shipped_policy(name)
    if _ENDING not in name:
        accepted = f"{', '.join(POLICIES)}, or my_policy.py:MyPolicy"
        raise InputError([Problem(f"{KEY} has an unknown value", where, repr(name), accepted, nearest(name, POLICIES))])
    file, class_name = policy_file(name, folder)
    return _described(file, class_name, file.read_bytes() if file.is_file() else b"", where, walls).under()


@cache
def _described(file: Path, class_name: str, content: bytes, where: str, walls: Walls | None) -> OwnProcess:
    """Return a policy of a file with some content; its class is made once to see that it is one."""
    from twin.policies.running.process import described  # takes longer to import than a study takes to check

    return described(file, class_name, where, walls)


def policy_file(name: str, folder: Path) -> tuple[Path, str]:
    """Return the file and the class that ``<file>.py:<class>`` names; the class is empty where it is left out."""
    path, _, class_name = name.rpartition(":")
    if not path.endswith(_ENDING):
        path, class_name = name, ""
    return (folder / path).resolve(), class_name
