"""What the numbers were measured on."""

from __future__ import annotations

import datetime
import os
import platform
from importlib.metadata import version
from pathlib import Path

PACKAGES = (
    *("goto-twin", "pandapower", "numpy", "scipy", "numba", "power-grid-model", "power-grid-model-io"),
    *("lightsim2grid", "opendssdirect.py", "dss-python-backend"),
)
_GB_PER_KB = 1 / 1024**2


def facts() -> dict[str, str]:
    """Return date, machine and load."""
    memory_kb = int(_field(Path("/proc/meminfo"), "MemTotal").split()[0])
    return {
        "Date": f"{datetime.datetime.now(datetime.UTC):%Y-%m-%d %H:%M} UTC",
        "Processor": f"{_field(Path('/proc/cpuinfo'), 'model name')}, {os.cpu_count()} cores",
        "Memory": f"{memory_kb * _GB_PER_KB:.1f} GB",
        "System": f"{platform.system()} {platform.release()}, Python {platform.python_version()}",
        "Load before the run": f"{os.getloadavg()[0]:.2f}",
        "Versions": ", ".join(f"{package} {version(package)}" for package in PACKAGES),
    }


def _field(path: Path, name: str) -> str:
    for line in path.read_text().splitlines():
        if line.startswith(name):
            return line.split(":", 1)[1].strip()
    return "unknown"
