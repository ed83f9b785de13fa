"""The page in a real browser: it asks for nothing, shows the kept values, and can be used by everyone.

Chromium is the system's own; Playwright only drives it.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from report_page_fixture import HOSTILE

from reports.document.texts import LANGUAGES, Words
from reports.reading.detail import choose_focus
from reports.reading.labels import element_label
from reports.reading.run_folder import read_run
from twin.metrics.run_folder import Member

playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed: no browser was driven")
axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-core is not installed")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine: no browser looked at the page")

HALF_A_STEP = 0.25
"""Half of the step in which branch loadings are in the page, in percent."""
A4_WIDTH_PX, MARGIN_PX = 794, 53


@pytest.fixture(scope="module")
def browser() -> Iterator[playwright.Browser]:
    with playwright.sync_playwright() as driver:
        opened = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def log() -> list[str]:
    """What the browser said, and what it asked for."""
    return []


@pytest.fixture(scope="module")
def opened(browser, hostile_report, log) -> playwright.Page:
    """The page, opened once; a test goes where it wants by the page's own controls or its address."""
    page = browser.new_page(viewport={"width": 1200, "height": 900})
    page.on("console", lambda message: log.append(message.text))
    page.on("pageerror", lambda error: log.append(str(error)))
    page.on("request", lambda request: log.append(request.url))
    return page


def goto(page: playwright.Page, report: dict[str, Path], hash_: str) -> playwright.Page:
    """Open the page anew at a state of its address."""
    page.goto("about:blank")
    page.goto(f"{report['html'].as_uri()}#{hash_}")
    page.wait_for_selector("#explorer[data-ready=true]")
    return page


@pytest.fixture(scope="module")
def member(hostile_run) -> Member:
    """The member that the page shows in full."""
    results = read_run(hostile_run)
    focus = choose_focus(results)
    return results.member(focus.scenario, focus.busy_point)


def worst_step(member: Member) -> int:
    return int(member.table("link", ["n1_before_loading_percent"]).to_numpy().argmax())


def listed(page: playwright.Page) -> dict[str, float]:
    """The values of the list beside the diagram, by name."""
    rows = page.locator("#explorer-fullest tr").evaluate_all(
        "rows => rows.map((row) => [...row.children].map((c) => c.textContent))"
    )
    return {name: float(value.split()[0].replace("\u2212", "-")) for name, value in rows}


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_worst_half_hour_shows_the_kept_values(opened, hostile_run, hostile_report, member, language):
    step = worst_step(member)
    page = goto(opened, hostile_report, f"lang={language}")
    assert page.input_value("#explorer-slider") == str(step)
    assert page.evaluate("document.documentElement.lang") == language
    assert page.title() == HOSTILE
    kept = member.table("branches").iloc[step].drop("time").astype(float).sort_values(ascending=False)
    assert list(listed(page).values()) == pytest.approx(kept.to_list(), abs=HALF_A_STEP + 0.05)
    worst, told = member.table("security").iloc[step], page.text_content("#explorer-after")
    assert element_label(read_run(hostile_run), worst["outage"], Words(language)) in told
    assert f"{worst['loading_percent']:.1f} %" in told


def test_the_slider_and_the_keys_move_through_time(opened, hostile_report, member):
    page = goto(opened, hostile_report, "lang=en&t=10")
    page.focus("#explorer-slider")
    page.keyboard.press("ArrowRight")
    assert page.input_value("#explorer-slider") == "11"
    time = member.table("link", ["time"])["time"].iloc[11]
    assert page.text_content("#explorer-moment").startswith(f"{time:%Y-%m-%d %H:%M}")
    page.click("#explorer-worst")
    assert page.input_value("#explorer-slider") == str(worst_step(member))


def test_a_picked_outage_shows_every_branch_after_it(opened, hostile_report, member):
    kept = member.table("outage_loadings")
    page = goto(opened, hostile_report, "lang=en")
    for outage, rows in kept[kept["outage"] != "Spur"].groupby("outage"):
        page.select_option("#explorer-outage", label=element_label_of(page, outage))
        branches = rows[["Link 1", "Link 2"]]
        row = rows.loc[branches.max(axis=1).idxmax()]
        times = member.table("link", ["time"])["time"]
        assert page.input_value("#explorer-slider") == str(int(np.flatnonzero(times == row["time"])[0]))
        shown = sorted(listed(page).values(), reverse=True)
        wanted = sorted(row[["Link 1", "Link 2"]].astype(float), reverse=True)
        assert shown == pytest.approx(wanted, abs=HALF_A_STEP + 0.05)
    first = member.table("link", ["time"])["time"].isin(kept["time"]).to_numpy().argmin()
    page = goto(opened, hostile_report, f"lang=en&t={first}&o=Link+1")
    assert Words("en")("explorer.outage.not_kept") == page.text_content("#explorer-after")


def element_label_of(page: playwright.Page, outage: str) -> str:
    """The label of an outage in the list of outages."""
    facts = page.evaluate("JSON.parse(document.getElementById('explorer-facts').textContent).outages")
    return next(one["labels"]["en"] for one in facts if one["name"] == outage)


