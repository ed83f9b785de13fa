"""Profiles of any form and value: rows are solved, or named as unsolved; what is no profile is refused in words."""

import numpy as np
import pandas as pd
import pytest
from fuzzing import effort, told_well
from hypothesis import given
from hypothesis import strategies as st
from test_settings import ring

from twin import BatchPowerFlow, SecurityAnalysis
from twin.core.errors import InputError
from twin.network.profiles import POWERS
from twin.network.settings import SETTINGS

pytestmark = pytest.mark.fuzz

FLOW = BatchPowerFlow(ring())
ANALYSIS = SecurityAnalysis(ring(), [("line", 0), ("bus", 2), ("switch", 1)])
NUMBERS = (0.0, 1.0, -1.0, 4.0, 30.0, 1e3, 1e9, 1e300, -1e300, np.nan, np.inf, -np.inf, 5e-324)
STRANGE = (None, "x", [], {}, [[]], [["a", "b"]], 3.0, True, np.array(1.0), 1j, [[1j, 2]], object(), [[None, 1.0]],
           pd.NaT, pd.Timestamp("2030-01-01"), [[1.0], [1.0, 2.0]], np.ma.masked, b"1", range(2), {1, 2})  # fmt: skip
NAMES = (*POWERS, *SETTINGS, "load_p_kw", "", "load", 3, None)


@st.composite
def values(draw, elements):
    """Return an array, a table, a series or something strange for so many elements."""
    kind = draw(st.sampled_from(["array", "array", "array", "frame", "series", "masked", "nullable", "strange"]))
    if kind == "strange":
        return draw(st.sampled_from(STRANGE))
    rows, columns = draw(st.integers(0, 4)), draw(st.sampled_from([elements, elements, elements, elements + 1, 0]))
    cells = draw(st.lists(st.sampled_from(NUMBERS), min_size=rows * columns, max_size=rows * columns))
    array = np.array(cells, dtype=float).reshape(rows, columns)
    if kind == "frame":
        times = pd.date_range("2030-01-01", periods=rows, freq=draw(st.sampled_from(["h", "30min"])))
        return pd.DataFrame(array, index=draw(st.sampled_from([None, times, times[::-1], list(range(rows, 0, -1))])))
    if kind == "series":
        return pd.Series(array[0] if rows else array.ravel())
    if kind == "masked":
        return np.ma.masked_invalid(array)
    if kind == "nullable":
        return pd.DataFrame(np.where(np.isfinite(array), array, np.nan)).astype("Float64")
    return array.astype(draw(st.sampled_from([float, object, np.float32])))


@st.composite
def given_profiles(draw):
    """Return up to three profiles by name."""
    found = {}
    for name in draw(st.lists(st.sampled_from(NAMES), max_size=3, unique=True)):
        table = (POWERS | SETTINGS).get(name, ("load", ""))[0]
        found[name] = draw(values(len(FLOW.net[table])))
    return found


@pytest.mark.filterwarnings("ignore:overflow encountered:RuntimeWarning")
@given(profiles=given_profiles())
@effort(15)
def test_any_profiles(profiles):
    try:
        found = FLOW.solve(**profiles) if all(isinstance(name, str) for name in profiles) else None
    except InputError as error:
        told_well(error)
        found = None
    if found is not None:
        assert found.vm_pu[found.converged][:, :1].size == found.converged.sum()
        assert np.isfinite(found.vm_pu[found.converged]).any(axis=1).all()
        assert np.isnan(found.vm_pu[~found.converged]).all()
        assert (found.residual_mva[found.converged] < 1e-6).all()
        assert ((found.failure == "") == found.converged).all()
        for name in found.names:
            assert len(getattr(found, name)) == len(found.converged)
    try:
        steps = ANALYSIS.run({name: profile for name, profile in profiles.items() if name in POWERS}, step_hours=1.0)
    except InputError as error:
        told_well(error)
        return
    unsolved = steps.steps().unsolved_outages.to_numpy() > 0
    assert not steps.secure()[unsolved].any()


def test_a_shunt_beyond_all_bounds_is_no_solution():
    found = FLOW.solve(shunt_step=[[1e300]])
    assert found.failure.tolist() == ["not_converged"]
