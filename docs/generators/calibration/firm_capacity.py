"""Rows of the calibration record: what rating of the link makes P21 and P22 true (docs/validation/firm_capacity.md)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas

from calibration import grid
from calibration.grid import rating_mva, submarine_sizes_mm2
from calibration.model_year import ModelYear, model_year
from calibration.rows import Figure, Row
from network_models.model import grid_of
from reports.document import style
from twin.network.model import GridModel
from twin.security.headroom.buses import link_headroom, model_profiles

TOPIC = "Firm capacity and inter-trip (P21, P22)"
NOT_SPARE_MW, INTERTRIP_MW, MORE_MW = 1.0, 14.0, 15.0
"""P21 is true below the first; P22 (14 MW as the most) between the other two."""
FACTOR = 1.1
"""The default short-time factor."""
RATINGS_MVA = tuple(float(mva) for mva in range(30, 121, 10))
"""Where the AC model is solved; in between the capacity is a straight line (it bends by less than 0.05 MW)."""
TOLERANCE_MW = 0.02
"""What a headroom is known to (0.01 MW), with the rungs of the ladder between."""
NEAR_MVA = (45.0, 65.0, 85.0)
"""Ratings between which single answers lie."""
WEATHER_YEARS = (0, 1, 2, 3, 4)
"""Weather years whose highest half-hours are compared; 0 is the normal one."""
HIGHEST_OF_A_YEAR = 10
CONDUCTOR_MM2 = 300
FLEETS = {"2024": 2024, "2024 and the floating farm": 2026}
"""Plants in service in June 2024, and those with the farm that had its contract by then (the fleet of 2026)."""
HIGHEST_HALF_HOURS = 600
"""Half-hours of the year with the most infeed less demand that are solved: 3.4 % of all."""
DEMANDS_MW = (20.0, 25.0, 30.0)
COINCIDENCES = (0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
Parameters = Mapping[str, float]
SHOWN_MVA = np.arange(35.0, 80.5, 0.5)
CABLES_MM2 = (240, 300, 400)
COINCIDENCES_SHOWN = (0.6, 0.7, 0.8, 0.9)
FACTORS = (1.1, 1.2, 1.3)
MOST_MW = 30.0
STATE_BAND = "#e3ebf2"
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


@dataclass(frozen=True)
class Ladder:
    """Largest extra infeed at Narao by rating, for the states S of one set of plants.

    Attributes
    ----------
    headroom_mw : numpy.ndarray, (len(RATINGS_MVA), S)
        Until the survivor of a link trip, or a circuit of the intact link, reaches the rating; negative where it is
        beyond it already.
    """

    headroom_mw: np.ndarray

    def firm_mw(self, rating_mva: float, state: int = 0) -> float:
        """Return what fits without inter-trip (N-1)."""
        return float(np.interp(rating_mva, RATINGS_MVA, self.headroom_mw[:, state]))

    def rating_mva(self, firm_mw: float, state: int = 0) -> float:
        """Return the rating at which `firm_mw` fits."""
        return float(np.interp(firm_mw, self.headroom_mw[:, state], RATINGS_MVA))

    def intertrip_mw(self, rating_mva: float, short_time_factor: float, state: int = 0) -> float:
        """Return the capacity of a new plant that trips after an outage.

        At once the survivor carries the plant too, within the short-time rating; once it is gone the rest must be
        within the continuous one: where that fails, no plant that trips only itself can be connected (0 MW).
        """
        if self.firm_mw(rating_mva, state) < -TOLERANCE_MW:
            return 0.0
        return self.firm_mw(short_time_factor * rating_mva, state)

    def short_time_factor(self, rating_mva: float, intertrip_mw: float, state: int = 0) -> float:
        """Return the short-time factor at which a new plant of `intertrip_mw` fits by inter-trip."""
        return self.rating_mva(intertrip_mw, state) / rating_mva


@dataclass(frozen=True)
class Plan:
    """The ladders of a fleet.

    Attributes
    ----------
    assumed : Ladder
        A state for each pair of `DEMANDS_MW` and `COINCIDENCES`, all plants and sites at that share of their contracts,
        the demand spread over the islands as its mean is.
    highest : Ladder
        The half-hours of the normal year with the most infeed less demand, sorted at each rating.
    steps : int
        Half-hours of the year.
    """

    assumed: Ladder
    highest: Ladder
    steps: int

    @staticmethod
    def state(demand_mw: float, coincidence: float) -> int:
        """Return the position of an assumed state."""
        return DEMANDS_MW.index(demand_mw) * len(COINCIDENCES) + COINCIDENCES.index(coincidence)

    def exceeded(self, share: float) -> int:
        """Return the state of `highest` that all but `share` of the year's half-hours reach."""
        return round(share * self.steps)


