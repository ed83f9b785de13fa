"""The plants of a year: commissioning, repowering and retirement, connection terms from the parameters."""

from __future__ import annotations

import pandas as pd

from network_models.goto.build import Parameters, Tables

_REPOWERED = ("turbine", "units", "hub_height_m", "capacity_factor_target", "availability")
_OLD_WIND_GROUPS = ("kamigoto_wind", "onshore_wind_2010")


def plants_of_year(tables: Tables, parameters: Parameters, year: int) -> pd.DataFrame:
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
        Columns of docs/concepts/architecture.md and `group`; index `plant_id`.
    """
    plants = tables["plants"].drop(columns=["low", "high", "varies_with"])
    _repower_or_retire(plants, tables["repowering"], parameters, year)
    _connection_terms(plants, parameters)
    day = pd.Timestamp(year, 4, 1)
    gone = (plants["in_service_from"] > day) | (plants["in_service_to"] < day)
    plants.loc[gone, ["contract_mw", "dc_mw"]] = 0.0
    return plants


def _repower_or_retire(plants: pd.DataFrame, repowering: pd.DataFrame, parameters: Parameters, year: int) -> None:
    decided = int(parameters.number("old_wind_decision_year"))
    if year < decided:
        return
    for group in _OLD_WIND_GROUPS:
        members = plants.index[plants["group"] == group]
        if parameters.word(group) == "retire":
            plants.loc[members, "in_service_to"] = pd.Timestamp(decided, 3, 31)
        elif parameters.word(group) == "repower":
            plants.loc[members, list(_REPOWERED)] = repowering.loc[members, list(_REPOWERED)]


def _connection_terms(plants: pd.DataFrame, parameters: Parameters) -> None:
    for voltage_class in plants["voltage_class"].unique():
        members = plants["voltage_class"] == voltage_class
        plants.loc[members, "power_factor"] = parameters.number(f"plant_power_factor_{voltage_class}")
        plants.loc[members, "power_factor_limit"] = parameters.number(f"plant_power_factor_limit_{voltage_class}")
        plants.loc[members, "q_sign"] = parameters.number(f"plant_q_sign_{voltage_class}")
    farm = plants["group"] == "floating_farm"
    existing = ~farm & (plants["group"] != "planned")
    plants.loc[farm, "firmness"] = parameters.word("firmness_floating_farm")
    plants.loc[existing, "firmness"] = parameters.word("firmness_existing")
    plants.loc[farm, "trippable"] = parameters.word("trippable_floating_farm") == "yes"
