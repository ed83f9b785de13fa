"""Plants' output and areas' demand as the arrays that headroom and inter-trip take."""

from __future__ import annotations

import numpy as np

from twin.errors import InputError, Problem
from twin.grid.model import GridModel


def model_profiles(model: GridModel, plant_mw: np.ndarray, demand_mw: np.ndarray) -> dict[str, np.ndarray]:
    """Return element powers in the order of the model's net, with the power factors of its plants and areas.

    Parameters
    ----------
    model : GridModel
    plant_mw : numpy.ndarray, (T, P)
        Infeed of the plants.
    demand_mw : numpy.ndarray, (T, A)
        What the areas take at their low-side bus (negative where their sites feed in more).

    Returns
    -------
    dict of str to numpy.ndarray
        ``sgen_p_mw sgen_q_mvar`` (stand-by diesels at zero), ``load_p_mw load_q_mvar``.

    Raises
    ------
    InputError
        If the shapes do not fit the model or each other.
    """
    plants, areas = model.plants, model.areas
    wanted = (plant_mw.shape[0], len(plants)), (plant_mw.shape[0], len(areas))
    problems = [
        Problem("wrong shape", f"model profiles, {name}", str(values.shape), str(shape))
        for name, values, shape in zip(("plant_mw", "demand_mw"), (plant_mw, demand_mw), wanted, strict=True)
        if values.shape != shape
    ]
    if problems:
        raise InputError(problems)
    q_per_p = plants.q_sign.to_numpy(float) * np.tan(np.arccos(plants.power_factor.to_numpy(float)))
    idle = np.zeros((len(plant_mw), len(model.net.sgen) - len(plants)))
    return {
        "sgen_p_mw": np.hstack([plant_mw, idle]),
        "sgen_q_mvar": np.hstack([plant_mw * q_per_p, idle]),
        "load_p_mw": demand_mw,
        "load_q_mvar": demand_mw * np.tan(np.arccos(areas.power_factor.to_numpy(float))),
    }
