"""Every shipped question runs a windy day from its file to its page in both languages."""

import json
import tomllib

import pytest

from docs.generators.make_results import page
from studies.study.file.reading import shipped_studies
from tests.e2e.conftest import command

DAY = "355:355"
KINDS = {
    path.stem: tomllib.loads(path.read_text(encoding="utf-8")).get("question", {}).get("kind", "run")
    for path in shipped_studies()
}
QUESTIONS = [name for name, kind in KINDS.items() if kind not in ("run", "audit")]

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("name", QUESTIONS)
def test_a_question_is_answered_from_its_file(name, tmp_path):
    years = ["--weather-years", 1] if name == "holding" else []
    answer = command("run", name, "--days", DAY, "--jobs", 1, *years, "--out", tmp_path / name)
    assert answer.status == 0, answer.err
    assert "simulations of 1 day" in answer.out + answer.err
    for language in ("en", "ja"):
        assert (tmp_path / name / "report" / f"report_{language}.pdf").read_bytes().startswith(b"%PDF")
    record = json.loads((tmp_path / name / "question.json").read_text(encoding="utf-8"))
    assert not record["is_year"]
    text = page(tmp_path)
    assert record["title_en"] in text
    assert f"goto-twin run {name}" in text
    assert "not a year" in text
