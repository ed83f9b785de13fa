"""The commands that the README shows do what they say; runs are cut to the first two days."""

import re
import shlex

import pytest
from conftest import ROOT
from real_data import DATA

READMES = ("README.md", "README.ja.md")
BLOCK = re.compile(r"^```[a-z]*\n(.*?)^```", re.MULTILINE | re.DOTALL)
COMMAND = re.compile(r"^\s*(?:[$>] )?(?:\S*[/\\\\])?goto-twin(?:\.exe)? +([^#\n]*)", re.MULTILINE)
PLACEHOLDER = re.compile(r"[A-Z]{2,}|[\[\]<>…]|\.\.\.")
DAYS = ["--days", "1:2"]


def commands(readme: str) -> list[list[str]]:
    """Return the commands of a README's code blocks in their order; lines with placeholders explain the syntax only."""
    text = (ROOT / readme).read_text(encoding="utf-8")
    lines = [line for block in BLOCK.findall(text) for line in COMMAND.findall(block)]
    return [shlex.split(line) for line in lines if not PLACEHOLDER.search(line.replace("STUDY.toml", "<STUDY>"))]


def runnable(words: list[str]) -> list[str]:
    """Return a command cut to two days (analysis and audit to their help), with paths that hold elsewhere."""
    words = [str(ROOT / word) if word.endswith(".toml") and (ROOT / word).is_file() else word for word in words]
    if "--data" in words:
        words[words.index("--data") + 1] = str(DATA)
    if words[0] in ("uncertainty", "audit"):
        return [*words, "--help"]
    if words[0] != "run":
        return words
    if "--days" in words:
        del words[words.index("--days") : words.index("--days") + 2]
    return words + DAYS


@pytest.mark.slow
@pytest.mark.parametrize("readme", READMES)
def test_the_commands_of_the_readme(once, readme):
    found = commands(readme)
    assert any(words[:2] == ["run", "goto_2030"] for words in found), f"{readme} does not show how to run a study"
    for words in map(runnable, found):
        if not DATA.is_dir() and any("goto_fy2022" in word for word in words):
            continue
        answer = once(*words)
        assert answer.status == 0, f"{readme}: goto-twin {' '.join(words)}\n{answer.err}"
        assert answer.out


def test_the_japanese_readme_shows_no_other_commands():
    english, japanese = map(commands, READMES)
    assert [words for words in japanese if words not in english] == []
