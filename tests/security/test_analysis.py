"""Security analysis: classes, islands, unsolved cases, directions, independence of blocks and threads."""

import copy

import numpy as np
import pandapower as pp
import pandapower.contingency
import pandas as pd
import pytest
from grid_cases import add_line, empty_net, goto_model, small_model
from security_cases import RUNPP

from twin import SecurityAnalysis
from twin.core.errors import InputError
from twin.core.random_streams import stream
from twin.network.model import Limits
from twin.security.contingencies import CommonCorridor, OutageClass
from twin.security.operating_points import less
from twin.security.tally import merge

CORRIDOR = OutageClass.COMMON_CORRIDOR


def island(load_mw=20.0, sgen_mw=0.0, max_i_ka=0.3, ohm=5 + 10j):
    """Two equal circuits to a bus with load and plant, and a feeder with another load behind it."""
    net = empty_net()
    source, middle, far = (pp.create_bus(net, 66.0, name=name) for name in ("source", "middle", "far"))
    pp.create_ext_grid(net, source)
    for ends, impedance in (((source, middle), ohm), ((source, middle), ohm), ((middle, far), 3 + 8j)):
        add_line(net, ends, impedance, 100.0, max_i_ka)
    pp.create_load(net, middle, load_mw, 0.2 * load_mw)
    pp.create_load(net, far, 3.0, 1.0)
    pp.create_sgen(net, middle, sgen_mw, 0.0)
    return net


def random_profiles(net, steps):
    draw = stream(7, "security profiles", 0)
    return {
        "load_p_mw": net.load.p_mw.to_numpy() * draw.uniform(0.1, 2.0, (steps, len(net.load))),
        "sgen_p_mw": draw.uniform(0.0, 60.0, (steps, len(net.sgen))),
    }


def flat(tally):
    """All arrays of a tally in order."""
    if isinstance(tally, tuple):
        return [array for part in tally for array in flat(part)]
    return [np.asarray(tally)]


def pandapowers_contingency(net, lines):
    rated = copy.deepcopy(net)
    rated.line["max_loading_percent"] = 100.0
    rated.bus["min_vm_pu"], rated.bus["max_vm_pu"] = 0.5, 1.1
    return pandapower.contingency.run_contingency(rated, {"line": {"index": lines}}, **RUNPP)


@pytest.mark.parametrize(("threads", "block"), [(1, 1), (1, 7), (2, 5), (3, 2)])
def test_results_do_not_depend_on_threads_or_blocks(threads, block):
    net = island()
    profiles = random_profiles(net, 11)
    analysis = SecurityAnalysis(net)
    one_go = flat(analysis.run(profiles).tally)
    others = flat(analysis.run(profiles, threads=threads, block_steps=block).tally)
    assert all(np.array_equal(mine, theirs) for mine, theirs in zip(one_go, others, strict=True))


def test_blocks_join_in_any_order_but_not_with_a_gap():
    net = island()
    profiles = {("load", "p_mw"): random_profiles(net, 6)["load_p_mw"]}
    analysis = SecurityAnalysis(net).prepare({})
    parts = [
        analysis.assess(analysis.power(2, {key: values[first : first + 2] for key, values in profiles.items()}), first)
        for first in (0, 2, 4)
    ]
    assert np.array_equal(flat(merge(parts))[1], flat(merge(parts[::-1]))[1])
    with pytest.raises(ValueError, match="step 2 was expected, 4 follows"):
        merge([parts[0], parts[2]])


def test_outage_without_a_solution_is_a_violation_where_pandapower_hides_it():
    net = island(load_mw=180.0, max_i_ka=2.0)
    result = SecurityAnalysis(net, [("line", 0), ("line", 2)], limits=Limits(0.5, 1.1, 1.0)).run()
    assert list(result.outages().steps_unsolved) == [0, 1, 0]
    assert result.unsolved().loc["n-1"].sum() == 1
    assert result.unsolved().loc["n-0"].sum() == 0
    assert not result.secure().any()
    step = result.steps().iloc[0]
    assert np.isinf(step.loading_percent)
    assert (step.unsolved_outages, step.violating_outages) == (1, 1)
    assert step.solved_loading_percent < 100.0
    hidden = pandapowers_contingency(net, [0, 2])
    assert np.nanmax(hidden["line"]["max_loading_percent"]) == pytest.approx(step.solved_loading_percent, abs=1e-5)


