"""The page in a browser: its data are the run's, nothing is asked for, and names are only names."""

from __future__ import annotations

import base64
import html
import io
import json
import re
import shutil
import subprocess
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from openpyxl import load_workbook
from report_fixture import SCENARIOS, write_run

from reports import write_report
from reports.document.texts import Words
from reports.reading.detail import choose_focus
from reports.reading.explorer import MISSING, explorer, packed, quantised
from reports.reading.labels import element_label
from reports.reading.run_folder import read_run
from reports.renderers.inline_svg import inlined

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
HOSTILE = "</script><img src=x onerror=a>$^{#{1}"
"""Ends a script, starts an element, breaks formulas of figures and of typst; "=" in front is a formula of a sheet."""
HALF_A_PERCENT = 0.25
"""Half of the step in which branch loadings are in the page."""
SHOWN = re.compile(r'<tr><th scope="row">(.*?)</th><td>(.*?) %</td></tr>')


def with_branches(run: Path) -> Path:
    """Add the loading of two branches and the worst outage of every half-hour to every member."""
    for file in run.rglob("link.parquet"):
        link = pd.read_parquet(file)
        half = link["n1_loading_percent"].to_numpy() / 2
        frame = pd.DataFrame({"time": link["time"], "Link 1": half.round(1), "Link 2": (half * 0.5).round(1)})
        frame.to_parquet(file.with_name("branches.parquet"), index=False)
        worst = link["n1_before_loading_percent"].to_numpy()
        outage = np.where(np.arange(len(link)) % 2, HOSTILE, "Link 1")
        after = pd.DataFrame({"time": link["time"], "outage": outage, "element": "Link 2", "loading_percent": worst,
                              "controlled_loading_percent": worst - 2.0, "low_vm_pu": 0.93})  # fmt: skip
        after.to_parquet(file.with_name("security.parquet"), index=False)
    return run


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> Path:
    """A run whose every name is hostile."""
    scenarios = {name: (f"={HOSTILE}{en[:3]}", f"={HOSTILE}{ja[:3]}") for name, (en, ja) in SCENARIOS.items()}
    run = with_branches(write_run(tmp_path_factory.mktemp("runs") / "fake", days=3, scenarios=scenarios))
    study = json.loads((run / "study.json").read_text(encoding="utf-8"))
    study["title_en"] = study["title_ja"] = HOSTILE
    hostile = {"name_en": HOSTILE, "name_ja": f"+{HOSTILE}"}
    study["units"] = [unit | hostile for unit in study["units"]]
    for file in run.rglob("security_outages.parquet"):
        outages = pd.read_parquet(file)
        outages["outage"] = outages["outage"].replace("Spur", "=1+1")
        outages.to_parquet(file, index=False)
    (run / "study.json").write_text(json.dumps(study), encoding="utf-8")
    (run / "network").mkdir()
    drawing = (
        '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 9 9"'
        ' onload="document.title=1"><script>document.title=1</script><a xlink:href="https://example.org"><g/></a>'
        '<g id="branch:Link 1"><path d="M0 0L9 9" style="stroke: #1d2733"/></g>'
        '<image xlink:href="https://example.org/x.png"/><style>@import url(https://example.org)</style></svg>'
    )
    for language in ("en", "ja"):
        (run / "network" / f"single_line_{language}.svg").write_text(drawing)
    return run


@pytest.fixture(scope="module")
def report(run) -> dict[str, Path]:
    return write_report(run)


def test_series_come_back_from_their_bytes():
    values = np.array([0.0, 12.34, np.nan, -55.5, 120.0, 120.0])
    count, halves = len(values), np.frombuffer(packed(quantised(values, 0.1)), np.uint8)
    differences = halves[:count].astype(np.uint16) + 256 * halves[count:].astype(np.uint16)
    numbers = np.cumsum(differences, dtype=np.uint16).view(np.int16)
    assert numbers[2] == MISSING
    known = np.isfinite(values)
    assert numbers[known] * 0.1 == pytest.approx(values[known], abs=0.05 + 1e-12)
    with pytest.raises(ValueError, match="does not fit"):
        quantised(np.array([4000.0]), 0.1)


