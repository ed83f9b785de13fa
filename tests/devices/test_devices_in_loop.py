"""The plan's demand response inside the loop: it changes the areas' demand by what it says, and by nothing without."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from loop_fixtures import WINDY_DAY, make_case, member, run
from shipped import GOTO

from studies.study.devices import demand_response
from studies.study.file.reading import read_study
from studies.study.file.schema import Study
from twin.core.dotted_keys import with_values
from twin.devices.homes import free_hour_price_ratio
from twin.operation.state import initial_state

GOTO_2030 = Path(__file__).parents[2] / "studies" / "goto_2030.toml"
FIRST, LAST = 20, 30
"""Half-hours of the day that are run: 10 to 15 h."""


@pytest.fixture(scope="module")
def noon(goto_year):
    """Half-hours around noon of three members: without devices, with them by habit, with the free hour."""
    plain = read_study(GOTO_2030).model_dump(mode="json", exclude_unset=True)
    study = Study.model_validate(with_values(plain, {"fleet.demand_response": "plan"}))
    devices = demand_response(study, GOTO, goto_year.model)
    windy = goto_year.days(WINDY_DAY)
    case = make_case(windy, [member(windy), member(windy, flexible=devices), member(windy, flexible=devices)])
    state = initial_state(case)
    price = state.price_ratio.copy()
    price[2, :48] = free_hour_price_ratio()
    signal = state.device_pu.copy()
    signal[2, 24:26, 1] = 1.0
    return case, run(case, range(FIRST, LAST), replace(state, price_ratio=price, device_pu=signal))[1]


def test_by_habit_only_the_cars_are_new_demand(noon):
    case, records = noon
    assert case.fleet.device_names == ("homes", "water_heaters", "cars", "commercial")
    change = np.array([record.demand_mw[1] - record.demand_mw[0] for record in records])
    of_devices = np.array([record.flexible.demand_mw[1] for record in records])
    assert not of_devices[:, [0, 1, 3]].any()
    assert of_devices[:, 2].sum() > 0.0
    assert change.sum(axis=1) == pytest.approx(of_devices[:, 2], abs=1e-9)
    assert not any(record.flexible.losses_mw[1].any() or record.flexible.clipped[1].any() for record in records)


def test_the_free_hour_reaches_demand_area_by_area(noon):
    case, records = noon
    for record in records:
        change = record.demand_mw[2] - record.demand_mw[1]
        assert change == pytest.approx(record.flexible.area_mw[2] - record.flexible.area_mw[1], abs=1e-9)
        assert not change[~case.model.areas.municipality.to_numpy(bool)].any()
    homes = np.array([record.flexible.demand_mw[2, 0] for record in records])
    assert (homes[2:4] < -0.1).all() and (homes[4:6] > 0.1).all() and (homes[6:] < 0.0).all()
    heaters = np.array([record.flexible.demand_mw[2, 1] for record in records])
    assert heaters[4] > 0.5 and not heaters[:4].any()
