"""Guest networks: whitelist reading, roles, refusals."""

import json
from pathlib import Path

import pandapower as pp
import pandapower.networks as cases
import pytest

from network_models.guest import guest
from twin.core.errors import InputError

ROLES = {"link": ["circuit 1", "circuit 2"], "curtailable": ["park"], "site_buses": ["village"]}


def small_net(parallel: bool = True) -> pp.pandapowerNet:
    """Mainland - two circuits - port - line - village, a PV park at the port."""
    net = pp.create_empty_network(f_hz=60.0)
    mainland, port, village = (pp.create_bus(net, 66.0, name=name) for name in ("mainland", "port", "village"))
    pp.create_ext_grid(net, mainland)
    data = {"r_ohm_per_km": 0.1, "x_ohm_per_km": 0.14, "c_nf_per_km": 240.0, "max_i_ka": 0.5}
    for number in (1, 2) if parallel else (1,):
        pp.create_line_from_parameters(net, port, mainland, 50.0, name=f"circuit {number}", **data)
    pp.create_line_from_parameters(net, port, village, 5.0, name="spur", **data)
    pp.create_load(net, village, 10.0, 2.0, name="homes")
    pp.create_sgen(net, port, 20.0, 0.0, name="park", type="PV")
    return net


def saved(net: pp.pandapowerNet, folder: Path) -> Path:
    path = folder / "guest.json"
    pp.to_json(net, str(path))
    return path


def test_a_file_gives_the_same_flow_as_the_net_it_came_from(tmp_path):
    net = small_net()
    model = guest(saved(net, tmp_path), ROLES)
    pp.runpp(net, numba=False)
    pp.runpp(model.net, numba=False)
    assert model.net.res_bus["vm_pu"].to_numpy() == pytest.approx(net.res_bus["vm_pu"].to_numpy(), abs=1e-12)
    assert model.net.f_hz == 60.0


def test_roles_of_a_file(tmp_path):
    model = guest(saved(small_net(), tmp_path), ROLES)
    assert [circuit.mainland_side for circuit in model.roles.link] == ["to", "to"]
    assert model.roles.outages == (("line", 0), ("line", 1))
    assert model.net.bus["name"].loc[model.roles.headroom_bus] == "port"
    assert model.plants.loc["park", ["kind", "contract_mw", "firmness"]].tolist() == ["pv", 20.0, "non-firm"]
    assert model.areas["municipality"].to_dict() == {"homes": True}
    assert model.areas.filter(like="_kwh").loc["homes"].sum() == pytest.approx(10.0 * 8760.0 * 1000.0)


def test_a_single_circuit_is_no_outage_case(tmp_path):
    model = guest(saved(small_net(parallel=False), tmp_path), ROLES | {"link": ["line:0"]})
    assert model.roles.outages == ()


def test_switches_are_resolved(tmp_path):
    net = small_net()
    quay = pp.create_bus(net, 66.0, name="quay")
    port = int(net.bus.index[net.bus["name"] == "port"][0])
    pp.create_switch(net, port, quay, et="b", closed=True)
    pp.create_load(net, quay, 1.0, 0.0, name="crane")
    pp.create_switch(net, port, 1, et="l", closed=False)
    model = guest(saved(net, tmp_path), ROLES | {"link": ["circuit 1"]})
    assert model.net.switch.empty
    assert model.net.line["name"].tolist() == ["circuit 1", "circuit 2", "spur"]
    open_end = int(model.net.line["from_bus"].iloc[1])
    assert open_end not in model.roles.voltage_buses
    assert ("line", 1) not in model.roles.outages
    assert model.areas["bus"]["crane"] == port


def test_an_object_of_another_module_is_refused_and_never_made(tmp_path):
    path = saved(small_net(), tmp_path)
    content = json.loads(path.read_text(encoding="utf-8"))
    evil = {"_module": "os", "_class": "system", "_object": "touch /tmp/never"}
    content["_object"]["bus"]["_object"] = json.dumps({"columns": ["name"], "index": [0], "data": [[evil]]})
    content["_object"]["extra"] = {"_module": "subprocess", "_class": "Popen", "_object": {}}
    path.write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(InputError) as caught:
        guest(path, ROLES)
    assert "os.system" in str(caught.value)
    assert "subprocess.Popen" in str(caught.value)


