"""The page in a browser: its data are the run's, nothing is asked for, and names are only names."""

from __future__ import annotations

import base64
import io
import json
import re
import zipfile
import zlib

import numpy as np
import pytest
from openpyxl import load_workbook
from report_page_fixture import HOSTILE

from reports.reading.detail import choose_focus
from reports.reading.explorer import MISSING, explorer, packed, quantised
from reports.reading.run_folder import read_run
from reports.renderers.inline_svg import inlined


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


def test_the_page_holds_the_series_of_every_member(hostile_run):
    results = read_run(hostile_run)
    found = explorer(results, choose_focus(results))
    assert len(found.facts["members"]) == len(results.members)
    named = {(one["member"], one["name"]) for one in found.facts["series"] if "name" in one}
    assert {(number, "export") for number in range(len(results.members))} <= named
    assert [one["element"] for one in found.facts["series"] if one.get("table") == "branches"] == ["Link 1", "Link 2"]
    based = [one for one in found.facts["series"] if "base" in one]
    assert based and all(found.facts["series"].index(one) > one["base"] for one in based)
    size = 2 * found.facts["count"] * len(found.facts["series"])
    kept = results.members[found.facts["full"]].table("outage_loadings")
    assert [one["name"] for one in found.facts["outages"]] == list(dict.fromkeys(kept["outage"]))
    halves = np.frombuffer(zlib.decompress(found.packed)[size:], np.uint8).astype(np.uint16).reshape(2, -1)
    after = np.cumsum(halves[0] + 256 * halves[1], dtype=np.uint16).view(np.int16).astype(float)
    after[after == MISSING] = np.nan
    of_first = kept[kept["outage"] == found.facts["outages"][0]["name"]]
    first = after[: len(of_first) * len(found.facts["picked"]["branches"])] * found.facts["picked"]["scale"]
    wanted = of_first[found.facts["picked"]["branches"]].to_numpy(float).T.ravel()
    assert first == pytest.approx(wanted, abs=found.facts["picked"]["scale"] / 2 + 1e-9, nan_ok=True)


def test_members_come_back_from_what_they_have_more_than_others(hostile_run):
    results = read_run(hostile_run)
    found = explorer(results, choose_focus(results))
    count, decoded = found.facts["count"], []
    size = 2 * count * len(found.facts["series"])
    halves = np.frombuffer(zlib.decompress(found.packed)[:size], np.uint8).reshape(-1, 2, count).astype(np.uint16)
    for one, (low, high) in zip(found.facts["series"], halves, strict=True):
        numbers = np.cumsum(low + 256 * high, dtype=np.uint16)
        decoded.append(numbers if "base" not in one else (numbers + decoded[one["base"]]).astype(np.uint16))
        if one.get("name") in ("after", "export"):
            member = results.members[one["member"]]
            column = {"after": "n1_loading_percent", "export": "export_mw"}[one["name"]]
            values = member.table("link")[column].to_numpy(float)
            assert decoded[-1].view(np.int16) * one["step"] == pytest.approx(values, abs=one["step"] / 2 + 1e-9)


def test_a_drawing_keeps_only_what_is_harmless(hostile_run):
    svg = (hostile_run / "network" / "single_line_en.svg").read_bytes()
    text = inlined(svg, "d0-", HOSTILE)
    assert 'data-branch="Link 1"' in text and "var(--ink)" in text
    assert not re.search(
        r"script|onload|https?://example|<style|<a ", text.replace("&lt;script", "").replace("/script", "")
    )


def test_hostile_names_stay_names(hostile_report):
    page = hostile_report["html"].read_text(encoding="utf-8")
    assert "<img src=x" not in page
    assert "&lt;/script&gt;" in page
    facts = re.search(r'id="explorer-facts">(.*?)</script>', page, re.DOTALL)
    assert HOSTILE in json.loads(facts[1])["members"][0]["titles"]["en"]
    assert hostile_report["pdf_en"].read_bytes().startswith(b"%PDF")
    book = load_workbook(io.BytesIO(hostile_report["xlsx"].read_bytes()))
    assert not [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.data_type == "f"]
    with zipfile.ZipFile(hostile_report["xlsx"]) as archive:
        assert not [name for name in archive.namelist() if b"<f>" in archive.read(name)]


def test_the_page_is_small_and_has_its_font(hostile_report):
    page = hostile_report["html"].read_text(encoding="utf-8")
    assert len(page) < 5_000_000
    font = re.search(r"data:font/woff;base64,([^)]+)\)", page)
    assert base64.b64decode(font[1])[:4] == b"wOFF"
    assert "default-src 'none'" in page
