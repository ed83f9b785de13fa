"""Wind farms: power curve, height, wake, smoothing over the farm, calibration."""

import numpy as np
import pandas as pd
import profile_fakes
import pytest
from shipped import GOTO, with_inputs

from twin.core.errors import InputError
from twin.resources.plants import plant_available_mw, plant_problems, wind_scales
from twin.resources.wind import Farm, calibrated_scale, farm_curve, farm_per_unit, power_curve, speed_at_height

MIDDLES = (np.arange(20000) + 0.5) / 20000
RAYLEIGH = 7.0 * np.sqrt(-4 / np.pi * np.log(1 - MIDDLES))
"""20,000 equally likely speeds of a Rayleigh distribution with mean 7 m/s, rising: the one storm comes last."""

ONSHORE = Farm("V80/2000", 8, at_sea=False)


def test_every_turbine_reaches_rated_power_and_stands_in_calm():
    for turbine in GOTO["turbines"]["turbine"]:
        assert power_curve(GOTO, turbine).at(np.array([0.5, 17.0, 25.0])) == pytest.approx([0, 1, 1], abs=0.01)


def test_known_point_of_the_v80_curve():
    assert power_curve(GOTO, "HTW2.0-80").at(np.array([8.0, 10.0])) == pytest.approx([0.3505, 0.6445])


def test_unknown_turbine_names_the_known_ones():
    with pytest.raises(InputError, match="E-82/2000"):
        power_curve(GOTO, "windmill")


def test_logarithmic_law_by_hand():
    place = profile_fakes.PLACES["fukue"]
    expected = 5 * np.log(60 / 0.1) / np.log(10 / 0.1)
    assert speed_at_height(np.array([5.0]), place, 60.0) == pytest.approx([expected])


def test_wake_lowers_a_farm_but_not_its_rated_power():
    alone = farm_per_unit(GOTO, RAYLEIGH, Farm("V80/2000", 1, at_sea=False))
    farm = farm_per_unit(GOTO, RAYLEIGH, ONSHORE)
    assert 0.75 < farm.mean() / alone.mean() < 0.98
    assert farm.max() > 0.999


@pytest.mark.parametrize(
    ("farm", "spread"), [(ONSHORE, 0.12), (Farm("V80/2000", 8, at_sea=True), 0.07), (Farm("V80/2000", 1, True), 0.05)]
)
def test_smoothing_is_the_mean_over_turbines_that_see_other_winds(farm, spread):
    """By Gauss-Hermite quadrature over speeds with that spread, without windpowerlib's blocks of 0.5 m/s."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(80)
    raw, smooth = power_curve(GOTO, "V80/2000"), farm_curve(GOTO, farm).power
    for speed in (4.0, 6.0, 9.0, 12.0, 14.0, 18.0, 24.0):
        by_hand = weights @ raw.at(np.clip(speed * (1 + spread * nodes), 0, None)) / weights.sum()
        assert smooth.at(np.array([speed]))[0] == pytest.approx(by_hand, abs=0.006), speed


def test_a_farm_starts_earlier_and_is_full_later_than_one_turbine():
    alone, farm = (farm_curve(GOTO, each).power for each in (Farm("V80/2000", 1, at_sea=False), ONSHORE))
    low, high = np.array([2.5, 3.0]), np.array([13.0, 15.0])
    assert (farm.at(low) > alone.at(low)).all()
    assert (farm.at(high) < alone.at(high) - 0.015).all()


@pytest.mark.parametrize("target", [0.17, 0.25, 0.376])
def test_calibration_meets_the_capacity_factor(target):
    scale = calibrated_scale(GOTO, RAYLEIGH, ONSHORE, target, "farm")
    output = farm_per_unit(GOTO, scale * RAYLEIGH, ONSHORE)
    assert output.mean() == pytest.approx(target, abs=1e-4)
    assert output.max() > 0.999


def test_capacity_factor_out_of_reach_is_told_with_the_range():
    for target in (0.95, 0.0001):
        with pytest.raises(InputError, match="out of reach"):
            calibrated_scale(GOTO, RAYLEIGH, ONSHORE, target, "farm")


def test_target_counts_outages():
    table = profile_fakes.weather(60)
    plants = profile_fakes.plants()
    scales = wind_scales(GOTO, plants, table)
    wind = table.values["offshore"]["wind_speed"].to_numpy()
    hub = speed_at_height(wind, table.places["offshore"], 60.0)
    output = farm_per_unit(GOTO, scales["farm"] * hub, Farm("HTW2.1-80", 8, at_sea=True))
    assert output.mean() * 0.93 == pytest.approx(0.35, abs=1e-4)
    assert set(scales) == {"farm", "hill"}


@pytest.mark.parametrize(("row", "moved", "kept"), [("capacity_factor_offshore", "farm", "hill"),
                                                    ("capacity_factor_onshore", "hill", "farm")])  # fmt: skip
def test_a_range_moves_the_energy_of_its_own_farms_by_that_factor(row, moved, kept):
    table, plants, known = profile_fakes.weather(60), profile_fakes.plants(), {}
    rows = GOTO["wind_parameters"].set_index("name").loc[row]
    energy = {}
    for factor in (1.0, rows["low"], rows["high"]):
        tables = with_inputs({"wind_parameters": {row: factor}})
        output = plant_available_mw(tables, plants, table, _no_sky(plants), wind_scales(tables, plants, table, known))
        energy[factor] = pd.Series(output.mean(axis=0), plants.index)
    for factor in (rows["low"], rows["high"]):
        assert energy[factor][moved] / energy[1.0][moved] == pytest.approx(factor, rel=1e-3)
        assert energy[factor][kept] == energy[1.0][kept]


def _no_sky(plants):
    plants.loc[plants["kind"] == "pv", "contract_mw"] = 0.0
    return {}


def test_all_problems_of_the_plants_at_once():
    plants = profile_fakes.plants()
    plants.loc["sun_online", ["pv_fleet", "dc_mw"]] = ["moonlight", float("nan")]
    plants.loc["farm", ["turbine", "place"]] = ["windmill", "mars"]
    plants.loc["hill", ["availability", "units"]] = [1.2, float("nan")]
    told = "\n".join(str(problem) for problem in plant_problems(GOTO, plants, profile_fakes.weather(60)))
    for word in ("moonlight", "dc_mw", "windmill", "mars", "1.2", "units"):
        assert word in told
