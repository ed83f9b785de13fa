"""What stands in a record's inputs in place of what was not measured, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reports.document.texts import Words


def substitutes(record: Mapping[str, Any], words: Words) -> list[str]:
    """Return a sentence for each: forecasts of demand by persistence, irradiance of sunshine hours.

    Parameters
    ----------
    record : mapping
        ``study.json``, ``certificate.json`` or ``uncertainty.json``.
    words : Words
    """
    found = record.get("substitutes", {})
    hours, places = found.get("persisted_forecast_hours", 0), found.get("sunshine_places", [])
    names = words("list.separator").join(words.of(place, "name") for place in places)
    forecast = [words("not_covered.forecast", hours=hours)] if hours else []
    return forecast + ([words("not_covered.sunshine", places=names)] if places else [])
