"""Small nets for the elements of the power flow, and the comparison with pandapower's result tables."""

from __future__ import annotations

import copy
import warnings

import numpy as np
import pandapower as pp
from pandapower import pandapowerNet

from twin import BatchPowerFlow
from twin.network.result import BatchResult

RUNPP = {"tolerance_mva": 1e-10, "init": "dc", "calculate_voltage_angles": True, "numba": False}
VOLTAGE_PU = 1e-8
ANGLE_DEGREE = 1e-6
LOADING_PERCENT = 1e-5
POWER_MW = 1e-7
CURRENT_KA = 1e-8
_TOLERANCE = {"pu": VOLTAGE_PU, "degree": ANGLE_DEGREE, "percent": LOADING_PERCENT, "mw": POWER_MW, "mvar": POWER_MW,
              "ka": CURRENT_KA}  # fmt: skip


def solved_by_pandapower(net: pandapowerNet, **options) -> pandapowerNet:
    """Return a solved copy; pandapower warns of its own tables, and that is not under test."""
    solved = copy.deepcopy(net)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pp.runpp(solved, **(RUNPP | options))
    return solved


def assert_same(
    net: pandapowerNet, *, skip=(), scale_mva: float = 1.0, reference: dict | None = None, **options
) -> BatchResult:
    """Compare every result that both have; the tolerance of powers and currents grows with `scale_mva`."""
    solved = solved_by_pandapower(net, **options, **(reference or {}))
    result = BatchPowerFlow(net, **options).solve()
    assert result.converged.all(), result.failure
    for column, values in (("vm_pu", result.vm_pu), ("va_degree", result.va_degree)):
        _assert_close(values[0], solved.res_bus[column].to_numpy(), column, _TOLERANCE[column.split("_")[-1]])
    compared = 0
    for name in result.names:
        table, column = split_name(name)
        if len(net[table]) and name not in skip and column in solved[f"res_{table}"]:
            unit = column.rsplit("_", 1)[-1]
            factor = max(1.0, scale_mva) if unit in ("mw", "mvar", "ka") else 1.0
            expected = solved[f"res_{table}"][column].to_numpy(float)
            _assert_close(getattr(result, name)[0], expected, name, _TOLERANCE[unit] * factor)
            compared += 1
    assert compared
    return result


def split_name(name: str) -> tuple[str, str]:
    """Return table and column of a result's name."""
    for table in ("asymmetric_load", "asymmetric_sgen", "ext_grid"):
        if name.startswith(table):
            return table, name[len(table) + 1 :]
    return tuple(name.split("_", 1))


def two_bus(p_mw: float = 8.0, q_mvar: float = 3.0, **load) -> pandapowerNet:
    """Return an external grid, a line and a load at 20 kV."""
    net = pp.create_empty_network(sn_mva=10.0)
    a, b = pp.create_bus(net, 20.0, name="a"), pp.create_bus(net, 20.0, name="b")
    pp.create_ext_grid(net, a, vm_pu=1.02, va_degree=3.0)
    pp.create_line_from_parameters(net, a, b, 5.0, 0.2, 0.35, 210.0, 0.4)
    pp.create_load(net, b, p_mw, q_mvar, **load)
    return net


def _assert_close(ours: np.ndarray, theirs: np.ndarray, name: str, tolerance: float) -> None:
    np.testing.assert_allclose(ours, theirs, rtol=0.0, atol=tolerance, equal_nan=True, err_msg=name)
