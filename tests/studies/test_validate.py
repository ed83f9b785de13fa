"""`goto-twin validate` end to end: a pair that the model made is met, a disturbed one is told."""

import numpy as np
import pandas as pd
import pytest
from shipped import GOTO, ISLAND
from typer.testing import CliRunner

from studies.cli import app
from studies.experiments.validation.measured_pairs import Reading
from studies.experiments.validation.power_curves import read_power_curve
from studies.experiments.validation.validate import Subject, validate_file
from twin.core.errors import InputError
from twin.resources.demand import class_demand_kw
from twin.resources.pv import PvPlant, pv_plant_kw
from twin.resources.wind import Farm, farm_per_unit
from weather.climate import read_climates
from weather.sun import beam_and_diffuse, sun_over

TOKYO = Reading("Asia/Tokyo")
FARM = Subject(capacity_mw=16.0, turbine="V80/2000", units=8)
PLANT = Subject(capacity_mw=5.0, dc_mw=5.8, fleet="ground", place="fukue")


def days(count, start="2024-04-01"):
    return pd.date_range(start, periods=48 * count, freq="30min", tz="Asia/Tokyo", name="time")


def write(path, index, **columns):
    frame = pd.DataFrame(columns, index=index.tz_localize(None).strftime("%Y-%m-%d %H:%M"))
    frame.to_csv(path, index_label="time", float_format="%.6f")
    return path


def gusty_wind(index):
    rng = np.random.default_rng(4)
    slow = pd.Series(rng.standard_normal(len(index))).ewm(span=20).mean().to_numpy()
    return np.clip(8 + 4 * slow / slow.std(), 0.3, 29)


def test_wind_of_the_model_itself_fits_and_a_loss_shows_as_bias(tmp_path):
    index = days(90)
    wind = gusty_wind(index)
    power = 16.0 * farm_per_unit(GOTO, wind, Farm("V80/2000", 8, at_sea=False))
    same = validate_file(ISLAND, "wind", write(tmp_path / "a.csv", index, power_mw=power, wind_speed=wind), FARM, TOKYO)
    assert same.comparison.overall.rmse_mw < 1e-4
    assert same.figure.read_bytes()[:4] == b"\x89PNG"
    lost = validate_file(
        ISLAND, "wind", write(tmp_path / "b.csv", index, power_mw=0.9 * power, wind_speed=wind), FARM, TOKYO
    )
    overall = lost.comparison.overall
    assert overall.energy_ratio == pytest.approx(1 / 0.9, abs=1e-4)
    assert overall.bias_mw == pytest.approx(0.1 * power.mean(), rel=1e-3)
    assert overall.correlation == pytest.approx(1.0)


def test_power_on_another_clock_than_its_wind_is_told(tmp_path):
    index = days(90)
    wind = gusty_wind(index)
    power = np.roll(16.0 * farm_per_unit(GOTO, wind, Farm("V80/2000", 8, at_sea=False)), 18)
    path = write(tmp_path / "a.csv", index, power_mw=power, wind_speed=wind)
    with pytest.raises(InputError, match="power fits best 9 h earlier"):
        validate_file(ISLAND, "wind", path, FARM, TOKYO)


