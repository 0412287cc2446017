"""A room from waiting to the replay of its talk, in one page that is never loaded again, with a real encoder."""

import pytest
from playwright.sync_api import Browser, Page, ViewportSize

from tests.journeys.browser import Watched, sign_in
from tests.journeys.looking import FAULTS
from tests.live.encoder import Sent, sending
from tests.live.pixels import WATCH
from tests.live.room import LiveRoom, make_room
from tests.private_semma import PrivateSemma
from tests.waiting import eventually

pytestmark = [pytest.mark.browser, pytest.mark.journey, pytest.mark.ffmpeg, pytest.mark.timeout(300)]

AGAIN = 20_000  # the number of the first picture after the encoder was away
WINDOW: ViewportSize = {"width": 1000, "height": 900}


def faults_of(page: Page, *, reload: bool = False) -> str:
    """What is wrong with a page while something is on air, at every width, light and dark."""
    found: list[str] = []
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        if reload:
            page.reload()
        # the colours are there with the second picture after the change
        page.evaluate("new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))")
        page.evaluate("document.querySelectorAll('details.fold').forEach((fold) => (fold.open = true))")
        for width in (320, 360, 768, 1440):
            page.set_viewport_size({"width": width, "height": 900})
            found += [f"{width} px, {scheme}: {fault}" for fault in page.evaluate(FAULTS)]
    page.set_viewport_size(WINDOW)
    return "\n".join(found)


class Watching:
    """A viewer's page; `number` is that of the picture shown last, read from its pixels."""

    def __init__(self, browser: Browser, room: LiveRoom) -> None:
        self.watched = Watched(
            browser.new_context(viewport=WINDOW, timezone_id="Europe/Lisbon").new_page(), room.semma.url
        )
        self.page = self.watched.page
        self.page.goto(room.page)
        self.page.evaluate("window.mine = true")

    def until(self, expression: str, *, timeout_s: float = 60) -> None:
        """Wait in the page that was opened: loaded again it would have lost its mark."""
        self.watched.until(expression, timeout_s=timeout_s)
        assert self.page.evaluate("window.mine"), "the page was loaded again"

    @property
    def number(self) -> int:
        return int(self.page.evaluate("(window.glass?.at(-1) ?? [0, -1])[1]"))

    def until_number(self, least: int, most: int = 65_535) -> int:
        """The first picture with a number in these bounds, and after it another one: it moves."""
        first = eventually(lambda: self._within(least, most), what=f"a picture from {least} to {most}")
        return eventually(lambda: self._within(first + 1, most), what=f"a picture after {first}")

    def _within(self, least: int, most: int) -> int:
        return number if least <= (number := self.number) <= most else 0


def test_a_room_is_watched_from_waiting_to_the_replay(semma: PrivateSemma, browser: Browser) -> None:
    room = make_room(semma, "journey", talks=2)
    viewer = Watching(browser, room)
    assert viewer.page.get_by_text("The stream starts here by itself.").is_visible()
    with sending(room.rtmp, Sent(start=1)) as encoder:
        viewer.until("semmaLive.video.currentTime > 0.5")
        viewer.page.evaluate(f"({WATCH})(semmaLive.video)")
        viewer.until_number(1, AGAIN)
        viewer.until("/^\\d+[.:]\\d+( s)?$/.test(document.querySelector('[data-latency]').textContent)")
        assert "Talk 1" in viewer.page.inner_text(".now-next .now")
        assert "Talk 2" in viewer.page.inner_text(".now-next .next")
        encoder.kill()
    the_slate_goes_on(viewer)
    with sending(room.rtmp, Sent(start=AGAIN)):
        viewer.until_number(AGAIN)
        assert faults_of(viewer.page) == ""
        rewind_and_come_back(viewer)
        late = somebody_behind(browser, room)
        end_in_the_studio(semma, browser, room)
        viewer.until("!document.querySelector('[data-before]').hidden")
    may_finish_watching(late)
    the_talk_is_there(viewer)
    assert viewer.watched.complaints == []
    assert viewer.watched.elsewhere == []


def the_slate_goes_on(viewer: Watching) -> None:
    """No numbered picture any more, and the time goes on."""

    def still() -> bool:
        before, at = viewer.number, viewer.page.evaluate("semmaLive.video.currentTime")
        viewer.until(f"semmaLive.video.currentTime > {at} + 1.5")
        return viewer.number == before

    eventually(still, what="the slate")
    assert viewer.page.evaluate("document.querySelector('[data-note]').hidden")


