"""Files that a user's policy is made of, for the manifest."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from studies.policy_files import policy_file
from twin.policies.catalogue import POLICIES


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
