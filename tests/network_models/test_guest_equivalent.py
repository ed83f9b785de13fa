"""Guest networks in the elements of the closed loop: every base case is the one that runpp finds on the file."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandapower as pp
import pandapower.networks as cases
import pytest
from test_guest import ROLES, saved, small_net

from network_models.guest import built_in_case, guest
from network_models.guests.equivalent import equivalent
from network_models.guests.reading import read_net
from twin.core.clock import HOURS_PER_YEAR
from twin.core.errors import InputError
from twin.network.variants.grids import checked_network

VOLTAGE_PU = 1e-8
MW = 1e-6


def solved(net: pp.pandapowerNet) -> pp.pandapowerNet:
    """Return the net with its results; pandapower warns of its own stored tables, and that is not under test."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pp.runpp(net, tolerance_mva=1e-10, init="dc", calculate_voltage_angles=True, numba=False)
    return net


def _unit(net, **values):
    net.load["scaling"], net.sgen["scaling"] = 0.5, 0.3


def _quay(net, in_service=True, z_ohm=0.0):
    quay = pp.create_bus(net, 66.0, name="quay", in_service=in_service)
    pp.create_switch(net, 1, quay, "b", z_ohm=z_ohm)
    pp.create_load(net, quay, 5.0, 1.0, name="crane")


def _trafo(net):
    low = pp.create_bus(net, 6.6, name="town")
    pp.create_transformer_from_parameters(net, 2, low, 10.0, 66.0, 6.6, 0.5, 8.0, 20.0, 0.5)
    pp.create_load(net, low, 2.0, 0.5, name="shops")


def _trafo3w(net):
    middle, low = pp.create_bus(net, 22.0, name="middle"), pp.create_bus(net, 6.6, name="low")
    pp.create_transformer3w_from_parameters(
        net, 2, middle, low, 66.0, 22.0, 6.6, 30.0, 20.0, 10.0, 10.0, 12.0, 8.0, 0.3, 0.4, 0.5, 30.0, 0.2, 0.0, 30.0,
        tap_side="hv", tap_pos=2, tap_neutral=0, tap_step_percent=1.5, tap_min=-5, tap_max=5, name="three",
        tap_changer_type="Ratio",
    )  # fmt: skip
    pp.create_load(net, middle, 6.0, 2.0, name="mill")
    pp.create_load(net, low, 3.0, 1.0, name="town")


def _open_t3(net):
    _trafo3w(net)
    pp.create_switch(net, net.trafo3w.mv_bus[0], 0, "t3", closed=False)
    net.load = net.load[net.load["name"] != "mill"]
    net.bus.loc[net.trafo3w.mv_bus[0], "in_service"] = False


def _open_trafo(net):
    _trafo(net)
    pp.create_transformer_from_parameters(net, 2, 3, 10.0, 66.0, 6.6, 0.5, 8.0, 20.0, 0.5, name="spare")
    pp.create_switch(net, 3, 1, "t", closed=False)


def _many(net):
    pp.create_gen(net, 2, p_mw=4.0, vm_pu=1.0, name="engine")
    pp.create_storage(net, 1, p_mw=1.0, max_e_mwh=2.0, q_mvar=-0.3, scaling=0.5, name="charging")
    pp.create_storage(net, 1, p_mw=-1.5, max_e_mwh=2.0, name="discharging")
    pp.create_storage(net, 1, p_mw=0.0, max_e_mwh=2.0, name="idle")
    pp.create_ward(net, 2, 1.0, 0.4, 0.5, -0.6, name="neighbour")
    pp.create_motor(net, 2, 1.0, 0.9, efficiency_percent=95.0, loading_percent=80.0, name="pump")
    pp.create_asymmetric_load(net, 2, 0.1, 0.2, 0.3, 0.0, 0.05, 0.1, name="street")
    pp.create_load(net, 2, -0.7, 0.1, name="feeding load")
    pp.create_load(net, 2, 0.8, -0.4, name="cables behind")
    pp.create_load(net, 2, 0.0, 0.9, name="only reactive")
    pp.create_shunt(net, 1, q_mvar=2.0, step=2)
    net.bus["in_service"] = True


