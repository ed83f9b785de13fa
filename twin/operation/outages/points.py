"""The outages of a case's grids made ready, and the loop's injections as operating points for them."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property, partial

import numpy as np
import pandas as pd

from twin.network.monitored import monitored_model
from twin.network.reading.extraction import extract
from twin.network.variants.controls import first_positions, net_at
from twin.network.variants.maps import in_service
from twin.operation.case import Case
from twin.operation.injections import Injections, infeed_and_demand_mva
from twin.security.analysis import SecurityAnalysis
from twin.security.assessment import OutageAnalysis
from twin.security.control_actions import ControlActions, Positions
from twin.security.operating_points import OperatingPoints, power_at_buses

LARGEST_PLANTS = 5


@dataclass(frozen=True)
class OutageAnalyses:
    """The outages of a case's grids at any position of taps and reactors, each made ready once."""

    case: Case
    made: dict[tuple[int, Positions], OutageAnalysis] = field(default_factory=dict)

    def of_variant(self, variant: int) -> OutageAnalysis:
        """Return those of a grid variant."""
        return self.at(*self.key(variant))

    def key(self, variant: int) -> tuple[int, Positions]:
        """Return network and positions of a grid variant."""
        return next(key for key, number in self.case.grid.cache.number.items() if number == variant)

    def order(self, of_variant: tuple[int, float]) -> tuple[int, bool, Positions, float]:
        """Return by what variants and relief times are sorted: first those as built, whoever met them when."""
        variant, minutes = of_variant
        network, positions = self.key(variant)
        return network, positions != first_positions(self.case.grid.models[network]), positions, minutes

    def at(self, network: int, positions: Positions) -> OutageAnalysis:
        """Return those of a network at some positions, the largest plants by contract among them."""
        key = network, positions
        if key not in self.made:
            grid, model = self.case.grid, self.case.grid.models[network]
            known = grid.cache.number.get(key)
            monitored = (
                monitored_model(model, in_service(model, extract(net_at(model, positions))))
                if known is None
                else grid.variants[known].monitored
            )
            contracts = zip(model.net.sgen.index, model.plants.contract_mw, strict=False)
            plant_mw = {("sgen", int(index)): float(mw) for index, mw in contracts}
            self.made[key] = SecurityAnalysis(monitored, largest_plants=LARGEST_PLANTS).prepare(plant_mw)
        return self.made[key]

    def reaction(self, variant: int, relief_minutes: float) -> ControlActions | None:
        """Return what taps and reactors do after an outage in a grid variant; None where they are fixed."""
        network, positions = self.key(variant)
        model = self.case.grid.models[network]
        if not model.controls.automatic or not positions:
            return None
        return ControlActions(model, positions, relief_minutes, partial(self.at, network))

    @cached_property
    def tripping_plants(self) -> list[int]:
        """Positions of the plants that are tripped one by one in any network."""
        models = self.case.grid.models
        orders = [np.argsort(-model.plants.contract_mw.to_numpy(float), kind="stable") for model in models]
        return sorted({int(at) for order in orders for at in order[:LARGEST_PLANTS]})

    def power(self, analysis: OutageAnalysis, injections: Injections) -> OperatingPoints:
        """Return injections, (R,), as operating points of one grid."""
        case, plants = self.case, self.tripping_plants
        network, buses = analysis.grid.network, analysis.grid.net.bus.index
        nodes = network.node_of_bus[buses.get_indexer(pd.Index(case.grid.nodes.buses))]
        infeed_mva, demand_mva = infeed_and_demand_mva(case, injections)
        plant_mva = injections.unit_mw[:, plants] * (1.0 + 1j * injections.unit_q_per_p[:, plants])
        of_plant = dict(zip(plants, plant_mva.T, strict=True))
        out = {at for elements in analysis.contingencies.outs for table, at in elements if table == "sgen"}
        tripped = {("sgen", at): (int(nodes[case.grid.nodes.plant][at]), of_plant[at]) for at in sorted(out)}
        return power_at_buses(network, nodes, infeed_mva, demand_mva, tripped)
