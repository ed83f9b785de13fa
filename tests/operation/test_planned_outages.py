"""A circuit out for some days: other networks on those days, the same loop."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from loop_fixtures import WINDY_DAY, make_case, member, run
from shipped import goto

from studies.study.file.members import Member as StudyMember
from studies.study.file.schema import Study
from studies.study.grids import member_grids
from twin.core.errors import InputError
from twin.metrics.sample_check import deviation, frozen_net
from twin.operation.injections import node_power
from twin.operation.member import PlannedOutage

DAY = date(2031, 3, 21)
FIRST_CIRCUIT = "Matsushima - Narao 1"
BASE = {
    "schema_version": 1, "name": "x", "title_en": "x", "period": {"fiscal_year": 2030},
    "grid": {"year": 2030}, "operation": {"area_balance": False},
}  # fmt: skip


@pytest.fixture(scope="module")
def one_out(goto_year):
    """A half-hour before the first circuit goes out and one after: with it, without it, and with it on another day."""
    inputs = goto_year.days(WINDY_DAY - 1, 2)
    out = replace(inputs.model, planned_out=(("line", 0),))
    planned = {"planned_outages": (PlannedOutage(DAY, DAY, 1),)}
    other = {"planned_outages": (PlannedOutage(date(2030, 5, 1), date(2030, 5, 2), 1),)}
    members = [member(inputs, label=str(k), **changes) for k, changes in enumerate(({}, planned, other))]
    case = make_case(inputs, members, [inputs.model, out])
    return case, run(case, range(47, 49))[1]


def test_the_other_network_holds_on_its_days_only(one_out):
    _, (before, after) = one_out
    for record, is_out in ((before, False), (after, True)):
        for m in (1, 2):
            same = np.array_equal(record.node_i[m], record.node_i[0])
            assert same is not (is_out and m == 1)


def test_pandapower_agrees_with_a_circuit_out(one_out):
    case, (_, record) = one_out
    variant = int(record.injections.variant[1])
    p, q = node_power(case, record.injections.rows(np.array([1])))
    binding = next(o for o, name in enumerate(case.grid.outage_names) if name == "Narao - Nakadori landing 1")
    net = frozen_net(case, variant)
    assert not net.line.in_service.at[0]
    for topology in (0, binding):
        found = deviation(case, variant, topology, p[0], q[0], net)
        assert found.solved
        assert found.vm_error_pu < 1e-8
        assert found.loading_error_percent < 1e-5


def test_the_last_circuit_is_held_within_its_rating_and_its_loss_is_no_overload(one_out):
    _, (_, record) = one_out
    assert record.after.intact_percent[1] <= 100.001
    assert record.failure[1] == ""
    assert np.isfinite(record.after.headroom_mw[1]).all()


def study(**outages):
    return Study.model_validate(BASE | {"outages": outages})


@pytest.mark.parametrize(
    ("outages", "what"),
    [
        ({"a": {"element": "Matsushima", "first": "2030-05-01", "last": "2030-05-02"}}, "no such branch"),
        ({"a": {"element": FIRST_CIRCUIT, "first": "2032-05-01", "last": "2032-05-02"}}, "outside the fiscal year"),
        (
            {
                str(k): {"element": f"Matsushima - Narao {k}", "first": "2030-05-01", "last": "2030-05-02"}
                for k in (1, 2)
            },
            "without supply",
        ),
    ],
)
def test_an_impossible_calendar_is_one_message(outages, what):
    members = [StudyMember(name, "base", {}, study(**outages), (name, "base")) for name in ("a", "b")]
    with pytest.raises(InputError) as caught:
        member_grids(members)
    (problem,) = caught.value.problems
    assert what in problem.what


def test_outages_that_overlap_are_out_together():
    path = "Narao - Nakadori landing 1"
    days = {"a": ("2030-05-01", "2030-05-10", FIRST_CIRCUIT), "b": ("2030-05-05", "2030-05-20", path)}
    of_days = {k: {"first": first, "last": last, "element": element} for k, (first, last, element) in days.items()}
    grids = member_grids([StudyMember("a", "base", {}, study(**of_days), ("a", "base"))])
    (stretches,) = grids.planned
    assert [(s.first.day, s.last.day) for s in stretches] == [(1, 4), (5, 10), (11, 20)]
    assert [len(grids.models[s.grid].planned_out) for s in stretches] == [1, 2, 1]
    assert goto(2030).planned_out == ()