CASES: dict[str, Callable] = {
    "as it is": lambda net: None,
    "scaling": _unit,
    "joined by a switch": _quay,
    "a load at a dead bus behind a closed switch": lambda net: _quay(net, in_service=False),
    "a switch with an impedance": lambda net: _quay(net, z_ohm=3.0),
    "a cable open at one end": lambda net: pp.create_switch(net, 2, 2, "l", closed=False)
    and net.load.__setitem__("in_service", False),
    "a cable open at both ends": lambda net: [pp.create_switch(net, bus, 1, "l", closed=False) for bus in (0, 1)],
    "a cable to a bus out of service": lambda net: (net.bus.__setitem__("in_service", [True, True, False]),),
    "transformer": _trafo,
    "transformer open at one end": _open_trafo,
    "three windings": _trafo3w,
    "three windings, one open": _open_t3,
    "elements of many tables": _many,
    "two sources at one voltage": lambda net: pp.create_ext_grid(net, 0),
    "slack generator": lambda net: (net.__setitem__("ext_grid", net.ext_grid.iloc[:0]),
                                    pp.create_gen(net, 0, 3.0, vm_pu=1.02, slack=True)),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_the_base_case_is_kept(case: str) -> None:
    """Voltages, the supply from outside and the losses are those of runpp on the file's own net."""
    net = small_net()
    CASES[case](net)
    found = equivalent(net)
    theirs, mine = solved(net), solved(found.net)
    for bus, kept in found.bus_of.items():
        expected = theirs.res_bus.vm_pu[bus]
        if np.isfinite(expected):
            assert mine.res_bus.vm_pu.get(kept) == pytest.approx(expected, abs=VOLTAGE_PU)
    supply = theirs.res_ext_grid.sum() if len(net.ext_grid) else theirs.res_gen[["p_mw", "q_mvar"]].sum()
    assert mine.res_ext_grid.sum().tolist() == pytest.approx(supply.tolist(), abs=MW)
    assert mine.switch.empty


def test_everything_that_draws_is_an_area_and_everything_that_feeds_in_a_plant(tmp_path) -> None:
    net = small_net()
    _many(net)
    model = guest(saved(net, tmp_path), ROLES)
    checked_network(model.net)
    mean_mw = model.areas.filter(like="_kwh").sum(axis=1) / HOURS_PER_YEAR / 1000.0
    assert mean_mw.round(9).to_dict() == {
        "homes": 10.0, "cables behind": 0.8, "only reactive": 0.0, "charging": 0.5, "pump": round(0.8 / 0.95, 9),
        "street": 0.6, "neighbour": 1.0,
    }  # fmt: skip
    assert model.plants[["kind", "contract_mw"]].T.to_dict("list") == {
        "park": ["pv", 20.0], "feeding load": ["steady", 0.7], "discharging": ["steady", 1.5],
        "engine": ["steady", 4.0],
    }  # fmt: skip
    areas = model.areas.loc["cables behind"]
    assert np.tan(np.arccos(areas["power_factor"])) == pytest.approx(-0.5)
    assert "reactive power of the base case" in model.plants.source["engine"]


def test_scaling_is_applied_to_areas_and_plants(tmp_path) -> None:
    net = small_net()
    _unit(net)
    model = guest(saved(net, tmp_path), ROLES)
    assert model.plants.contract_mw.tolist() == [6.0]
    assert model.areas.filter(like="_kwh").sum(axis=1).tolist() == pytest.approx([5.0 * HOURS_PER_YEAR * 1000.0])


def test_the_windings_of_a_transformer_are_watched_with_their_ratings() -> None:
    """The loading of a three-winding transformer is the largest of its windings'."""
    net = small_net()
    _trafo3w(net)
    found = equivalent(net)
    mine, theirs = solved(found.net), solved(net)
    assert mine.res_trafo.loading_percent.max() == pytest.approx(theirs.res_trafo3w.loading_percent[0], abs=1e-6)
    assert len(found.inner_trafos) == 3


def test_any_type_of_plant_has_a_kind_by_the_roles(tmp_path) -> None:
    net = small_net()
    pp.create_sgen(net, 1, 2.0, name="digester", type="Biogas")
    pp.create_sgen(net, 1, 1.0, name="stream", type="tide")
    with pytest.raises(InputError) as caught:
        guest(saved(net, tmp_path), ROLES)
    assert [problem.seen for problem in caught.value.problems] == ["Biogas", "tide"]
    assert "plant_kinds" in str(caught.value)
    kinds = {"biogas": "steady", "tide": "tidal"}
    assert guest(saved(net, tmp_path), ROLES | {"plant_kinds": kinds}).plants.kind.tolist() == ["pv", "steady", "tidal"]
    with pytest.raises(InputError, match="unknown kind of plant"):
        guest(saved(net, tmp_path), ROLES | {"plant_kinds": {"Biogas": "gas"}})


def test_names_of_joined_buses_may_still_be_used(tmp_path) -> None:
    net = small_net()
    _quay(net)
    model = guest(saved(net, tmp_path), ROLES | {"site_buses": ["quay"], "headroom_bus": "quay"})
    assert model.roles.headroom_bus == 1
    assert model.areas["municipality"].to_dict() == {"homes": False, "crane": True}
    net.bus.loc[3, "in_service"] = False
    with pytest.raises(InputError, match="out of service"):
        guest(saved(net, tmp_path), ROLES | {"site_buses": ["quay"]})


def test_two_sources_at_different_voltages_are_refused(tmp_path) -> None:
    net = small_net()
    pp.create_ext_grid(net, 2, vm_pu=1.01)
    with pytest.raises(InputError, match="exactly one external grid"):
        guest(saved(net, tmp_path), ROLES)


def test_a_net_without_a_solution_is_refused(tmp_path) -> None:
    net = small_net()
    net.load["p_mw"] = 9000.0
    with pytest.raises(InputError, match="does not solve the base case"):
        guest(saved(net, tmp_path), ROLES)


@pytest.mark.slow
def test_two_feeders_of_one_source_are_a_link(tmp_path) -> None:
    """Each transformer feeds a part of its own; neither is needed for the other."""
    net = built_in_case("mv_oberrhein")
    model = guest(saved(net, tmp_path), {"link": [f"trafo:{row}" for row in net.trafo.index], "curtailable": []})
    assert len(model.roles.link) == 2
    assert model.areas.filter(like="_kwh").to_numpy().sum() / 8.76e6 == pytest.approx(solved(net).res_load.p_mw.sum())


FOREIGN = {
    "a numpy number": lambda content: content.__setitem__(
        "mine", {"_module": "numpy", "_class": "float64", "_object": "3.0"}
    ),
    "a table of the user": lambda content: content.__setitem__("loadcases", _table(["x"], [[1.0]])),
    "a controller": lambda content: content.__setitem__("controller", _table(["object"], [[
        {"_module": "pandapower.control.controller.const_control", "_class": "ConstControl", "_object": {}}]])),
    "a graph": lambda content: content.__setitem__(
        "graph", {"_module": "networkx", "_class": "MultiGraph", "_object": "{}", "directed": False}
    ),
    "numpy numbers in a table": lambda content: _edit(content, "line", "max_i_ka", lambda x: {
        "_module": "numpy", "_class": "float64", "_object": str(x)}),
    "the load table of versions before 3": lambda content: _old_loads(content),
    "no column for characteristics": lambda content: _without(content, "shunt", "id_characteristic_table"),
}  # fmt: skip


def _table(columns: list[str], data: list) -> dict:
    rows = json.dumps({"columns": columns, "index": list(range(len(data))), "data": data})
    return {"_module": "pandas.core.frame", "_class": "DataFrame", "_object": rows, "orient": "split"}


def _edit(content: dict, table: str, column: str, change: Callable) -> None:
    rows = json.loads(content[table]["_object"])
    at = rows["columns"].index(column)
    for row in rows["data"]:
        row[at] = change(row[at])
    content[table]["_object"] = json.dumps(rows)


def _without(content: dict, table: str, *names: str) -> None:
    rows = json.loads(content[table]["_object"])
    for name in names:
        at = rows["columns"].index(name)
        rows["columns"].pop(at)
        for row in rows["data"]:
            row.pop(at)
    content[table]["_object"] = json.dumps(rows)


def _old_loads(content: dict) -> None:
    _without(content, "load", *(f"const_{kind}_{power}_percent" for kind in "zi" for power in "pq"))
    rows = json.loads(content["load"]["_object"])
    rows["columns"] += ["const_z_percent", "const_i_percent"]
    for row in rows["data"]:
        row += [0.0, 0.0]
    content["load"]["_object"] = json.dumps(rows)


@pytest.mark.parametrize("case", FOREIGN)
def test_files_with_other_data_are_read(tmp_path, case: str) -> None:
    net = small_net()
    pp.create_shunt(net, 1, q_mvar=2.0)
    path = saved(net, tmp_path)
    content = json.loads(path.read_text(encoding="utf-8"))
    FOREIGN[case](content["_object"])
    path.write_text(json.dumps(content), encoding="utf-8")
    found = solved(read_net(path))
    np.testing.assert_array_equal(found.res_bus.vm_pu, solved(net).res_bus.vm_pu)
    checked_network(guest(path, ROLES).net)


STORED = Path(cases.__file__).parent / "power_system_test_case_jsons"


@pytest.mark.parametrize("file", ["case14.json", "case39.json", "iceland.json"])
def test_files_of_other_versions_are_read_as_pandapower_does(file: str) -> None:
    path = STORED / file
    net = solved(read_net(path))
    np.testing.assert_array_equal(net.res_bus.vm_pu, solved(pp.from_json(str(path))).res_bus.vm_pu)
    mine = solved(equivalent(net).net)
    both = mine.res_bus.index.intersection(net.res_bus.index)
    np.testing.assert_allclose(mine.res_bus.vm_pu[both], net.res_bus.vm_pu[both], rtol=0.0, atol=VOLTAGE_PU)


def test_newer_and_broken_versions_are_refused(tmp_path) -> None:
    path = saved(small_net(), tmp_path)
    content = json.loads(path.read_text(encoding="utf-8"))
    for version, message in (("99.0.0", "newer pandapower"), ("new", "no version")):
        content["_object"]["version"] = content["_object"]["format_version"] = version
        path.write_text(json.dumps(content), encoding="utf-8")
        with pytest.raises(InputError, match=message):
            guest(path, ROLES)


def test_the_table_and_column_that_cannot_be_read_are_named(tmp_path) -> None:
    path = saved(small_net(), tmp_path)
    content = json.loads(path.read_text(encoding="utf-8"))
    _edit(content["_object"], "line", "length_km", lambda x: "long")
    _without(content["_object"], "load", "bus")
    path.write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(InputError) as caught:
        guest(path, ROLES)
    assert {"length_km", "bus"} <= {problem.where.split("column ")[-1] for problem in caught.value.problems}
