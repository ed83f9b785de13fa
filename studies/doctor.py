"""What `goto-twin doctor` shows: versions, fonts, folders and compiled kernels, and how to repair what is missing."""

from __future__ import annotations

import importlib.util
import os
import platform
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from studies.execution.provenance import SOURCE_ROOT, code_version, package_versions

OLDEST_PYTHON = (3, 11)


@dataclass(frozen=True)
class Finding:
    """One line of the doctor's answer; `repair` is empty when all is well."""

    what: str
    value: str
    repair: str = ""


def examine() -> list[Finding]:
    """Return what was found, in the order in which it is shown."""
    version = code_version()
    commit = f", commit {version['git_commit'][:12]}" if "git_commit" in version else ""
    return [
        Finding("goto-twin", f"{version['version']}{commit}"),
        _python(),
        Finding("system", platform.platform()),
        Finding("processors", str(os.cpu_count())),
        *(_package(name, number) for name, number in package_versions().items()),
        _japanese_font(),
        _writable("results folder", Path.cwd() / "runs"),
        _writable("cache of compiled kernels", _kernel_cache()),
        _compiled_kernels(),
    ]


def _python() -> Finding:
    old = sys.version_info[:2] < OLDEST_PYTHON
    return Finding("Python", platform.python_version(), "install Python 3.11 or newer" if old else "")


def _package(name: str, number: str | None) -> Finding:
    return Finding(name, number or "missing", "" if number else "run `make setup`, or pip install -r requirements.lock")


def _japanese_font() -> Finding:
    """IPAexGothic comes inside the package matplotlib-fontja; it is found without importing matplotlib."""
    spec = importlib.util.find_spec("matplotlib_fontja")
    fonts = [
        font for place in (spec.submodule_search_locations or [] if spec else []) for font in Path(place).rglob("*.ttf")
    ]
    return Finding("Japanese font", fonts[0].name if fonts else "missing", "" if fonts else "install matplotlib-fontja")


def _kernel_cache() -> Path:
    """Return where numba keeps compiled kernels: NUMBA_CACHE_DIR, else beside the sources."""
    return Path(os.environ.get("NUMBA_CACHE_DIR") or SOURCE_ROOT / "twin")


def _compiled_kernels() -> Finding:
    kernels = list(_kernel_cache().rglob("*.nbi"))
    return Finding("compiled kernels", f"{len(kernels)} files" if kernels else "none yet: the first run compiles them")


def _writable(what: str, folder: Path) -> Finding:
    """Try to write into `folder`, or into the nearest folder above it that exists."""
    existing = next(place for place in (folder, *folder.parents) if place.is_dir())
    try:
        with tempfile.TemporaryFile(dir=existing):
            return Finding(what, str(folder))
    except OSError as error:
        return Finding(what, f"{folder}: {error}", f"make {existing} writable or work in another folder")
