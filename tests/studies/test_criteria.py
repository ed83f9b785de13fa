"""A criterion or a relief time that the grid has no means for: one message, each once."""

import pytest

from studies.study.file.members import Member
from studies.study.file.schema import Study
from studies.study.grids import member_grids
from twin.core.errors import InputError

BASE = {
    "schema_version": 1, "name": "x", "title_en": "x", "period": {"fiscal_year": 2030},
    "operation": {"area_balance": False},
}  # fmt: skip


@pytest.mark.parametrize(
    ("grid", "operation", "what", "seen"),
    [
        ({"year": 2030}, {"relief_minutes": 3.0}, "redispatch would act before", "3"),
        ({"model": "orkney", "year": 2018}, {"criterion": "n-1-thermal"}, "temperature is known", "0 circuits"),
    ],
)
def test_the_grid_has_no_means_for_it(grid, operation, what, seen):
    study = Study.model_validate(BASE | {"grid": grid, "operation": BASE["operation"] | operation})
    members = [Member(name, "base", {}, study, (name, "base")) for name in ("a", "b")]
    with pytest.raises(InputError) as caught:
        member_grids(members)
    (problem,) = caught.value.problems
    assert what in problem.what
    assert problem.seen.split("; ")[-1].startswith(seen)
    assert problem.repair
