"""The nets and their inputs, the same arrays for every program."""

from __future__ import annotations

import copy
from dataclasses import dataclass, replace

import numpy as np
import pandapower.networks
from pandapower import pandapowerNet

from benchmarks import shapes
from benchmarks.portable import portable
from network_models.model import grid_of
from twin.core.random_streams import stream


@dataclass(frozen=True)
class Case:
    """A portable net and what changes from step to step: arrays (steps, elements) in the tables' order."""

    name: str
    net: pandapowerNet
    load_p_mw: np.ndarray
    load_q_mvar: np.ndarray
    sgen_p_mw: np.ndarray
    gen_p_mw: np.ndarray

    @property
    def steps(self) -> int:
        return len(self.load_p_mw)

    def cut(self, steps: slice | np.ndarray) -> Case:
        """Return the case with these steps only."""
        return replace(
            self,
            load_p_mw=np.ascontiguousarray(self.load_p_mw[steps]),
            load_q_mvar=np.ascontiguousarray(self.load_q_mvar[steps]),
            sgen_p_mw=np.ascontiguousarray(self.sgen_p_mw[steps]),
            gen_p_mw=np.ascontiguousarray(self.gen_p_mw[steps]),
        )

    def net_at(self, step: int) -> pandapowerNet:
        """Return a copy of the net with the injections of one step."""
        net = copy.deepcopy(self.net)
        net.load["p_mw"], net.load["q_mvar"] = self.load_p_mw[step], self.load_q_mvar[step]
        net.sgen["p_mw"], net.gen["p_mw"] = self.sgen_p_mw[step], self.gen_p_mw[step]
        return net


def goto_2030(steps: int) -> Case:
    """Return the Goto grid of 2030: 38 plants by their kinds' shapes, 14 areas."""
    model = grid_of("goto", 2030, compensation="fixed")
    original = model.net
    serving = original.sgen.in_service.to_numpy()
    kinds = np.r_[model.plants.kind.to_numpy(str), np.full(len(original.sgen) - len(model.plants), "diesel")][serving]
    rated_mw = np.r_[model.plants.contract_mw.to_numpy(float), np.zeros(len(original.sgen) - len(model.plants))][
        serving
    ]
    rng = stream(0, "benchmark", 2030)
    shares = np.where(kinds == "pv", shapes.sun(rng, steps, len(kinds)), shapes.wind(rng, steps, len(kinds)))
    net = portable(original)
    return _case(
        'grid_of("goto", 2030, compensation="fixed")', net, shapes.demand(rng, steps, len(net.load)), shares * rated_mw
    )


def cigre_mv(steps: int) -> Case:
    """Return CIGRE MV with photovoltaics and wind: 15 buses."""
    net = portable(pandapower.networks.create_cigre_network_mv(with_der="pv_wind"))
    rng = stream(0, "benchmark", 15)
    sgen = shapes.sun(rng, steps, len(net.sgen)) * net.sgen.p_mw.to_numpy(float)
    return _case("CIGRE MV", net, shapes.demand(rng, steps, len(net.load)), sgen)


def ieee_118(steps: int) -> Case:
    """Return IEEE 118: 53 voltage-controlled buses, generation in step with the total load."""
    net = portable(pandapower.networks.case118())
    return _case(
        "IEEE 118", net, shapes.demand(stream(0, "benchmark", 118), steps, len(net.load)), np.zeros((steps, 0))
    )


def _case(name: str, net: pandapowerNet, load: np.ndarray, sgen_p_mw: np.ndarray) -> Case:
    load_p_mw = load * net.load.p_mw.to_numpy(float)
    share = load_p_mw.sum(1) / net.load.p_mw.sum()
    return Case(
        name=name,
        net=net,
        load_p_mw=load_p_mw,
        load_q_mvar=load * net.load.q_mvar.to_numpy(float),
        sgen_p_mw=np.ascontiguousarray(sgen_p_mw),
        gen_p_mw=share[:, None] * net.gen.p_mw.to_numpy(float),
    )
