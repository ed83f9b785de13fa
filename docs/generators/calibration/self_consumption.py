"""What the plan's small sites use of their own PV in the normal year, by kind and class, each site by itself."""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
from model_year import model_year

from network_models.island import find_island
from network_models.reading import island_tables

sys.path.insert(0, str(Path(__file__).parents[3] / "tests" / "fixtures"))

from loop_fixtures import Inputs, devices, make_case, member

from twin.operation.devices import run_sites
from twin.operation.state import initial_state
from twin.policies.interface import Mode
from twin.resources.forecasts import make_forecasts

GOTO = island_tables(find_island())


@dataclass(frozen=True)
class SiteEnergy:
    """Energy of a group of sites in the year, kWh; `own_kwh` is demand met by own PV and battery."""

    pv_kwh: float
    demand_kwh: float
    own_kwh: float


@cache
def site_energy() -> dict[str, SiteEnergy]:
    """Return the energy of the sites of 2030 by ``<kind>/<class>``, batteries charging any surplus at once."""
    year = model_year(2030)
    names = np.array(["/".join(site.split("-")[:2]) for site in year.sites.site_id])
    groups, group = np.unique(names, return_inverse=True)
    sites = replace(
        year.sites,
        group=group,
        groups=pd.DataFrame(
            {"kind": [name.split("/")[0] for name in groups], "area": year.model.areas.index[0], "cut": "cut-last"},
            index=pd.Index(groups, name="group"),
        ),
    )
    steps = len(year.profiles.index)
    forecasts = make_forecasts(
        GOTO,
        year.profiles,
        year.model.plants,
        year.model.areas,
        np.zeros(steps),
        seed=0,
        weather_year=0,
        lead_hours=2.0,
    )
    inputs = Inputs(year.model, sites, year.profiles, forecasts)
    case = make_case(inputs, [member(inputs, devices=devices(sites))])
    state = initial_state(case)
    state = replace(state, mode=np.full_like(state.mode, int(Mode.SELF_CONSUMPTION)))
    flows, _ = run_sites(case, state, range(steps))
    used_mw = flows.load_mw - flows.import_mw
    kwh = 1000.0 * year.hours * np.array([mw.sum(axis=(0, 1)) for mw in (flows.available_mw, flows.load_mw, used_mw)])
    return {str(name): SiteEnergy(*kwh[:, g].tolist()) for g, name in enumerate(groups)}
