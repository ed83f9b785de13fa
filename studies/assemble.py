"""The one place where everything is put together: from a checked study to results and a report."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from network_models.goto import goto, site_table
from studies.members import Member as StudyMember
from studies.study import Study
from twin.clock import step_hours
from twin.grid.flow import flat_start, solve
from twin.grid.headroom_kernels import link_headroom
from twin.grid.model import GridModel
from twin.grid.reduction import ReducedGrid, reduce_grids
from twin.loop.case import Case, Member, SiteDevices
from twin.policies.rules import POLICIES
from twin.profiles.build import build_profiles
from twin.profiles.forecasts import make_forecasts
from twin.profiles.plants import wind_scales
from twin.profiles.sites import SiteFleet, build_fleet
from twin.profiles.types import Forecasts, Profiles
from twin.weather_table import WeatherTable
from weather.synthetic import synthetic_year


def grid_model(study: Study) -> GridModel:
    """Return the grid model of one member's settings."""
    grid, operation = study.grid, study.operation
    parameters = dict(grid.parameters)
    if grid.conductor_mm2 is not None:
        parameters["conductor_mm2"] = grid.conductor_mm2
    model = goto(grid.year, grid.compensation, parameters)
    if operation.short_time_factor is not None:
        model = replace(model, limits=replace(model.limits, short_time_factor=operation.short_time_factor))
    return model
