"""The feed of an active network management: read, and what stands still, is stuck, doubled or shifted is found."""

import numpy as np
import pandas as pd
import pytest
from made_feed import NAME, TABLES, made_feed
from real_data import DATA, needs

from studies.measured.feed import read_feed
from studies.measured.feed_profiles import regional_index
from twin.core.errors import InputError

FEED = DATA / "orkney"


@pytest.fixture
def read(tmp_path):
    def of(frame):
        frame.to_csv(tmp_path / "feed.csv", index=False, date_format="%Y-%m-%dT%H:%MZ")
        return read_feed(TABLES, tmp_path)

    return of


def test_a_sound_feed_is_read_as_it_is(read):
    frame = made_feed()
    feed = read(frame)
    assert feed.series("demand") == pytest.approx(frame[NAME["demand"]])
    assert not feed.stands_still.any()
    assert not feed.stuck.to_numpy().any()
    assert (feed.zone_on("2") == (frame["z_2"] > 0)).all()


def test_an_hour_without_a_change_is_masked_and_counted(read):
    frame = made_feed()
    frame.loc[100:105, NAME["uncontrolled"]] = 7.0  # six equal values: an hour
    frame.loc[200:204, NAME["demand"]] = 20.0  # five: not yet
    feed = read(frame)
    assert np.flatnonzero(feed.stands_still).tolist() == list(range(100, 106))
    assert feed.record["rows_feed_stands_still"] == 6


def test_missing_rows_are_missing_and_counted(read):
    feed = read(made_feed().drop(index=range(300, 310)))
    assert feed.record["rows_missing"] == 10
    assert np.flatnonzero(feed.stands_still).tolist() == list(range(300, 310))
    assert not feed.counts("2")[300:310].any()


def test_a_zone_that_stays_on_while_the_islands_import_is_a_stuck_display(read):
    frame = made_feed()
    frame.loc[500:700, "z_core"] = 1.0  # 33 hours, through calms
    feed = read(frame)
    assert feed.stuck["z_core"].iloc[500:701].all()
    assert not feed.counts("core")[500:701].any()
    assert feed.counts("2")[500:701].all()


def test_rows_given_twice_are_counted_and_those_that_differ_refused(read):
    frame = made_feed()
    twice = pd.concat([frame, frame.iloc[50:53]])
    assert read(twice).record["rows_doubled"] == 3
    other = twice.copy()
    other.iloc[-1, 1] += 1.0
    with pytest.raises(InputError, match="a time stands twice with different values"):
        read(other)


def test_a_shifted_clock_is_refused(read):
    frame = made_feed()
    frame[NAME["uncontrolled"]] = np.roll(frame[NAME["uncontrolled"]], 12)
    with pytest.raises(InputError, match="shifted clock"):
        read(frame)


def test_a_clock_that_is_set_on_the_way_is_refused_with_its_time(read):
    frame = made_feed(days=56)
    gusts = np.random.default_rng(2).normal(size=len(frame))
    wind = 9.0 + pd.Series(gusts).rolling(18, min_periods=1).sum()  # forgets within three hours, as real wind does
    frame[NAME["wind"]] = wind.clip(lower=0.0).round(2)
    frame[NAME["uncontrolled"]] = (wind.clip(0.0, 14.0) + 1.0).round(4)
    assert read(frame).record["rows"] == len(frame)
    late = frame[NAME["time"]] >= frame[NAME["time"]].iloc[0] + pd.Timedelta(days=28)
    frame.loc[late, NAME["uncontrolled"]] = frame[NAME["uncontrolled"]].shift(6)[late]
    with pytest.raises(InputError, match=r"shifted clock(.|\n)*\+1.0 h late from 20"):
        read(frame)


def test_wind_that_stands_still_is_masked_and_wind_of_elsewhere_refused(read):
    frame = made_feed()
    frame.loc[400:430, NAME["wind"]] = 8.0
    feed = read(frame)
    assert feed.record["rows_wind_stands_still"] == 31
    assert feed.stands_still[400:431].all()
    frame[NAME["wind"]] = np.random.default_rng(3).uniform(0.0, 20.0, len(frame))
    with pytest.raises(InputError, match="output does not follow the wind"):
        read(frame)


@pytest.mark.parametrize("kept", [slice(None, None, 3), slice(0, 1), slice(0, 0)])
def test_too_little_of_a_feed_is_refused(read, tmp_path, kept):
    frame = made_feed()
    frame[["utc", NAME["wind"]]].to_csv(tmp_path / "wind.csv", index=False, date_format="%Y-%m-%dT%H:%MZ")
    with pytest.raises(InputError, match="too few steps"):
        read(frame.drop(columns=NAME["wind"]).iloc[kept])


def test_impossible_values_and_missing_columns_are_told_together(read, tmp_path):
    frame = made_feed()
    frame.loc[3, NAME["demand"]] = 900.0
    with pytest.raises(InputError, match="impossible value"):
        read(frame)
    with pytest.raises(InputError, match="no file has this column") as told:
        read(made_feed().drop(columns=[NAME["wind"], NAME["demand"]]))
    assert str(told.value).count("no file has this column") == 2
    assert "feed.csv begins with 'utc," in str(told.value)


def test_the_index_goes_by_the_days_before(read):
    frame = made_feed()
    early = regional_index(read(frame))
    frame.loc[1500:, NAME["uncontrolled"]] *= 2.0
    late = regional_index(read(frame))
    assert np.array_equal(early[:1500], late[:1500])


@pytest.mark.slow
@needs(FEED)
def test_the_measured_winter_stands_still_in_13_5_percent_of_its_rows():
    feed = read_feed(TABLES, FEED)
    assert feed.record["percent_feed_stands_still"] == 13.5
    assert feed.record["rows_off_the_grid"] == 4
    assert feed.stuck["z_core"].sum() > 1000
