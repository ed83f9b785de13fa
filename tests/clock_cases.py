"""The loop's inputs on another step: every half-hour's values held, or the mean of two."""

from dataclasses import fields, replace

import numpy as np
import pandas as pd
from loop_fixtures import Inputs

from twin.core.clock import DEFAULT_CLOCK, Clock, step_minutes, steps_in


def held(values: np.ndarray, minutes: int) -> np.ndarray:
    """Return half-hourly rows on steps of some minutes."""
    if minutes <= 30:
        return np.repeat(values, 30 // minutes, axis=0)
    return values.reshape(-1, minutes // 30, *values.shape[1:]).mean(axis=1)


def on_step(inputs: Inputs, minutes: int) -> tuple[Inputs, Clock]:
    """Return whole days of half-hourly inputs on another step, and their clock."""
    old, expected = inputs.profiles, inputs.forecasts
    assert step_minutes(old.index) == 30
    index = pd.date_range(old.index[0], periods=len(old.index) * 30 // minutes, freq=f"{minutes}min", name="time")
    truth = {f.name: held(getattr(old, f.name), minutes) for f in fields(old) if f.name != "index"}
    published = expected.published
    series = ("export_mw", "export_error_mw", "pv_error", "load_error")
    told = replace(
        published,
        **{name: held(getattr(published, name), minutes) for name in series},
        sizes=published.sizes[np.arange(len(published.sizes) * 30 // minutes) * minutes // 30],
        issue_steps=steps_in(published.issue_steps, minutes),
    )
    forecasts = replace(
        expected,
        plant_available_mw=held(expected.plant_available_mw, minutes),
        area_demand_mw=held(expected.area_demand_mw, minutes),
        published=told,
    )
    profiles = replace(old, index=index, **truth)
    return replace(inputs, profiles=profiles, forecasts=forecasts), DEFAULT_CLOCK.with_step(minutes)


def constant(inputs: Inputs, t: int) -> Inputs:
    """Return the inputs with every half-hour like half-hour `t`."""
    old, expected = inputs.profiles, inputs.forecasts
    still = {f.name: np.repeat(getattr(old, f.name)[[t]], len(old.index), 0) for f in fields(old) if f.name != "index"}
    forecasts = replace(
        expected,
        plant_available_mw=still["plant_available_mw"],
        area_demand_mw=still["area_demand_mw"],
    )
    return replace(inputs, profiles=replace(old, **still), forecasts=forecasts)
