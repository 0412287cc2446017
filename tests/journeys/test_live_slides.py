"""Slides in step with a room that is on air, as viewers see them: the page beside the picture is the one in it."""

import os
import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, ViewportSize

from tests.journeys.browser import Watched
from tests.journeys.looking import FAULTS
from tests.live.projector import projecting
from tests.live.room import make_room
from tests.live.slides import bring_slides, deck_zip
from tests.private_semma import PrivateSemma
from tests.slide_films.decks import make_deck

pytestmark = [pytest.mark.browser, pytest.mark.journey, pytest.mark.ffmpeg, pytest.mark.timeout(300)]

WIDE: ViewportSize = {"width": 1440, "height": 900}
PHONE: ViewportSize = {"width": 360, "height": 740}
# Which page the video shows, by its pixels: the page whose picture is nearest.
LOOK = """async () => {
  const draw = (what) => {
    const [width, height] = [64, 36];
    const canvas = Object.assign(document.createElement("canvas"), { width, height });
    const context = canvas.getContext("2d", { willReadFrequently: true });
    context.drawImage(what, 0, 0, width, height);
    return context.getImageData(0, 0, width, height).data;
  };
  const pages = await Promise.all(semmaLive.slides.beside.pages.map(async (page) => {
    const picture = new Image();
    picture.src = page.small;
    await picture.decode();
    return { number: page.number, pixels: draw(picture) };
  }));
  window.pictured = () => {
    const seen = draw(semmaLive.video);
    const far = ({ pixels }) => pixels.reduce((sum, value, at) => sum + Math.abs(value - seen[at]), 0);
    return pages.map((page) => [far(page), page.number]).sort((a, b) => a[0] - b[0])[0][1];
  };
}"""


class Viewing:
    """A viewer's page of the room."""

    def __init__(self, browser: Browser, url: str, home: str) -> None:
        self.watched = Watched(browser.new_context(viewport=WIDE, reduced_motion="reduce").new_page(), home)
        self.page: Page = self.watched.page
        self.open(url)

    def open(self, url: str) -> None:
        self.page.goto(url)
        self.until("semmaLive.video.currentTime > 0.5")

    def has_slides(self) -> None:
        self.until("semmaLive.slides.beside.pages.length")
        self.page.evaluate(LOOK)

    def until(self, expression: str) -> None:
        self.watched.until(expression, timeout_s=60)

    def sees(self, page: int) -> None:
        """The picture shows the page, and so does the place beside it."""
        self.until(f"pictured() === {page} && semmaLive.slides.beside.shown.number === {page}")
        self.until(f"document.querySelector('[data-paper-picture]').src.includes('{page:04}-')")
        assert self.page.locator("[data-deck-away]").is_hidden()


def test_the_page_beside_the_picture_changes_with_it(semma: PrivateSemma, browser: Browser) -> None:
    deck = make_deck(3, kind="bullets", pages=5)
    room = make_room(semma, "slides", talks=1)
    with projecting(room.rtmp, deck) as projector:
        room.wait_state("on_air")
        viewer = Viewing(browser, room.page, semma.url)
        assert viewer.page.locator("[data-deck]").is_hidden()
        bring_slides(semma, room.sessions[0], deck_zip(deck))  # while the talk is on
        viewer.has_slides()
        viewer.sees(1)
        # So long that there is something of it to go back to
        viewer.until("semmaLive.slides.wall > semmaLive.slides.beside.cues[0]?.start_ms + 4000")
        for page in (2, 4):
            projector.show(page)
            viewer.sees(page)
        faults_and_pictures(viewer)
        strip = viewer.page.get_by_role("navigation", name="Pages of the slides")
        # A page that was shown: the stream goes there. Leafing there, and back to what was on then.
        strip.get_by_role("link").nth(0).click()
        viewer.sees(1)
        assert viewer.page.inner_text("[data-golive-text]") == "Back to live"
        strip.get_by_role("link").nth(4).click()  # one that was not shown yet
        viewer.until("semmaLive.slides.beside.shown.number === 5")
        assert viewer.page.locator("[data-deck-watch]").is_hidden()
        viewer.page.evaluate("semmaLive.slides.beside.leafTo(semmaLive.slides.beside.pages[3])")
        assert re.search(r"\d\d:\d\d$", viewer.page.inner_text("[data-deck-watch]"))
        picture(viewer, "leafing")
        viewer.page.get_by_role("button", name="Back to now").click()
        viewer.until("semmaLive.slides.beside.shown.number === semmaLive.slides.beside.current.number")
        # Another page comes meanwhile, which who is behind does not see yet.
        projector.show(3)
        viewer.until("semmaLive.slides.beside.cues.at(-1).page === 3")
        viewer.until("!semmaLive.player.following && semmaLive.slides.beside.shown.number === pictured()")
        assert viewer.page.evaluate("semmaLive.slides.beside.shown.number") != 3
        viewer.page.evaluate("semmaLive.player.goLive()")
        viewer.sees(3)
        # Who comes later is told all of it.
        viewer.open(room.page)
        viewer.has_slides()
        viewer.sees(3)
        told = viewer.page.evaluate("semmaLive.slides.beside.cues.map((cue) => cue.page)")
        assert [page for page in told if page] == [1, 2, 4, 3]
        room.act("end")
    assert viewer.watched.complaints == []
    assert viewer.watched.elsewhere == []


def faults_and_pictures(viewer: Viewing) -> None:
    """Nothing is out of place, narrow and wide."""
    for size in (PHONE, WIDE):
        viewer.page.set_viewport_size(size)
        assert viewer.page.evaluate(FAULTS) == []
        picture(viewer, str(size["width"]))


def picture(viewer: Viewing, name: str) -> None:
    """For who wants to look."""
    if kept := os.environ.get("SEMMA_PICTURES"):
        viewer.page.screenshot(path=Path(kept) / f"live-slides-{name}.png")
