"""The quality report of a weather file as text."""

from __future__ import annotations

import math

from weather.quality import FileQuality

LABELS = {
    "irradiation_kwh_per_m2": "global irradiation of the period, kWh/m2",
    "irradiation_kwh_per_m2_year": "the same in a year (gaps filled as clear as the rest), kWh/m2",
    "irradiation_brought_kwh_per_m2": "global irradiation on the study's year, kWh/m2",
    "irradiation_over_normal": "yearly irradiation over the normal of the place",
    "share_of_clear_sky": "share of the clear-sky irradiation",
    "share_of_extraterrestrial": "share of the irradiation above the atmosphere",
    "clearest_hours_of_clear_sky": "clearest hours over the clear sky (99 % quantile)",
    "dull_days_share": "share of dull days (below 0.4 of the clear sky)",
    "clear_days_share": "share of clear days (above 0.7)",
    "clock_offset_hours": "sun of the file later than the sun of the place, h",
    "clock_offset_summer_hours": "the same, May to September, h",
    "clock_offset_winter_hours": "the same, November to February, h",
    "temperature_minus_normal_c": "temperature less the normal of the place, C",
}


def quality_text(quality: FileQuality) -> str:
    """Return the report of one file for a person to read."""
    place = quality.place
    lines = [f"{quality.file.path} ({quality.file.format}) at {place.place_id}, {place.latitude} N {place.longitude} E"]
    if quality.variables:
        kind = "a standard year" if quality.is_standard_year else "a measured period"
        lines.append(f"  {kind} in steps of {quality.interval_minutes:g} minutes, read as Japan time")
        lines.append(f"  from {quality.period[0]} to {quality.period[1]}")
        counts = f"{'values':>8}{'missing':>9}{'doubled':>9}{'filled':>8}{'stuck':>7}"
        lines += ["", f"  {'variable':12}{counts}  least, mean, greatest"]
        for one in quality.variables:
            numbers = f"{one.values:8d}{one.missing:9d}{one.doubled:9d}{one.filled:8d}{one.stuck:7d}"
            span = f"{one.least:.1f} ({one.least_at[:16]}), {one.mean:.1f}, {one.greatest:.1f} ({one.greatest_at[:16]})"
            lines.append(f"  {one.name:12}{numbers}  {span}")
    figures = {name: value for name, value in quality.figures.items() if not math.isnan(value)}
    if figures:
        lines += ["", *(f"  {LABELS[name]:66}{value:10.3f}" for name, value in figures.items())]
    if quality.done:
        lines += ["", f"  brought onto fiscal year {quality.fiscal_year}:", *(f"  - {done}" for done in quality.done)]
    if quality.problems:
        lines += ["", f"  {len(quality.problems)} problem(s):"]
        lines += [f"  - {line}" for problem in quality.problems for line in str(problem).split("\n")]
        lines = [line.replace("  -     ", "      ") for line in lines]
    else:
        lines += ["", "  no problem found: the file can be used"]
    return "\n".join(lines) + "\n"