def test_the_conductors_are_a_colour_of_the_diagram(opened, hostile_report, member):
    step = worst_step(member)
    page = goto(opened, hostile_report, f"lang=en&t={step}&c=conductor")
    cable = member.table("cable").iloc[step]
    wanted = [cable[f"circuit_{k}_conductor_c"] for k in (1, 2)]
    assert list(listed(page).values()) == pytest.approx(wanted, abs=0.1)
    assert "90 °C" in page.text_content("#explorer-key")
    painted = page.evaluate("document.querySelector('[data-branch=\"Link 1\"] path').style.stroke")
    assert re.fullmatch(r"rgb\(\d+, \d+, \d+\)", painted)


def test_who_gains_follows_the_scenario(opened, hostile_run, hostile_report):
    page = goto(opened, hostile_report, "lang=en")
    facts = page.evaluate("JSON.parse(document.getElementById('explorer-facts').textContent)")
    point = facts["members"][facts["full"]]["point"]
    assert page.input_value("#explorer-paid") == facts["money"]["first"][0]
    for scenario, parties in facts["money"]["by_point"][point].items():
        page.select_option("#explorer-scenario", scenario)
        assert page.input_value("#explorer-paid") == scenario
        rows = page.locator("#explorer-gains tr").all_text_contents()
        assert len(rows) == len(parties)
        for row, value in zip(rows, parties.values(), strict=True):
            assert float(re.search(r"[-\d.]+$", row.replace("\u2212", "-"))[0]) == pytest.approx(value, abs=0.00501)


def test_switches_are_in_the_address_and_come_back_from_it(opened, hostile_report):
    page = goto(opened, hostile_report, "lang=en&t=7")
    page.select_option("#explorer-scenario", index=1)
    page.select_option("#explorer-point", index=1)
    page.select_option("#explorer-heat-choice", "export")
    page.click("label[for=show-ja]")
    hash_ = ""
    for _ in range(200):  # the page's policy forbids Playwright's own way to wait
        hash_ = page.evaluate("location.hash.slice(1)")
        if "h=export" in hash_ and "lang=ja" in hash_:
            break
        page.wait_for_timeout(50)
    chosen = [page.input_value(f"#explorer-{name}") for name in ("scenario", "point", "heat-choice", "slider")]
    goto(page, hostile_report, hash_)
    assert [page.input_value(f"#explorer-{name}") for name in ("scenario", "point", "heat-choice", "slider")] == chosen
    assert page.evaluate("document.documentElement.lang") == "ja"
    assert (
        page.locator("article[lang=ja] h1").is_visible() and not page.locator("article[lang=en] h1").first.is_visible()
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_is_wider_than_the_screen(opened, hostile_report, language):
    page = goto(opened, hostile_report, f"lang={language}")
    for width in (390, 900, 1600):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_printed_on_a4_nothing_is_cut_off(opened, hostile_report):
    opened.set_viewport_size({"width": A4_WIDTH_PX - 2 * MARGIN_PX, "height": 1000})
    opened.emulate_media(media="print")
    page = goto(opened, hostile_report, "lang=en")
    wide = page.locator("article[lang=en] *, #explorer *").evaluate_all(
        "all => all.filter((one) => !one.closest('svg') && one.getBoundingClientRect().right > innerWidth + 1)"
        ".map((one) => one.outerHTML.slice(0, 80))"
    )
    assert wide == []
    opened.emulate_media(media="screen")
    opened.set_viewport_size({"width": 1200, "height": 900})


def test_the_keyboard_reaches_every_control_in_reading_order(opened, hostile_report):
    page = goto(opened, hostile_report, "lang=en")
    reached = []
    for _ in range(40):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.id"))
    kinds = ", ".join(f"#explorer {kind}:visible" for kind in ("select", "button", "input"))
    controls = page.locator(kinds).evaluate_all("all => all.map((one) => one.id)")
    assert list(dict.fromkeys(name for name in reached if name in controls)) == controls


def test_axe_finds_nothing_in_the_diagram_and_its_controls(opened, hostile_report):
    """Contrast too."""
    assert_accessible(opened, hostile_report, "ja", "dark", "#explorer")


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_axe_finds_nothing_in_the_whole_page(opened, hostile_report, language, scheme):
    assert_accessible(opened, hostile_report, language, scheme)


def assert_accessible(page, report, language: str, scheme: str, part: str | None = None) -> None:
    page.emulate_media(color_scheme=scheme)
    found = axe.Axe().run(goto(page, report, f"lang={language}"), context=part)
    page.emulate_media(color_scheme="light")
    assert found.violations_count == 0, found.generate_report()


def test_the_browser_said_nothing_and_asked_for_nothing(log, hostile_report):
    """The last of the tests: what all of them together brought about."""
    others = [line for line in log if line.split("#")[0] not in ("about:blank", hostile_report["html"].as_uri())]
    assert log and not others
