"""The weather tables (CSV with source and status) that lie beside this module."""

from __future__ import annotations

from twin.input_tables import InputTable

TABLES = {
    table.name: table
    for table in (
        InputTable("weather", "places", ("place_id",), "wind_mean_m_per_s"),
        InputTable("weather", "normals", ("station", "variable", "month"), "value"),
        InputTable("weather", "process", ("parameter",), "value"),
        InputTable("weather", "typhoons", ("parameter",), "value"),
    )
}
"""The tables by name; ``main`` is what ``low`` and ``high`` of a row are about (see `twin.input_tables`)."""
