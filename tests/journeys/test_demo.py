"""The demo seminar, made as `make demo` makes it and watched in a browser; the README's pictures are of it."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from server.demo.film import SLIDE_S
from server.demo.programme import EVENT_SLUG, LIVE_ROOM, filmed
from tests.journeys.browser import Watched
from tests.private_semma import PrivateSemma, private_semma

pytestmark = [pytest.mark.browser, pytest.mark.journey, pytest.mark.ffmpeg, pytest.mark.timeout(900)]

WIDE = {"width": 1360, "height": 940}
KEPT = os.environ.get("SEMMA_SCREENSHOTS", "")  # the folder of pictures to keep
# For pictures to keep, the rung people would see; else small ones, which are made sooner.
TOP = 720 if KEPT else 360


@pytest.fixture(scope="module")
def demo(request: pytest.FixtureRequest) -> Iterator[PrivateSemma]:
    """A Semma with the demo seminar in it, its recordings ready: one of its own where pictures of it are kept."""
    with ExitStack() as stack:
        if KEPT:
            made = stack.enter_context(private_semma({"SEMMA_LADDER": f"{TOP},{TOP // 2}"}))
        else:
            made = request.getfixturevalue("semma")
        command = [sys.executable, "-m", "server.cli", "make-demo", "--height", str(TOP)]
        done = subprocess.run(
            command, env={**os.environ, **made.env}, capture_output=True, text=True, timeout=400, check=False
        )
        assert done.returncode == 0, done.stderr[-2000:]
        sessions = made.get(f"/api/v1/sessions?event={EVENT_SLUG}")["items"]
        recorded = [session for session in sessions if session["recording"]]
        assert len(recorded) >= 2
        for session in recorded:
            made.wait_ready(session["recording"]["id"], timeout_s=400)
        yield made


def keep_picture(page: Watched, name: str) -> None:
    """Into the folder SEMMA_SCREENSHOTS names; without one it is only made."""
    picture = page.page.screenshot()
    assert len(picture) > 10_000
    if KEPT:
        (Path(KEPT) / f"{name}.png").write_bytes(picture)


def test_the_demo_seminar_can_be_watched(demo: PrivateSemma, browser: Browser) -> None:
    page = Watched(browser.new_context(viewport=WIDE, timezone_id="Europe/Helsinki").new_page(), demo.url)
    page.page.goto(f"{demo.url}/{EVENT_SLUG}")
    page.until("[...document.images].every((image) => image.complete && image.naturalWidth)")
    keep_picture(page, "programme")
    page.page.get_by_role("link", name=filmed()[0].title).click()
    page.until("Boolean(window.semmaPlayer?.hls?.levels.length)")
    page.page.click("[data-big]")
    page.until("semmaPlayer.video.currentTime > 1")
    page.page.evaluate("(semmaPlayer.video.pause(), semmaPlayer.seek(24))")
    page.until(f"!semmaPlayer.video.seeking && semmaPlayer.video.videoHeight === {TOP}")
    box = page.page.locator("[data-seek]").bounding_box()
    assert box
    page.page.mouse.move(box["x"] + box["width"] * 0.62, box["y"] + box["height"] / 2)
    page.until("!document.querySelector('[data-peek-picture]').hidden")
    page.until("document.querySelector('[data-bubble]').hidden")
    the_slides_are_in_step(demo, page)
    keep_picture(page, "talk")
    assert page.elsewhere == []
    assert page.complaints == []


def the_slides_are_in_step(demo: PrivateSemma, page: Watched) -> None:
    """Every page was found where the film shows it, and the page that is open shows it: nobody loads it again."""
    page.until("semmaPlayer.slides?.cues.length > 0", timeout_s=120)
    assert page.page.evaluate("semmaPlayer.slides.shown.number") == 1 + int(24 / SLIDE_S)
    sessions = demo.get(f"/api/v1/sessions?event={EVENT_SLUG}")["items"]
    talk = next(session["id"] for session in sessions if session["slug"] == filmed()[0].slug)
    cues = demo.get(f"/api/v1/sessions/{talk}/slides")["cues"]
    assert [cue["page"] for cue in cues] == list(range(1, 1 + len(filmed()[0].slides)))
    assert all(abs(cue["start_ms"] / 1000 - SLIDE_S * at) < 0.3 for at, cue in enumerate(cues)), cues


def test_the_demos_live_room_can_be_watched_and_rewound(demo: PrivateSemma, browser: Browser) -> None:
    command = [sys.executable, "-m", "server.cli", "demo-encoder"]
    encoder = subprocess.Popen(command, env={**os.environ, **demo.env}, stdin=subprocess.DEVNULL)
    try:
        page = Watched(browser.new_context(viewport=WIDE, timezone_id="Europe/Helsinki").new_page(), demo.url)
        page.page.goto(f"{demo.url}/{EVENT_SLUG}/live/{LIVE_ROOM}")
        # The page waits for the room to go on air, and is not loaded again
        page.until(f"semmaLive.player.isOpen && semmaLive.video.currentTime > {22 if KEPT else 12}", timeout_s=120)
        page.until("semmaLive.slides.beside.cues.at(-1)?.page > 1")  # its slides go with it
        keep_picture(page, "live")
        page.page.evaluate("semmaLive.player.seek(semmaLive.player.source.start + 1)")
        page.until("semmaLive.video.currentTime < semmaLive.player.source.start + 8 && !semmaLive.video.seeking")
        page.page.evaluate("semmaLive.player.goLive()")
        page.until("semmaLive.player.ahead < 6")
        assert page.elsewhere == []
        assert page.complaints == []
    finally:
        encoder.kill()
        encoder.wait()
    end_the_broadcast(demo)


def end_the_broadcast(demo: PrivateSemma) -> None:
    """Other journeys go on with this Semma, and the slate would cost them as much as an encoder."""
    rooms = demo.get(f"/api/v1/events/{EVENT_SLUG}/rooms")["items"]
    room = next(room["id"] for room in rooms if room["slug"] == LIVE_ROOM)
    demo.api("POST", f"/api/v1/broadcasts/{demo.get(f'/api/v1/rooms/{room}/live')['broadcast']}/end")