def test_same_as_pandapowers_contingency_where_all_outages_solve():
    net = island(load_mw=35.0, sgen_mw=4.0)
    result = SecurityAnalysis(net, [("line", i) for i in net.line.index]).run()
    reference = pandapowers_contingency(net, list(net.line.index))
    both = np.fmax(result.branches().loading_percent, result.branches(OutageClass.INTACT).loading_percent)
    assert both.to_numpy() == pytest.approx(reference["line"]["max_loading_percent"], abs=1e-5)
    assert result.buses().low_vm_pu.to_numpy() == pytest.approx(reference["bus"]["min_vm_pu"], abs=1e-8)


def test_double_circuit_is_a_class_of_its_own():
    result = SecurityAnalysis(island(sgen_mw=8.0)).run(step_hours=0.5)
    table = result.outages().set_index("outage")
    assert list(table["class"]).count("common-corridor") == 1
    double = table.loc["line 0 + line 1"]
    assert double["class"] == "common-corridor"
    assert double.demand_lost_mw == pytest.approx(23.0, abs=1e-9)
    assert double.infeed_lost_mw == pytest.approx(8.0, abs=1e-9)
    assert double.demand_lost_mwh == pytest.approx(11.5, abs=1e-9)
    assert table.loc["line 2"].demand_lost_mw == pytest.approx(3.0, abs=1e-9)
    assert result.secure(CORRIDOR).all()


def test_corridor_breach_leaves_the_singles_alone():
    net = island(load_mw=45.0)
    third = add_line(net, (0, 1), 5 + 10j, 100.0, 0.3)
    result = SecurityAnalysis(net, [("line", 0), CommonCorridor((("line", 0), ("line", third)))]).run()
    assert result.secure().all()
    assert not result.secure(CORRIDOR).any()
    assert result.steps(CORRIDOR).solved_element[0] == "line 1"


def test_group_trips_together():
    net = island(sgen_mw=8.0)
    group = SecurityAnalysis(net, [(("line", 2), ("sgen", 0))]).run().outages().iloc[1]
    assert (group.demand_lost_mw, group.infeed_lost_mw) == (pytest.approx(3.0), pytest.approx(8.0))
    by_hand = copy.deepcopy(net)
    by_hand.line.loc[2, "in_service"], by_hand.sgen.loc[0, "in_service"] = False, False
    pp.runpp(by_hand, **RUNPP)
    assert group.loading_percent == pytest.approx(by_hand.res_line.loading_percent.max(), abs=1e-5)


def test_equal_circuit_is_told_and_solved_once():
    table = SecurityAnalysis(island()).run().outages().set_index("outage")
    assert table.loc["line 1"].same_as == "line 0"
    assert (table.drop("line 1").same_as == "").all()
    unlike = island()
    unlike.line.loc[1, "length_km"] = 1.01
    assert (SecurityAnalysis(unlike).run().outages().same_as == "").all()


@pytest.mark.parametrize("as_model", [False, True])
@pytest.mark.parametrize(("load_mw", "sgen_mw", "direction"), [(42.0, 0.0, "import"), (2.0, 50.0, "export")])
def test_direction_of_a_breach(as_model, load_mw, sgen_mw, direction):
    net = island(load_mw, sgen_mw)
    circuits = (("line", 0), ("line", 1))
    grid = small_model(net, [1], [1, 2], circuits, circuits) if as_model else net
    result = SecurityAnalysis(grid, [*circuits]).run(step_hours=0.5)
    table = result.branches()[:2]
    assert (table.loading_percent > 110.0).all()
    other = {"import": "export", "export": "import"}[direction]
    assert list(table[f"hours_{direction}_breach"]) == [0.5, 0.5]
    assert list(table[f"hours_{other}_breach"]) == [0.0, 0.0]
    step = result.steps().iloc[0]
    assert step[f"{direction}_breach_loading_percent"] == step.solved_loading_percent
    assert np.isnan(step[f"{other}_breach_loading_percent"])


def test_short_time_and_continuous_rating_are_two_verdicts():
    net = island(load_mw=36.0)
    result = SecurityAnalysis(net, [("line", 0)], limits=Limits(0.8, 1.1, 1.3)).run(step_hours=0.5)
    row = result.branches().iloc[1]
    assert 100.0 < row.loading_percent < 130.0
    assert (row.hours_over_short_time, row.hours_over_continuous) == (0.0, 0.5)
    assert not result.secure().any()


