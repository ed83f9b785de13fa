"""Makes the year that `test_ladder.py` compares with: ``python -m tests.cable.make_year``, with cable-thermal-model.

The current is the net flow of the Goto islands in the synthetic weather of fiscal 2030, scaled to the test's cable: the
single-core cable of CIGRE TB 880 case 0, alone at 1 m (the package takes single cores in threes only: the other two lie
100 m away). The package's steps are implicit, so each hour is cut into ten; it starts with years at the rms current.
"""

from pathlib import Path

import numpy as np
import pandas as pd
from cable_thermal_model.cable.cable_builder import CableBuilder
from cable_thermal_model.cable.enums.circuit_enums import BondingType, CircuitType
from cable_thermal_model.cable.schemas.cable_input_schemas import CableConstructionalInputSchema
from cable_thermal_model.cable.schemas.cable_layer_input_schemas import (
    ConductorInputSchema,
    ConductorScreenInputSchema,
    InsulationInputSchema,
    InsulationScreenInputSchema,
    ScreenInputSchema,
    SheathInputSchema,
)
from cable_thermal_model.cable.schemas.circuit_schemas import CircuitInSoilFromCableInputSchema
from cable_thermal_model.environment.static_env_soil import StaticEnvSoil
from cable_thermal_model.model.cables import enum_classes_cable as kinds
from cable_thermal_model.model.cables.cable_soil import CableSoil
from cable_thermal_model.model.model_factory import ModelFactory

from studies.api import load_case

FILE = Path(__file__).parent / "values" / "cable_thermal_model_year.csv.gz"
HIGHEST_A = 1700.0
STEPS_OF_HOUR = 10


def main() -> None:
    """Write current, surroundings and conductor temperature of each hour."""
    profiles = load_case("goto_2030").profiles[0][0]
    net_mw = profiles.plant_available_mw.sum(axis=1) - profiles.area_demand_mw.sum(axis=1)
    hourly = np.abs(net_mw).reshape(-1, 2).mean(axis=1)
    year = pd.DataFrame({"current_a": (hourly / hourly.max() * HIGHEST_A).round().astype(int)})
    day = np.arange(len(year)) / 24.0
    year["ambient_c"] = (18.0 - 4.0 * np.cos(2.0 * np.pi * (day + 15.0) / 365.0)).round(2)
    year["conductor_c"] = conductor_c(year).round(3)
    year.to_csv(FILE, index=False, compression={"method": "gzip", "mtime": 0})


def conductor_c(year: pd.DataFrame) -> np.ndarray:
    """Return the temperature at the end of each hour, as the package has it."""
    step = pd.Timedelta("1h") / STEPS_OF_HOUR
    start = pd.Timestamp("2030-04-01")
    before = start - pd.to_timedelta(np.geomspace(4000.0, 1.0, 12), unit="D")
    index = before.append(pd.date_range(start, periods=len(year) * STEPS_OF_HOUR + 1, freq=step))
    rms = float(np.sqrt((year["current_a"] ** 2).mean()))
    past = len(before) + 1
    scenario = pd.DataFrame(  # a row's current flows until its time
        {
            "load_c": np.concatenate([np.full(past, rms), np.repeat(year["current_a"], STEPS_OF_HOUR)]),
            "ambient_temperature": np.concatenate(
                [np.full(past, year["ambient_c"][0]), np.repeat(year["ambient_c"], STEPS_OF_HOUR)]
            ),
            "soil_thermal_resistivity": 1.0,
            "soil_thermal_capacity": 2e6,
        },
        index=index,
    )
    found = ModelFactory.create_model(static_env=surroundings()).run(scenario=scenario).result
    return found[("c", "linear_center")]["Conductor"].to_numpy()[past - 1 :: STEPS_OF_HOUR][1:]


def surroundings() -> StaticEnvSoil:
    """Return the cable in the ground."""
    semiconducting = kinds.CableConductorInsulationScreenMaterial.SemiconductingXLPE
    layers = CableConstructionalInputSchema(
        number_of_conductors=kinds.CableConductorCount.One,
        conductor_input=ConductorInputSchema(
            material=kinds.CableConductorMaterial.Copper, inner_radius=0.0, outer_radius=0.01515,
            conducting_surface_area=6.3e-4, shape=kinds.CableConductorShape.Round,
            surface_type=kinds.CableConductorSurfaceType.Stranded,
        ),
        conductor_screen_input=ConductorScreenInputSchema(material=semiconducting, thickness=0.0015),
        insulation_input=InsulationInputSchema(
            material=kinds.CableInsulationMaterial.XLPEUnfilled, thickness=0.0155, nominal_phase_voltage=76210.0
        ),
        insulation_screen_input=InsulationScreenInputSchema(material=semiconducting, thickness=0.0013),
        screen_input=ScreenInputSchema(
            material=kinds.CableScreenMaterial.Aluminium, thickness=0.0008, conducting_surface_area=1.7e-4,
            screen_type=kinds.CableScreenType.Separate,
        ),
        sheath_input=SheathInputSchema(material=kinds.CableSheathMaterial.PE, thickness=0.0035),
    )  # fmt: skip
    ground = StaticEnvSoil()
    ground.add_circuit_from_cable(
        CircuitInSoilFromCableInputSchema(
            x=0, y=-1.0, circuit_name="c", cable=CableBuilder.build_cable(layers, cable_class=CableSoil),
            circuit_type=CircuitType.Linear, dist=100.0, bonding_type=BondingType.OneSided,
        )
    )  # fmt: skip
    return ground


if __name__ == "__main__":
    main()