def rewind_and_come_back(viewer: Watching) -> None:
    """To the start of the talk by its button, and back to live by one tap while the controls are away."""
    viewer.page.get_by_role("button", name="From its start: Talk 1").click()
    viewer.until_number(1, AGAIN - 1)
    assert viewer.page.inner_text("[data-golive-text]") == "Back to live"
    assert viewer.page.inner_text("[data-latency]").startswith("−")
    viewer.until("'quiet' in document.querySelector('[data-player]').dataset")
    viewer.page.locator("[data-back-live]").click()
    viewer.until_number(AGAIN)
    assert viewer.page.inner_text("[data-golive-text]") == "Live"


def end_in_the_studio(semma: PrivateSemma, browser: Browser, room: LiveRoom) -> None:
    """By the organiser's page, who is asked first."""
    studio = Watched(browser.new_context(viewport=WINDOW).new_page(), semma.url)
    sign_in(studio.page, semma)
    studio.page.goto(f"{semma.url}/studio/{room.event}/rooms/{room.slug}")
    studio.until("document.querySelector('[data-preview] video').currentTime > 0.2")
    assert faults_of(studio.page, reload=True) == ""
    studio.page.get_by_role("button", name="End the broadcast").click()
    studio.page.get_by_role("button", name="No", exact=True).click()
    assert room.live()["state"] == "on_air"
    studio.page.get_by_role("button", name="End the broadcast").click()
    studio.page.get_by_role("button", name="Yes").click()
    studio.until("document.querySelector('.traffic').innerText.includes('Off air')")
    assert studio.complaints == []


def somebody_behind(browser: Browser, room: LiveRoom) -> Watching:
    """Another viewer, who watches the talk from its start, and pauses there."""
    late = Watching(browser, room)
    late.until("semmaLive.video.currentTime > 0.5")
    late.page.evaluate(f"({WATCH})(semmaLive.video)")
    late.page.get_by_role("button", name="From its start: Talk 1").click()
    late.until_number(1, AGAIN - 1)
    late.page.keyboard.press("k")
    late.until("semmaLive.video.paused")
    return late


def may_finish_watching(late: Watching) -> None:
    """The broadcast is over, and who was behind is still shown what was before."""
    late.until("semmaLive.player.source.hasEnded")
    late.until("document.querySelector('[data-latency]').textContent.endsWith('left')")
    shown = late.number
    late.page.keyboard.press("k")
    late.until_number(shown + 1, AGAIN - 1)
    assert late.page.evaluate("document.querySelector('[data-before]').hidden")
    late.page.evaluate("semmaLive.player.seek(semmaLive.player.source.edge - 2)")
    late.until("!document.querySelector('[data-before]').hidden")
    assert late.watched.complaints == []


def the_talk_is_there(viewer: Watching) -> None:
    """In the list of the very page, and it plays."""
    viewer.until("document.querySelector('.live-list').innerText.includes('Watch')")
    assert "The broadcast has ended." in viewer.page.inner_text("[data-after]")
    viewer.page.get_by_role("link", name="Talk 1").click()
    viewer.watched.until("Boolean(window.semmaPlayer?.hls?.levels.length)")
    viewer.page.click("[data-big]")
    viewer.watched.until("semmaPlayer.video.currentTime > 1")


def test_who_watches_a_closed_event_is_told_when_its_doors_close(semma: PrivateSemma, browser: Browser) -> None:
    room = make_room(semma, "doors", talks=1, visibility="closed")
    semma.api("PUT", f"/api/v1/events/{room.event}/access/code", json={"code": "kuusikko"})
    page = Watched(browser.new_context(viewport=WINDOW).new_page(), semma.url)
    page.page.goto(room.page)
    page.page.get_by_label("Access code").fill("kuusikko")
    page.page.get_by_role("button", name="Come in").click()
    page.page.wait_for_url(room.page)
    with sending(room.rtmp):
        page.until("semmaLive.video.currentTime > 0.5")
        semma.api("POST", f"/api/v1/events/{room.event}/access/close", json={"revoke_links": False})
        page.until("!document.querySelector('[data-trouble]').hidden")
        assert "no longer allowed" in page.page.inner_text("[data-trouble-text]")
        assert page.page.evaluate("semmaLive.player.isOpen") is False
        room.act("end")
