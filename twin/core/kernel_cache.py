"""Where compiled kernels are kept when neither the sources' folders nor the user's cache folder can be written."""

from __future__ import annotations

import os
import stat
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

VARIABLE = "NUMBA_CACHE_DIR"


def keep_kernels(package: Path) -> None:
    """See to it that numba has a folder for the compiled kernels of a package; without one it refuses to import them.

    numba keeps them beside the sources, else in the user's cache folder. Where it can write to neither, as in a
    read-only installation without a home, they go to a folder of this user among the temporary files.

    Parameters
    ----------
    package : pathlib.Path
        Folder of the sources.
    """
    if any(_can_write(folder) for folder in _usual_folders(package)):
        return
    folder = _own_temporary_folder(package.name)
    os.environ[VARIABLE] = str(folder)
    if "numba" in sys.modules:  # it has read its environment already
        sys.modules["numba"].config.CACHE_DIR = str(folder)


def _usual_folders(package: Path) -> Iterator[Path]:
    """Yield the folders where numba looks, in its order."""
    if os.environ.get(VARIABLE):
        yield Path(os.environ[VARIABLE])
    yield package / "__pycache__"
    if os.name == "posix" and sys.platform != "darwin":
        yield Path(os.environ.get("XDG_CACHE_HOME") or Path("~/.cache").expanduser()) / "numba"


def _can_write(folder: Path) -> bool:
    """Tell whether a folder is there, or can be made, and takes a file: numba's own test."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
    except (OSError, RuntimeError):
        return False
    return True


def _own_temporary_folder(name: str) -> Path:
    """Return a folder that nobody else can write to: what lies in it is executed."""
    user = str(os.getuid()) if hasattr(os, "getuid") else "user"
    folder = Path(tempfile.gettempdir()) / f"{name}-kernels-{user}"
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        found = folder.lstat()
    except OSError:
        return Path(tempfile.mkdtemp(prefix=f"{name}-kernels-"))
    is_ours = not hasattr(os, "getuid") or found.st_uid == os.getuid()
    if stat.S_ISDIR(found.st_mode) and is_ours and not found.st_mode & 0o022:
        return folder
    return Path(tempfile.mkdtemp(prefix=f"{name}-kernels-"))
