"""Firm capacity and inter-trip of the calibration record, against hand formulae and the inter-trip analysis."""

import copy
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from calibration import firm_capacity, grid
from shipped import goto

from twin.security.headroom.buses import link_headroom, model_profiles
from twin.security.intertrip import intertrip

ROOT = Path(__file__).parents[2]

RATING_MVA, FACTOR, DEMAND_MW, SHARE = 65.0, 1.1, 25.0, 0.75


def test_the_open_cable_takes_its_charging_and_a_little_more():
    """2 pi f C V^2 l of 300 mm2 is 20.9 Mvar; the open end rises: less than 1 + omega^2 L C l^2 times."""
    omega, c_per_km, x_per_km, km, kv = 2 * np.pi * 60.0, 240e-9, 0.1395, 53.0, 66.0
    plain_mvar = omega * c_per_km * km * kv**2
    rise = omega * c_per_km * x_per_km * km**2
    mvar, ampere = grid.charging(300)
    assert plain_mvar == pytest.approx(20.9, abs=0.05)
    assert 1.0 < mvar / plain_mvar < 1.0 + rise
    assert ampere == pytest.approx(1000.0 * mvar / (np.sqrt(3.0) * kv), rel=2e-3)


def test_a_ladder_reads_between_its_rungs_and_back():
    rungs = np.array(firm_capacity.RATINGS_MVA)
    ladder = firm_capacity.Ladder(1.05 * (rungs[:, None] - np.array([52.0, 61.0])))
    assert ladder.firm_mw(62.0) == pytest.approx(10.5)
    assert ladder.rating_mva(0.0, 1) == pytest.approx(61.0)
    assert ladder.intertrip_mw(61.0, 1.2, 1) == pytest.approx(1.05 * 0.2 * 61.0)
    assert ladder.short_time_factor(61.0, 14.0, 1) == pytest.approx(1.0 + 14.0 / 1.05 / 61.0)


def test_nothing_fits_by_inter_trip_where_the_rest_alone_overloads_the_survivor():
    rungs = np.array(firm_capacity.RATINGS_MVA)
    ladder = firm_capacity.Ladder((rungs - 52.0)[:, None])
    assert ladder.intertrip_mw(51.0, 1.5) == 0.0


def test_a_rated_model_changes_the_rating_and_nothing_else_of_the_cable():
    plain, rated = goto(2024), firm_capacity.rated_model(2024, 50.0, {})
    link = [circuit.element[1] for circuit in plain.roles.link]
    assert list(rated.net.line.loc[link, "max_i_ka"] * np.sqrt(3.0) * 66.0) == pytest.approx([50.0, 50.0])
    same = ["r_ohm_per_km", "x_ohm_per_km", "c_nf_per_km", "length_km"]
    assert rated.net.line.loc[link, same].equals(plain.net.line.loc[link, same])


@pytest.mark.slow
def test_the_capacity_is_where_the_inter_trip_analysis_stops_to_suffice():
    """A trippable plant at Narao with 0.1 MW less than the capacity suffices, with 0.1 MW more it does not."""
    model = firm_capacity.rated_model(2024, RATING_MVA, {"short_time_factor": FACTOR})
    share = model.net.load["p_mw"].to_numpy() / model.net.load["p_mw"].sum()
    plant_mw = SHARE * model.plants["contract_mw"].to_numpy()
    state = model_profiles(model, plant_mw[None], DEMAND_MW * share[None])
    short = firm_capacity.rated_model(2024, FACTOR * RATING_MVA, {})
    spare_mw = link_headroom(model, state).headroom_mw[0, 0]
    capacity_mw = link_headroom(short, state).headroom_mw[0, 0]
    assert 0.0 < spare_mw < capacity_mw
    new = model.plants.index.get_loc("planned_wind")
    with_plant = _moved_to_narao(model, new)
    powers = np.tile(plant_mw, (2, 1))
    powers[:, new] = [capacity_mw - 0.1, capacity_mw + 0.1]
    states = model_profiles(with_plant, powers, np.tile(DEMAND_MW * share, (2, 1)))
    found = intertrip(with_plant, states)
    links = [found.outages.index(name) for name in ("Matsushima - Narao 1", "Matsushima - Narao 2")]
    assert found.suffices[:, links].all(axis=1).tolist() == [True, False]
    assert found.shed_mw[0, links] == pytest.approx([capacity_mw - 0.1] * 2)


def _moved_to_narao(model, plant):
    net, plants = copy.deepcopy(model.net), model.plants.copy()
    name = plants.index[plant]
    net.sgen.loc[net.sgen.index[plant], "bus"] = model.roles.headroom_bus
    plants.loc[name, ["bus", "power_factor"]] = [model.roles.headroom_bus, 1.0]
    plants["trippable"] = plants.index == name
    return replace(model, net=net, plants=plants)
