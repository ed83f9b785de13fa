"""What a security analysis makes of times, ratings, indices and counts as users have them."""

from __future__ import annotations

import copy

import numpy as np
import pandapower as pp
import pandas as pd
import pytest

from twin import SecurityAnalysis
from twin.core.errors import InputError
from twin.network.model import Limits
from twin.security.contingencies import CommonCorridor

TIMES = pd.date_range("2030-01-01", periods=4, freq="h")
LOADS = np.full((4, 1), 5.0)
WIDE = Limits(0.5, 1.5, 1.0)


def two_circuits() -> pp.pandapowerNet:
    """5 MW over the circuit that is left is more than its 3.5 MVA."""
    net = pp.create_empty_network()
    a, b = pp.create_bus(net, 20.0), pp.create_bus(net, 20.0)
    pp.create_ext_grid(net, a)
    for _ in range(2):
        pp.create_line_from_parameters(net, a, b, 2.0, 0.2, 0.35, 210.0, 0.1)
    pp.create_load(net, b, 5.0)
    return net


def hours(profiles=LOADS, **options) -> float:
    found = SecurityAnalysis(two_circuits(), [("line", 0)]).run({"load_p_mw": profiles}, **options)
    return found.outages().hours_over_continuous[1]


def test_hours_come_from_the_times_wherever_they_are() -> None:
    assert hours(index=TIMES) == 4.0
    assert hours(pd.DataFrame(LOADS, index=TIMES)) == 4.0
    assert hours(pd.DataFrame(LOADS, index=TIMES), index=TIMES) == 4.0
    assert hours(index=TIMES.to_period("h")) == 4.0
    assert hours(step_hours=0.25) == 1.0
    assert hours(LOADS[:1], index=TIMES[:1]) == 1.0


@pytest.mark.parametrize("index", [None, pd.RangeIndex(4), list("abcd"), pd.DatetimeIndex(["2030-01-01"])], ids=str)
def test_hours_without_times_and_step_are_not_a_number(index) -> None:
    profiles = LOADS if index is None else LOADS[: len(index)]
    found = SecurityAnalysis(two_circuits(), [("line", 0)]).run({"load_p_mw": profiles}, index=index)
    table = found.outages()
    assert table.filter(like="hours_").isna().all(axis=None)
    assert table.filter(like="_mwh").isna().all(axis=None)
    assert not found.secure().any()
    assert found.steps().index.equals(pd.RangeIndex(4) if index is None else pd.Index(index))
    assert found.branches().step.iloc[1] == (0 if index is None else index[0])


@pytest.mark.parametrize(("index", "message"), [
    (TIMES[[0, 1, 3]].append(TIMES[3:].shift(1)), "step 2: the times are not regular"),
    (pd.DatetimeIndex(["2030-01-01 00:00", "2030-01-01 00:15", "2030-01-01 01:15", "2030-01-01 02:15"]), "1 h after"),
    (TIMES[::-1], "do not ascend"),
    (TIMES[[0, 1, 1, 2]], "step 2: the times do not ascend"),
    (pd.DatetimeIndex(["2030-01-01", None, "2030-01-03", "2030-01-04"]), "step 1: a time is missing"),
    (TIMES[:3], "3 times"),
    (7, "no times"),
])  # fmt: skip
def test_times_that_are_not_regular_are_refused(index, message: str) -> None:
    with pytest.raises(InputError, match=message):
        hours(index=index)


def test_other_times_than_those_of_the_profiles_are_refused() -> None:
    with pytest.raises(InputError, match="not the row labels"):
        hours(pd.DataFrame(LOADS, index=TIMES), index=TIMES.shift(1))


def test_chosen_steps_of_a_year_need_their_length() -> None:
    chosen = TIMES[[0, 1]].append(TIMES[[0, 1]] + pd.Timedelta(days=1))
    assert hours(index=chosen, step_hours=0.5) == 2.0
    with pytest.raises(InputError, match="the steps overlap"):
        hours(index=chosen, step_hours=1.5)


