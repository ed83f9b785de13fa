"""The engine: profiles, closed loop, results, key figures; imports none of the other packages.

`BatchPowerFlow`, `SecurityAnalysis` and `open_run` are loaded when first used: pandapower takes seconds to import.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from twin.core.kernel_cache import keep_kernels

if TYPE_CHECKING:
    from twin.metrics.run_folder import open_run as open_run
    from twin.network.batch import BatchPowerFlow as BatchPowerFlow
    from twin.security.analysis import SecurityAnalysis as SecurityAnalysis

keep_kernels(Path(__file__).parent)  # before any module with kernels is imported

_PUBLIC = {
    "BatchPowerFlow": "twin.network.batch",
    "SecurityAnalysis": "twin.security.analysis",
    "open_run": "twin.metrics.run_folder",
}


def __getattr__(name: str) -> Any:  # noqa: ANN401 - PEP 562
    if name not in _PUBLIC:
        raise AttributeError(f"module 'twin' has no attribute {name!r}")
    return getattr(import_module(_PUBLIC[name]), name)
