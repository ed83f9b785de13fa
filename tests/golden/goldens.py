"""All goldens by name."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.golden import of_commands, of_library, of_runs
from tests.golden.workplace import Workplace


@dataclass(frozen=True)
class Golden:
    """How a golden is made.

    Attributes
    ----------
    make : callable
        Returns its numbers, from results made in a workplace.
    needs_data : bool
        Whether it reads the measured data, which are not shipped.
    """

    make: Callable[[Workplace], dict[str, Any]]
    needs_data: bool = False


GOLDENS = {
    "run_quick": Golden(of_runs.quick),
    "run_small": Golden(of_runs.small),
    "run_goto_2030": Golden(of_runs.shipped_2030),
    "run_goto_2030_policies": Golden(of_runs.shipped_policies),
    "run_goto_fy2022": Golden(of_runs.shipped_2022, needs_data=True),
    "run_corners": Golden(of_runs.corners),
    "run_fixed_grid": Golden(of_runs.fixed_grid),
    "run_guest": Golden(of_runs.guest_example),
    "run_guest_weather": Golden(of_runs.guest_weather),
    "certificate": Golden(of_commands.certificate),
    "uncertainty": Golden(of_commands.uncertainty),
    "report": Golden(of_commands.report),
    "compare": Golden(of_commands.compare),
    "sources": Golden(of_commands.sources),
    "schema": Golden(of_commands.schema),
    "list": Golden(of_commands.listed),
    "validate": Golden(of_commands.validation),
    "weather": Golden(of_commands.weather),
    "power_flow": Golden(of_library.power_flow),
    "security": Golden(of_library.security),
    "case": Golden(of_library.case_in_memory),
    "environment": Golden(of_library.environment),
}
