"""Walls of a policy's process that the system itself holds.

Python's own notices (`twin.policies.running.watch`) can be got round by a policy that changes Python. What is shut
here can not be: the kernel refuses it, in compiled code and in programs that the policy starts too. Linux only; where
the kernel lacks a wall, it is not in the list of those that hold.
"""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

SHUT = "shut"
"""Asks a policy's process to shut its walls."""
FILES, NETWORK, SIGNALS = "files", "network", "signals"
"""What is shut: files but those to read, and other processes' memory; connections and shared memory; signals."""

_ROOT = Path(__file__).resolve().parents[3]
THE_TOOLS = tuple(_ROOT / name for name in ("weather", "studies", "network_models", "reports"))
"""Packages of this project from which a policy could make the weather of a run."""
_OF_THE_SYSTEM = (
    "/usr", "/lib", "/lib64", "/etc", "/sys", "/proc/self", "/proc/cpuinfo", "/proc/meminfo", "/proc/stat", "/proc/sys",
    "/dev/null", "/dev/zero", "/dev/random", "/dev/urandom",
)  # fmt: skip


def open_places(own: Path) -> tuple[str, ...]:
    """Return what a policy may read beside its own folder: Python, installed packages and the system's files."""
    python = {os.path.realpath(place) for place in (sys.prefix, sys.base_prefix, sys.exec_prefix)}
    packages = {os.path.realpath(place) for place in sys.path if "-packages" in place or place.endswith(".zip")}
    system = (os.path.realpath(place) for place in _OF_THE_SYSTEM)
    return (*sorted(python | packages), str(_ROOT / "twin"), *system, os.path.realpath(own))


def lies_in(path: str, places: Sequence[str]) -> bool:
    """Return whether a real path is one of some places or below one."""
    return any(path == place or path.startswith(place.rstrip(os.sep) + os.sep) for place in places)


def shut_network() -> list[str]:
    """Take away network devices, and memory and queues shared with others; before anything starts a thread.

    Returns
    -------
    list of str
        What holds: `NETWORK`, or nothing where the system has no such wall.
    """
    if sys.platform != "linux":
        return []
    libc = ctypes.CDLL(None, use_errno=True)
    return [NETWORK] if any(libc.unshare(flags) == 0 for flags in (_NO_NETWORK, _NO_NETWORK | _NEW_USER)) else []


_NO_NETWORK, _NEW_USER = 0x40000000 | 0x08000000, 0x10000000
"""Flags of `unshare`; without the rights of an administrator it needs a name space of users too."""
_CREATE_RULES, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
"""System calls of Landlock, the same on all processors."""
_VERSION, _BENEATH, _NO_NEW_PRIVILEGES = 1, 1, 38
_WRITE_FILE, _READ_FILE, _READ_FOLDER = 1 << 1, 1 << 2, 1 << 3
_RIGHTS_OF_VERSION = (0, (1 << 13) - 1, (1 << 14) - 1, (1 << 15) - 1)
"""Rights to files that each version of Landlock knows: execute, read, write, make, remove; refer; truncate."""
_TCP, _SCOPES = 0b11, 0b11
"""Bind and connect, from version 4; abstract sockets and signals, from version 6."""


_OWN_MOUNTS, _PRIVATE = 0x20000, 0x4000 | 0x40000
_CHANGE_MOUNT, _HERE, _RECURSIVE, _READ_ONLY = 442, -100, 0x8000, 1
"""System call `mount_setattr` and its arguments."""


class _Mount(ctypes.Structure):
    _fields_ = tuple((name, ctypes.c_uint64) for name in ("set", "clear", "propagation", "users"))


class _Rules(ctypes.Structure):
    _fields_ = (("files", ctypes.c_uint64), ("tcp", ctypes.c_uint64), ("scopes", ctypes.c_uint64))


class _Beneath(ctypes.Structure):
    _pack_ = 1
    _fields_ = (("allowed", ctypes.c_uint64), ("folder", ctypes.c_int32))


def shut_files(places: Sequence[str], kept_from: Sequence[str]) -> list[str]:
    """Let this process and its children read some places only, and write nowhere; it cannot be opened again.

    Parameters
    ----------
    places : sequence of str
        May be read.
    kept_from : sequence of str
        May not be read though they lie in one of the places.

    Returns
    -------
    list of str
        What holds: of `FILES` and `SIGNALS`.
    """
    if sys.platform != "linux":
        return []
    libc = ctypes.CDLL(None, use_errno=True)
    version = libc.syscall(_CREATE_RULES, None, ctypes.c_size_t(0), ctypes.c_uint32(_VERSION))
    if version < 1:
        return []
    handled = _RIGHTS_OF_VERSION[min(version, len(_RIGHTS_OF_VERSION) - 1)]
    rules = _Rules(handled, _TCP if version >= 4 else 0, _SCOPES if version >= 6 else 0)
    size = ctypes.sizeof(_Rules) if version >= 6 else 16 if version >= 4 else 8
    made = libc.syscall(_CREATE_RULES, ctypes.byref(rules), ctypes.c_size_t(size), ctypes.c_uint32(0))
    if made < 0:
        return []
    for path, rights in _allowed(places, kept_from):
        try:
            descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)  # type: ignore[attr-defined,unused-ignore]
        except OSError:  # not on this system
            continue
        rule = _Beneath(rights & handled, descriptor)
        libc.syscall(_ADD_RULE, made, _BENEATH, ctypes.byref(rule), ctypes.c_uint32(0))
        os.close(descriptor)
    _make_unchangeable(libc)
    libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    is_shut = libc.syscall(_RESTRICT_SELF, made, ctypes.c_uint32(0)) == 0
    os.close(made)
    return [FILES, *([SIGNALS] if version >= 6 else [])] if is_shut else []


def _make_unchangeable(libc: ctypes.CDLL) -> None:
    """Let this process see all file systems as read-only, so that dates of files carry nothing to other processes.

    Where the system does not let it, Landlock refuses contents all the same.
    """
    if libc.unshare(_OWN_MOUNTS) == 0 and libc.mount(b"none", b"/", None, ctypes.c_ulong(_PRIVATE), None) == 0:
        read_only = _Mount(_READ_ONLY, 0, 0, 0)
        size = ctypes.c_size_t(ctypes.sizeof(_Mount))
        libc.syscall(_CHANGE_MOUNT, _HERE, b"/", ctypes.c_uint(_RECURSIVE), ctypes.byref(read_only), size)


def _allowed(places: Sequence[str], kept_from: Sequence[str]) -> Iterator[tuple[str, int]]:
    """Yield paths and the rights to what lies beneath them."""
    for place in places:
        below = [kept for kept in kept_from if kept != place and lies_in(kept, (place,))]
        if not below:
            is_folder = os.path.isdir(place)  # noqa: PTH112 - a real path as text
            writes = _WRITE_FILE if place == os.devnull else 0
            yield place, _READ_FILE | writes | (_READ_FOLDER if is_folder else 0)
            continue
        yield place, _READ_FOLDER  # names, so that modules beside the policy are found; no contents
        inside = [entry.path for entry in os.scandir(place) if not entry.is_symlink()]  # a link may lead elsewhere
        yield from _allowed([path for path in inside if path not in below], below)
