"""A cable in its surroundings as a few thermal states with exact exponential steps (IEC 60853-2)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.linalg import eigh
from scipy.optimize import nnls
from scipy.special import exp1, k0e, k1e

from twin.cable.layers import Chain

SECONDS_PER_HOUR = 3600.0
SHORTEST_SECONDS = 60.0
"""States that follow within this time are taken as immediate."""
SOIL_STATES = 16
DUCT_U, DUCT_V, DUCT_Y = 1.87, 0.312, 0.0037
"""Constants of a plastic duct (IEC 60287-2-1, table of T4')."""
ALPHA_20 = 0.00393
"""Temperature coefficient of copper at 20 degrees Celsius, 1/K (IEC 60287-1-1, table 1)."""


@dataclass(frozen=True)
class Duct:
    """A plastic duct around the cable; `mean_c` is the temperature of the air in it."""

    inner_mm: float
    outer_mm: float
    wall_k_m_per_w: float
    mean_c: float


@dataclass(frozen=True)
class Surroundings:
    """Where a cable lies.

    Attributes
    ----------
    depth_m : float
        Of the cable's axis.
    soil_k_m_per_w, soil_j_per_m3_k : float
        Thermal resistivity and heat capacity of soil or sea bed.
    spacing_m : float
        To the axis of the other circuit's cable; infinite without one.
    duct : Duct, optional
    """

    depth_m: float
    soil_k_m_per_w: float
    soil_j_per_m3_k: float
    spacing_m: float = math.inf
    duct: Duct | None = None

    def outer_mm(self, cable_mm: float) -> float:
        """Return the diameter at which the soil begins."""
        return self.duct.outer_mm if self.duct else cable_mm

    def duct_k_m_per_w(self, cable_mm: float) -> float:
        """Return the resistance of air and wall of the duct (IEC 60287-2-1, T4' and T4''), 0 without one."""
        duct = self.duct
        if duct is None:
            return 0.0
        air = DUCT_U / (1.0 + 0.1 * (DUCT_V + DUCT_Y * duct.mean_c) * cable_mm)
        return air + duct.wall_k_m_per_w / (2.0 * math.pi) * math.log(duct.outer_mm / duct.inner_mm)

    def soil_resistance_k_m_per_w(self, cable_mm: float) -> float:
        """Return the steady resistance of the soil (IEC 60287-2-1, T4 or T4''')."""
        u = 2.0 * self.depth_m / (self.outer_mm(cable_mm) * 1e-3)
        return self.soil_k_m_per_w / (2.0 * math.pi) * math.log(u + math.sqrt(u * u - 1.0))

    @property
    def beside_k_m_per_w(self) -> float:
        """Steady rise by a watt per metre of the other circuit."""
        return self.soil_k_m_per_w / (4.0 * math.pi) * math.log1p((2.0 * self.depth_m / self.spacing_m) ** 2)

    def soil_rise(self, cable_mm: float, seconds: np.ndarray) -> np.ndarray:
        """Return the rise at the soil's edge for a watt per metre from time 0 on.

        As in IEC 60853-2 with image sources, but the cable itself is a cylinder, not a line: the line's heat would come
        to the surface of a thick cable hours too late.

        Parameters
        ----------
        cable_mm : float
        seconds : numpy.ndarray, (t,)

        Returns
        -------
        numpy.ndarray, (t,)
            K m/W.
        """
        d, four_dt = self.outer_mm(cable_mm) * 1e-3, self._four_dt(seconds)
        rise = _cylinder(four_dt / (d * d)) - exp1(4.0 * self.depth_m**2 / four_dt)
        return np.asarray(self.soil_k_m_per_w / (4.0 * math.pi) * rise)

    def beside_rise(self, seconds: np.ndarray) -> np.ndarray:
        """Return the rise by a watt per metre of the other circuit from time 0 on (IEC 60853-2), K m/W."""
        four_dt, square = self._four_dt(seconds), self.spacing_m**2
        rise = exp1(square / four_dt) - exp1((square + 4.0 * self.depth_m**2) / four_dt)
        return np.asarray(self.soil_k_m_per_w / (4.0 * math.pi) * rise)

    def _four_dt(self, seconds: np.ndarray) -> np.ndarray:
        return 4.0 * seconds / (self.soil_k_m_per_w * self.soil_j_per_m3_k)


def _cylinder(fourier: np.ndarray) -> np.ndarray:
    """Return the rise at a cylinder that heats the medium around it evenly, over that of a line's factor rho / 4 pi.

    Parameters
    ----------
    fourier : numpy.ndarray
        Diffusivity x time / radius^2.

    Returns
    -------
    numpy.ndarray
        Tends to ``exp1(1 / (4 fourier))``; Gaver-Stehfest inversion of ``2 K0(x) / (x^3 K1(x))``, ``x^2`` the variable
        of the Laplace transform.
    """
    half = STEHFEST_TERMS // 2
    total = np.zeros(np.shape(fourier))
    for k in range(1, STEHFEST_TERMS + 1):
        weight = sum(
            j**half * math.factorial(2 * j)
            / (math.factorial(half - j) * math.factorial(j) * math.factorial(j - 1)
               * math.factorial(k - j) * math.factorial(2 * j - k))
            for j in range((k + 1) // 2, min(k, half) + 1)
        ) * (-1) ** (k + half)  # fmt: skip
        s = k * math.log(2.0) / fourier
        x = np.sqrt(s)
        total += weight * 2.0 * k0e(x) / (x * s * k1e(x))
    return np.asarray(total * math.log(2.0) / fourier)


STEHFEST_TERMS = 12


@dataclass(frozen=True)
class Losses:
    """Losses of a cable per metre.

    Attributes
    ----------
    limit_c : float
        Highest permitted temperature of the conductor.
    limit_ohm_per_m : float
        AC resistance of a conductor at that temperature.
    sheath, armour : float
        Their losses over those of the conductors (IEC 60287-1-1, lambda 1 and 2).
    dielectric_w_per_m : float
        Of all cores.
    """

    limit_c: float
    limit_ohm_per_m: float
    sheath: float
    armour: float
    dielectric_w_per_m: float

    def ohm_per_m(self, conductor_c: np.ndarray) -> np.ndarray:
        """Return the AC resistance of a conductor at a temperature."""
        return np.asarray(self.limit_ohm_per_m * resistance_ratio(conductor_c, self.limit_c))


def resistance_ratio(conductor_c: Any, limit_c: float) -> Any:  # noqa: ANN401 - a number or an array
    """Return the resistance of copper at a temperature over that at its limit."""
    return (1.0 + ALPHA_20 * (conductor_c - 20.0)) / (1.0 + ALPHA_20 * (limit_c - 20.0))


@dataclass(frozen=True)
class Ladder:
    """Rise of a conductor above its surroundings as a sum of first-order states: m own, then b of the other circuit.

    Own state j follows the loss of the circuit's conductors with ``dz/dt = rate (loss - z)``, the others follow that of
    the other circuit's; the conductor's rise is ``dielectric_k + sum(gain z)``.

    Attributes
    ----------
    gain_k_m_per_w : numpy.ndarray, (m + b,)
        Per watt and metre of the loss of all conductors of the circuit that the state follows.
    rate_per_s : numpy.ndarray, (m + b,)
        Infinite where a state is immediate.
    own : int
        m.
    dielectric_k : float
        Rise by the dielectric losses of both circuits, which are always there.
    losses : Losses
    cores : int
    """

    gain_k_m_per_w: np.ndarray
    rate_per_s: np.ndarray
    own: int
    dielectric_k: float
    losses: Losses
    cores: int

    def kept(self, seconds: float | np.ndarray) -> np.ndarray:
        """Return the share of each state that is left after a time, (..., m + b)."""
        return np.asarray(np.exp(-np.multiply.outer(seconds, self.rate_per_s)))

    def rise_k_m_per_w(self, seconds: float | np.ndarray) -> np.ndarray:
        """Return the rise by a watt per metre of the circuit's own that lasts for a time above 0, (...)."""
        gone = (1.0 - self.kept(seconds))[..., : self.own]
        return np.asarray(gone @ self.gain_k_m_per_w[: self.own])

    @property
    def alone_k_m_per_w(self) -> float:
        """Steady rise per watt and metre while the other circuit is dead."""
        return float(self.gain_k_m_per_w[: self.own].sum())

    @property
    def together_k_m_per_w(self) -> float:
        """Steady rise per watt and metre while the other circuit carries as much."""
        return float(self.gain_k_m_per_w.sum())

    def loss_w_per_m(self, current_a: np.ndarray, conductor_c: np.ndarray) -> np.ndarray:
        """Return the loss of all conductors."""
        return np.asarray(self.cores * current_a**2 * self.losses.ohm_per_m(conductor_c))


def ladder_of(chain: Chain, surroundings: Surroundings, losses: Losses) -> Ladder:
    """Return the ladder of a cable in its surroundings.

    Cable and soil are one linear network: the heat that enters the soil is what the cable lets out, not what the
    conductor makes (IEC 60853-2 uses the attainment factor for that). Its eigenvectors are the states. Heat of the
    other circuit comes so late that the time in its cable does not count.
    """
    cable_mm = chain.diameter_mm
    soil_gain, soil_rate = _soil_states(surroundings, cable_mm)
    capacity = np.concatenate([chain.capacity_j_per_m_k, 1.0 / (soil_gain * soil_rate)])
    resistance = chain.resistance_k_m_per_w.copy()
    resistance[-1] += surroundings.duct_k_m_per_w(cable_mm)
    rate, shape = eigh(_conductance(resistance, soil_gain), np.diag(capacity))
    heats = np.zeros((2, len(capacity)))  # of a watt in the conductors, of the dielectric losses
    np.add.at(heats[0], [0, chain.sheath, chain.armour], [1.0, losses.sheath, losses.armour])
    np.add.at(heats[1], [0, chain.sheath], [0.5 * losses.dielectric_w_per_m] * 2)
    of_conductors, of_dielectric = shape[0] * (heats @ shape) / rate
    gain, rate = _with_immediate_state(of_conductors, rate)
    beside_gain, beside_rate = _beside_states(surroundings, cable_mm)
    per_watt = 1.0 + losses.sheath + losses.armour
    return Ladder(
        gain_k_m_per_w=np.concatenate([gain, beside_gain * per_watt]),
        rate_per_s=np.concatenate([rate, beside_rate]),
        own=len(gain),
        dielectric_k=float(of_dielectric.sum() + beside_gain.sum() * losses.dielectric_w_per_m),
        losses=losses,
        cores=chain.cores,
    )


def _conductance(resistance: np.ndarray, soil_gain: np.ndarray) -> np.ndarray:
    """Return the network's conductance matrix: the chain, then the soil's states in a row behind its end."""
    nodes = len(resistance)
    matrix = np.zeros((nodes + len(soil_gain),) * 2)
    for k, between in enumerate(1.0 / resistance[:-1]):
        matrix[k : k + 2, k : k + 2] += between * np.array([[1.0, -1.0], [-1.0, 1.0]])
    ends = np.concatenate([np.zeros(nodes - 1), [1.0], -np.ones(len(soil_gain))])
    matrix += np.outer(ends, ends) / resistance[-1]
    matrix[nodes:, nodes:] += np.diag(1.0 / soil_gain)
    return matrix


def _soil_states(surroundings: Surroundings, cable_mm: float) -> tuple[np.ndarray, np.ndarray]:
    """Return gains and rates of exponentials whose sum is the soil's rise, their sum of gains the steady resistance."""
    diffusivity = 1.0 / (surroundings.soil_k_m_per_w * surroundings.soil_j_per_m3_k)
    shortest = (surroundings.outer_mm(cable_mm) * 1e-3) ** 2 / 16.0 / diffusivity
    longest = surroundings.depth_m**2 / diffusivity
    times = np.geomspace(0.02 * shortest, 300.0 * longest, 400)
    total = surroundings.soil_resistance_k_m_per_w(cable_mm)
    return _exponentials(times, surroundings.soil_rise(cable_mm, times), (0.03 * shortest, 3.0 * longest), total)


def _beside_states(surroundings: Surroundings, cable_mm: float) -> tuple[np.ndarray, np.ndarray]:
    if math.isinf(surroundings.spacing_m):
        return np.zeros(0), np.zeros(0)
    diffusivity = 1.0 / (surroundings.soil_k_m_per_w * surroundings.soil_j_per_m3_k)
    shortest = surroundings.spacing_m**2 / 16.0 / diffusivity
    longest = (surroundings.depth_m**2 + surroundings.spacing_m**2 / 4.0) / diffusivity
    times = np.geomspace(0.1 * shortest, 300.0 * longest, 400)
    return _exponentials(
        times, surroundings.beside_rise(times), (0.3 * shortest, 3.0 * longest), surroundings.beside_k_m_per_w
    )


def _exponentials(
    times: np.ndarray, rise: np.ndarray, between: tuple[float, float], total: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return gains and rates of rising exponentials, their constants in a range, that fit a rise and end at `total`."""
    constants = np.geomspace(*between, SOIL_STATES)
    gain, _ = nnls(1.0 - np.exp(-np.divide.outer(times, constants)), rise)
    used = gain > 0.0
    return gain[used] * total / gain.sum(), 1.0 / constants[used]


def _with_immediate_state(gain: np.ndarray, rate: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    fast = rate > 1.0 / SHORTEST_SECONDS
    return np.append(gain[~fast], gain[fast].sum()), np.append(rate[~fast], np.inf)


def steady_rises_k(chain: Chain, surroundings: Surroundings, losses: Losses, current_a: float) -> tuple[float, float]:
    """Return the conductor's steady rise with the loss at its limit, in the cable and outside (IEC 60287-1-1)."""
    conductors = chain.cores * current_a**2 * losses.limit_ohm_per_m
    heat = np.zeros(len(chain.capacity_j_per_m_k))
    heat[0] += conductors + 0.5 * losses.dielectric_w_per_m
    heat[chain.sheath] += conductors * losses.sheath + 0.5 * losses.dielectric_w_per_m
    heat[chain.armour] += conductors * losses.armour
    flow = np.cumsum(heat)
    outside = surroundings.duct_k_m_per_w(chain.diameter_mm) + surroundings.soil_resistance_k_m_per_w(chain.diameter_mm)
    return float(flow @ chain.resistance_k_m_per_w), float(flow[-1] * outside)
