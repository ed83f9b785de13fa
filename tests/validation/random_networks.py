"""Networks drawn at random from a seed, and networks whose rows and labels are shuffled."""

from __future__ import annotations

import numpy as np
import pandapower as pp
import pandas as pd
from pandapower import pandapowerNet
from pandapower.toolbox import reindex_buses

from twin.core.random_streams import stream

_PHASES_DEGREE = (0.0, 30.0, 150.0)


def random_network(seed: int) -> pandapowerNet:
    """Return a meshed 110 kV ring with 20 and 10 kV parts behind it, and all kinds of elements.

    Open switches, elements out of service, parallel circuits, taps off the middle and phase shifts are among them.
    """
    rng = stream(seed, "random network", 0)
    net = pp.create_empty_network(sn_mva=float(rng.choice([1.0, 10.0, 100.0])))
    high = [pp.create_bus(net, 110.0) for _ in range(int(rng.integers(3, 9)))]
    pp.create_ext_grid(net, high[0], vm_pu=float(rng.uniform(0.99, 1.04)), va_degree=float(rng.uniform(-20.0, 20.0)))
    ends = [(high[k], high[(k + 1) % len(high)]) for k in range(len(high))]
    ends += [tuple(rng.choice(high, 2, replace=False)) for _ in range(len(high) // 2)]
    for a, b in ends:
        _line(net, rng, int(a), int(b), 10.0, 0.1, 0.38, 9.0)
    low = [bus for at in high[1:] for bus in _feeder(net, rng, at)]
    for bus in rng.choice(high[1:], min(2, len(high) - 1), replace=False):
        pp.create_gen(net, int(bus), float(rng.uniform(1.0, 8.0)), vm_pu=float(rng.uniform(1.0, 1.02)))
    pp.create_shunt(net, int(rng.choice(high)), q_mvar=float(rng.uniform(-3.0, 3.0)), step=int(rng.integers(1, 3)))
    a, b = rng.choice(high, 2, replace=False)
    pp.create_impedance(net, int(a), int(b), 0.01, 0.05, 50.0, rtf_pu=0.012, xtf_pu=0.055)
    pp.create_ward(net, int(rng.choice(low)), 0.1, 0.05, 0.1, 0.02)
    pp.create_xward(net, int(rng.choice(high)), 0.5, 0.1, 0.2, 0.1, 2.0, 30.0, 1.0)
    _switches(net, rng, low)
    return net


def _line(
    net: pandapowerNet, rng: np.random.Generator, a: int, b: int, longest_km: float, r: float, x: float, c: float
) -> None:
    pp.create_line_from_parameters(
        net, a, b, float(rng.uniform(0.3, 1.0) * longest_km), float(r * rng.uniform(0.7, 1.3)),
        float(x * rng.uniform(0.7, 1.3)), float(c * rng.uniform(0.5, 1.5)), float(rng.uniform(0.3, 0.8)),
        parallel=int(rng.integers(1, 3)), df=float(rng.choice([1.0, 0.9])),
    )  # fmt: skip


def _feeder(net: pandapowerNet, rng: np.random.Generator, bus: int) -> list[int]:
    """Add a transformer of two or three windings, a few lines, loads, plants and storage; return the buses."""
    head = pp.create_bus(net, 20.0)
    tap = {"tap_side": str(rng.choice(["hv", "lv"])), "tap_neutral": 0, "tap_min": -9, "tap_max": 9,
           "tap_step_percent": 1.5, "tap_pos": int(rng.integers(-2, 3)), "tap_changer_type": "Ratio"}  # fmt: skip
    if rng.random() < 0.4:
        third = pp.create_bus(net, 10.0)
        pp.create_transformer3w_from_parameters(
            net, bus, head, third, 110.0, 20.0, 10.0, 40.0, 25.0, 15.0, 10.0, 11.0, 12.0, 0.3, 0.3, 0.3, 30.0, 0.1,
            shift_mv_degree=float(rng.choice(_PHASES_DEGREE)), **(tap | {"tap_side": "hv"}),
        )  # fmt: skip
        pp.create_load(net, third, float(rng.uniform(0.5, 3.0)), 0.4)
        buses = [head, third]
    else:
        pp.create_transformer_from_parameters(
            net, bus, head, 25.0, 110.0, 20.0, 0.4, 12.0, 14.0, 0.07, shift_degree=float(rng.choice(_PHASES_DEGREE)),
            parallel=int(rng.integers(1, 3)), **tap,
        )  # fmt: skip
        buses = [head]
    for _ in range(int(rng.integers(1, 5))):
        start, end = int(rng.choice([b for b in buses if net.bus.vn_kv[b] == 20.0])), pp.create_bus(net, 20.0)
        _line(net, rng, start, end, 4.0, 0.25, 0.12, 240.0)
        pp.create_load(net, end, float(rng.uniform(0.1, 1.5)), float(rng.uniform(-0.1, 0.5)), scaling=0.9)
        if rng.random() < 0.4:
            pp.create_sgen(net, end, float(rng.uniform(0.1, 2.0)), float(rng.uniform(-0.2, 0.2)))
        if rng.random() < 0.2:
            pp.create_storage(net, end, float(rng.uniform(-0.5, 0.5)), 1.0)
        buses.append(end)
    return buses


def _switches(net: pandapowerNet, rng: np.random.Generator, low: list[int]) -> None:
    for line in rng.choice(net.line.index, 4, replace=False):
        pp.create_switch(net, int(net.line.from_bus[line]), int(line), "l", closed=bool(rng.random() < 0.7))
    for bus in rng.choice(low, 2, replace=False):
        beside = pp.create_bus(net, float(net.bus.vn_kv[bus]))
        pp.create_switch(net, int(bus), beside, "b", z_ohm=float(rng.choice([0.0, 0.1])))
        pp.create_load(net, beside, 0.2, 0.05)
    net.load.loc[rng.choice(net.load.index, 1), "in_service"] = False
    net.line.loc[rng.choice(net.line.index, 1), "in_service"] = False


def shuffled(net: pandapowerNet, seed: int) -> pandapowerNet:
    """Return the network with other bus numbers, and with the rows of every table in another order."""
    rng = stream(seed, "shuffled network", 0)
    numbers = rng.permutation(np.arange(10, 10 + len(net.bus)))
    reindex_buses(net, dict(zip(net.bus.index.tolist(), numbers.tolist(), strict=True)))
    for name, table in net.items():
        if isinstance(table, pd.DataFrame) and len(table) and not name.startswith(("res_", "_")):
            net[name] = table.iloc[rng.permutation(len(table))]
    return net
