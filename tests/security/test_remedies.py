"""Remedies against an overload in import direction, confirmed with pandapower."""

import copy

import numpy as np
import pandapower as pp
import pandas as pd
import pytest
from grid_cases import add_line, empty_net, goto_model
from security_cases import RUNPP

from twin import SecurityAnalysis
from twin.security.remedies import Means

ISLAND = 1
ORDER = ["reactors off", "batteries and demand response", "diesel", "load shed"]


def importing_island(load_mw=45.0, reactor_mvar=4.0):
    net = empty_net()
    source, island = pp.create_bus(net, 66.0), pp.create_bus(net, 66.0)
    pp.create_ext_grid(net, source)
    for _ in range(2):
        add_line(net, (source, island), 4 + 8j, 100.0, 0.3)
    pp.create_load(net, island, load_mw, 0.2 * load_mw)
    pp.create_shunt(net, island, q_mvar=reactor_mvar)
    return net


def diesels(p_max_mw, p_min_mw=1.0):
    return pd.DataFrame(
        {"bus": ISLAND, "p_max_mw": p_max_mw, "p_min_mw": p_min_mw, "start_half_hours": 3, "available": True}
    )


def remedies(net, means):
    analysis = SecurityAnalysis(net, [("line", 0)])
    return analysis.import_remedies({}, analysis.run(), means=means).set_index("remedy")


def loading_after(net, reactor_in=True, infeed_mw=0.0, load_share=1.0):
    after = copy.deepcopy(net)
    after.line.loc[0, "in_service"] = False
    after.shunt.loc[0, "in_service"] = reactor_in
    after.load[["p_mw", "q_mvar"]] *= load_share
    pp.create_sgen(after, ISLAND, infeed_mw)
    pp.runpp(after, **RUNPP)
    return after.res_line.loading_percent[1]


def test_remedies_come_in_order_and_each_amount_is_confirmed_by_pandapower():
    net = importing_island()
    means = Means({ISLAND: 3.0}, diesels([2.0, 2.0]))
    table = remedies(net, means)
    assert list(table.index) == ORDER
    assert list(table.unit) == ["Mvar", "MW", "MW", "MW"]
    used = table.used
    assert (used["reactors off"], used["batteries and demand response"]) == (4.0, pytest.approx(3.0))
    assert used["diesel"] == pytest.approx(4.0)
    share = 1.0 - used["load shed"] / 45.0
    states = [(False, 0.0, 1.0), (False, 3.0, 1.0), (False, 7.0, 1.0), (False, 7.0, share)]
    expected = [loading_after(net, *state) for state in states]
    assert list(table.loading_percent) == pytest.approx(expected, abs=1e-5)
    assert expected[-1] == pytest.approx(100.0, abs=1e-5)
    assert table.start_hours["diesel"] == 1.5


def test_amount_alone_and_its_estimate():
    net = importing_island(load_mw=38.0)
    table = remedies(net, Means({ISLAND: 30.0}, diesels([30.0])))
    for remedy in ("batteries and demand response", "diesel"):
        needed = table.needed[remedy]
        assert loading_after(net, infeed_mw=needed) == pytest.approx(100.0, abs=1e-5)
        assert table.estimate[remedy] == pytest.approx(needed, rel=0.1)
    shed = table.needed["load shed"]
    assert loading_after(net, load_share=1.0 - shed / 38.0) == pytest.approx(100.0, abs=1e-5)
    assert table.used["diesel"] == table.used["load shed"] == 0.0


def test_what_cannot_do_it_alone_is_told():
    table = remedies(importing_island(), Means({ISLAND: 3.0}, diesels([2.0])))
    assert table.needed[ORDER[:3]].isna().all()
    assert np.isfinite(table.needed["load shed"])


def test_diesel_runs_at_its_least_output_or_not_at_all():
    table = remedies(importing_island(load_mw=36.0, reactor_mvar=0.5), Means(diesels=diesels([20.0], 12.0)))
    assert table.needed["diesel"] == pytest.approx(12.0)
    assert table.estimate["diesel"] < 12.0
    never = remedies(importing_island(), Means(diesels=diesels([60.0], 50.0)))
    assert never.available["diesel"] == 0.0


def test_reactors_that_help_little_are_not_all_switched_off():
    net = importing_island(load_mw=32.0, reactor_mvar=5.0)
    pp.create_shunt(net, ISLAND, q_mvar=0.1)
    table = remedies(net, Means())
    assert table.used["reactors off"] == 5.0
    assert table.loading_percent["reactors off"] < 100.0
    assert table.used["load shed"] == 0.0


def test_nothing_to_do_without_an_import_breach():
    net = importing_island(load_mw=5.0)
    analysis = SecurityAnalysis(net, [("line", 0)])
    assert analysis.import_remedies({}, analysis.run()).empty


def test_goto_brings_its_diesels():
    model = goto_model(2030, "controlled", (("conductor_mm2", 240),))
    loads = 1.6 * model.net.load.p_mw.to_numpy()
    profiles = {"load_p_mw": loads, "load_q_mvar": 0.3 * loads, "sgen_p_mw": np.zeros(len(model.net.sgen))}
    analysis = SecurityAnalysis(model, [circuit.element for circuit in model.roles.link])
    table = analysis.import_remedies(profiles, analysis.run(profiles)).set_index("remedy")
    assert 0.0 < table.available["diesel"] <= model.diesels.p_max_mw.sum()
    assert table.used["diesel"] > 0.0
    assert table.loading_percent.iloc[-1] <= 100.0
