"""The Goto grid: sums of the plan, circuit data, variants, parameters, roles."""

import math

import pandapower as pp
import pytest
from shipped import GOTO, goto

from twin.core.errors import InputError
from twin.network.model import GridModel

CIVIL_KWH = {"residential_kwh": 82_305_998, "commercial_kwh": 57_777_960, "public_kwh": 14_157_823}


@pytest.fixture(scope="module")
def model() -> GridModel:
    return goto(2030)


def test_civil_demand_of_goto_city_is_the_plans_to_the_kwh(model):
    city = model.areas[model.areas["municipality"]]
    assert city[list(CIVIL_KWH)].sum().to_dict() == CIVIL_KWH
    assert sum(CIVIL_KWH.values()) == 154_241_781


def test_other_demand_is_what_the_facts_give(model):
    demand = model.areas.filter(like="_kwh").sum(axis=1)
    city = model.areas["municipality"]
    assert demand[city].sum() == 196_000_000
    assert demand[["ojika", "uku"]].sum() == 22_000_000
    assert demand[~city].sum() == 122_000_000


def test_sites_are_the_plans():
    sites = GOTO["sites"]
    assert sites.groupby("kind")["count"].sum().to_dict() == {
        "existing_plain": 400,
        "existing_battery": 300,
        "new": 700,
    }
    dc_kw = (sites["count"] * sites["pv_dc_kw"]).groupby(sites["kind"]).sum()
    assert dc_kw["new"] == 7000
    assert dc_kw["existing_plain"] + dc_kw["existing_battery"] == 3500
    published_kwh = {
        ("existing_battery", "residential"): 275_022, ("new", "residential"): 558_378,
        ("existing_battery", "commercial"): 5_405_714, ("new", "commercial"): 11_068_844,
        ("existing_battery", "public"): 70_204, ("new", "public"): 2_176_327,
    }  # fmt: skip
    for (kind, name), kwh in published_kwh.items():
        row = sites[(sites["kind"] == kind) & (sites["class"] == name)].iloc[0]
        assert row["count"] * row["demand_kwh"] == pytest.approx(kwh, abs=1.0)


def test_plants_add_up_to_the_plan_without_counting_twice():
    plants = goto(2024).plants
    city = plants[plants["municipality"]].groupby("kind")["contract_mw"].sum()
    assert city["pv"] == pytest.approx(53.0 - 3.5, abs=1e-9)
    assert city["wind"] == pytest.approx(19.0, abs=1e-9)
    by_2030 = goto(2030).plants
    added = (by_2030["contract_mw"] - plants["contract_mw"])[lambda change: change > 0]
    assert added.to_dict() == {"planned_pv": 5.0, "planned_wind": 5.0, "floating_farm": 16.8}
    assert list(plants.index) == list(by_2030.index)


@pytest.mark.parametrize(("year", "farm_mw", "tidal_mw"), [(2024, 0.0, 0.0), (2025, 0.0, 1.1), (2026, 16.8, 0.0)])
def test_plants_follow_their_dates(year, farm_mw, tidal_mw):
    contract_mw = goto(year).plants["contract_mw"]
    assert contract_mw["floating_farm"] == farm_mw
    assert contract_mw["naru_tidal"] == tidal_mw


@pytest.mark.parametrize(
    ("conductor_mm2", "r_ohm_per_km", "inductance_mh_per_km", "c_uf_per_km", "rating_a"),
    [(240, 0.0932, 0.38, 0.22, 480), (300, 0.0754, 0.37, 0.24, 530), (400, 0.0580, 0.35, 0.26, 590)],
)
def test_conductor_moves_everything_of_the_link_together(
    conductor_mm2, r_ohm_per_km, inductance_mh_per_km, c_uf_per_km, rating_a
):
    model = goto(2030, parameters={"conductor_mm2": conductor_mm2, "line_model": "nominal_pi"})
    # copper of 26 degrees, not 90
    cooler, sheath_and_armour = (
        (1.0 + 0.00393 * 6.0) / (1.0 + 0.00393 * 70.0),
        0.08 + 0.2,
    )
    circuits = model.net.line.loc[[circuit.element[1] for circuit in model.roles.link]]
    assert len(circuits) == 2
    for _, line in circuits.iterrows():
        assert line["length_km"] == 55.0
        assert line["r_ohm_per_km"] == pytest.approx(r_ohm_per_km * (cooler + sheath_and_armour), rel=1e-9)
        assert line["x_ohm_per_km"] == pytest.approx(2 * math.pi * 60 * inductance_mh_per_km / 1000, abs=1e-4)
        assert line["c_nf_per_km"] == pytest.approx(1000 * c_uf_per_km)
        assert line["max_i_ka"] == rating_a / 1000


