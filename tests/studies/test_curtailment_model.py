"""Zones on an invented feed: nothing that holds the answer is an input, and a comparison can be repeated unfitted."""

from dataclasses import replace

import numpy as np
import pytest
from made_feed import ISLAND, NAME, TABLES, USES, made_feed

from studies.experiments.validation.curtailment.compare import compare_curtailment
from studies.experiments.validation.curtailment.model import ZoneModel
from studies.experiments.validation.curtailment.page import parts_of_page, tables
from studies.measured.feed import read_feed
from studies.study.file.reading import read_study, study_path
from studies.study.zones import readings_of
from twin.core.errors import InputError

pytestmark = pytest.mark.slow
STUDY = next(path for path in study_path("goto_2030").parent.glob("*.toml") if 'source = "feed"' in path.read_text())


def _read(frame, folder):
    folder.mkdir(exist_ok=True)
    frame.to_csv(folder / "feed.csv", index=False, date_format="%Y-%m-%dT%H:%MZ")
    return read_feed(TABLES, folder)


def _model(frame, folder):
    return ZoneModel(ISLAND, TABLES, ISLAND.settings.first_year, _read(frame, folder))


@pytest.mark.parametrize("zone", ["2", "core"])
def test_status_and_managed_output_do_not_reach_the_model(tmp_path, zone):
    frame = made_feed(days=3)
    reading = readings_of(TABLES, zone)[0]
    first = _model(frame, tmp_path).run(reading)
    frame[NAME["controlled"]] = np.random.default_rng(5).uniform(1, 9, len(frame)).round(3)
    for column in USES.index[USES == "status"]:
        frame[column] = np.random.default_rng(6).integers(0, 2, len(frame)).astype(float)
    second = _model(frame, tmp_path).run(reading)
    assert np.array_equal(first.status, second.status)
    assert np.array_equal(first.delivered_mw, second.delivered_mw)


def test_without_margins_a_zone_is_on_where_the_uncut_flow_passes_its_limit(tmp_path):
    frame = made_feed(days=3)
    frame.loc[200:, NAME["circuit_out"]] = 1
    model = _model(frame, tmp_path)
    (reading,) = [one for one in readings_of(TABLES, "core") if one.name == "generation"]
    bare = replace(reading, row=reading.row.copy())
    bare.row["trip_percent"], bare.row["release_percent"], bare.row["release_mw_per_minute"] = np.nan, 100.0, np.nan
    found = model.run(bare)
    plants = model.grid((), 2).plants
    share = model.share("mean")
    managed = plants.loc[plants["firmness"] == "non-firm", "contract_mw"].sum()
    uncut = frame[NAME["uncontrolled"]].to_numpy() + share * managed
    circuits = np.where(frame[NAME["circuit_out"]] > 0, 1, 2)
    beyond = uncut[:, None] > found.limits_mw * circuits[:, None] + 1e-6
    assert beyond.any()
    assert not beyond.all()
    assert np.array_equal(found.status > 0.0, beyond)


def test_a_comparison_and_the_same_with_what_it_fitted(tmp_path):
    _read(made_feed(days=8), tmp_path / "feed")
    study = read_study(STUDY, tmp_path / "feed")
    first = compare_curtailment(study, tmp_path / "feed", tmp_path / "first")
    again = compare_curtailment(study, tmp_path / "feed", tmp_path / "again", tmp_path / "first" / "fitted.json")
    assert not (tmp_path / "again" / "fitted.json").exists()
    for one, two in zip(first.zones, again.zones, strict=True):
        assert one.limits_mw == two.limits_mw
        assert set(two.scores) == set(one.scores) - {"best on the other weeks"}
        assert one.slopes == two.slopes
    assert {f"scores_{zone.zone}" for zone in first.zones} <= set(parts_of_page(first))
    assert len(tables(first)) == 2 * len(first.zones)
    (tmp_path / "broken.json").write_text("{}x")
    with pytest.raises(InputError, match="what was fitted cannot be read"):
        compare_curtailment(study, tmp_path / "feed", tmp_path / "third", tmp_path / "broken.json")