def test_the_page_holds_the_series_of_every_member(run):
    results = read_run(run)
    found = explorer(results, choose_focus(results))
    assert len(found.facts["members"]) == len(results.members)
    named = {(one["member"], one["name"]) for one in found.facts["series"] if "name" in one}
    assert {(number, "export") for number in range(len(results.members))} <= named
    assert [one["element"] for one in found.facts["series"] if one.get("table") == "branches"] == ["Link 1", "Link 2"]
    based = [one for one in found.facts["series"] if "base" in one]
    assert based and all(found.facts["series"].index(one) > one["base"] for one in based)
    assert len(zlib.decompress(found.packed)) == 2 * found.facts["count"] * len(found.facts["series"])


def test_members_come_back_from_what_they_have_more_than_others(run):
    results = read_run(run)
    found = explorer(results, choose_focus(results))
    count, decoded = found.facts["count"], []
    halves = np.frombuffer(zlib.decompress(found.packed), np.uint8).reshape(-1, 2, count).astype(np.uint16)
    for one, (low, high) in zip(found.facts["series"], halves, strict=True):
        numbers = np.cumsum(low + 256 * high, dtype=np.uint16)
        decoded.append(numbers if "base" not in one else (numbers + decoded[one["base"]]).astype(np.uint16))
        if one.get("name") in ("after", "export"):
            member = results.members[one["member"]]
            column = {"after": "n1_loading_percent", "export": "export_mw"}[one["name"]]
            values = member.table("link")[column].to_numpy(float)
            assert decoded[-1].view(np.int16) * one["step"] == pytest.approx(values, abs=one["step"] / 2 + 1e-9)


def test_a_drawing_keeps_only_what_is_harmless(run):
    svg = (run / "network" / "single_line_en.svg").read_bytes()
    text = inlined(svg, "d0-", HOSTILE)
    assert 'data-branch="Link 1"' in text and "var(--ink)" in text
    assert not re.search(
        r"script|onload|https?://example|<style|<a ", text.replace("&lt;script", "").replace("/script", "")
    )


def test_hostile_names_stay_names(report):
    page = report["html"].read_text(encoding="utf-8")
    assert "<img src=x" not in page
    assert "&lt;/script&gt;" in page
    facts = re.search(r'id="explorer-facts">(.*?)</script>', page, re.DOTALL)
    assert HOSTILE in json.loads(facts[1])["members"][0]["titles"]["en"]
    assert report["pdf_en"].read_bytes().startswith(b"%PDF")
    book = load_workbook(io.BytesIO(report["xlsx"].read_bytes()))
    assert not [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.data_type == "f"]
    with zipfile.ZipFile(report["xlsx"]) as archive:
        assert not [name for name in archive.namelist() if b"<f>" in archive.read(name)]


def test_the_page_is_small_and_has_its_font(report):
    page = report["html"].read_text(encoding="utf-8")
    assert len(page) < 5_000_000
    font = re.search(r"data:font/woff;base64,([^)]+)\)", page)
    assert base64.b64decode(font[1])[:4] == b"wOFF"
    assert "default-src 'none'" in page


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine: the page was not looked at by a browser")
@pytest.mark.parametrize("language", ["en", "ja"])
def test_a_browser_shows_the_kept_values_and_asks_for_nothing(run, report, language):
    results = read_run(run)
    focus = choose_focus(results)
    member = results.member(focus.scenario, focus.busy_point)
    step = int(member.table("link", ["n1_before_loading_percent"]).to_numpy().argmax())
    log, page = browse(report["html"], f"lang={language}&t={step}")
    assert "CONSOLE" not in log
    assert 'data-ready="true"' in page and f"<title>{html.escape(HOSTILE, quote=False)}</title>" in page
    assert f'<html lang="{language}">' in page
    assert f'<option value="0">{html.escape(HOSTILE, quote=False)}</option>' in page
    kept = member.table("branches").iloc[step].drop("time").astype(float).sort_values(ascending=False)
    worst = member.table("security").iloc[step]
    told = re.search(r'id="explorer-after">(.*?)</p>', page)[1]
    outage = element_label(results, worst["outage"], Words(language))
    assert html.escape(outage, quote=False) in told and f"{worst['loading_percent']:.1f} %" in told
    shown = [float(value) for _, value in SHOWN.findall(page)]
    assert shown == pytest.approx(kept.to_list(), abs=HALF_A_PERCENT + 0.05)


def browse(page: Path, hash_: str) -> tuple[str, str]:
    """Return what a browser without a window logs, and the page as it then stands."""
    command = [
        str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr", "--dump-dom",
        "--virtual-time-budget=8000", f"{page.as_uri()}#{hash_}",
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=True)
    return done.stderr, done.stdout
