"""Positions of taps and reactors: how they are set in a net, and a check that they cannot hunt."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from pandapower import pandapowerNet

from twin.core.clock import MINUTES_OF_HALF_HOUR, steps_in
from twin.core.errors import Problem
from twin.network.model import Compensator, Controls, GridModel, Reactors, TapChanger

HIGHEST_VM_PU = 1.05
"""A reactor's step is judged at this voltage, on the safe side of where it works."""


def first_positions(model: GridModel) -> tuple[int, ...]:
    """Return the positions that the model's net has: tap, then reactors in service, as far as there are any."""
    controls, positions = model.controls, []
    if controls.tap is not None:
        positions.append(int(model.net.trafo.tap_pos.at[controls.tap.transformers[0]]))
    if controls.reactors is not None:
        positions.append(int(model.net.shunt.in_service.loc[list(controls.reactors.shunts)].sum()))
    return tuple(positions)


def net_at(model: GridModel, positions: tuple[int, ...]) -> pandapowerNet:
    """Return a copy of the model's net with taps and reactors in the given positions."""
    net = copy.deepcopy(model.net)
    set_positions(net, model.controls, positions)
    return net


def set_positions(net: pandapowerNet, controls: Controls, positions: tuple[int, ...]) -> None:
    """Put the taps and reactors of a net into the given positions."""
    left = list(positions)
    if controls.tap is not None:
        net.trafo.loc[list(controls.tap.transformers), "tap_pos"] = left.pop(0)
    if controls.reactors is not None:
        shunts = list(controls.reactors.shunts)
        net.shunt.loc[shunts, "in_service"] = np.arange(len(shunts)) < left.pop(0)


def hunting_problems(model: GridModel, x_svc_pu: float, base_mva: float) -> Iterator[Problem]:
    """Name controls whose band is so narrow that a step would throw them out on its other side.

    Parameters
    ----------
    model : GridModel
    x_svc_pu : float
        Reactance that the compensator sees in the intact grid.
    base_mva : float
    """
    tap, reactors = model.controls.tap, model.controls.reactors
    if tap is not None:
        yield from _tap_problems(tap)
    if reactors is None:
        return
    if model.compensator is None:
        yield Problem(
            "reactors are switched by the compensator's output, and there is no compensator", "network, controls",
            repair="hold taps and reactors fixed",
        )  # fmt: skip
    else:
        yield from _reactor_problems(reactors, model.compensator, x_svc_pu, base_mva)


def _tap_problems(tap: TapChanger) -> Iterator[Problem]:
    if 2.0 * tap.dead_band_pu <= abs(tap.step_pu):
        yield Problem(
            "the tap changer would hunt: one step is as wide as its whole dead band",
            "network, controls, dead band of the tap changer", f"+-{tap.dead_band_pu:g} pu",
            f"more than {abs(tap.step_pu) / 2.0:g} pu to each side", "widen the dead band",
        )  # fmt: skip


def _reactor_problems(reactors: Reactors, svc: Compensator, x_svc_pu: float, base_mva: float) -> Iterator[Problem]:
    """Judge by what a reactor at the compensator's bus moves of its output: ``Q X / (X + slope)``."""
    slope_pu = svc.slope_percent / 100.0 / (svc.q_max_mvar / base_mva)
    effect_mvar = reactors.step_mvar * HIGHEST_VM_PU**2 * x_svc_pu / (x_svc_pu + slope_pu)
    low, high = reactors.in_below_mvar, reactors.out_above_mvar
    seen = f"{low:.3g} to {high:.3g} Mvar"
    if high - low <= effect_mvar:
        yield Problem(
            "the reactors would hunt: one step moves the compensator's output across the whole band",
            "network, controls, band of the compensator's output", seen, f"a width above {effect_mvar:.3g} Mvar",
            "widen the band or take smaller reactors",
        )  # fmt: skip
    if low <= svc.q_min_mvar or high >= svc.q_max_mvar:
        yield Problem(
            "the compensator reaches its limit before a reactor is switched",
            "network, controls, band of the compensator's output", seen,
            f"inside {svc.q_min_mvar:g} to {svc.q_max_mvar:g} Mvar", "narrow the band",
        )  # fmt: skip


@dataclass(frozen=True)
class Bands:
    """The controls of all members; axes M members, C controls: the tap changer, then the reactors.

    Attributes
    ----------
    low, high : numpy.ndarray, (M, C)
        Nothing moves while the measured quantity is between them: the voltage in pu, the compensator's output in Mvar.
    effect : numpy.ndarray, (M, C)
        Change of that quantity by one position, about; its sign tells the direction to move.
    lowest, highest : numpy.ndarray, (M, C) int
    delay, most_steps : numpy.ndarray, (M, C) int
        In steps of time, and positions in a step.
    tap_column, reactors_column : int or None
        Which control they are.
    """

    low: np.ndarray
    high: np.ndarray
    effect: np.ndarray
    lowest: np.ndarray
    highest: np.ndarray
    delay: np.ndarray
    most_steps: np.ndarray
    tap_column: int | None
    reactors_column: int | None

    def rows(self, pick: np.ndarray) -> Bands:
        """Return the controls of some members."""
        names = ("low", "high", "effect", "lowest", "highest", "delay", "most_steps")
        return replace(self, **{name: getattr(self, name)[pick] for name in names})

    @staticmethod
    def of(models: Sequence[GridModel], network: np.ndarray, step_minutes: int = MINUTES_OF_HALF_HOUR) -> Bands:
        """Return the controls of the members with the given networks, (M,) int, for steps of some minutes."""
        rows = [_controls_of(model, step_minutes) for model in models]
        values = np.array(rows, dtype=float).reshape(len(models), -1, 7)[network]
        low, high, effect = (values[..., k] for k in range(3))
        lowest, highest, delay, most_steps = (values[..., k].astype(np.int64) for k in range(3, 7))
        first = models[0].controls
        tap_column = None if first.tap is None else 0
        reactors_column = None if first.reactors is None else int(first.tap is not None)
        return Bands(low, high, effect, lowest, highest, delay, most_steps, tap_column, reactors_column)


def _controls_of(model: GridModel, step_minutes: int) -> list[tuple[float, ...]]:
    controls, half_hours = model.controls, max(step_minutes // MINUTES_OF_HALF_HOUR, 1)
    rows: list[tuple[float, ...]] = []
    if controls.tap is not None:
        tap = controls.tap
        low, high = tap.target_vm_pu - tap.dead_band_pu, tap.target_vm_pu + tap.dead_band_pu
        moves = tap.most_steps * half_hours * controls.automatic
        delay = steps_in(tap.delay_half_hours, step_minutes)
        rows.append((low, high, tap.step_pu, tap.lowest, tap.highest, delay, moves))
    if controls.reactors is not None:
        reactors = controls.reactors
        low, high, count = reactors.in_below_mvar, reactors.out_above_mvar, len(reactors.shunts)
        moves = reactors.most_steps * half_hours * controls.automatic
        delay = steps_in(reactors.delay_half_hours, step_minutes)
        rows.append((low, high, reactors.step_mvar, 0, count, delay, moves))
    return rows