@pytest.mark.parametrize("option", [
    {"threads": 0}, {"threads": 1.5}, {"block_steps": 0}, {"step_hours": 0.0}, {"step_hours": np.nan},
    {"step_hours": "1"},
], ids=str)  # fmt: skip
def test_counts_and_lengths_are_checked(option: dict) -> None:
    with pytest.raises(InputError, match=next(iter(option))):
        hours(**option)


def test_a_rating_of_zero_is_an_infinite_loading() -> None:
    net = two_circuits()
    net.line["max_i_ka"] = [0.5, 0.0]
    found = SecurityAnalysis(net, "all", limits=WIDE).run()
    table = found.outages().set_index("outage")
    assert table.loading_percent[["", "line 0"]].tolist() == [np.inf, np.inf]
    assert 0.0 < table.loading_percent["line 1"] < 100.0
    assert found.branches().loading_percent.tolist()[1] == np.inf
    assert found.steps().solved_loading_percent[0] == np.inf
    assert not found.secure()[0]


@pytest.mark.parametrize(("index", "message"), [
    (["a", "b"], "no whole number"), ([1, 1], "same index"), ([0.5, 1.0], "no whole number"),
])  # fmt: skip
def test_an_index_that_does_not_name_the_elements_is_refused(index: list, message: str) -> None:
    net = two_circuits()
    net.line.index = index
    with pytest.raises(InputError, match=message):
        SecurityAnalysis(net, "all")


def test_a_net_without_branches_has_only_its_intact_case() -> None:
    net = two_circuits()
    net.line["in_service"] = False
    found = SecurityAnalysis(net, "all").run()
    assert found.outages().outage.tolist() == [""]
    assert len(found.branches()) == 0
    assert found.secure().all()


@pytest.mark.parametrize("entry", [
    (("load", 0), ("load", 0)), CommonCorridor((("line", 0), ("line", 1), ("line", 0))),
])  # fmt: skip
def test_an_element_twice_in_a_group_is_refused(entry) -> None:
    with pytest.raises(InputError, match="stands twice in this outage"):
        SecurityAnalysis(two_circuits(), [entry]).run()


@pytest.mark.parametrize("entry", [5, "line", ("line",), ("line", "0"), ("line", 0.5), [], None, CommonCorridor(())])
def test_what_is_no_outage_is_named(entry) -> None:
    with pytest.raises(InputError, match="outages, entry 1: not an outage"):
        SecurityAnalysis(two_circuits(), [("line", 0), entry]).run()


def test_an_outage_list_may_hold_lists_and_numpy_numbers() -> None:
    net = two_circuits()
    found = SecurityAnalysis(net, [("line", net.line.index.to_numpy()[0]), [("line", 0), ("line", 1)]]).run()
    assert found.outages().outage.tolist() == ["", "line 0", "line 0 + line 1"]


def test_a_net_that_was_changed_is_refused() -> None:
    net = two_circuits()
    analysis = SecurityAnalysis(net, [("line", 0)])
    net.line.loc[1, "max_i_ka"] = 1.0
    with pytest.raises(InputError, match=r"net\.line\.max_i_ka"):
        analysis.run()


def test_an_external_grid_trips_and_the_other_supplies() -> None:
    """As runpp with the external grid out of service; without another one everything is lost."""
    net = two_circuits()
    far = pp.create_bus(net, 20.0)
    pp.create_line_from_parameters(net, 1, far, 3.0, 0.2, 0.35, 210.0, 0.4)
    second = pp.create_ext_grid(net, far, vm_pu=1.01)
    found = SecurityAnalysis(net, [("ext_grid", 0), (("ext_grid", 0), ("ext_grid", second))], limits=WIDE).run()
    table = found.outages()
    alone = copy.deepcopy(net)
    alone.ext_grid.loc[0, "in_service"] = False
    pp.runpp(alone, tolerance_mva=1e-10, numba=False)
    assert table.low_vm_pu[1] == pytest.approx(alone.res_bus.vm_pu.min(), abs=1e-8)
    assert table.loading_percent[1] == pytest.approx(alone.res_line.loading_percent.max(), abs=1e-5)
    assert table.demand_lost_mw.tolist() == [0.0, 0.0, 5.0]
