"""No number changes while files move: every golden is made again and compared with what is kept in `values/`."""

import pytest

from tests.fixtures.real_data import DATA
from tests.golden import kept_values
from tests.golden.differences import differences, leaves, report
from tests.golden.goldens import GOLDENS
from tests.golden.workplace import Workplace


@pytest.fixture(scope="session")
def place(tmp_path_factory) -> Workplace:
    return Workplace(tmp_path_factory.mktemp("goldens"))


def marked(name):
    golden = GOLDENS[name]
    absent = f"the measured data are not here: {DATA}"
    marks = [pytest.mark.slow]
    marks += [pytest.mark.skipif(not DATA.is_dir(), reason=absent)] if golden.needs_data else []
    return pytest.param(name, marks=marks)


@pytest.mark.parametrize("name", [marked(name) for name in GOLDENS])
def test_no_number_has_changed(name, place):
    now = GOLDENS[name].make(place)
    found = differences(kept_values.read(name), now)
    assert not found, report(found, sum(1 for _ in leaves(now)))


def test_every_file_of_values_is_compared():
    assert {path.stem for path in kept_values.FOLDER.glob("*.json")} == set(GOLDENS)


def test_a_changed_a_lost_and_a_new_value_are_told():
    kept = {"a": {"x": [1.0, 1.0, 0.5], "y": 2}, "b": "text"}
    assert differences(kept, {"a": {"x": [1.0 + 1e-12, 1.0, 0.5], "y": 2}, "b": "text"}) == []
    found = differences(kept, {"a": {"x": [1.0, 1.0 + 1e-8, 0.5]}, "b": "text", "c": 1})
    assert [key for key, *_ in found] == ["a > x[1]", "a > y", "c"]


def test_a_sum_of_both_signs_is_held_against_the_size_of_its_parts():
    assert differences([1e-8, 1e3, 0.0], [2e-8, 1e3, 0.0]) == []
    assert len(differences([1e-8, 1.0, 0.0], [2e-8, 1.0, 0.0])) == 1
