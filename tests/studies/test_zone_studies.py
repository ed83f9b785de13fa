"""A study whose operator works by constraint zones: what cannot be is told in plain words, each once."""

import pytest
from zone_island import UNITS, ZONES, write_zone_study

from network_models.island import find_island
from network_models.reading import island_tables
from studies.api import load_case
from studies.study.file.reading import read_study
from studies.study.zones import readings_of
from twin.core.errors import InputError

ZONED = 'operator = "zones"\n'


def told(study):
    with pytest.raises(InputError) as caught:
        load_case(study, days=(350, 350))
    return str(caught.value)


@pytest.mark.parametrize(
    ("before", "after", "message", "seen"),
    [
        ("line,landing_hill,landing,,mean,lifo,12", "line,landing_hil,landing,,mean,lifo,12",
         "there is no such row in lines.csv", "landing_hil"),
        ("line,landing_hill,landing,,mean,lifo,12", "line,landing_hill,town,,mean,lifo,12",
         "a measured line needs branch and toward", "landing or hill"),
        ("line,landing_hill,landing,,mean,lifo,12", "line,,,,mean,lifo,12",
         "a measured line needs branch and toward", "branch empty"),
        ("100,150,90,0.2", "100,150,100.5,0.2", "the value is too large", "release_percent"),
        ("100,150,90,0.2", "90,150,95,0.2", "the zone releases above its trim limit", "release_percent 95"),
        ("100,150,90,0.2", "100,95,90,0.2", "the zone trims above its trip limit", "trim_percent 100"),
        ("100,150,90,0.2", "110,150,90,0.2", "the value is too large", "trim_percent"),
        ("false,100,150,90,0.2", "true,100,150,90,0.2", "a limit that follows the wind does not run in the loop",
         "cooled_by_wind"),
        ("landing,,mean,lifo,12", "landing,link_circuits=7,mean,lifo,12",
         "the reading holds under another state of the grid", "link_circuits"),
        ("hill,tight,Hill line,丘線,false", "hill,tight,Hill line,丘線,true", "a zone needs one primary", "2 of 2"),
    ],
)  # fmt: skip
def test_a_zone_that_cannot_be(tmp_path, before, after, message, seen):
    assert before in ZONES
    found = told(write_zone_study(tmp_path, zones=ZONES.replace(before, after)))
    assert message in found and seen in found


@pytest.mark.parametrize(
    ("before", "after", "message", "seen"),
    [
        ("hill,line,hill_wind,1", "hill,line,hil_wind,1", "there is no such row in plants.csv", "hil_wind"),
        ("sea,export,hill_wind,2", "sea,export,town_pv,2", "the key is already used", "town_pv"),
        ("sea,export,hill_wind,2", "sea,export,hill_wind,1", "two plants of the zone have the same turn", "1"),
        ("hill,line,hill_wind,1", "moor,line,hill_wind,1", "the zone has no plants", "hill/line"),
    ],
)
def test_units_that_cannot_be(tmp_path, before, after, message, seen):
    assert before in UNITS
    found = told(write_zone_study(tmp_path, units=UNITS.replace(before, after, 1)))
    assert message in found and seen in found


@pytest.mark.parametrize(
    ("operation", "message", "seen"),
    [
        ("zones.hil.limit_mw = 5\n", "the island has no such zone", "did you mean hill"),
        ('zones.hill.reading = "tigt"\n', "the zone has no such reading", "did you mean tight"),
        ("zones.hill.limit_mw = 0\n", "limit_mw", "above 0"),
        ("zones.hill.limit = 5\n", "limit", "limit_mw"),
    ],
)
def test_choices_that_cannot_be(tmp_path, operation, message, seen):
    found = told(write_zone_study(tmp_path, ZONED + operation))
    assert message in found and seen in found


def test_an_island_without_zones_and_a_guest_are_refused(tmp_path):
    study = write_zone_study(tmp_path)
    for name in ("zones.csv", "zone_units.csv"):
        (tmp_path / "mini" / name).unlink()
    assert told(study).count("the island has no table of: constraint zones") == 1
    text = study.read_text(encoding="utf-8").replace('model = "mini"\nyear = 2030', GUEST)
    study.write_text(text, encoding="utf-8")
    assert "constraint zones are those of an island's own network" in told(study)


GUEST = """model = "case33bw"
roles.link = ["line 0"]
roles.curtailable = []"""


def test_everything_wrong_is_told_at_once(tmp_path):
    zones = ZONES.replace("100,150,90,0.2", "90,80,95,0.2").replace("100,,95,", "80,,95,")
    found = told(write_zone_study(tmp_path, zones=zones))
    for part in ("zones.csv, hill/line", "zones.csv, sea/export", "release_percent 95", "trip_percent 80"):
        assert part in found


def test_a_study_takes_the_primary_readings_or_those_that_it_names(tmp_path):
    first = load_case(write_zone_study(tmp_path), days=(350, 350)).members[0].zones
    assert [(one.zone.name, one.limit_mw, one.zone.units) for one in first] == [
        ("zone hill", 12.0, (0,)), ("zone sea", 4.0, (1, 0))
    ]  # fmt: skip
    assert (first[0].zone.trip, first[0].zone.release, first[0].zone.release_mw) == (1.5, 0.9, 2.0)
    named = 'zones.hill = { reading = "tight", limit_mw = 9.0 }\n'
    study = write_zone_study(tmp_path, ZONED + named)
    (only,) = load_case(study, days=(350, 350)).members[0].zones
    assert (only.zone.trim, only.limit_mw) == (0.9, 9.0)
    assert read_study(study).operation.zones["hill"].reading == "tight"


def test_readings_without_a_range_run_in_the_loop_and_cannot_be_compared(tmp_path):
    write_zone_study(tmp_path)
    reading = readings_of(island_tables(find_island("mini", tmp_path)), "hill")[0]
    with pytest.raises(InputError, match="the limit has no range"):
        _ = reading.limits_mw
