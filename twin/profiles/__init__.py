"""From weather, grid and sites to what the closed loop reads: `Profiles` and `Forecasts`."""

from twin.profiles.types import Forecasts, Profiles

__all__ = ["Forecasts", "Profiles"]
