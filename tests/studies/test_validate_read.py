"""Bad files for `goto-twin validate`: each kind of fault is told, all of a file at once."""

import numpy as np
import pandas as pd
import pytest

from studies.experiments.validation.measured_pairs import Reading, read_pair
from twin.core.clock import Clock
from twin.core.errors import InputError

TOKYO = Reading("Asia/Tokyo")


def wind_file(path, rows=None, header="time,power_mw,wind_speed", encoding="utf-8"):
    rows = rows or good_rows()
    path.write_text("\n".join([header, *rows]) + "\n", encoding=encoding)
    return path


def good_rows(count=96, start="2024-04-01 00:00"):
    times = pd.date_range(start, periods=count, freq="30min")
    return [f"{time:%Y-%m-%d %H:%M},{1 + (i % 7) / 10:.2f},{5 + i % 5}" for i, time in enumerate(times)]


def told(path, kind="wind", capacity=2.0, reading=TOKYO):
    with pytest.raises(InputError) as caught:
        read_pair(path, kind, capacity, reading)
    return caught.value.problems


def test_a_good_file(tmp_path):
    pair = read_pair(wind_file(tmp_path / "good.csv"), "wind", 2.0, TOKYO)
    assert len(pair.index) == 96
    assert str(pair.index[0]) == "2024-04-01 00:00:00+09:00"
    assert pair.measured_mw[1] == 1.1
    assert pair.complete.all()


@pytest.mark.parametrize("encoding", ["utf-8-sig", "cp932"])
def test_byte_order_mark_and_cp932(tmp_path, encoding):
    rows = [row + ",晴" for row in good_rows()]
    path = wind_file(tmp_path / "a.csv", rows, "time,power_mw,wind_speed,天気", encoding)
    assert read_pair(path, "wind", 2.0, TOKYO).complete.all()


def test_utf_16_is_told(tmp_path):
    path = wind_file(tmp_path / "a.csv", encoding="utf-16")
    assert told(path)[0].what == "wrong text encoding"


def test_kilowatts_and_end_labels(tmp_path):
    rows = [row.replace(",1.", ",1") for row in good_rows()]
    path = wind_file(tmp_path / "a.csv", rows, "time,power_kw,wind_speed")
    pair = read_pair(path, "wind", 0.2, Reading("Asia/Tokyo", label="end"))
    assert pair.measured_mw[1] == pytest.approx(0.11)
    assert str(pair.index[0]) == "2024-03-31 23:30:00+09:00"


def test_offsets_and_foreign_zones_are_turned_into_japan_time(tmp_path):
    rows = [row.replace(",", "+00:00,", 1) for row in good_rows()]
    pair = read_pair(wind_file(tmp_path / "a.csv", rows), "wind", 2.0, Reading())
    assert str(pair.index[0]) == "2024-04-01 09:00:00+09:00"


def test_everything_wrong_is_told_at_once(tmp_path):
    rows = good_rows()
    rows[3] = rows[3].replace(",1.3", ",n/a")
    rows[5] = rows[4]
    rows[8] = rows[8].rsplit(",", 1)[0] + ",1000"
    rows[9] = rows[9].replace(",1.2", ",1200")
    problems = told(wind_file(tmp_path / "bad.csv", rows))
    what = [problem.what for problem in problems]
    for expected in ("text where a number belongs", "time occurs twice", "gap", "implausible value", "wrong unit?"):
        assert expected in what, what
    assert "line 5" in str(problems[0])
    assert "kW" in next(problem.seen for problem in problems if problem.what == "wrong unit?")


def test_gaps_are_missing_values_where_asked(tmp_path):
    path = wind_file(tmp_path / "a.csv", [*good_rows()[:10], *good_rows()[20:]])
    assert [problem.what for problem in told(path)] == ["gap"]
    pair = read_pair(path, "wind", 2.0, Reading("Asia/Tokyo", allow_gaps=True))
    assert np.isnan(pair.measured_mw).sum() == 10
    assert "10 intervals have no row" in pair.notes[0]


