"""Two-bus cases with a solution by formula, and the pandapower nets that describe them.

Between an ideal source and a constant-power load lies a two-port: ``V1 = A V2 + B I2``, ``I1 = C V2 + D I2``. With
``I2 = conj(S / V2)`` and ``u = |V2|^2`` this is ``|A u + B conj(S)|^2 = |V1|^2 u``, quadratic in u; the larger root is
the operating point, and ``conj(V2) = (A u + B conj(S)) / V1``. Voltages are phase to phase in kV, powers in MVA, and
currents in kA are those of the equations divided by sqrt(3).
"""

from __future__ import annotations

import cmath
import itertools
import math
from dataclasses import dataclass

import pandapower as pp
from pandapower import pandapowerNet
from shipped import goto

F_HZ = 60.0


@dataclass(frozen=True)
class TwoPort:
    """Chain parameters; A and D without unit, B in ohm, C in siemens."""

    a: complex
    b: complex
    c: complex
    d: complex

    def behind(self, ratio: complex) -> TwoPort:
        """Return an ideal transformer of `ratio` (source side over load side) followed by this two-port."""
        back = 1.0 / ratio.conjugate()
        return TwoPort(ratio * self.a, ratio * self.b, back * self.c, back * self.d)

    def receiving_kv(self, v1_kv: complex, s_mva: complex) -> complex:
        """Return V2 of the upper root for a load `s_mva`."""
        w = self.b * s_mva.conjugate()
        p = 2.0 * (self.a * w.conjugate()).real - abs(v1_kv) ** 2
        root = math.sqrt(p * p - 4.0 * abs(self.a) ** 2 * abs(w) ** 2)
        u = (-p + root) / (2.0 * abs(self.a) ** 2)
        return ((self.a * u + w) / v1_kv).conjugate()

    def sending_ka(self, v1_kv: complex, s_mva: complex) -> float:
        """Return the magnitude of the current into the source's side."""
        v2 = self.receiving_kv(v1_kv, s_mva)
        return abs(self.c * v2 + self.d * (s_mva / v2).conjugate()) / math.sqrt(3.0)


def nominal_pi(z: complex, y: complex) -> TwoPort:
    """Return the two-port of a series impedance with half of the admittance `y` at each end."""
    a = 1.0 + z * y / 2.0
    return TwoPort(a, z, y * (1.0 + z * y / 4.0), a)


def nominal_t(z: complex, y: complex) -> TwoPort:
    """Return the two-port of the admittance `y` between two halves of the impedance."""
    a = 1.0 + z * y / 2.0
    return TwoPort(a, z * (1.0 + z * y / 4.0), y, a)


def long_line(z: complex, y: complex) -> TwoPort:
    """Return the two-port of evenly spread impedance and admittance (telegrapher's equations)."""
    gamma, surge = cmath.sqrt(z * y), cmath.sqrt(z / y)
    return TwoPort(cmath.cosh(gamma), surge * cmath.sinh(gamma), cmath.sinh(gamma) / surge, cmath.cosh(gamma))


def equivalent_pi(z: complex, y: complex) -> tuple[complex, complex]:
    """Return series impedance and total admittance of the pi that equals `long_line` at its ends."""
    line = long_line(z, y)
    return line.b, 2.0 * (line.a - 1.0) / line.b


def line_net(vn_kv: float, z: complex, y: complex, s_mva: complex, sections: int = 1) -> pandapowerNet:
    """Return source, a line of total series impedance and admittance in equal sections, and load."""
    net = pp.create_empty_network(f_hz=F_HZ, sn_mva=100.0)
    buses = pp.create_buses(net, sections + 1, vn_kv)
    pp.create_ext_grid(net, buses[0])
    pp.create_load(net, buses[-1], s_mva.real, s_mva.imag)
    for start, end in itertools.pairwise(buses):
        pp.create_line_from_parameters(
            net, start, end, 1.0 / sections, z.real, z.imag, y.imag / (2.0 * math.pi * F_HZ) * 1e9,
            g_us_per_km=y.real * 1e6, max_i_ka=0.5,
        )  # fmt: skip
    return net


def links_nominal_pi_error_pu(s_mva: complex) -> float:
    """Return how far the nominal pi of a circuit of the 2030 link is from the long line at load `s_mva`, pu."""
    net = goto(2030).net
    link = net.line.iloc[0]
    z = complex(link.r_ohm_per_km, link.x_ohm_per_km) * link.length_km
    y = 2j * math.pi * net.f_hz * link.c_nf_per_km * 1e-9 * link.length_km
    ends = [shape(z, y).receiving_kv(66.0, s_mva) for shape in (nominal_pi, long_line)]
    return abs(ends[0] - ends[1]) / 66.0


@dataclass(frozen=True)
class Transformer:
    """Data of a two-winding transformer in pandapower's terms."""

    tap_side: str
    tap_pos: int
    shift_degree: float
    sn_mva: float = 30.0
    vn_hv_kv: float = 66.0
    vn_lv_kv: float = 6.6
    vk_percent: float = 11.0
    vkr_percent: float = 0.6
    pfe_kw: float = 40.0
    i0_percent: float = 0.4
    tap_step_percent: float = 1.25

    def net(self, s_mva: complex) -> pandapowerNet:
        """Return source, transformer and load."""
        net = pp.create_empty_network(f_hz=F_HZ, sn_mva=100.0)
        hv, lv = (pp.create_bus(net, kv) for kv in (66.0, 6.6))
        pp.create_ext_grid(net, hv)
        pp.create_load(net, lv, s_mva.real, s_mva.imag)
        own = {field: getattr(self, field) for field in self.__dataclass_fields__}
        pp.create_transformer_from_parameters(
            net, hv, lv, **own, tap_neutral=0, tap_min=-9, tap_max=9, tap_changer_type="Ratio"
        )
        return net

    def two_port(self, model: str) -> TwoPort:
        """Return the two-port seen from the high-voltage side; impedances are rated on the tapped low-voltage side."""
        tap = 1.0 + self.tap_pos * self.tap_step_percent / 100.0
        hv_kv = self.vn_hv_kv * (tap if self.tap_side == "hv" else 1.0)
        lv_kv = self.vn_lv_kv * (tap if self.tap_side == "lv" else 1.0)
        rated_ohm = lv_kv**2 / self.sn_mva
        r = self.vkr_percent / 100.0
        z = complex(r, math.sqrt((self.vk_percent / 100.0) ** 2 - r**2)) * rated_ohm
        g, i0 = self.pfe_kw / 1000.0 / self.sn_mva, self.i0_percent / 100.0
        y = complex(g, -math.sqrt(i0**2 - g**2)) / rated_ohm
        shape = {"t": nominal_t, "pi": nominal_pi}[model]
        return shape(z, y).behind(cmath.rect(hv_kv / lv_kv, math.radians(self.shift_degree)))
