"""Drawings: everything named is on the page, in both languages, nothing outside it."""

import warnings

import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from shipped import goto

from network_models.drawing import map_figure, single_line_diagram
from network_models.guest import guest
from twin.core.errors import InputError


@pytest.fixture(scope="module")
def model():
    return goto(2030)


@pytest.mark.parametrize("language", ["en", "ja"])
@pytest.mark.parametrize("draw", [single_line_diagram, map_figure])
def test_every_text_has_its_glyphs_and_lies_on_the_page(model, draw, language):
    figure = draw(model, language)
    canvas = FigureCanvasAgg(figure)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        canvas.draw()
    page = figure.bbox
    for text in figure.axes[0].texts:
        box = text.get_window_extent(canvas.get_renderer())
        assert page.contains(box.x0, box.y0), text.get_text()
        assert page.contains(box.x1, box.y1), text.get_text()


def test_all_substations_are_named(model):
    buses = model.net.bus
    substations = buses[(buses["vn_kv"] == 66.0) & (buses["y_low"] < buses["y_high"])]
    for draw in (single_line_diagram, map_figure):
        texts = {text.get_text() for text in draw(model, "ja").axes[0].texts}
        assert {name.replace(" 66kV", "") for name in substations["name_ja"]} <= texts


def test_drawing_shows_the_variant():
    texts = "\n".join(text.get_text() for text in single_line_diagram(goto(2024)).axes[0].texts)
    assert "16.8 MW" not in texts
    assert "Planned" not in texts


def test_a_network_without_positions_is_refused():
    model = guest("case33bw", {"link": ["line:0"]})
    with pytest.raises(InputError, match="diagram positions"):
        single_line_diagram(model)
