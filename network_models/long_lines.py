"""Lines whose charging flows along their way: the equivalent pi of the telegrapher's equations."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class LineConstants:
    """Constants of lines per km, each (n,): resistance, reactance, capacitance and conductance to earth."""

    r_ohm_per_km: np.ndarray
    x_ohm_per_km: np.ndarray
    c_nf_per_km: np.ndarray
    g_us_per_km: np.ndarray

    def equivalent_pi(self, length_km: np.ndarray, frequency_hz: float) -> LineConstants:
        """Return the constants whose nominal pi behaves at both ends as the line with charging along its way.

        A nominal pi puts the charging to the ends, where it heats nothing: of a cable fed from both ends it loses
        ``R Ic^2 / 12`` of its losses at no load. Here ``Z = Zc sinh(gamma l)`` and ``Y / 2 = tanh(gamma l / 2) / Zc``.
        """
        series = self.r_ohm_per_km + 1j * self.x_ohm_per_km
        omega = 2.0 * math.pi * frequency_hz
        shunt = self.g_us_per_km * 1e-6 + 1j * omega * self.c_nf_per_km * 1e-9
        whole = np.sqrt(series * shunt) * length_km
        half = 0.5 * whole
        z = series * _over(np.sinh(whole), whole)
        y = shunt * _over(np.tanh(half), half)
        return LineConstants(z.real, z.imag, y.imag / omega * 1e9, y.real * 1e6)


def _over(function: np.ndarray, argument: np.ndarray) -> np.ndarray:
    """Return ``function / argument``, 1 where the argument is 0: a line without charging."""
    return np.asarray(np.divide(function, argument, out=np.ones_like(function), where=argument != 0.0))
