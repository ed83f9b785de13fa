"""``python -m benchmarks [--quick]``: race, then write RESULTS.md (quick: print only)."""

from __future__ import annotations

import argparse
import sys
import warnings
from importlib.util import find_spec
from pathlib import Path

PEERS = {
    "power_grid_model": "power-grid-model",
    "power_grid_model_io": "power-grid-model-io",
    "lightsim2grid": "lightsim2grid",
    "opendssdirect": "opendssdirect.py",
}
RESULTS = Path(__file__).with_name("RESULTS.md")
_NOT_INSTALLED = 2


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="few steps and repeats, printed and not written")
    quick = parser.parse_args().quick
    missing = [package for module, package in PEERS.items() if find_spec(module) is None]
    if missing:
        print(f"not installed: {', '.join(missing)}; `make bench` sets them up", file=sys.stderr)
        return _NOT_INSTALLED
    warnings.filterwarnings("ignore")
    from benchmarks.report import FULL, QUICK, report

    text = report(QUICK if quick else FULL)
    if quick:
        print(text)
    else:
        RESULTS.write_text(text, encoding="utf-8")
        print(f"written: {RESULTS}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
