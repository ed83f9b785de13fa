"""Compiled kernels find a place where neither the sources' folder nor the user's cache folder can be written."""

import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from twin.core.kernel_cache import VARIABLE, keep_kernels

PACKAGE = Path(__file__).parents[2] / "twin"
KERNELS = """
import twin, numpy as np
from twin.core.row_arrays import sum_at
print(sum_at(np.ones((2, 3)), np.zeros(3, dtype=np.int64), 1).tolist())
"""


@pytest.fixture
def nowhere(tmp_path, monkeypatch):
    """A package and a home whose cache folders are files: for no user, root among them, can they be made."""
    package, home, temporary = tmp_path / "package", tmp_path / "home", tmp_path / "temporary"
    package.mkdir()
    temporary.mkdir()
    for file in (package / "__pycache__", home):
        file.write_text("")
    for name, value in {"HOME": home, "XDG_CACHE_HOME": home / "cache", "TMPDIR": temporary}.items():
        monkeypatch.setenv(name, str(value))
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    monkeypatch.setenv(VARIABLE, "")
    return package, temporary


def test_a_package_that_can_be_written_keeps_its_kernels(tmp_path, monkeypatch):
    monkeypatch.setenv(VARIABLE, "")
    keep_kernels(tmp_path)
    assert not os.environ[VARIABLE]


def test_kernels_of_a_package_that_cannot_be_written_lie_in_an_own_temporary_folder(nowhere):
    package, temporary = nowhere
    keep_kernels(package)
    chosen = Path(os.environ[VARIABLE])
    assert chosen.parent == temporary
    assert stat.S_IMODE(chosen.stat().st_mode) == 0o700
    os.environ[VARIABLE] = ""
    keep_kernels(package)
    assert Path(os.environ[VARIABLE]) == chosen


def test_a_temporary_folder_that_others_can_write_to_is_not_trusted(nowhere):
    package, _ = nowhere
    keep_kernels(package)
    first = Path(os.environ[VARIABLE])
    first.chmod(0o777)
    os.environ[VARIABLE] = ""
    keep_kernels(package)
    assert Path(os.environ[VARIABLE]) != first


@pytest.mark.slow
def test_kernels_compile_once_in_an_installation_that_cannot_be_written(nowhere, tmp_path):
    """A copy of the package with a file in place of each cache folder: numba alone refuses to import it."""
    _, temporary = nowhere
    copy = tmp_path / "site" / "twin"
    shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    for folder in (copy, *(path for path in copy.rglob("*") if path.is_dir())):
        (folder / "__pycache__").write_text("")
    environment = os.environ | {"PYTHONPATH": str(copy.parent), "PYTHONDONTWRITEBYTECODE": "1"}

    def run(code):
        return subprocess.run(
            [sys.executable, "-c", code], env=environment, cwd=tmp_path, capture_output=True, text=True, check=False
        )

    first, again = run(KERNELS), run(KERNELS)
    assert (first.stdout, again.stdout) == ("[[3.0], [3.0]]\n",) * 2, first.stderr
    assert len(list(temporary.rglob("*.nbi"))) == 1
    refused = run(KERNELS.replace("import twin,", "import sys, types; sys.modules['twin'] = types.ModuleType('twin'); "
                                  f"sys.modules['twin'].__path__ = ['{copy}']; import"))  # fmt: skip
    assert "no locator available" in refused.stderr
