"""Headroom of plain nets, voltage limits, summaries, and what must not change a value."""

import numpy as np
import pandapower as pp
import pandapower.networks as pn
import pandas as pd
import pytest
from grid_cases import goto_grid, goto_model
from link_headroom_cases import headroom_mw
from random_profiles import goto_profiles

from twin.core.errors import InputError
from twin.core.random_streams import stream
from twin.security.headroom import buses as module
from twin.security.headroom.buses import headroom, link_headroom
from twin.security.headroom.result import headroom_figure
from twin.security.headroom.search import Outcome

TOLERANCE_MW = 0.01


@pytest.fixture(scope="module")
def feeder():
    """Two equal 20 kV circuits of 2 + j4 ohm and 0.2 kA from a source to a load of 3 MW."""
    net = pp.create_empty_network(sn_mva=1.0)
    source, end = (pp.create_bus(net, 20.0, name=name) for name in ("source", "end"))
    pp.create_ext_grid(net, source)
    for number in range(2):
        pp.create_line_from_parameters(net, source, end, 1.0, 2.0, 4.0, 0.0, 0.2, name=f"circuit {number + 1}")
    pp.create_load(net, end, 3.0)
    return net


def test_feeder_by_hand(feeder):
    """After an outage the rest carries 0.2 kA: S = sqrt(3) V I with V from the drop over 2 + j4 ohm."""
    drop_kv = np.sqrt(3.0) * 0.2 * (2 + 4j)
    for direction, sign in (("infeed", 1.0), ("demand", -1.0)):
        v_kv = np.sqrt(20.0**2 - drop_kv.imag**2) + sign * drop_kv.real
        by_hand = np.sqrt(3.0) * 0.2 * v_kv + sign * 3.0
        result = headroom(feeder, {}, buses=[1], direction=direction)
        assert result.headroom_mw[0, 0] == pytest.approx(by_hand, abs=TOLERANCE_MW / 5)
        assert result.binding(0, 0)[0].startswith("circuit")
        assert result.binding(0, 0)[1][0] == "line"


def test_voltage_limit_binds_where_it_comes_first(feeder):
    """At the value found the voltage passes 1.02 pu after an outage, in runpp."""
    result = headroom(feeder, {}, buses=[1], voltage_limits=(0.9, 1.02))
    outage, element, side = result.binding(0, 0)
    assert (element, side) == (("bus", 1), "")
    assert outage.startswith("circuit")
    for offset, above in ((-TOLERANCE_MW, False), (TOLERANCE_MW, True)):
        net = pp.pandapowerNet(feeder)
        net.line.loc[0, "in_service"] = False
        pp.create_sgen(net, 1, result.headroom_mw[0, 0] + offset)
        pp.runpp(net, tolerance_mva=1e-9, numba=False)
        assert (net.res_bus.vm_pu.loc[1] > 1.02) == above


def test_overload_that_infeed_causes_is_negative_and_one_that_demand_causes_is_not_healed(feeder):
    loads = {"load_p_mw": [[-9.0], [9.0]]}
    result = headroom(feeder, loads, buses=[1])
    assert -3.0 < result.headroom_mw[0, 0] < 0.0
    assert np.isnan(result.headroom_mw[1, 0])
    assert result.outcome[:, 0].tolist() == [Outcome.FOUND, Outcome.NOT_HEALED]
    mirrored = headroom(feeder, loads, buses=[1], direction="demand")
    assert mirrored.outcome[:, 0].tolist() == [Outcome.NOT_HEALED, Outcome.FOUND]


def test_headroom_of_a_meshed_net_with_generators_against_runpp():
    net = pn.case30()
    net.line["max_i_ka"] *= 1.6
    draw = stream(0, "case30", 0)
    loads = net.load.p_mw.to_numpy() * draw.uniform(0.3, 0.5, (3, 1))
    outages = [("line", int(i)) for i in net.line.index[:12]]
    result = headroom(net, {"load_p_mw": loads}, buses=[6, 20], outages=outages)
    known = np.argwhere(result.outcome == Outcome.FOUND)
    assert len(known) >= 3
    for step, b in known[:3]:
        worst = [worst_percent(net, loads[step], outages, result.buses[b], result.headroom_mw[step, b] + offset)
                 for offset in (-TOLERANCE_MW, TOLERANCE_MW)]  # fmt: skip
        assert worst[0] <= 100.0 < worst[1]


