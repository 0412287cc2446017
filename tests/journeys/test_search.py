"""From a word to the second it is said: the field in the header, the search page, and the player that begins there."""

import os
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.clips import clip
from tests.journeys.browser import Watched
from tests.journeys.looking import FAULTS
from tests.private_semma import PrivateSemma
from tests.waiting import eventually

pytestmark = [pytest.mark.browser, pytest.mark.journey, pytest.mark.ffmpeg, pytest.mark.timeout(600)]

VTT = """WEBVTT

00:00.000 --> 00:02.000
Hyvää huomenta.

00:04.000 --> 00:06.000
Kurkimuutto alkaa syyskuussa,

00:06.000 --> 00:07.500
kun yöt kylmenevät.
"""


@pytest.fixture(scope="module")
def talk(semma: PrivateSemma, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """A talk with a recording and captions, as soon as it is found."""
    session = semma.make_session("Cranes in autumn")
    semma.wait_ready(semma.upload(session, clip("bars", seconds=8)), timeout_s=200)
    path = tmp_path_factory.mktemp("words") / "talk.vtt"
    path.write_text(VTT)
    place = ["--session", session, "--url", semma.url, "--token", semma.token]
    semma.command("upload", str(path), "--purpose", "captions", "--language", "fi", *place)
    eventually(lambda: semma.get("/api/v1/search?q=kurkimuutto")["total"] == 1, timeout_s=60, what="the index")
    found: dict[str, Any] = semma.get(f"/api/v1/sessions/{session}")
    return found


def keep(page: Watched, name: str) -> None:
    """A picture for whoever wants to look: SEMMA_PICTURES names the folder."""
    if folder := os.environ.get("SEMMA_PICTURES"):
        page.page.screenshot(path=Path(folder) / f"{name}.png")


def test_a_word_leads_to_its_second(semma: PrivateSemma, browser: Browser, talk: dict[str, Any]) -> None:
    page = Watched(browser.new_context(viewport={"width": 1440, "height": 900}).new_page(), semma.url)
    page.page.goto(semma.url)
    field = page.page.get_by_role("combobox", name="Search")
    field.press_sequentially("syyskuu")
    page.until("document.querySelectorAll('[role=option]').length === 1")
    keep(page, "search-header")
    assert page.page.locator("[role=option] mark").inner_text() == "syyskuussa"
    field.press("ArrowDown")
    assert field.get_attribute("aria-activedescendant") == "find-0"
    field.press("Enter")
    page.until("window.semmaPlayer?.video.readyState >= 3")
    assert page.page.url == f"{semma.url}/bench/sessions/{talk['slug']}?t=4s"
    assert abs(page.page.evaluate("semmaPlayer.now") - 4) < 1.5
    assert page.complaints == [] and page.elsewhere == []


def test_the_search_page_answers_while_one_types(semma: PrivateSemma, browser: Browser, talk: dict[str, Any]) -> None:
    page = Watched(browser.new_context(viewport={"width": 1440, "height": 900}).new_page(), semma.url)
    page.page.goto(f"{semma.url}/search")
    field = page.page.get_by_role("searchbox")
    field.press_sequentially("muutto kylmenevat")
    page.until("document.querySelector('.hit-text')?.innerText.includes('kun yöt kylmenevät')")
    assert page.page.url.endswith("/search?q=muutto+kylmenevat")
    total = semma.get("/api/v1/search?q=muutto+kylmenevat")["total"]  # talks of other journeys may be among them
    page.until(f"document.querySelector('[data-said]').innerText === '{total} talk{'' if total == 1 else 's'}'")
    for width in (1440, 360):
        page.page.set_viewport_size({"width": width, "height": 900})
        keep(page, f"search-{width}")
        assert page.page.evaluate(FAULTS) == []
    field.press("ArrowDown")
    assert page.page.evaluate("document.activeElement.innerText") == "Cranes in autumn"
    page.page.keyboard.press("ArrowDown")
    page.page.keyboard.press("Enter")
    page.page.wait_for_url("**/sessions/*?t=*")
    assert page.complaints == [] and page.elsewhere == []


def test_the_search_page_answers_without_scripts(semma: PrivateSemma, browser: Browser, talk: dict[str, Any]) -> None:
    page = browser.new_context(java_script_enabled=False, locale="sv-SE").new_page()
    page.goto(f"{semma.url}/search")
    page.get_by_role("searchbox").fill("kurki")
    page.get_by_role("searchbox").press("Enter")
    assert page.locator(".hit-text mark").first.inner_text() == "Kurkimuutto"
    assert page.get_by_role("heading", name="1 föredrag").is_visible()
