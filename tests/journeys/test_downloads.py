"""A viewer saves a talk: nothing is there at first, it is made when asked for, and comes by itself."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser

from server.media.mp4_summary import read_summary
from tests.clips import clip
from tests.journeys.browser import Watched
from tests.private_semma import PrivateSemma

pytestmark = [pytest.mark.browser, pytest.mark.journey, pytest.mark.ffmpeg, pytest.mark.timeout(900)]


def test_a_talk_is_saved_with_the_keyboard_on_a_phone(semma: PrivateSemma, browser: Browser, tmp_path: Path) -> None:
    session = semma.make_session("Saved talk")
    semma.wait_ready(semma.upload(session, clip("bars", seconds=6)), timeout_s=300)
    found = semma.get(f"/api/v1/sessions/{session}")
    context = browser.new_context(viewport={"width": 360, "height": 740}, accept_downloads=True)
    viewer = Watched(context.new_page(), semma.url)
    page = viewer.page
    page.goto(f"{semma.url}/{semma.get('/api/v1/events/' + found['event'])['slug']}/sessions/{found['slug']}")
    menu = page.locator("[data-downloads]")
    menu.locator("summary").focus()
    page.keyboard.press("Enter")
    choice = menu.get_by_role("button", name="Video, 180p")
    choice.wait_for()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.screenshot(path=tmp_path / "menu.png")
    with page.expect_download(timeout=120_000) as saving:
        choice.focus()
        page.keyboard.press("Enter")
        menu.get_by_role("progressbar").or_(menu.get_by_role("link", name="Video, 180p")).first.wait_for()
    saved = tmp_path / "saved.mp4"
    saving.value.save_as(saved)
    assert saving.value.suggested_filename == "Saved talk (180p).mp4"
    assert len(read_summary(saved).of("vide")) == 1
    assert "is ready" in menu.locator("[data-download-note]").inner_text()
    page.keyboard.press("Escape")
    assert menu.get_attribute("open") is None
    assert viewer.complaints == [] and viewer.elsewhere == []
    context.close()
