"""Drawings of a network from its tables: a single-line diagram and a map."""

from network_models.map_drawing import map_figure
from network_models.single_line import single_line_diagram

__all__ = ["map_figure", "single_line_diagram"]
