"""What a policy does beside deciding: files that it opens, connections and processes; told where Python sees it."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from twin.policies.running.walls import lies_in, open_places

READS, READS_OUTSIDE, WRITES, CONNECTS, STARTS = "reads", "reads outside its folder", "writes", "connects", "starts"
"""What is noticed; the first is no fault: what is read there belongs to the policy's files."""

Tell = Callable[[str, str], None]

_CHANGES = ("os.remove", "os.rename", "os.mkdir", "os.rmdir", "os.symlink", "os.link", "os.truncate", "os.chmod",
            "os.chown", "os.utime", "os.setxattr", "os.removexattr", "os.lockf", "fcntl.flock", "fcntl.lockf",
            "sqlite3.connect")  # fmt: skip
_NETWORK = ("socket.connect", "socket.bind", "socket.sendto", "socket.sendmsg", "socket.getaddrinfo")
_PROCESSES = ("subprocess.Popen", "os.system", "os.exec", "os.fork", "os.forkpty", "os.posix_spawn", "os.spawn",
              "os.startfile", "os.kill", "os.killpg")  # fmt: skip
_STARTING_MODULES = ("multiprocessing.popen_spawn_posix", "multiprocessing.popen_forkserver")
"""They start programs without telling it."""
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


def watch(folder: Path, tell: Tell, kept_from: Sequence[str] = ()) -> None:
    """Tell from now on what this process does beside computing; a hook of Python cannot be taken away again.

    Files that libraries open in compiled code are not seen, and a policy that changes Python's own objects can silence
    the hook: what the system itself refuses is in `twin.policies.running.walls`.

    Parameters
    ----------
    folder : pathlib.Path
        The policy's.
    tell : callable
        Called with what is noticed and of what, once each.
    kept_from : sequence of str
        Places that it may not read though they lie in its folder.
    """
    own, allowed = os.path.realpath(folder), (*open_places(folder), *map(os.path.realpath, ("/proc/self", "/dev/fd")))
    told: set[tuple[str, str]] = set()

    def hook(event: str, arguments: tuple[Any, ...], noticed: Callable[..., tuple[str, str] | None] = _noticed) -> None:
        found = noticed(event, arguments, own, allowed, kept_from)
        if found is not None and found not in told:
            told.add(found)
            tell(*found)

    sys.addaudithook(hook)


def _noticed(
    event: str, arguments: tuple[Any, ...], own: str, allowed: Sequence[str], kept_from: Sequence[str]
) -> tuple[str, str] | None:
    if event == "open":
        name, mode, flags = arguments
        if isinstance(name, int) or name is None:
            return None
        path = os.path.realpath(os.fsdecode(name))
        if (isinstance(mode, str) and set(mode) & set("wax+")) or (isinstance(flags, int) and flags & _WRITING):
            return None if path == os.devnull else (WRITES, path)
        return _read(path, own, allowed, kept_from)
    if event in ("os.listdir", "os.scandir") and isinstance(arguments[0], str | bytes):
        found = _read(os.path.realpath(os.fsdecode(arguments[0])), own, allowed, kept_from)
        return None if found is None or found[0] == READS else found
    if event == "import":
        return (STARTS, f"import {arguments[0]}") if arguments[0] in _STARTING_MODULES else None
    if event in _CHANGES:
        return WRITES, f"{event} {_text(arguments[0])}"
    if event in _NETWORK:
        return CONNECTS, f"{event} {' '.join(map(_text, arguments[1:] if 'addr' not in event else arguments))}"
    if event in _PROCESSES:
        return STARTS, f"{event} {_text(arguments[0]) if arguments else ''}".strip()
    return None


def _read(path: str, own: str, allowed: Sequence[str], kept_from: Sequence[str]) -> tuple[str, str] | None:
    """Return what is to be said of reading a real path."""
    if lies_in(path, kept_from):
        return READS_OUTSIDE, path
    if lies_in(path, (own,)):
        return READS, path
    return None if lies_in(path, allowed) else (READS_OUTSIDE, path)


def _text(value: object) -> str:
    return os.fsdecode(value) if isinstance(value, bytes | str) else str(value)
