"""The plan's demand response: its tables, what they make of Goto, and how broken tables are told."""

import csv
import shutil
from pathlib import Path

import numpy as np
import pytest
from device_cases import run_steps, total_mw
from shipped import GOTO, ISLAND, goto

from network_models.island import Island
from network_models.reading import island_tables
from network_models.tables.declarations import DECLARATIONS
from network_models.tables.devices import KEYS
from studies.experiments.uncertainty.unknowns import unknowns
from studies.study.devices import demand_response
from studies.study.file.reading import read_study
from studies.study.file.schema import Study
from studies.study.islands import tables_of
from twin.core.dotted_keys import with_values
from twin.core.errors import InputError
from twin.devices.device import DeviceNow
from twin.devices.homes import free_hour_price_ratio
from twin.operation.member import placed_devices

GOTO_2030 = Path(__file__).parents[2] / "studies" / "goto_2030.toml"


def a_study(**values):
    plain = read_study(GOTO_2030).model_dump(
        mode="json", exclude_unset=True, exclude={"scenario", "sweep", "onset", "compare"}
    )
    dotted = {key.replace("__", "."): value for key, value in values.items()}
    return Study.model_validate(with_values(plain, {"fleet.demand_response": "plan"} | dotted))


@pytest.fixture(scope="module")
def model():
    return goto(2030)


@pytest.fixture(scope="module")
def devices(model):
    return {device.name: device for device in demand_response(a_study(), GOTO, model)}


@pytest.fixture
def folder(tmp_path):
    for table in ISLAND.folder.glob("*.csv"):
        shutil.copy(table, tmp_path)
    return tmp_path


def response_of(folder):
    return island_tables(Island(folder, ISLAND.settings))


def change(path, row, column, value):
    with path.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.reader(lines))
    line = next(cells for cells in rows if cells[0] == row)
    line[rows[0].index(column)] = value
    with path.open("w", encoding="utf-8", newline="") as lines:
        csv.writer(lines, lineterminator="\n").writerows(rows)


def test_without_demand_response_there_is_none(model):
    assert demand_response(a_study(fleet__demand_response="none"), GOTO, model) == ()


def test_the_four_devices_have_the_plans_numbers(devices):
    """8,000 of 16,189 homes (P60, P01) of 82,305,998 kWh (P05); 160 cars (P62); 57,777,960 kWh of commerce (P06)."""
    assert list(devices) == ["homes", "water_heaters", "cars", "commercial"]
    assert not any(device.is_storage for device in devices.values())
    assert devices["homes"].energy_kwh.sum() == pytest.approx(82305998 * 8000 / 16189, rel=1e-6)
    assert devices["cars"].cars.sum() == pytest.approx(160.0)
    assert devices["commercial"].energy_kwh == pytest.approx(57777960, rel=1e-6)


def test_only_areas_of_goto_city_have_them(devices, model):
    in_city = model.areas.municipality.to_numpy(bool)
    for device in devices.values():
        assert device.area_share.sum() == pytest.approx(1.0)
        assert not device.area_share[~in_city].any()
        assert (device.area_share[in_city] > 0.0).all()


def test_the_mean_home_has_the_stated_elasticity(devices):
    shares = devices["homes"].energy_kwh / devices["homes"].energy_kwh.sum()
    assert shares @ devices["homes"].elasticity == pytest.approx(0.10)


def test_the_heaters_habit_takes_what_the_demand_model_gives_a_heat_pump(devices):
    """1,300 kWh a year a heater (demand_night_water_heating_share), nearly all from 22 to 8 h."""
    heaters = devices["water_heaters"]
    state, kwh, by_half_hour = heaters.initial()[None], 0.0, np.zeros(48)
    kept = np.exp(-0.5 * heaters.standing_loss_per_hour)
    for month in range(1, 13):
        for _ in range(3):
            day = 0.0
            for half_hour in range(48):
                now = DeviceNow(half_hour, True, 0.5, np.zeros(1), np.ones(1), np.zeros((1, 14)), {}, month)
                before = state[:, 2:]
                state, _ = heaters.step(state, now)
                heat = state[:, 2:] - before * kept + heaters.draw_kwh[month - 1, half_hour]
                by_half_hour[half_hour] += heat.mean()
                day += heat.mean() / heaters.heat_per_energy
        kwh += day * 365 / 12
    assert kwh == pytest.approx(1300.0, rel=0.03)
    assert by_half_hour[16:44].sum() < 0.02 * by_half_hour.sum()
    assert by_half_hour.argmax() in (8, 9)


def test_cars_drive_what_the_plans_petrol_was_for(devices):
    """1,500 kWh a car and year at 85 % charging: 282 MWh within the 3 % that rounding the trips leaves."""
    work = run_steps(devices["cars"], steps=96)[0]["demand_mw"][48:].sum() * 0.5
    free = run_steps(devices["cars"], steps=96, workday=False)[0]["demand_mw"][48:].sum() * 0.5
    assert (work * 5 + free * 2) / 7 * 365 == pytest.approx(160 * 1.5 / 0.85, rel=0.03)


