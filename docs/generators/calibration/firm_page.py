"""Fills the numbers into the page on firm capacity."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from firm_capacity import (
    COINCIDENCES,
    DEMANDS_MW,
    FLEETS,
    WEATHER_YEARS,
    Ladder,
    contracts_mw,
    highest_ratings_mva,
    largest_coincidence,
    noon_minimum_mw,
    plan,
    zero_rating_mva,
)
from firm_rows import INTERTRIP_MW, MORE_MW, NOT_SPARE_MW, readings
from link_cable import rating_mva, submarine_sizes_mm2

LOOKED_AT = 25.0, 0.8
VARIED: dict[str, dict[str, float]] = {
    "as the tables have it": {},
    "compensator's set point 0.97 pu": {"svc_set_vm_pu": 0.97},
    "compensator's set point 1.04 pu": {"svc_set_vm_pu": 1.04},
    "one reactor in service instead of two": {"reactor_steps_in_service": 1},
    "special high voltage plants at power factor 0.95, absorbing": {"plant_power_factor_special_high": 0.95},
    "high voltage plants at power factor 0.95, absorbing": {"plant_power_factor_high": 0.95},
    "taps at Matsushima at -4": {"main_tap_position": -4},
    "source of 2 GVA at 0.98 pu": {"source_short_circuit_mva": 2000.0, "source_vm_pu": 0.98},
    "charging and impedance of 240 mm2": {"conductor_mm2": 240},
    "charging and impedance of 400 mm2": {"conductor_mm2": 400},
}


def written(template: Path) -> str:
    """Return the page from its template."""
    first, with_farm = FLEETS
    moved = [zero_rating_mva(first, *LOOKED_AT, values) for values in VARIED.values()]
    return template.read_text(encoding="utf-8").format(
        contracts="; ".join(f"{contracts_mw(fleet):.1f} MW ({fleet})" for fleet in FLEETS),
        largest=" and ".join(f"{largest_coincidence(fleet):.2f}" for fleet in FLEETS),
        noon_minimum=f"{noon_minimum_mw(first):.1f}",
        readings=_table(
            ("Assumed flow", "Rating by P22 from below, P21 from above, MVA", "Between conductors, mm2",
             "Short-time factor for 14 to 15 MW by inter-trip", "By inter-trip at 1.1 / 1.2, MW"),
            [(name, *_reading(ladder, state)) for name, (ladder, state) in readings().items()],
        ),
        sums="\n\n".join(f"{fleet}:\n\n{_sums(fleet)}" for fleet in FLEETS),
        weather_years=_table(
            ("Fleet", *(f"weather year {number}" for number in WEATHER_YEARS)),
            [
                (fleet, *(f"{mva:.1f}" for mva in highest_ratings_mva()[fleet]))
                for fleet in FLEETS
            ],
        ),
        band_2024=_band(first),
        band_farm=_band(with_farm),
        down_mva=f"{moved[0] - min(moved):.0f}",
        up_mva=f"{max(moved) - moved[0]:.0f}",
        varied=_table(
            ("Voltage plan", "Rating at which nothing is spare, MVA"),
            [(name, f"{mva:.1f}") for name, mva in zip(VARIED, moved, strict=True)],
        ),
    )  # fmt: skip


def _reading(ladder: Ladder, state: int) -> tuple[str, str, str, str]:
    low, high = (ladder.rating_mva(mw, state) for mw in (0.0, NOT_SPARE_MW))
    factors = [ladder.short_time_factor(low, mw, state) for mw in (INTERTRIP_MW, MORE_MW)]
    mw = [ladder.intertrip_mw(low, factor, state) for factor in (1.1, 1.2)]
    return (
        f"{low:.1f} to {high:.1f}",
        conductors(low),
        f"{factors[0]:.2f} to {factors[1]:.2f}",
        " / ".join(f"{value:.1f}" for value in mw),
    )


def conductors(mva: float) -> str:
    """Return the sizes of the cable table between whose ratings `mva` lies."""
    sizes = [int(area) for area in submarine_sizes_mm2()]
    above = [area for area in sizes if rating_mva(area) >= mva]
    below = [area for area in sizes if rating_mva(area) < mva]
    if not above:
        return f"above {below[-1]}"
    return f"{below[-1]} to {above[0]}" if below else f"below {above[0]}"


def _band(fleet: str) -> str:
    found = highest_ratings_mva()[fleet]
    return f"{min(found):.0f} to {max(found):.0f} MVA"


def _sums(fleet: str) -> str:
    ladders = plan(fleet)
    return _table(
        ("Demand, MW", *(f"{share:g} of contracts" for share in COINCIDENCES)),
        [
            (
                f"{demand:g}",
                *(f"{ladders.assumed.rating_mva(0.0, ladders.state(demand, share)):.1f}" for share in COINCIDENCES),
            )
            for demand in DEMANDS_MW
        ],
    )


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [" | ".join(head), " | ".join("---" for _ in head), *(" | ".join(row) for row in rows)]
    return "\n".join(f"| {line} |" for line in lines)