def test_elements_that_are_not_calculated_are_named(tmp_path):
    net = small_net()
    pp.create_svc(net, 1, 20.0, -15.0, 1.0, 130.0, name="thyristors")
    pp.create_xward(net, 1, 1.0, 0.0, 0.0, 0.0, 1.0, 1.0, 1.0, name="neighbour")
    pp.create_dcline(net, 0, 1, 1.0, 1.0, 0.1, 1.0, 1.0, in_service=False)
    net.load["const_z_p_percent"] = 50.0
    with pytest.raises(InputError) as caught:
        guest(saved(net, tmp_path), ROLES)
    seen = {problem.where.split(",")[0]: problem.seen for problem in caught.value.problems}
    assert seen == {"table svc": "thyristors", "table xward": "neighbour", "table load": "homes"}


@pytest.mark.parametrize(("text", "expected"), [("{", "not a JSON"), ("[1]", "not a pandapower network")])
def test_other_files_are_refused(tmp_path, text, expected):
    path = tmp_path / "guest.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=expected):
        guest(path, ROLES)


@pytest.mark.parametrize("label", ["x", None, -1, 0.5, 10**30, float("nan"), True])
def test_rows_without_a_number_are_refused(tmp_path, label):
    path = saved(small_net(), tmp_path)
    content = json.loads(path.read_text(encoding="utf-8"))
    table = json.loads(content["_object"]["load"]["_object"])
    table["index"] = [label]
    content["_object"]["load"]["_object"] = json.dumps(table)
    path.write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(InputError, match="whole numbers from 0") as caught:
        guest(path, ROLES)
    assert [problem.where for problem in caught.value.problems] == ["guest.json, table load"]


def test_missing_file(tmp_path):
    with pytest.raises(InputError, match="does not exist"):
        guest(tmp_path / "none.json", ROLES)


def test_two_islands_are_refused(tmp_path):
    net = small_net()
    pp.create_bus(net, 66.0, name="lost rock")
    with pytest.raises(InputError, match="lost rock"):
        guest(saved(net, tmp_path), ROLES)


def test_one_generator_without_active_power_is_the_compensator(tmp_path):
    net = small_net()
    pp.create_gen(net, 1, p_mw=0.0, vm_pu=1.01, min_q_mvar=-5.0, max_q_mvar=8.0, name="svc")
    compensator = guest(saved(net, tmp_path), ROLES | {"compensator_slope_percent": 2.0}).compensator
    assert (compensator.set_vm_pu, compensator.slope_percent, compensator.q_max_mvar) == (1.01, 2.0, 8.0)
    net.gen["max_q_mvar"] = float("nan")
    with pytest.raises(InputError, match="svc"):
        guest(saved(net, tmp_path), ROLES)


def test_wrong_roles_are_all_told_at_once():
    roles = {"link": ["trafo:9"], "curtailable": ["PV"], "site_buses": ["Bs 3"], "lnk": ["x"]}
    with pytest.raises(InputError) as caught:
        guest("create_cigre_network_mv_pv_wind", roles)
    assert len(caught.value.problems) == 4
    assert "Bus 3" in str(caught.value)


def test_built_in_cases_by_name():
    model = guest("create_cigre_network_mv_pv_wind", {"link": ["trafo:0"], "curtailable": ["PV 3"]})
    pp.runpp(model.net, numba=False)
    net = cases.create_cigre_network_mv(with_der="pv_wind")
    pp.runpp(net, numba=False)
    assert model.net.res_line["p_from_mw"].iloc[0] == pytest.approx(net.res_line["p_from_mw"].iloc[0], abs=0.02)
    with pytest.raises(InputError, match="case33bw"):
        guest("case33bv", {"link": ["line:0"]})


def test_a_link_that_is_no_cut_is_refused(tmp_path):
    with pytest.raises(InputError, match="another path"):
        guest(saved(small_net(), tmp_path), ROLES | {"link": ["circuit 1"]})
