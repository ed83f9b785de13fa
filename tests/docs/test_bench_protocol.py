"""The benchmark's protocol and net; none of the peers is needed."""

from dataclasses import dataclass

import numpy as np
import pandapower as pp
import pandapower.networks
import pytest
from shipped import goto

from benchmarks import __main__ as command
from benchmarks import cases, outages, protocol, reference, shapes, tables
from benchmarks.portable import portable


@pytest.fixture(autouse=True)
def _no_collection(monkeypatch):
    monkeypatch.setattr(protocol.gc, "collect", lambda: None)


@pytest.fixture(scope="module")
def goto_case():
    return cases.goto_2030(48)


@dataclass
class Fake:
    """Answers with the reference plus an error of `tolerance`, so a loose tolerance must be refused."""

    case: cases.Case
    error_pu: float

    def solve(self):
        return reference.voltages(self.case, range(self.case.steps)) + self.error_pu


def test_portable_net_has_the_original_voltages():
    original = pandapower.networks.create_cigre_network_mv(with_der="pv_wind")
    net = portable(original)
    for n in (original, net):
        pp.runpp(n, tolerance_mva=1e-10, numba=False)
    assert net.switch.empty
    np.testing.assert_allclose(net.res_bus.vm_pu, original.res_bus.vm_pu, rtol=0, atol=1e-11)


def test_portable_goto_differs_only_by_where_the_magnetising_branches_sit():
    original = goto(2030, compensation="fixed").net
    net = portable(original)
    pp.runpp(net, tolerance_mva=1e-10, numba=False)
    for model in ("t", "pi"):
        pp.runpp(original, trafo_model=model, tolerance_mva=1e-10, numba=False)
        # a transformer's magnetising power is 0.1 % of its rating, the two models place it within the leakage
        np.testing.assert_allclose(net.res_bus.vm_pu, original.res_bus.vm_pu, rtol=0, atol=3e-5)
    assert net.impedance.empty
    assert (net.trafo[["pfe_kw", "i0_percent"]] == 0).all(axis=None)
    assert net.res_shunt.p_mw.sum() > original.res_shunt.p_mw.sum() + 0.9 * original.trafo.pfe_kw.sum() / 1e3


def test_unreadable_elements_are_refused():
    net = pp.create_empty_network()
    bus = pp.create_bus(net, 66.0)
    pp.create_ext_grid(net, bus)
    pp.create_ward(net, bus, 1.0, 0.0, 0.0, 0.0)
    with pytest.raises(ValueError, match=r"not portable: .*ward"):
        portable(net)


def test_inputs_are_seeded_and_no_two_steps_are_equal(goto_case):
    again = cases.goto_2030(48)
    for name in ("load_p_mw", "sgen_p_mw"):
        values = getattr(goto_case, name)
        np.testing.assert_array_equal(values, getattr(again, name))
        assert len(np.unique(values, axis=0)) == 48
        assert (values >= 0).all()
    night = shapes.sun(np.random.default_rng(0), 48, 3)[:12]
    assert (night == 0).all()


def test_tolerance_is_tightened_until_the_error_is_allowed_and_few_steps_are_extrapolated(goto_case, monkeypatch):
    monkeypatch.setattr(protocol, "_seconds", lambda call: 3.0)
    case = goto_case.cut(slice(4))
    loose = protocol.Entry("loose", lambda c, tolerance: Fake(c, 30 * tolerance), steps=2)
    hopeless = protocol.Entry("hopeless", lambda c, tolerance: Fake(c, 1e-5))
    found = protocol.race(case, [loose, hopeless], repeats=1)
    assert found[0].tolerance == 1e-10  # 30e-8 and 30e-9 are refused, 30e-10 is within 1e-8
    assert found[0].error_pu == pytest.approx(3e-9, rel=1e-3)
    assert found[1].tolerance == protocol.TOLERANCES[-1]
    assert found[1].error_pu == pytest.approx(1e-5, rel=1e-3)
    assert found[0].steps == 2
    assert (found[0].median, found[1].median) == (6.0, 3.0)  # two steps timed, written for four


def test_calls_take_turns_and_short_ones_are_repeated(monkeypatch):
    monkeypatch.setattr(protocol, "SHORTEST_SECONDS", 0.0)
    order = []
    times = protocol.interleaved([lambda: order.append("a"), lambda: order.append("b")], 3)
    assert order == list("ababab")
    assert [len(t) for t in times] == [3, 3]
    monkeypatch.setattr(protocol, "SHORTEST_SECONDS", 0.02)
    order.clear()
    assert protocol.interleaved([lambda: order.append("a")], 1)[0][0] < 0.02
    assert len(order) > 1


def test_the_only_feed_is_no_outage_and_islands_do_not_count(goto_case):
    found = outages.all_branches(goto_case)
    assert len(found) == len(goto_case.net.line) + len(goto_case.net.trafo) - 1
    radial = ("line", int(goto_case.net.line.index[goto_case.net.line.to_bus == 11][0]))
    both = reference.lowest_voltages(goto_case, [20], [radial, ("line", 0)])[0]
    alone = reference.lowest_voltages(goto_case, [20], [("line", 0)])[0]
    assert radial in found
    assert both[11] == alone[11]  # Uku has no supply in the first outage
    assert (both <= alone).all()


def test_table_says_which_targets_are_missed():
    ours = protocol.Outcome("goto-twin", 1e-8, 100, 0, 1e-10, [1.0, 2.0, 9.0])
    slow = protocol.Outcome("slow", 1e-9, 10, 0, 1e-9, [40.0, 44.0, 60.0])
    wrong = protocol.Outcome("wrong", 1e-12, 100, 3, 1e-6, [3.0, 3.0, 3.0])
    lines, missed = tables.outcomes_table("here", [ours, slow, wrong], {"slow": 20.0, "wrong": 10.0}, 100, "Steps")
    assert "| 22.0 | 20 | yes |" in lines[3]
    assert "10, extrapolated" in lines[3]
    assert "**above 1e-8**" in lines[4]
    assert "| 1.5 | 10 | **no** |" in lines[4]
    assert [m.text for m in missed] == ["1.5 x wrong instead of 10 x"]


def test_missing_peer_is_said_in_one_line(monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["benchmarks"])
    monkeypatch.setattr(command, "find_spec", lambda name: None if name == "lightsim2grid" else name)
    assert command.main() == 2
    assert capsys.readouterr().err == "not installed: lightsim2grid; `make bench` sets them up\n"
