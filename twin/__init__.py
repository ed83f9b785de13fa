"""The engine: profiles, closed loop, results, key figures; imports none of the other packages.

`BatchPowerFlow` and `SecurityAnalysis` are loaded when they are first used, because pandapower takes seconds to import.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from twin.network.batch import BatchPowerFlow as BatchPowerFlow
    from twin.security.analysis import SecurityAnalysis as SecurityAnalysis

_PUBLIC = {
    "BatchPowerFlow": "twin.network.batch",
    "SecurityAnalysis": "twin.security.analysis",
}


def __getattr__(name: str) -> Any:  # noqa: ANN401 - PEP 562
    if name not in _PUBLIC:
        raise AttributeError(f"module 'twin' has no attribute {name!r}")
    return getattr(import_module(_PUBLIC[name]), name)
