"""The plants of a year: commissioning, repowering and retirement, connection terms from the parameters."""

from __future__ import annotations

import pandas as pd

from network_models.build import GridTables, Parameters

_REPOWERED = ("turbine", "units", "hub_height_m", "capacity_factor_target", "availability")
_DECIDED_BY = ("age_parameter", "firmness_parameter", "trippable_parameter")
"""Columns that name the grid parameter which decides."""


def plants_of_year(tables: GridTables, parameters: Parameters, year: int) -> pd.DataFrame:
    """Return the plants as they stand on 1 April of `year`.

    All rows are kept in the table's order, so that members of a study can be stacked: a plant that is not in service
    has `contract_mw` and `dc_mw` 0.

    Parameters
    ----------
    tables : mapping of str to pandas.DataFrame
    parameters : Parameters
    year : int
        Fiscal year.

    Returns
    -------
    pandas.DataFrame
        Columns of docs/concepts/architecture.md; index `plant_id`.
    """
    plants = tables["plants"].drop(columns=["low", "high", "varies_with"])
    _repower_or_retire(plants, tables["repowering"], parameters, year)
    _connection_terms(plants, parameters)
    day = pd.Timestamp(year, 4, 1)
    gone = (plants["in_service_from"] > day) | (plants["in_service_to"] < day)
    plants.loc[gone, ["contract_mw", "dc_mw"]] = 0.0
    return plants.drop(columns=list(_DECIDED_BY))


def _decided(plants: pd.DataFrame, column: str) -> dict[str, pd.Index]:
    """Return the plants that a grid parameter decides for, by its name."""
    named = plants[column]
    return {name: plants.index[named == name] for name in dict.fromkeys(named[named != ""])}


def _repower_or_retire(plants: pd.DataFrame, repowering: pd.DataFrame, parameters: Parameters, year: int) -> None:
    by_age = _decided(plants, "age_parameter")
    if not by_age or year < (decided := int(parameters.number("old_wind_decision_year"))):
        return
    for name, members in by_age.items():
        if parameters.word(name) == "retire":
            plants.loc[members, "in_service_to"] = pd.Timestamp(decided, 3, 31)
        elif parameters.word(name) == "repower":
            plants.loc[members, list(_REPOWERED)] = repowering.loc[members, list(_REPOWERED)]


def _connection_terms(plants: pd.DataFrame, parameters: Parameters) -> None:
    for voltage_class in plants["voltage_class"].unique():
        members = plants["voltage_class"] == voltage_class
        plants.loc[members, "power_factor"] = parameters.number(f"plant_power_factor_{voltage_class}")
        plants.loc[members, "power_factor_limit"] = parameters.number(f"plant_power_factor_limit_{voltage_class}")
        plants.loc[members, "q_sign"] = parameters.number(f"plant_q_sign_{voltage_class}")
    for name, decided in _decided(plants, "firmness_parameter").items():
        plants.loc[decided, "firmness"] = parameters.word(name)
    for name, decided in _decided(plants, "trippable_parameter").items():
        plants.loc[decided, "trippable"] = parameters.word(name) == "yes"