@cache
def plan(fleet: str) -> Plan:
    """Return the ladders of a fleet, a key of `FLEETS`."""
    year = model_year(FLEETS[fleet])
    mean = year.profiles.area_demand_mw.mean(axis=0)
    sites_mw = _site_mw(year)
    assumed = [(demand, share) for demand in DEMANDS_MW for share in COINCIDENCES]
    contract_mw = year.model.plants["contract_mw"].to_numpy()
    real_plant_mw, real_demand_mw = _highest(year, year.plant_mw, HIGHEST_HALF_HOURS)
    plant_mw = np.vstack([*(share * contract_mw for _, share in assumed), real_plant_mw])
    demand_mw = np.vstack(
        [*(demand * mean / mean.sum() - share * sites_mw for demand, share in assumed), real_demand_mw]
    )
    found = _headroom_mw(FLEETS[fleet], RATINGS_MVA, plant_mw, demand_mw, {})
    return Plan(
        Ladder(found[:, : len(assumed)]), Ladder(np.sort(found[:, len(assumed) :], axis=1)), len(year.profiles.index)
    )


def zero_rating_mva(fleet: str, demand_mw: float, coincidence: float, parameters: Parameters) -> float:
    """Return the rating at which nothing is spare in one assumed state, with `parameters` in place of the tables'."""
    year = model_year(FLEETS[fleet])
    mean = year.profiles.area_demand_mw.mean(axis=0)
    plant_mw = coincidence * year.model.plants["contract_mw"].to_numpy()
    area_mw = demand_mw * mean / mean.sum() - coincidence * _site_mw(year)
    found = _headroom_mw(FLEETS[fleet], NEAR_MVA, plant_mw[None], area_mw[None], parameters)
    return float(np.interp(0.0, found[:, 0], NEAR_MVA))


@cache
def highest_ratings_mva() -> dict[str, list[float]]:
    """Return for each fleet the rating at which nothing is spare in the highest half-hour of each of `WEATHER_YEARS`.

    The plants' series do not depend on each other: all fleets are cut out of the largest one's year.
    """
    largest = max(FLEETS.values())
    plants, demands = [], []
    for fiscal_year in FLEETS.values():
        in_service = model_year(fiscal_year).model.plants["contract_mw"].to_numpy() > 0.0
        for weather_year in WEATHER_YEARS:
            year = model_year(largest, weather_year)
            plant_mw, demand_mw = _highest(year, year.plant_mw * in_service, HIGHEST_OF_A_YEAR)
            plants.append(plant_mw)
            demands.append(demand_mw)
    found = _headroom_mw(largest, NEAR_MVA, np.vstack(plants), np.vstack(demands), {})
    lowest = found.reshape(len(NEAR_MVA), len(FLEETS), len(WEATHER_YEARS), HIGHEST_OF_A_YEAR).min(axis=3)
    return {
        fleet: [float(np.interp(0.0, lowest[:, row, year], NEAR_MVA)) for year in range(len(WEATHER_YEARS))]
        for row, fleet in enumerate(FLEETS)
    }


def contracts_mw(fleet: str) -> float:
    """Return the sum of all contracts, small sites included."""
    year = model_year(FLEETS[fleet])
    return float(year.model.plants["contract_mw"].sum() + _site_mw(year).sum())


def noon_minimum_mw(fleet: str) -> float:
    """Return the lowest demand of the normal year between 10 and 14 h."""
    profiles = model_year(FLEETS[fleet]).profiles
    noon = (profiles.index.hour >= 10) & (profiles.index.hour < 14)
    return float(profiles.area_demand_mw[noon].sum(axis=1).min())


def largest_coincidence(fleet: str) -> float:
    """Return the highest output of all plants together over their contracts in the normal year."""
    year = model_year(FLEETS[fleet])
    return float(year.plant_mw.sum(axis=1).max() / year.model.plants["contract_mw"].sum())


def rated_model(fiscal_year: int, rating_mva: float, parameters: Parameters) -> GridModel:
    """Return the grid with another rating of the link's circuits, its cable otherwise that of its conductor."""
    given = {"conductor_mm2": CONDUCTOR_MM2} | dict(parameters)
    factor = rating_mva / grid.rating_mva(given["conductor_mm2"])
    return grid_of("goto", fiscal_year, parameters=given | {"link_rating_factor": factor})


