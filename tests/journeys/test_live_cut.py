"""A talk that was live, as its page plays it: from its first to its last picture, also once it is better encoded."""

import pytest
from playwright.sync_api import Browser

from server.core.queue import Ringer
from server.core.settings import read_settings
from server.local import local_environment
from server.process import make_runtime
from server.recordings.cut import cut_talk
from server.recordings.cut_rows import read_archive
from tests.conftest import run_apart
from tests.journeys.browser import Watched
from tests.journeys.test_watch import shown_frame
from tests.private_semma import PrivateSemma
from tests.server.recordings.on_air import OTHERS, put_on_air
from tests.server.uploads.world import World
from tests.waiting import eventually

pytestmark = [pytest.mark.browser, pytest.mark.journey, pytest.mark.ffmpeg, pytest.mark.timeout(600)]
FIRST, END, LENGTH_S = 137, 438, 12.04  # pictures of the source, at 25 a second


async def _was_live(semma: PrivateSemma, session: str, event: str) -> None:
    """A broadcast in the instance's own storage and rows; the talk from 5.48 s to 17.52 s of it is cut."""
    settings = read_settings(local_environment(semma.env))
    runtime = make_runtime(settings, Ringer(settings.redis_url), threads=4)
    try:
        on_air = await put_on_air(runtime, World(event, session, ""), profiles=OTHERS)
        await on_air.talk(session, 5.48, 17.52)
        async with runtime.database.write() as db:
            archive = await read_archive(db, on_air.broadcast)
            assert archive is not None
            outcome = await cut_talk(db, archive, session, token_overlap_s=60, better=False)
            assert outcome.recording is not None and outcome.recording.playable
    finally:
        await runtime.database.close()
        await runtime.redis.aclose()
        runtime.store.close()


def test_the_page_shows_the_talk_between_its_borders(semma: PrivateSemma, browser: Browser) -> None:
    session = semma.make_session("It was live")
    found = semma.get(f"/api/v1/sessions/{session}")
    run_apart(_was_live(semma, session, found["event"]))
    page = browser.new_page()
    watched = Watched(page, semma.url)
    page.goto(f"{semma.url}/bench/sessions/{found['slug']}")
    watched.until("window.semmaPlayer?.video.readyState >= 2")
    assert shown_frame(page) == FIRST
    assert page.inner_text("[data-now]") == "0:00" and page.inner_text("[data-total]") == "0:12"
    page.evaluate("semmaPlayer.seek(5.5); semmaPlayer.toggle()")
    watched.until("semmaPlayer.now > 8")  # the other encoder came at 6.52 s, with an init of its own
    across = eventually(lambda: shown_frame(page), what="a whole picture")
    assert across is not None and abs(across - FIRST - 25 * page.evaluate("semmaPlayer.now")) < 25
    page.evaluate("semmaPlayer.seek(11)")
    watched.until("semmaPlayer.video.paused && semmaPlayer.clip.isOver")
    last = eventually(lambda: shown_frame(page), what="a whole picture")
    assert last is not None and END - 3 <= last <= END, "it stopped at the talk's end, not at the segment's"
    assert abs(page.evaluate("semmaPlayer.now") - LENGTH_S) < 0.1

    recording = semma.get(f"/api/v1/sessions/{session}")["recording"]["id"]
    semma.api("POST", f"/api/v1/recordings/{recording}/retry")
    eventually(lambda: semma.get(f"/api/v1/sessions/{session}/playback")["clip"] is None, timeout_s=120, what="better")
    page.evaluate("semmaPlayer.toggle()")
    watched.until("!semmaPlayer.video.paused && semmaPlayer.now > 1")  # who has it open goes on with what they have
    page.reload()
    watched.until("window.semmaPlayer?.video.readyState >= 2")
    assert shown_frame(page) == FIRST and abs(page.evaluate("semmaPlayer.total") - LENGTH_S) < 0.1
    assert watched.complaints == [] and watched.elsewhere == []
    page.close()