def test_the_free_hour_moves_load_of_the_plans_homes(devices):
    flows, _ = run_steps(devices["homes"], price=free_hour_price_ratio(), steps=48, load=1 / 8760)
    change_mw = total_mw(flows)[:, 0]
    habit_mw = devices["homes"].energy_kwh.sum() / 8760 / 1000.0
    assert 0.05 < change_mw[24:26].mean() / habit_mw < 0.15
    assert -0.12 < change_mw[22:24].mean() / habit_mw < -0.04


def test_equal_devices_run_together(model):
    class Fake:
        def __init__(self, flexible):
            self.flexible = flexible

    same = [Fake(demand_response(a_study(), GOTO, model)) for _ in range(2)]
    other_study = a_study(**{"inputs.demand_response.homes_elasticity": 0.15})
    other = Fake(demand_response(other_study, tables_of(other_study), model))
    at_areas, beside_plants = placed_devices([*same, other])
    assert [placed.rows.tolist() for placed in at_areas if placed.device.name == "homes"] == [[0, 1], [2]]
    assert [placed.position for placed in at_areas[:4]] == [0, 1, 2, 3]
    assert beside_plants == ()


def test_a_studys_own_values_count(model):
    study = a_study(**{"inputs.demand_response.cars": 320, "inputs.car_patterns.office": 0.5})
    cars = demand_response(study, tables_of(study), model)[2]
    assert cars.cars.sum() == pytest.approx(320.0)
    assert cars.trip_kwh[0, -1] == pytest.approx(3.0)


def test_its_unknowns_belong_to_studies_that_have_it():
    without = {unknown.name for unknown in unknowns(read_study(GOTO_2030))}
    found = {unknown.name: unknown for unknown in unknowns(a_study())}
    assert {"demand_response.homes_elasticity", "car_trips"} <= found.keys() - without
    assert not any(name.startswith("demand_response") for name in without)
    assert all(not found[name].title_ja.isascii() for name in found.keys() - without)


def test_all_tables_of_demand_response_are_declared():
    declared = {name for name, facts in DECLARATIONS.items() if facts.counts_with == "fleet.demand_response"}
    assert declared == set(KEYS)


@pytest.mark.parametrize(
    ("table", "row", "column", "value", "told"),
    [
        ("demand_response", "homes_flexible_share", "value", "1.5", "value lies outside its own range"),
        ("demand_response", "homes_in_city", "value", "-5", "row homes_in_city, column value"),
        ("demand_response", "homes_return_hours", "value", "soon", "line 6, column value: not a number"),
        ("demand_response", "cars", "name", "car", "add the row cars"),
        ("demand_response", "homes_with_monitor", "value", "20000", "more than homes_in_city"),
        ("home_classes", "keen", "share", "0.3", "home_classes.csv, column share"),
        ("home_classes", "keen", "sensitivity", "4", "mean over the homes"),
        ("home_classes", "keen", "status", "guess", "home_classes.csv line 4, column status"),
        ("hot_water_hours", "5", "share", "0.5", "hot_water_hours.csv, column share"),
        ("hot_water_hours", "23", "hour", "24", "hot_water_hours.csv line 25, column hour"),
        ("car_patterns", "office", "work_back_hour", "8", "row office, column work_back_hour: back before leaving"),
        ("car_patterns", "office", "work_leave_hour", "8.2", "row office, column work_leave_hour: not on a half-hour"),
        ("car_patterns", "office", "free_trip_kwh", "3", "row office, column free_trip_kwh: trip and hours"),
        ("car_patterns", "office", "work_trip_kwh", "25", "at most 21.0 kWh"),
        ("car_patterns", "office", "work_trip_kwh", "-1", "car_patterns.csv line 6, column work_trip_kwh"),
    ],
)
def test_bad_tables_are_refused_with_row_and_column(folder, table, row, column, value, told):
    change(folder / f"{table}.csv", row, column, value)
    with pytest.raises(InputError) as caught:
        response_of(folder)
    assert told in str(caught.value)


def test_all_problems_come_at_once(folder):
    change(folder / "home_classes.csv", "keen", "share", "0.3")
    change(folder / "demand_response.csv", "homes_elasticity", "value", "0.15")
    change(folder / "demand_response.csv", "cars_reserve", "possible_high", "0.2")
    with pytest.raises(InputError) as caught:
        response_of(folder)
    assert len(caught.value.problems) >= 3


@pytest.mark.parametrize(
    ("row", "value", "told"),
    [
        ("cars_efficiency", 1.2, "row cars_efficiency, column value"),
        ("homes_shift_loss", -0.1, "row homes_shift_loss, column value"),
        ("commercial_down_share", 0.98, "row commercial_down_share, column value"),
        ("cars_battery_kwh", 8.0, "row office, column work_trip_kwh"),
    ],
)
def test_an_impossible_value_of_a_study_is_refused(model, row, value, told):
    with pytest.raises(InputError, match=told):
        tables_of(a_study(**{f"inputs.demand_response.{row}": value}))


def test_a_guest_network_is_refused(model):
    plain = a_study().model_dump(mode="json", include={"schema_version", "name", "title_en", "period", "operation"})
    guest = {"model": "case14", "roles": {"link": ["a"], "curtailable": ["b"]}}
    study = Study.model_validate(plain | {"grid": guest, "fleet": {"demand_response": "plan"}})
    with pytest.raises(InputError, match="demand_response"):
        demand_response(study, GOTO, model)