def _headroom_mw(
    fiscal_year: int, ratings_mva: Sequence[float], plant_mw: np.ndarray, demand_mw: np.ndarray, parameters: Parameters
) -> np.ndarray:
    found = []
    for rating in ratings_mva:
        model = rated_model(fiscal_year, rating, parameters)
        found.append(link_headroom(model, model_profiles(model, plant_mw, demand_mw)).headroom_mw[:, 0])
    return np.stack(found)


def _highest(year: ModelYear, plant_mw: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Return plants and demand less the sites' PV, (count, P) and (count, A), where infeed exceeds demand most."""
    sites_mw = _site_mw(year)
    existing = year.site_pv_mw("existing_plain", "existing_battery")
    demand_mw = year.profiles.area_demand_mw - existing[:, None] * sites_mw / sites_mw.sum()
    first = np.argsort(demand_mw.sum(axis=1) - plant_mw.sum(axis=1), kind="stable")[:count]
    return plant_mw[first], demand_mw[first]


def _site_mw(year: ModelYear) -> np.ndarray:
    """Return the inverters of the existing small sites by area, (A,)."""
    existing = np.char.startswith(year.sites.groups["kind"].to_numpy(str)[year.sites.group], "existing")
    kw = np.bincount(year.sites.area[existing], year.sites.pv_ac_kw[existing], len(year.model.areas))
    return kw / 1000.0


def drawn() -> Canvas:
    """Return two panels: what is spare without inter-trip, and what inter-trip adds where nothing is spare."""
    drawing, axes = style.figure(4.6, 1, 2)
    spare, trip = axes[0]
    for panel in (spare, trip):
        panel.axvspan(rating_mva(CABLES_MM2[0]), rating_mva(CABLES_MM2[-1]), color=STATE_BAND, zorder=0)
        panel.set_xlim(SHOWN_MVA[0], SHOWN_MVA[-1])
        panel.set_xlabel("continuous rating of a circuit, MVA")
        _cables(panel)
    _draw_spare(spare)
    _trip(trip)
    return drawing


def _cables(axes: Axes) -> None:
    top = axes.secondary_xaxis("top")
    top.set_xticks([rating_mva(area) for area in CABLES_MM2], [f"{area}" for area in CABLES_MM2])
    top.set_xlabel("cable of table 2.1, mm²", fontsize=7.5)
    top.tick_params(labelsize=7.5)


def _draw_spare(axes: Axes) -> None:
    ladder = plan(next(iter(FLEETS)))
    low, middle, high = DEMANDS_MW
    for colour, share in zip(style.SERIES, COINCIDENCES_SHOWN, strict=False):
        mw = [
            [ladder.assumed.firm_mw(mva, ladder.state(demand, share)) for mva in SHOWN_MVA]
            for demand in (low, middle, high)
        ]
        axes.fill_between(SHOWN_MVA, mw[0], mw[2], color=colour, alpha=0.15)
        axes.plot(SHOWN_MVA, mw[1], color=colour, label=f"{share:g} of all contracts")
    for fleet, style_of_line in zip(FLEETS, ("-", "--"), strict=True):
        highest = plan(fleet).highest
        mw = [highest.firm_mw(mva) for mva in SHOWN_MVA]
        axes.plot(
            SHOWN_MVA,
            mw,
            color=style.INK,
            linestyle=style_of_line,
            label="highest half-hour" + (", with the farm" if "farm" in fleet else ""),
        )
    axes.axhspan(0.0, 1.0, color=style.LIMIT, alpha=0.6, zorder=3, label="P21 with P22: 0 to 1 MW")
    axes.set_ylim(-MOST_MW, MOST_MW)
    axes.set_ylabel("spare firm capacity 2024 (N-1), MW")
    axes.set_title("P21: nothing spare")
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.13), ncols=2, fontsize=6.5)


def _trip(axes: Axes) -> None:
    ladder = plan(next(iter(FLEETS)))
    states = [ladder.state(demand, share) for demand in DEMANDS_MW for share in COINCIDENCES]
    zero = np.array([ladder.assumed.rating_mva(0.0, state) for state in states])
    order = np.argsort(zero)
    for colour, factor in zip(style.SERIES, FACTORS, strict=False):
        mw = np.array([ladder.assumed.firm_mw(factor * mva, state) for mva, state in zip(zero, states, strict=True)])
        axes.plot(zero[order], mw[order], color=colour, label=f"short-time factor {factor:g}")
    axes.axhspan(14.0, 15.0, color=style.LIMIT, alpha=0.6, zorder=3, label="P22: 14 MW as the most")
    axes.set_ylim(0.0, MOST_MW)
    axes.set_ylabel("capacity by inter-trip where nothing is spare, MW")
    axes.set_title("P22: 14 MW that trips")
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.13), ncols=2, fontsize=6.5)


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
