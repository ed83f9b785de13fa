"""Rows of the calibration record: what rating of the link makes P21 and P22 true (docs/validation/firm_capacity.md)."""

from __future__ import annotations

from pathlib import Path

from firm_capacity import FLEETS, Ladder, plan
from firm_figure import drawn
from link_cable import rating_mva
from rows import Figure, Row

from reports.document import style

TOPIC = "Firm capacity and inter-trip (P21, P22)"

NOT_SPARE_MW, INTERTRIP_MW, MORE_MW = 1.0, 14.0, 15.0
"""P21 is true below the first; P22 (14 MW as the most) between the other two."""
CABLES_MM2 = (240, 400)
FACTOR = 1.1
"""The default short-time factor."""


def rows(data: Path | None) -> list[Row]:
    """Return the rows; `data` is not needed."""
    return [*_ratings(), *_spare(), *_intertrip()]


def figures(folder: Path, data: Path | None) -> list[Figure]:
    """Draw spare capacity and inter-trip over the rating."""
    path = folder / "firm_capacity.svg"
    with style.look():
        path.write_bytes(style.svg(drawn()))
    return [Figure(path, "Rating of the link, spare firm capacity of 2024 (P21) and capacity by inter-trip (P22)")]


def readings() -> dict[str, tuple[Ladder, int]]:
    """Return what a planner may have assumed: ladder and state by name, the plainest assumption first."""
    found = {}
    for fleet in FLEETS:
        ladders = plan(fleet)
        found[f"all contracts less 30 MW at noon, {fleet}"] = ladders.assumed, ladders.state(30.0, 1.0)
        found[f"0.9 of the contracts less 30 MW at noon, {fleet}"] = ladders.assumed, ladders.state(30.0, 0.9)
        found[f"0.8 of the contracts less 25 MW, {fleet}"] = ladders.assumed, ladders.state(25.0, 0.8)
        found[f"highest half-hour of the normal year, {fleet}"] = ladders.highest, 0
        found[f"all but 0.1 % of the normal year, {fleet}"] = ladders.highest, ladders.exceeded(0.001)
        found[f"all but 1 % of the normal year, {fleet}"] = ladders.highest, ladders.exceeded(0.01)
    return found


def _ratings() -> list[Row]:
    low, high = rating_mva(CABLES_MM2[0]), rating_mva(CABLES_MM2[-1])
    why = (
        "rating at which nothing is spare and what is connected still fits on one circuit; none is published: range "
        "and middle are the assumption of 240 to 400 mm2"
    )
    found = []
    for fleet in FLEETS:
        ladders = plan(fleet)
        for flow, ladder, state in (
            ("highest half-hour of the normal year", ladders.highest, 0),
            ("all contracts at once less 30 MW at noon", ladders.assumed, ladders.state(30.0, 1.0)),
        ):
            mva = ladder.rating_mva(0.0, state)
            beyond = "" if low <= mva <= high else f". Not what the planner assumed, or not {CABLES_MM2[0]} to 400 mm2"
            found.append(
                Row(TOPIC, f"Rating that makes P21 true: {flow}, {fleet}",
                    "[goto_plan2024, P21, P22] [abb_xlpe, docs/goto_facts.md 2.1]", "MVA",
                    rating_mva(300), mva, low, high, why + beyond)
            )  # fmt: skip
    return found


def _spare() -> list[Row]:
    why = (
        "P21: nothing spare (0 is also published where the flow is beyond the limit); P22: what is there fits on one "
        "circuit, as only new plants trip; so 0 to 1 MW. 300 mm2 is the default study's cable"
    )
    return [
        Row(TOPIC, f"Spare firm capacity in the highest half-hour, 300 mm2, {fleet}", "[goto_plan2024, P21]", "MW", 0.0,
            plan(fleet).highest.firm_mw(rating_mva(300)), 0.0, NOT_SPARE_MW, why)
        for fleet in FLEETS
    ]  # fmt: skip


def _intertrip() -> list[Row]:
    found = []
    for fleet in FLEETS:
        ladder = plan(fleet).highest
        zero_mva = ladder.rating_mva(0.0)
        found += [
            Row(TOPIC, f"Capacity by inter-trip at that rating, short-time factor {FACTOR:g}, {fleet}",
                "[goto_plan2024, P22]", "MW",
                INTERTRIP_MW, ladder.intertrip_mw(zero_mva, FACTOR), INTERTRIP_MW, MORE_MW,
                "P22 takes 14 MW as the most; where nothing is spare only the short-time rating makes room: about "
                "(factor - 1) x rating"),
            Row(TOPIC, f"Short-time factor that makes P21 and P22 true together, {fleet}",
                "[goto_plan2024, P21, P22] [engineering]", "1",
                FACTOR, ladder.short_time_factor(zero_mva, INTERTRIP_MW), 1.0, 1.2,
                "no factor is published: the default and the range that is swept"),
            Row(TOPIC, f"Capacity by inter-trip without a short-time limit, {fleet}",
                "[goto_plan2024, P22] [kankyo_business]", "MW",
                INTERTRIP_MW, ladder.intertrip_mw(zero_mva, 2.0), INTERTRIP_MW, MORE_MW,
                "up to both circuits' capacity ([kankyo_business]), tripped in part of a second: "
                "several times 14 MW, so the 14 MW must come from another limit"),
        ]  # fmt: skip
    return found
