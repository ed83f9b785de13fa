"""High voltage is the last reason to cut, only at plants that raise it, and only as far as needed."""

from dataclasses import replace

import numpy as np
import pytest
from loop_fixtures import WINDY_DAY, make_case, member, records_of, run, total_cut_mw

from twin.operation.injections import solve_injections
from twin.operation.management.voltage import watched_voltage_pu

MATSUSHIMA_66_KV, MIIRAKU_66_KV = 2, 16
NIGHT = range(10)


def without_reactive_range(model, **limits):
    """Return the model with taps and reactors that stand still and plants that keep their power factor."""
    plants = model.plants.assign(power_factor_limit=1.0)
    controls = replace(model.controls, automatic=False)
    return replace(model, plants=plants, controls=controls, limits=replace(model.limits, **limits))


@pytest.fixture(scope="module")
def tight(goto_year):
    """A windy day with a voltage band that ends where the wind farms push beyond it."""
    inputs = goto_year.days(WINDY_DAY)
    model = without_reactive_range(inputs.model, vm_max_pu=1.03)
    case = make_case(inputs, [member(inputs, criterion="n-0")], [model])
    return case, records_of(case)


def highest_pu(case, injections):
    return float(np.abs(watched_voltage_pu(case, solve_injections(case, injections))).max())


def test_the_highest_voltage_is_brought_to_its_limit_and_no_further(tight):
    case, records = tight
    cut = total_cut_mw(records, ["voltage"])
    steps = np.flatnonzero(cut.sum(axis=1) > 0.5)
    assert len(steps) > 3
    for t in steps:
        injections = records[t].injections
        assert highest_pu(case, injections) <= 1.03 * 1.00001
        given_back = injections.unit_mw + 0.1 * cut[t] / cut[t].sum()
        assert highest_pu(case, injections.with_units(given_back)) > 1.03 * 1.00001


def test_a_plant_that_draws_more_reactive_power_than_it_lifts_the_voltage_is_not_cut(goto_year, tight):
    inputs = goto_year.days(WINDY_DAY)
    plants = inputs.model.plants
    absorbing = plants.assign(power_factor=np.where(plants.kind == "wind", 0.6, plants.power_factor))
    model = without_reactive_range(replace(inputs.model, plants=absorbing), vm_max_pu=1.0)
    case = make_case(inputs, [member(inputs, criterion="n-0")], [model])
    records = records_of(case)
    cut = total_cut_mw(records, ["voltage"])[:, : case.plants]
    assert cut[:, (plants.kind == "wind").to_numpy()].max() == 0.0


def test_a_voltage_that_the_mainland_holds_up_is_no_reason_to_cut(goto_year):
    inputs = goto_year.days(WINDY_DAY)
    model = without_reactive_range(inputs.model, vm_max_pu=0.95)
    beside_the_source = replace(model, roles=replace(model.roles, voltage_buses=(MATSUSHIMA_66_KV,)))
    case = make_case(inputs, [member(inputs, criterion="n-0")], [beside_the_source])
    _, records = run(case, NIGHT)
    assert total_cut_mw(records, ["voltage"]).max() == 0.0


def test_a_bus_that_no_plant_relieves_does_not_add_to_the_cut_for_another(goto_year, tight):
    inputs = goto_year.days(WINDY_DAY)
    case, _ = tight
    both = replace(case.model, roles=replace(case.model.roles, voltage_buses=(MATSUSHIMA_66_KV, MIIRAKU_66_KV)))
    alone = replace(case.model, roles=replace(case.model.roles, voltage_buses=(MIIRAKU_66_KV,)))
    low = [replace(model, limits=replace(model.limits, vm_max_pu=0.99)) for model in (both, alone)]
    cuts = []
    for model in low:
        of_model = make_case(inputs, case.members, [model])
        cuts.append(total_cut_mw(run(of_model, NIGHT)[1], ["voltage"]))
    assert cuts[1].max() > 0.5
    assert cuts[0] == pytest.approx(cuts[1], abs=1e-9)
