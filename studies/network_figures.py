"""Single-line diagram and map of a study's network, drawn from its tables into the run."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import matplotlib as mpl

from network_models.drawing import map_figure, single_line_diagram
from twin.grid.model import GridModel

FOLDER = "network"
LANGUAGES: tuple[Literal["en", "ja"], ...] = ("en", "ja")


def write_network_figures(model: GridModel, run: Path) -> None:
    """Write ``network/single_line_<language>.svg`` and ``network/map_<language>.svg``; the same bytes every time.

    Parameters
    ----------
    model : GridModel
        The network goto; guest networks carry no coordinates.
    run : pathlib.Path
        Results folder.
    """
    folder = run / FOLDER
    folder.mkdir(exist_ok=True)
    with mpl.rc_context({"svg.hashsalt": "goto-twin", "svg.fonttype": "path"}):
        for language in LANGUAGES:
            for name, draw in (("single_line", single_line_diagram), ("map", map_figure)):
                figure = draw(model, language)
                figure.savefig(folder / f"{name}_{language}.svg", metadata={"Date": None})
