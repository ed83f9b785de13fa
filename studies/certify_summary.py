"""What ``goto-twin certify`` prints: the verdict and the scores, from the certificate's own numbers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from studies.output import CERTIFICATE_FILE
from twin.units import JPY_PER_MILLION


def summary_lines(folder: Path) -> Iterator[str]:
    """Yield the lines for the terminal."""
    record = json.loads((folder / CERTIFICATE_FILE).read_text(encoding="utf-8"))
    failed = [criterion["name"] for criterion in record["verdict"] if not criterion["passed"]]
    yield f"Policy {record['policy']}: " + (f"FAILED: {', '.join(failed)}" if failed else "passed all criteria")
    for level in record["levels"]:
        yield f"forecast error x {level['error_factor']:g}: " + "; ".join(_scores(level["scores"]))


def _scores(scores: dict[str, Any]) -> Iterator[str]:
    for name, unit, per in (("energy", "MWh", 1.0), ("value", "million JPY", JPY_PER_MILLION)):
        found = scores[name]
        difference = found["difference"]
        text = f"{name} {found['mean'] / per:,.1f} {unit}, {difference['mean'] / per:+,.2f} against none"
        if difference["low"] is not None:
            text += f" ({difference['low'] / per:+,.2f} to {difference['high'] / per:+,.2f})"
            text += "" if difference["is_distinguishable"] else ", not distinguishable"
        for key, what in (("percent_of_bound", "of the bound"), ("percent_of_gain", "of what was to be gained")):
            text += "" if found[key] is None else f", {found[key]:.1f} % {what}"
        yield text