def test_link_charging_by_hand():
    """53 km of 300 mm2: 2 pi 60 Hz x 0.24 uF/km x 53 km x (66 kV)^2 = 20.9 Mvar a circuit (docs/goto_facts.md 2.1)."""
    net = goto(2030, "fixed", {"link_land_km": 0.0, "line_model": "nominal_pi"}).net
    line = net.line.iloc[0]
    mvar = 2 * math.pi * net.f_hz * line["c_nf_per_km"] * 1e-9 * line["length_km"] * 66e3**2 / 1e6
    assert mvar == pytest.approx(20.9, abs=0.05)


def test_source_impedance_acts_in_the_power_flow():
    """Absorbing Q at Matsushima 220 kV lowers its voltage by about Q / S_sc."""
    model = goto(2030, "fixed", {"source_short_circuit_mva": 2000.0, "source_rx": 0.0})
    net = model.net
    head_end = int(net.bus.index[net.bus["bus_id"] == "matsushima_220"][0])
    pp.runpp(net, numba=False)
    before = net.res_bus["vm_pu"].loc[head_end]
    pp.create_load(net, head_end, p_mw=0.0, q_mvar=20.0)
    pp.runpp(net, numba=False)
    assert before - net.res_bus["vm_pu"].loc[head_end] == pytest.approx(20.0 / 2000.0, rel=0.05)


@pytest.mark.parametrize("year", [2024, 2026, 2030])
@pytest.mark.parametrize("compensation", ["controlled", "fixed"])
def test_base_case_solves_within_the_band(year, compensation):
    model = goto(year, compensation)
    pp.runpp(model.net, numba=False)
    vm_pu = model.net.res_bus["vm_pu"]
    assert vm_pu[list(model.roles.voltage_buses)].between(model.limits.vm_min_pu, model.limits.vm_max_pu).all()
    assert vm_pu[model.net.bus["vn_kv"] == 6.6].between(0.95, 1.06).all()


@pytest.mark.parametrize(
    ("pv", "wind", "load"), [(0.95, 0.95, 0.6), (0.0, 0.0, 0.6), (0.0, 0.0, 1.7), (0.0, 0.95, 0.6)],
    ids=["sunny and windy noon", "calm night", "winter peak", "windy night"],
)  # fmt: skip
def test_extremes_stay_within_the_band(pv, wind, load):
    model = goto(2030)
    net = model.net
    share = model.plants["kind"].map({"pv": pv, "wind": wind, "tidal": 0.0})
    p_mw = (share * model.plants["contract_mw"]).to_numpy()
    factor = (model.plants["q_sign"] * model.plants["power_factor"].map(lambda pf: math.tan(math.acos(pf)))).to_numpy()
    net.sgen.loc[: len(p_mw) - 1, ["p_mw", "q_mvar"]] = list(zip(p_mw, p_mw * factor, strict=True))
    net.load["scaling"] = load
    pp.runpp(net, enforce_q_lims=True, numba=False)
    at_66_kv = net.res_bus["vm_pu"][list(model.roles.voltage_buses)]
    assert at_66_kv.between(0.95, 1.05).all()
    assert net.res_bus["vm_pu"][net.bus["vn_kv"] == 6.6].between(0.93, 1.06).all()


def test_controlled_and_fixed_compensation():
    controlled, fixed = goto(2030, "controlled"), goto(2030, "fixed")
    assert controlled.compensator is not None
    assert controlled.compensator.bus == controlled.net.gen["bus"].iloc[0] == controlled.roles.headroom_bus
    assert controlled.net.gen["p_mw"].eq(0.0).all()
    assert fixed.compensator is None
    assert fixed.net.gen.empty


def test_tables_and_net_have_the_same_order(model):
    net = model.net
    assert list(net.load["name"]) == list(model.areas.index)
    assert list(net.load["bus"]) == list(model.areas["bus"])
    assert list(net.sgen["name"]) == [*model.plants.index, *model.diesels.index]
    assert list(net.sgen["bus"]) == [*model.plants["bus"], *model.diesels["bus"]]
    assert not net.sgen.loc[net.sgen["type"] == "diesel", "in_service"].any()
    for table in ("bus", "line", "trafo"):
        assert net[table]["name"].is_unique


