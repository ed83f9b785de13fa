"""Every shipped island is a folder of tables that builds, solves like pandapower's own Newton and can be drawn."""

import pandapower as pp
import pytest

from network_models.drawing import map_figure, single_line_diagram
from network_models.island import FOLDER, find_island, shipped_islands
from network_models.model import grid_of
from twin import BatchPowerFlow

SECOND = [name for name in shipped_islands() if name != "goto"]


def test_a_second_island_is_shipped_without_a_line_of_python():
    assert SECOND
    packages = ("network_models", "weather", "twin", "studies", "reports")
    code = [path for package in packages for path in (FOLDER.parent / package).rglob("*.py")]
    assert len(code) > 100
    for name in SECOND:
        assert list((FOLDER / name).rglob("*.py")) == []
        assert [path for path in code if name in path.read_text(encoding="utf-8").lower()] == []


@pytest.fixture(scope="module", params=SECOND)
def model(request):
    return grid_of(request.param, find_island(request.param).settings.first_year)


@pytest.mark.slow
def test_the_engine_agrees_with_runpp(model):
    net = model.net
    load, sgen = net.load.p_mw.to_numpy()[None] * [[1.0], [1.4]], net.sgen.p_mw.to_numpy()[None] * [[0.6], [1.3]]
    found = BatchPowerFlow(net).solve(load_p_mw=load, sgen_p_mw=sgen)
    for row in range(2):
        net.load["p_mw"], net.sgen["p_mw"] = load[row], sgen[row]
        pp.runpp(net, tolerance_mva=1e-9)
        assert found.vm_pu[row] == pytest.approx(net.res_bus.vm_pu.to_numpy(), abs=1e-8)


def test_an_outage_of_a_circuit_is_a_parameter_where_the_island_has_one():
    for name in SECOND:
        year = find_island(name).settings.first_year
        whole, one = grid_of(name, year), grid_of(name, year, parameters={"link_circuits": 1})
        assert (len(whole.roles.link), len(one.roles.link)) == (2, 1)


@pytest.mark.slow
@pytest.mark.parametrize("draw", [single_line_diagram, map_figure])
def test_it_is_drawn_with_all_its_plants(model, draw):
    figure = draw(model, "en")
    texts = " ".join(text.get_text() for text in figure.axes[0].texts)
    assert "MW" in texts or draw is map_figure
    assert figure.axes[0].lines
