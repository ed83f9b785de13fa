"""The controls of Goto: the taps of the transformers at Matsushima and the reactors on the link."""

from __future__ import annotations

from network_models.goto.build import Parameters, Tables
from twin.core.errors import InputError, Problem
from twin.network.model import Controls, Reactors, TapChanger


def controls(tables: Tables, parameters: Parameters, buses: dict[str, int], *, automatic: bool) -> Controls:
    """Return what holds the voltage between half-hours.

    The main transformers move together on the high-voltage side and hold their low-voltage bus. The reactors keep the
    compensator's output inside a band given in percent of its range. The taps of the 66/6.6 kV banks stay where
    ``bank_tap_position`` puts them; docs/concepts/loop.md says why.

    Parameters
    ----------
    tables : mapping of str to pandas.DataFrame
    parameters : Parameters
    buses : dict of str to int
        pandapower bus of every `bus_id`.
    automatic : bool
        False keeps taps and reactors where the net has them.

    Raises
    ------
    InputError
        If the tap stands outside its range.
    """
    return Controls(_main_taps(tables, parameters, buses), _reactors(tables, parameters), automatic)


def _main_taps(tables: Tables, parameters: Parameters, buses: dict[str, int]) -> TapChanger:
    trafos = tables["transformers"].reset_index(drop=True)
    main = trafos[trafos["role"] == "main"]
    first = main.iloc[0]
    position, lowest, highest = int(parameters.number(first["tap_parameter"])), first["tap_min"], first["tap_max"]
    if not lowest <= position <= highest:
        where, accepted = f"parameter {first['tap_parameter']}", f"{lowest} to {highest}"
        raise InputError([Problem("the tap stands outside the transformers' range", where, str(position), accepted)])
    return TapChanger(
        transformers=tuple(map(int, main.index)),
        bus=buses[first["lv_bus"]],
        target_vm_pu=parameters.number("main_tap_target_vm_pu"),
        dead_band_pu=parameters.number("main_tap_dead_band_pu"),
        step_pu=-float(first["tap_step_percent"]) / 100.0,
        lowest=int(lowest),
        highest=int(highest),
        delay_half_hours=int(parameters.number("main_tap_delay_half_hours")),
        most_steps=int(parameters.number("main_tap_most_steps")),
    )


def _reactors(tables: Tables, parameters: Parameters) -> Reactors:
    shunts = tables["shunts"].reset_index(drop=True).sort_values("step", kind="stable")
    return Reactors(
        shunts=tuple(map(int, shunts.index)),
        step_mvar=parameters.number(shunts["q_parameter"].iloc[0]),
        in_below_mvar=parameters.number("svc_q_min_mvar") * parameters.number("reactor_in_percent") / 100.0,
        out_above_mvar=parameters.number("svc_q_max_mvar") * parameters.number("reactor_out_percent") / 100.0,
        delay_half_hours=int(parameters.number("reactor_delay_half_hours")),
        most_steps=int(parameters.number("reactor_most_steps")),
    )
