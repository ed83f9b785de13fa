"""OpenDSS: yearly mode with load shapes, one context per thread.

OpenDSS solves the positive sequence: one phase, a third of the power, phase voltages. Each step is solved in yearly
mode and read in double precision; its monitors keep single precision only, which cannot show 1e-8 pu.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from opendssdirect import NewContext
from opendssdirect.OpenDSSDirect import OpenDSSDirect
from pandapower import pandapowerNet

from benchmarks.cases import Case

_THREADS, _KW_PER_PHASE = 2, 1e3 / 3


class OpenLoop:
    def __init__(self, case: Case, tolerance: float) -> None:
        if len(case.net.gen):
            raise ValueError("not exported: voltage-controlled generators")
        parts = np.array_split(np.arange(case.steps), min(_THREADS, case.steps))
        self.parts = [(_circuit(case.cut(part), tolerance), len(part)) for part in parts]
        names = [name.split(".")[0] for name in self.parts[0][0].Circuit.AllNodeNames()]
        self.order = np.argsort([int(name[1:]) for name in names])
        self.base_v = case.net.bus.vn_kv.to_numpy() * 1e3 / np.sqrt(3)

    def solve(self) -> np.ndarray:
        with ThreadPoolExecutor(len(self.parts)) as pool:
            volts = np.concatenate(list(pool.map(lambda part: _year(*part), self.parts)))
        return volts[:, self.order] / self.base_v


def _circuit(case: Case, tolerance: float) -> OpenDSSDirect:
    dss = NewContext()
    for command in _commands(case.net):
        dss.Text.Command(command)
    for table, p_mw, q_mvar in (
        ("load", case.load_p_mw, case.load_q_mvar),
        ("sgen", -case.sgen_p_mw, np.broadcast_to(-case.net.sgen.q_mvar.to_numpy(float), case.sgen_p_mw.shape)),
    ):
        for row, bus in enumerate(case.net[table].bus):
            name = f"{table}{row}"
            _shape(dss, name, p_mw[:, row] * _KW_PER_PHASE, q_mvar[:, row] * _KW_PER_PHASE)
            dss.Text.Command(
                f"New Load.{name} bus1=b{bus}.1 phases=1 kV={_phase_kv(case.net, bus):.17g} kW=1 kvar=0 model=1 "
                f"vminpu=0.1 vmaxpu=3 yearly={name}"
            )
    dss.Text.Command(f"Set mode=yearly stepsize=0.5h number=1 controlmode=off maxiterations=100 tolerance={tolerance}")
    dss.Text.Command("CalcVoltageBases")
    dss.Text.Command("Solve")
    return dss


def _commands(net: pandapowerNet) -> Iterator[str]:
    slack = net.ext_grid.iloc[0]
    stiff = "Z1=[0 1e-9] Z0=[0 1e-9]"
    yield "Clear"
    yield f"Set DefaultBaseFrequency={net.f_hz}"
    yield (
        f"New Circuit.net bus1=b{slack.bus}.1 phases=1 basekv={_phase_kv(net, slack.bus):.17g} pu={slack.vm_pu:.17g} "
        f"angle=0 {stiff}"
    )
    for row in net.line.itertuples():
        r, x, c = (
            value * row.length_km
            for value in (row.r_ohm_per_km, row.x_ohm_per_km, row.c_nf_per_km)
        )  # fmt: skip
        yield (
            f"New Line.l{row.Index} bus1=b{row.from_bus}.1 bus2=b{row.to_bus}.1 phases=1 length=1 units=none "
            f"r1={r:.17g} r0={r:.17g} x1={x:.17g} x0={x:.17g} c1={c:.17g} c0={c:.17g}"
        )
    for index in net.trafo.index:
        yield _transformer(net, index)
    for row in net.shunt.itertuples():
        ohm = row.vn_kv**2 / (row.p_mw - 1j * row.q_mvar)
        yield f"New Reactor.s{row.Index} bus1=b{row.bus}.1 phases=1 R={ohm.real:.17g} X={ohm.imag:.17g}"


def _transformer(net: pandapowerNet, index: int) -> str:
    row = net.trafo.loc[index]
    step = (row.tap_pos - row.tap_neutral) * row.tap_step_percent / 100
    taps = {"hv": (1.0, 1.0), "lv": (1.0, 1.0)}
    if np.isfinite(step):
        taps = {"hv": (1 + step, 1.0), "lv": (1.0, 1 + step)}
    high, low = taps[row.tap_side if row.tap_side == "lv" else "hv"]
    xhl = np.sqrt(row.vk_percent**2 - row.vkr_percent**2)
    kva = row.sn_mva * _KW_PER_PHASE
    high_kv, low_kv = row.vn_hv_kv * high / np.sqrt(3), row.vn_lv_kv * low / np.sqrt(3)
    return (
        f"New Transformer.t{index} phases=1 windings=2 buses=(b{row.hv_bus}.1 b{row.lv_bus}.1) conns=(wye wye) "
        f"kvs=({high_kv:.17g} {low_kv:.17g}) kvas=({kva:.17g} {kva:.17g}) "
        f"%loadloss={row.vkr_percent:.17g} xhl={xhl:.17g} %noloadloss=0 %imag=0 ppm_antifloat=0"
    )


def _shape(dss: OpenDSSDirect, name: str, kw: np.ndarray, kvar: np.ndarray) -> None:
    dss.LoadShape.New(name)
    dss.LoadShape.Npts(len(kw))
    dss.LoadShape.HrInterval(0.5)
    dss.LoadShape.UseActual(True)
    dss.LoadShape.PMult(kw)
    dss.LoadShape.QMult(kvar)


def _phase_kv(net: pandapowerNet, bus: int) -> float:
    return float(net.bus.vn_kv[bus] / np.sqrt(3))


def _year(dss: OpenDSSDirect, steps: int) -> np.ndarray:
    solution, circuit = dss.Solution, dss.Circuit
    solution.Hour(0)
    solution.Seconds(0.0)
    volts = np.empty((steps, circuit.NumNodes()))
    for step in range(steps):
        solution.Solve()
        volts[step] = circuit.AllBusVMag() if solution.Converged() else np.nan
    return volts