def test_roles(model):
    net = model.net
    outages = {(table, net[table]["name"].loc[row]) for table, row in model.roles.outages}
    assert {("line", "Matsushima - Narao 1"), ("line", "Matsushima - Narao 2")} <= outages
    assert {("trafo", "Matsushima 220/66 kV 1"), ("trafo", "Matsushima 220/66 kV 2")} <= outages
    assert not any("bank" in name or "collector" in name for _, name in outages)
    assert [circuit.mainland_side for circuit in model.roles.link] == ["from", "from"]
    assert net.bus["name"].at[model.roles.boundary_bus] == "Matsushima 220 kV"
    assert len(model.roles.monitored) == len(net.line) + len(net.trafo)


def test_line_reactors_trip_with_their_circuit():
    model = goto(2030, parameters={"reactor_location": "line"})
    tripped = {model.net.line["name"].loc[row]: shunts for (_, row), shunts in model.roles.shunts_tripped_with.items()}
    named = {line: [model.net.shunt["name"].loc[shunt] for shunt in shunts] for line, shunts in tripped.items()}
    assert named == {
        "Matsushima - Narao 1": ["Narao shunt reactor 1"], "Matsushima - Narao 2": ["Narao shunt reactor 2"]
    }  # fmt: skip
    assert goto(2030).roles.shunts_tripped_with == {}


def test_one_circuit_of_the_path():
    model = goto(2030, parameters={"path_circuits": 1})
    lines = model.net.line
    in_service = {element for element in model.roles.monitored if element[0] == "line"}
    assert in_service == {("line", row) for row in lines.index[lines["in_service"]]}
    assert len(goto(2030).roles.outages) - len(model.roles.outages) == 3
    pp.runpp(model.net, numba=False)


@pytest.mark.parametrize("fate", ["keep", "repower", "retire"])
def test_fate_of_kamigotos_wind(fate):
    before, after = (goto(year, parameters={"kamigoto_wind": fate}).plants.loc["whale_wind"] for year in (2027, 2028))
    assert before["contract_mw"] == 16.0
    assert after["contract_mw"] == (0.0 if fate == "retire" else 16.0)
    assert (after["capacity_factor_target"] > before["capacity_factor_target"]) == (fate == "repower")


def test_firmness_can_be_turned_round():
    usual = goto(2030).plants["firmness"]
    assert set(usual.index[usual == "non-firm"]) == {"planned_pv", "planned_wind"}
    opposite = goto(2030, parameters={"firmness_existing": "non-firm", "firmness_floating_farm": "non-firm"})
    assert (opposite.plants["firmness"] == "non-firm").all()


def test_reactive_power_of_plants_has_the_parameters_sign():
    model = goto(2030, parameters={"plant_power_factor_high": 0.95, "plant_q_sign_high": -1})
    high = (model.plants["voltage_class"] == "high").to_numpy() & (model.plants["contract_mw"] > 0).to_numpy()
    q_mvar = model.net.sgen["q_mvar"].to_numpy()[: len(high)][high]
    p_mw = model.net.sgen["p_mw"].to_numpy()[: len(high)][high]
    assert q_mvar == pytest.approx(-p_mw * math.tan(math.acos(0.95)))


def test_wrong_parameters_are_all_told_at_once():
    wrong = {"conductr_mm2": 300, "svc_q_min_mvar": 5.0, "reactor_location": "roof", "path_circuits": 1.5}
    with pytest.raises(InputError) as caught:
        goto(2030, parameters=wrong)
    text = str(caught.value)
    assert len(caught.value.problems) == 4
    assert "conductor_mm2" in text
    assert "bus, line" in text


def test_a_value_outside_the_plausible_range_is_allowed_if_it_is_possible():
    assert goto(2030, parameters={"svc_set_vm_pu": 1.08}).compensator.set_vm_pu == 1.08
    with pytest.raises(InputError, match="svc_set_vm_pu"):
        goto(2030, parameters={"svc_set_vm_pu": 2.0})


def test_unknown_conductor_names_the_sizes():
    with pytest.raises(InputError, match="240, 300, 325, 400"):
        goto(2030, parameters={"conductor_mm2": 310})


def test_unknown_year_and_compensation():
    with pytest.raises(InputError) as caught:
        goto(1999, "magic")
    assert len(caught.value.problems) == 2