def test_times_without_zone_and_unknown_zone(tmp_path):
    path = wind_file(tmp_path / "a.csv")
    assert told(path, reading=Reading())[0].what == "times without time zone"
    assert told(path, reading=Reading("Asia/Goto"))[0].what == "unknown time zone"


def test_hours_that_do_not_exist_in_a_zone_with_daylight_saving(tmp_path):
    path = wind_file(tmp_path / "a.csv", good_rows(start="2024-03-31 00:00"))
    problem = told(path, reading=Reading("Europe/Berlin"))[0]
    assert problem.what == "time cannot be read"
    assert "line 6" in problem.seen
    assert "daylight saving" in problem.accepted


def test_a_clock_with_daylight_saving_in_a_zone_without(tmp_path):
    """Two rows vanish in spring and come twice in autumn; the zone given knows no such thing."""
    utc = pd.date_range("2024-03-20", "2024-11-10", freq="30min", tz="UTC", inclusive="left")
    local = utc.tz_convert("Europe/Berlin")
    rows = [f"{time:%Y-%m-%d %H:%M},{1 + (i % 7) / 10:.2f},6" for i, time in enumerate(local)]
    what = [problem.what for problem in told(wind_file(tmp_path / "a.csv", rows))]
    assert what == ["time occurs twice", "gap", "daylight saving?"]


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("time,power_mw,wind", "no column 'wind_speed'"),
        ("date,power_mw,wind_speed", "no column 'time'"),
        ("time,power,wind_speed", "no column of power"),
        ("time;power_mw;wind_speed", "semicolons between the columns"),
    ],
)
def test_columns(tmp_path, header, expected):
    rows = [row.replace(",", ";") for row in good_rows()] if ";" in header else None
    assert expected in [problem.what for problem in told(wind_file(tmp_path / "a.csv", rows, header))]


def test_units_of_power_and_wind(tmp_path):
    path = wind_file(tmp_path / "a.csv")
    assert "MW given as kW" in told(path, capacity=200.0)[0].seen
    fast = [row.rsplit(",", 1)[0] + f",{18 + i % 5}" for i, row in enumerate(good_rows())]
    problem = told(wind_file(tmp_path / "b.csv", fast))[0]
    assert (problem.what, "km/h" in problem.seen) == ("wrong unit?", True)


def test_irregular_steps(tmp_path):
    rows = good_rows()
    rows[7] = rows[7].replace(":30,", ":31,")
    assert "times off the grid of full steps" in [problem.what for problem in told(wind_file(tmp_path / "a.csv", rows))]


def test_days_that_run_to_24_hold_ends(tmp_path):
    """Half-hours from 0:30 to 24:00, the last written in either way; --label start holds nevertheless."""
    times = pd.date_range("2024-04-01 00:30", periods=96, freq="30min")
    for midnight in ("24:00", "00:00"):
        rows = [
            f"{time - pd.Timedelta('1min'):%Y-%m-%d} 24:00,1.0,5"
            if midnight == "24:00" and time.hour + time.minute == 0
            else f"{time:%Y-%m-%d %H:%M},1.0,5"
            for time in times
        ]
        path = wind_file(tmp_path / "a.csv", rows)
        pair = read_pair(path, "wind", 2.0, TOKYO)
        assert (str(pair.index[0]), len(pair.index)) == ("2024-04-01 00:00:00+09:00", 96)
        assert pair.notes == ["times are taken as the ends of their intervals"]
        stated = read_pair(path, "wind", 2.0, Reading("Asia/Tokyo", label="start"))
        assert str(stated.index[0]) == "2024-04-01 00:30:00+09:00"


def test_the_time_is_the_islands(tmp_path):
    reading = Reading("UTC", clock=Clock("Europe/London", first_month=1))
    pair = read_pair(wind_file(tmp_path / "a.csv", good_rows(start="2024-07-01 00:00")), "wind", 2.0, reading)
    assert str(pair.index[0]) == "2024-07-01 00:00:00+00:00"