def clear_and_dull(index, place):
    clear = np.repeat(np.random.default_rng(5).uniform(0.3, 1.0, len(index) // 48), 48)
    return sun_over(index, place).clear_sky * clear


def pv_power_mw(index, ghi, climate):
    sun = sun_over(index, climate.place)
    dni, dhi = beam_and_diffuse(ghi, sun, index)
    month = index.month.to_numpy() - 1
    weather = pd.DataFrame(
        {"ghi": ghi, "dni": dni, "dhi": dhi, "temp_air": 20.0, "wind_speed": climate.wind_mean_m_per_s[month]}, index
    )
    return pv_plant_kw(GOTO, weather, climate.place, PvPlant(5800.0, 5000.0, "ground")) / 1000


def test_pv_of_the_model_itself_fits_and_a_foreign_clock_is_told(tmp_path):
    climate, index = read_climates(GOTO)["fukue"], days(70)
    ghi = clear_and_dull(index, climate.place)
    power = pv_power_mw(index, ghi, climate)
    path = write(tmp_path / "a.csv", index, power_mw=power, ghi=ghi, temp_air=np.full(len(index), 20.0))
    found = validate_file(ISLAND, "pv", path, PLANT, TOKYO, tmp_path / "figures").comparison
    assert found.overall.rmse_mw < 1e-3
    assert (tmp_path / "figures" / "a_validate_pv.png").is_file()
    with pytest.raises(InputError, match="sun highest at"):
        validate_file(ISLAND, "pv", path, PLANT, Reading("UTC"))


def test_units_of_pv_power_and_irradiance_are_told_together(tmp_path):
    climate, index = read_climates(GOTO)["fukue"], days(70)
    ghi = clear_and_dull(index, climate.place)
    path = write(tmp_path / "a.csv", index, power_mw=1000 * pv_power_mw(index, ghi, climate), ghi=ghi * 3.6e-3)
    with pytest.raises(InputError) as caught:
        validate_file(ISLAND, "pv", path, PLANT, TOKYO)
    assert [problem.what for problem in caught.value.problems] == ["wrong unit?", "wrong unit?"]
    assert "MJ/m2 per hour" in str(caught.value)
    assert "kW or kWh given as MW" in str(caught.value)


def test_demand_of_the_model_itself_fits_with_gaps(tmp_path):
    index = days(120, "2024-06-01")
    temperature = 24 + 5 * np.sin(np.arange(len(index)) / 48 * 2 * np.pi)
    power = class_demand_kw(GOTO, "residential", index, temperature, 5e6) / 1000
    power[100:130] = np.nan
    path = write(tmp_path / "a.csv", index, power_mw=power, temp_air=temperature)
    found = validate_file(ISLAND, "demand", path, Subject(demand_class="residential"), TOKYO).comparison
    assert found.missing == 30
    assert found.overall.energy_ratio == pytest.approx(1.0)
    assert found.overall.rmse_mw / found.base_mw < 1e-3


def test_options_that_are_missing_are_all_told(tmp_path):
    with pytest.raises(InputError) as caught:
        validate_file(ISLAND, "wind", tmp_path / "none.csv", Subject(), TOKYO)
    assert [problem.where for problem in caught.value.problems] == ["--turbine", "--units", "--capacity-mw"]


def test_options_of_another_kind_are_refused(tmp_path):
    with pytest.raises(InputError) as caught:
        validate_file(
            ISLAND, "demand", tmp_path / "none.csv", Subject(demand_class="residential", units=3, tilt=0.0), TOKYO
        )
    assert [problem.where for problem in caught.value.problems] == ["--units", "--tilt"]


def test_the_command_prints_the_tables(tmp_path):
    index = days(40)
    wind = gusty_wind(index)
    path = write(tmp_path / "a.csv", index, power_mw=0.5 * wind / wind.max(), wind_speed=wind)
    options = ["--timezone", "Asia/Tokyo", "--turbine", "E48/800", "--units", "1", "--capacity-mw", "0.8"]
    answer = CliRunner().invoke(app, ["validate", "wind", str(path), *options])
    assert answer.exit_code == 0, answer.output
    for word in ("nRMSE", "correlation", "2024-04", "4 to 5", "a_validate_wind.png"):
        assert word in answer.output


def test_a_plant_of_goto_is_known_by_its_name(tmp_path):
    index = days(40)
    wind = gusty_wind(index)
    power = 16.8 * farm_per_unit(GOTO, wind, Farm("HTW2.1-80", 8, at_sea=True))
    path = write(tmp_path / "a.csv", index, power_mw=power, wind_speed=wind)
    found = validate_file(ISLAND, "wind", path, Subject(plant="floating_farm"), TOKYO).comparison
    assert found.overall.rmse_mw < 1e-4
    with pytest.raises(InputError, match="no such wind plant"):
        validate_file(ISLAND, "wind", path, Subject(plant="big_ben"), TOKYO)


def in_summer_time(index, values):
    """Return a series as a logger shows it that is set an hour forward from April to October."""
    is_summer = (index.month >= 4) & (index.month < 11)
    return np.where(is_summer, np.roll(values, 2), values)


@pytest.mark.parametrize("column", ["power_mw", "wind_speed"])
def test_daylight_saving_in_one_of_two_series_is_told(tmp_path, column):
    index = days(330)
    wind = gusty_wind(index)
    power = 16.0 * farm_per_unit(GOTO, wind, Farm("V80/2000", 8, at_sea=False))
    columns = {"power_mw": power, "wind_speed": wind}
    columns[column] = in_summer_time(index, columns[column])
    path = write(tmp_path / "a.csv", index, **columns)
    with pytest.raises(InputError, match="daylight saving in one of the two series") as told:
        validate_file(ISLAND, "wind", path, FARM, TOKYO)
    assert f"{1 if column == 'power_mw' else -1:+d} h late in May to September, +0 h" in str(told.value)


@pytest.mark.parametrize("count", [3, 10])
def test_end_labels_of_a_few_days_of_pv_are_told_by_dawn_and_dusk(tmp_path, count):
    """Half an hour late at both ends of the day; the days of the file begin at 0:00, so that they do not show it."""
    climate, index = read_climates(GOTO)["fukue"], days(count, "2024-05-10")
    ghi = clear_and_dull(index, climate.place)
    power = pv_power_mw(index, ghi, climate)
    as_ends = {"power_mw": np.roll(power, 1), "ghi": np.roll(ghi, 1)}
    path = write(tmp_path / "a.csv", index, **as_ends)
    with pytest.raises(InputError, match=r"shifted clock.*\+0.5 h off|\+0.5 h off"):
        validate_file(ISLAND, "pv", path, PLANT, TOKYO)
    stated = Reading("Asia/Tokyo", label="end")
    assert validate_file(ISLAND, "pv", path, PLANT, stated).comparison.overall.pairs == 48 * count
    path = write(tmp_path / "b.csv", index, power_mw=power, ghi=ghi)
    assert validate_file(ISLAND, "pv", path, PLANT, TOKYO).comparison.overall.pairs == 48 * count


CURVE = "wind_speed,power_kw\n0,0\n3,0\n4,44\n6,230\n8,600\n10,1160\n12,1700\n14,1950\n16,2000\n25,2000\n25.5,0\n"


def test_a_power_curve_of_the_users_own(tmp_path):
    """One turbine, no wake: the model's power is the smoothed curve, so that at 16 m/s and more it is rated."""
    (tmp_path / "curve.csv").write_text(CURVE)
    index = days(40)
    wind = gusty_wind(index)
    own = read_power_curve(tmp_path / "curve.csv")
    assert own.rated_mw == 2.0
    assert own.turbine.cut_out_speed == 25.0
    farm = Farm("own", 1, at_sea=False)
    steady = farm_per_unit(GOTO, np.array([2.0, 8.0, 18.0]), farm, own.turbine)
    assert steady == pytest.approx([0.0, 0.3, 1.0], abs=0.02)
    power = 2.0 * farm_per_unit(GOTO, wind, farm, own.turbine)
    path = write(tmp_path / "a.csv", index, power_mw=power, wind_speed=wind)
    subject = Subject(power_curve=tmp_path / "curve.csv", units=1)
    assert validate_file(ISLAND, "wind", path, subject, TOKYO).comparison.overall.rmse_mw < 1e-4
    for wrong, words in (
        (Subject(power_curve=tmp_path / "curve.csv", units=4, capacity_mw=2.0), "contradict each other"),
        (Subject(power_curve=tmp_path / "curve.csv", units=1, turbine="V80/2000"), "a turbine and a curve"),
    ):
        with pytest.raises(InputError, match=words):
            validate_file(ISLAND, "wind", path, wrong, TOKYO)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (CURVE.replace("wind_speed", "v"), "no column 'wind_speed'"),
        (CURVE.replace("power_kw", "P"), "one column of power is needed"),
        (CURVE.replace("600", "six hundred"), "line 6: 'six hundred'"),
        (CURVE.replace("8,600", "8,"), "empty cell"),
        (CURVE.replace("10,1160", "8,1160"), "wind speeds do not rise"),
        (CURVE.replace("power_kw", "power_mw"), "no power of a turbine"),
        ("wind_speed,power_kw\n0,0\n5,100\n", "too few rows"),
        ("", "not a table"),
    ],
)
def test_what_is_wrong_with_a_power_curve(tmp_path, text, words):
    (tmp_path / "curve.csv").write_text(text)
    with pytest.raises(InputError, match=words):
        read_power_curve(tmp_path / "curve.csv")