def test_relief_acts_between_the_two_verdicts():
    net = island(load_mw=2.0, sgen_mw=60.0)
    called = []

    def trip_everything(topology, power, v):
        called.append(topology.case.name)
        plant = analysis.power(len(v), given).of_element["sgen", 0]
        overloaded = topology.case.elements == (("line", 0),)
        return less(power, plant) if overloaded else power

    given = {("sgen", "p_mw"): np.array([[60.0], [30.0]])}
    outages = [("line", 0), ("line", 2), ("sgen", 0)]
    analysis = SecurityAnalysis(net, outages, relief=trip_everything).prepare({})
    result = analysis.result([analysis.assess(analysis.power(2, given), 0)], 0.5)
    plain = SecurityAnalysis(net, outages).run({"sgen_p_mw": given["sgen", "p_mw"]})
    assert called == ["", "line 0", "line 2", "sgen 0"]
    table, without = result.outages().set_index("outage"), plain.outages().set_index("outage")
    assert np.array_equal(table.loading_percent, without.loading_percent)
    assert table.loc["line 0"].settled_loading_percent < 50.0 < 100.0 < table.loc["line 0"].loading_percent
    assert table.loc["line 2"].settled_loading_percent == pytest.approx(without.loc["line 2"].loading_percent, abs=1e-7)
    assert table.loc["line 0"].hours_over_continuous == 0.0
    assert table.loc["line 0"].hours_over_short_time == 0.5


def test_grid_model_brings_its_own_roles():
    model = goto_model(2030, "fixed", (("reactor_location", "line"),))
    result = SecurityAnalysis(model, list(model.roles.outages)).run()
    link = model.roles.link[0].element
    assert ("shunt", model.roles.shunts_tripped_with[link][0]) in result.cases[
        1 + model.roles.outages.index(link)
    ].elements
    branches = result.branches()
    watched = set(zip(branches.table, branches.element, strict=True))
    assert watched == set(model.roles.monitored_after_outage)
    assert list(result.buses().index) == sorted(model.roles.voltage_buses)


def test_net_is_not_modified():
    net = island()
    before = copy.deepcopy(net)
    SecurityAnalysis(net).run(random_profiles(net, 3))
    for table in ("line", "load", "sgen", "bus", "ext_grid"):
        pd.testing.assert_frame_equal(net[table], before[table])


def test_largest_plants_are_the_ones_of_the_profiles():
    net = island()
    for _ in range(3):
        pp.create_sgen(net, 1, 1.0)
    net.sgen.loc[2, "scaling"] = 10.0
    profiles = {"sgen_p_mw": np.array([[2.0, 5.0, 1.0, 0.0], [3.0, 4.0, 0.5, 0.0]])}
    result = SecurityAnalysis(net, largest_plants=2).run(profiles)
    assert [case.elements[0] for case in result.cases if case.elements and case.elements[0][0] == "sgen"] == [
        ("sgen", 2),
        ("sgen", 1),
    ]


def test_times_and_hours_follow_the_index():
    net = island(load_mw=45.0)
    index = pd.date_range("2030-04-01", periods=3, freq="15min", tz="Asia/Tokyo")
    loads = net.load.p_mw.to_numpy() * np.array([[0.2], [0.9], [1.0]])
    result = SecurityAnalysis(net, [("line", 0)]).run({"load_p_mw": loads}, index=index)
    row = result.branches().iloc[1]
    assert row.step == index[2]
    assert row.hours_over_continuous == 0.5
    assert list(result.steps().index) == list(index)


def test_bad_outages_are_refused_all_at_once():
    net = island()
    net.line.loc[2, "in_service"] = False
    bad = [("line", 9), ("line", 2), ("group", 1), ("line", 0), (("line", 0),), ()]
    with pytest.raises(InputError) as error:
        SecurityAnalysis(net, bad).prepare({})
    assert [problem.where for problem in error.value.problems] == [
        f"outages, entry {number}" for number in (0, 1, 2, 4, 5)
    ]
    with pytest.raises(InputError, match="unknown choice"):
        SecurityAnalysis(net, "some").prepare({})


def test_index_must_fit_the_profiles():
    net = island()
    index = pd.date_range("2030-04-01", periods=4, freq="30min", tz="Asia/Tokyo")
    with pytest.raises(InputError, match="one time per step"):
        SecurityAnalysis(net).run(random_profiles(net, 3), index=index)
