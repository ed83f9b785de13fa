"""How often and how long the elements of an island's outage list are out."""

from __future__ import annotations

import pandas as pd

from twin.core.tables import Tables
from twin.network.model import Element, GridModel

KM_PER_RATE = 100.0


def outage_rates(tables: Tables, model: GridModel) -> pd.DataFrame:
    """Return rates and durations of the model's outages.

    Lines by the length of their sections: a circuit of several sections in a row trips as a whole, the listed section
    and the ones after it in the table up to the next listed one.

    Parameters
    ----------
    tables : Tables
        Of the island that the model is of.
    model : GridModel

    Returns
    -------
    pandas.DataFrame
        Index name of the outage; columns ``outages_per_year hours_per_outage low high``: an assumption, with the range
        of the rate. Where sections differ in kind, the duration is the mean weighted by their rates.
    """
    table = tables["outage_rates"].set_index("class")
    rows = {}
    for name, parts in _parts(model).items():
        rates = table.loc[[kind for kind, _ in parts]]
        share = pd.Series([amount for _, amount in parts], index=rates.index)
        per_year = rates["outages_per_year"] * share
        rows[name] = {
            "outages_per_year": per_year.sum(),
            "hours_per_outage": (per_year * rates["hours_per_outage"]).sum() / per_year.sum(),
            "low": (rates["low"] * share).sum(),
            "high": (rates["high"] * share).sum(),
        }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("outage")


def _parts(model: GridModel) -> dict[str, list[tuple[str, float]]]:
    """Return class and amount (elements, or hundreds of kilometres) of every part of each outage."""
    outages = set(model.roles.outages)
    found: dict[str, list[tuple[str, float]]] = {}
    for table, index in model.roles.outages:
        name = str(model.net[table].name.loc[index])
        if table == "trafo":
            found[name] = [("transformer", 1.0)]
        else:
            found[name] = [_section(model, part) for part in _sections(model, index, outages)]
    return found


def _sections(model: GridModel, first: int, outages: set[Element]) -> list[int]:
    """Return a listed line and the watched ones in series with it that are not listed."""
    sections = [first]
    for index in model.net.line.index[model.net.line.index.get_loc(first) + 1 :]:
        element = ("line", int(index))
        if element in outages or element not in model.roles.monitored_after_outage:
            break
        sections.append(int(index))
    return sections


def _section(model: GridModel, index: int) -> tuple[str, float]:
    line = model.net.line.loc[index]
    return ("cable" if line["type"] == "cs" else "overhead"), float(line["length_km"]) / KM_PER_RATE
