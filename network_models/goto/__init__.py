"""The 66 kV grid of the Goto islands behind its submarine link, built from the tables of this folder."""

from network_models.goto.model import goto
from network_models.goto.reading import parameter_table, site_table

__all__ = ["goto", "parameter_table", "site_table"]
