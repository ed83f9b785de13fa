"""Drawings of a network from its tables: a single-line diagram and a map."""

from network_models.drawing.map import map_figure
from network_models.drawing.single_line import single_line_diagram

__all__ = ["map_figure", "single_line_diagram"]
