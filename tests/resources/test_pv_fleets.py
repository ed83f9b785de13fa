"""PV fleets: losses and ageing by hand, shares of orientations, effect of each unknown."""

import numpy as np
import profile_fakes
import pytest
from shipped import GOTO, sources_of, with_inputs

from twin.core.errors import InputError
from twin.resources.pv import Sky, fleet_names, fleet_per_kw, orientations, read_pv_fleet, sky_at

PV_TABLES = ("pv_fleets", "pv_losses", "pv_ageing", "pv_orientations")
SPREAD = [
    (table, row["row"], row["low"], row["high"])
    for table in PV_TABLES
    for row in sources_of(table).dropna(subset="low").to_dict("records")
]


@pytest.fixture(scope="module")
def sky() -> Sky:
    table = profile_fakes.weather(60)
    return sky_at(table.values["fukue"], table.places["fukue"])


def test_new_ground_modules_lose_what_pvwatts_says():
    """14.08 % in all is the published default of PVWatts version 5; it holds 3 % of outages, which are apart here."""
    assert (1 - read_pv_fleet(GOTO, "ground").loss) * 0.97 == pytest.approx(1 - 0.1408, abs=5e-5)


def test_ageing_by_hand():
    ground, reused = read_pv_fleet(GOTO, "ground"), read_pv_fleet(GOTO, "reused_panel")
    assert [ground.years_of_use(year) for year in (2010, 2014, 2030)] == [0, 0, 16]
    assert [reused.years_of_use(year) for year in (2022, 2026, 2030)] == [10, 10, 14]
    assert ground.kept(2030) / ground.kept(2014) == pytest.approx(1 - 16 * 0.005)
    assert reused.kept(2030) == pytest.approx(reused.output_factor * (1 - reused.loss) * (1 - 14 * 0.005))


def test_modules_never_lose_more_than_they_have():
    tables = with_inputs({"pv_ageing": {"ground": 0.2}})
    assert read_pv_fleet(tables, "ground").kept(2030) == 0


def test_every_fleet_has_losses_age_and_orientations():
    for name in fleet_names(GOTO):
        fleet = read_pv_fleet(GOTO, name)
        assert 0.05 < fleet.loss < 0.2
        assert orientations(GOTO, name)["share"].sum() == pytest.approx(1, abs=1e-12)


def test_unknown_fleet_is_told():
    with pytest.raises(InputError, match="unknown pv_fleet"):
        read_pv_fleet(GOTO, "balcony")


def test_a_share_that_is_set_is_kept_and_the_others_give_way():
    before = orientations(GOTO, "ground")["share"].to_numpy()
    tables = with_inputs({"pv_orientations": {"ground/20/180": 0.5}})
    share = orientations(tables, "ground")["share"].to_numpy()
    assert share[0] == 0.5
    assert share.sum() == pytest.approx(1, abs=1e-12)
    assert share[1:] / share[1] == pytest.approx(before[1:] / before[1])


def test_shares_above_one_are_refused():
    with pytest.raises(InputError, match="share at most 1"):
        with_inputs({"pv_orientations": {"ground/20/180": 1.2}})
    stated = GOTO["pv_orientations"].assign(low=0.0)
    stated.loc[stated["fleet"] == "ground", "share"] = 0.6  # each row may, all four together may not
    with pytest.raises(InputError, match="shares do not fit"):
        orientations({**GOTO, "pv_orientations": stated}, "ground")


@pytest.mark.parametrize(("table", "row", "low", "high"), SPREAD, ids=[f"{table}-{row}" for table, row, *_ in SPREAD])
def test_every_range_moves_the_output(sky, table, row, low, high):
    fleets = [name for name in fleet_names(GOTO) if name == row.split("/")[0]] or fleet_names(GOTO)
    yields = []
    for value in (low, high):
        tables = with_inputs({table: {row: value}})
        yields.append([fleet_per_kw(tables, sky, fleet).sum() for fleet in fleets])
    assert (np.abs(np.subtract(*yields)) > 0.002 * np.mean(yields)).all() or table == "pv_orientations"
    assert np.abs(np.subtract(*yields)).max() > 0