def worst_percent(net, load_mw, outages, bus, extra_mw):
    net = pp.pandapowerNet(net)
    net.load["p_mw"] = load_mw
    pp.create_sgen(net, bus, extra_mw)
    worst = 0.0
    for outage in (None, *outages):
        net.line["in_service"] = True
        if outage is not None:
            net.line.loc[outage[1], "in_service"] = False
        pp.runpp(net, calculate_voltage_angles=True, init="dc", tolerance_mva=1e-8, numba=False)
        worst = max(worst, np.nanmax(net.res_line.loading_percent))
    return worst


def test_values_do_not_depend_on_threads_blocks_or_other_rows(monkeypatch):
    model = goto_model(2030, "controlled")
    profiles = goto_profiles(model, 20, "blocks")
    whole = headroom(model, profiles, buses=[3, 14])
    monkeypatch.setattr(module, "STEPS_PER_BLOCK", 7)
    blocks = headroom(model, profiles, buses=[3, 14], threads=2)
    alone = headroom(model, {k: v[11:12] for k, v in profiles.items()}, buses=[14])
    assert np.array_equal(whole.headroom_mw, blocks.headroom_mw, equal_nan=True)
    assert np.array_equal(whole.item, blocks.item)
    assert np.array_equal(alone.headroom_mw[0, 0], whole.headroom_mw[11, 1], equal_nan=True)


def test_summary_counts_what_is_unknown(feeder):
    index = pd.date_range("2030-04-01", periods=4, freq="30min", tz="Asia/Tokyo")
    result = headroom(feeder, {"load_p_mw": [[3.0], [-9.0], [9.0], [0.0]]}, index, buses=[1])
    row = result.summary().loc["end"]
    assert np.isnan(row["guaranteed_mw"])
    assert row["lowest_known_mw"] == pytest.approx(result.headroom_mw[1, 0])
    assert (row["negative_half_hours"], row["not_healed_half_hours"]) == (1, 1)
    assert row["median_mw"] == pytest.approx(result.headroom_mw[3, 0])
    curve = result.duration_curve(0)
    assert (np.diff(curve[:3]) <= 0.0).all()
    assert np.isnan(curve[3])
    assert result.by_month_and_hour(0).shape == (1, 2)
    assert len(result.to_frame()) == 4
    duration, heat = headroom_figure(result, 0).axes[:2]
    assert duration.lines[0].get_ydata()[:3] == pytest.approx(curve[:3])
    assert heat.images[0].get_array().shape == (1, 2)


def test_link_headroom_is_that_of_the_loop_while_no_import_is_overloaded():
    model, grid = goto_model(2030, "controlled"), goto_grid(2030, "controlled")
    profiles = goto_profiles(model, 12, "link")
    result = link_headroom(model, profiles)
    p, q = np.zeros((2, 12, len(grid.nodes.buses)))
    for plant, node in enumerate(grid.nodes.plant):
        p[:, node] += profiles["sgen_p_mw"][:, plant] / 100.0
        q[:, node] += profiles["sgen_q_mvar"][:, plant] / 100.0
    for area, node in enumerate(grid.nodes.area):
        p[:, node] -= profiles["load_p_mw"][:, area] / 100.0
        q[:, node] -= profiles["load_q_mvar"][:, area] / 100.0
    of_loop = headroom_mw(grid, p, q)
    known = result.outcome[:, 0] == Outcome.FOUND
    assert known.sum() >= 6
    assert result.headroom_mw[known, 0] == pytest.approx(of_loop[known, 0], abs=0.05)
    assert (of_loop[~known, 1] < 0.0).all()


def test_bad_input_is_named(feeder):
    with pytest.raises(InputError, match="unknown direction"):
        headroom(feeder, {}, direction="sideways")
    with pytest.raises(InputError, match="no such bus"):
        headroom(feeder, {}, buses=[99])
