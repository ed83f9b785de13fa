"""What a policy does beside deciding: files that it opens, connections and processes; told where Python sees it."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

READS, READS_OUTSIDE, WRITES, CONNECTS, STARTS = "reads", "reads outside its folder", "writes", "connects", "starts"
"""What is noticed; the first is no fault: what is read there belongs to the policy's files."""

Tell = Callable[[str, str], None]

_CHANGES = {"os.remove", "os.rename", "os.mkdir", "os.rmdir", "os.symlink", "os.link", "os.truncate", "os.chmod",
            "sqlite3.connect"}  # fmt: skip
_NETWORK = {"socket.connect", "socket.bind", "socket.sendto", "socket.sendmsg", "socket.getaddrinfo"}
_PROCESSES = {"subprocess.Popen", "os.system", "os.exec", "os.fork", "os.forkpty", "os.posix_spawn", "os.spawn",
              "os.startfile"}  # fmt: skip
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_OF_THE_SYSTEM = ("/usr", "/lib", "/lib64", "/etc", "/opt", "/sys", "/dev", "/proc/self", "/proc/cpuinfo",
                  "/proc/meminfo", "/proc/stat", "/proc/sys")  # fmt: skip


def watch(folder: Path, tell: Tell) -> None:
    """Tell from now on what this process does beside computing; a hook of Python cannot be taken away again.

    Files that libraries open in compiled code are not seen.

    Parameters
    ----------
    folder : pathlib.Path
        The policy's.
    tell : callable
        Called with what is noticed and of what, once each.
    """
    own, twin = os.path.realpath(folder), Path(__file__).resolve().parents[1]
    python = {os.path.realpath(place) for place in (sys.prefix, sys.base_prefix, sys.exec_prefix)}
    packages = {os.path.realpath(place) for place in sys.path if "-packages" in place or place.endswith(".zip")}
    allowed = (*python, *packages, str(twin), *_OF_THE_SYSTEM)
    told: set[tuple[str, str]] = set()

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        found = _noticed(event, arguments, own, allowed)
        if found is not None and found not in told:
            told.add(found)
            tell(*found)

    sys.addaudithook(hook)


def _noticed(event: str, arguments: tuple[Any, ...], own: str, allowed: tuple[str, ...]) -> tuple[str, str] | None:
    if event == "open":
        name, mode, flags = arguments
        if isinstance(name, int) or name is None:
            return None
        path = os.path.realpath(os.fsdecode(name))
        if (isinstance(mode, str) and set(mode) & set("wax+")) or (isinstance(flags, int) and flags & _WRITING):
            return None if path == os.devnull else (WRITES, path)
        if _lies_in(path, (own,)):
            return READS, path
        return None if _lies_in(path, allowed) else (READS_OUTSIDE, path)
    if event in _CHANGES:
        return WRITES, f"{event} {_text(arguments[0])}"
    if event in _NETWORK:
        return CONNECTS, f"{event} {' '.join(map(_text, arguments[1:] if 'addr' not in event else arguments))}"
    if event in _PROCESSES:
        return STARTS, f"{event} {_text(arguments[0]) if arguments else ''}".strip()
    return None


def _lies_in(path: str, places: tuple[str, ...]) -> bool:
    return any(path == place or path.startswith(place.rstrip(os.sep) + os.sep) for place in places)


def _text(value: object) -> str:
    return os.fsdecode(value) if isinstance(value, bytes | str) else str(value)
