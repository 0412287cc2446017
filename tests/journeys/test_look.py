"""Every page at every width, light and dark: nothing overflows, everything has a name and can be read."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.clips import clip
from tests.journeys.browser import Watched, sign_in
from tests.journeys.looking import FAULTS
from tests.private_semma import PrivateSemma
from tests.waiting import eventually

pytestmark = [pytest.mark.browser, pytest.mark.journey, pytest.mark.ffmpeg, pytest.mark.timeout(600)]

# What stands where depends on the width, and colours on the scheme.
WIDTHS = {"light": [320, 360, 768, 1440], "dark": [360, 1440]}


@pytest.fixture(scope="module")
def paths(semma: PrivateSemma) -> dict[str, str]:
    """The pages to look at, of a programme with one recording."""
    event = semma.api(
        "POST",
        "/api/v1/events",
        json={
            "title": "Seminar of long words and Järvenpääläisyys",
            "slug": "look",
            "starts_on": "2027-05-20",
            "ends_on": "2027-05-21",
            "description": "Two days by the lake.\n\nSee https://example.org/a/rather/long/address/that/never/ends/at/all.",
        },
    ).json()
    room = semma.api("POST", f"/api/v1/events/{event['id']}/rooms", json={"name": "Hall"}).json()
    semma.api("POST", f"/api/v1/events/{event['id']}/rooms", json={"name": "Attic"})
    talk = _session(semma, event, room, "Spending nothing on a still picture", "2027-05-20T10:00:00+03:00")
    _session(semma, event, room, "Queues that never lose a job", "2027-05-20T11:00:00+03:00")
    recording = semma.upload(talk["id"], clip("bars", seconds=8))
    semma.wait_ready(recording, timeout_s=200)
    return {
        "home": "/",
        "programme": "/look",
        "talk": f"/look/sessions/{talk['slug']}",
        "bare talk": "/look/sessions/queues-that-never-lose-a-job",
        "speaker": "/speakers/ada-ohman",
        "sign in": "/sign-in",
        "fault": "/nothing-here",
        "embed": f"/embed/look/sessions/{talk['slug']}",
        "live, waiting": "/look/live/hall",
        "live, nothing": "/look/live/attic",
        "live embed": "/embed/look/live/hall",
        "studio": "/studio",
        "board": "/studio/look",
        "room": "/studio/look/rooms/hall",
        "session": f"/studio/look/sessions/{talk['slug']}",
        "timing": f"/studio/look/sessions/{talk['slug']}/slides",
    }


def _session(semma: PrivateSemma, event: Any, room: Any, title: str, starts_at: str) -> Any:
    body = {
        "event": event["id"],
        "title": title,
        "room": room["id"],
        "starts_at": starts_at,
        "duration_ms": 1_500_000,
        "speakers": [{"name": "Ada Öhman"}, {"name": "Mikael Sjöberg"}],
        "abstract": "A talk is mostly a slide that does not move.\n\nFrames that repeat the one before need no bits.",
        "links": [{"kind": "slides", "url": "https://example.org/slides.pdf"}],
        "licence": "CC BY 4.0",
        "language": "en",
    }
    return semma.api("POST", "/api/v1/sessions", json=body).json()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_are_fit_for_everybody(semma: PrivateSemma, browser: Browser, paths: dict[str, str], scheme: Any) -> None:
    context = browser.new_context(color_scheme=scheme, reduced_motion="reduce")
    page = Watched(context.new_page(), semma.url)
    sign_in(page.page, semma)
    found: list[str] = []
    for name, path in paths.items():
        page.page.goto(semma.url + path)
        for width in WIDTHS[scheme]:
            page.page.set_viewport_size({"width": width, "height": 900})
            found += [f"{name}, {width} px, {scheme}: {fault}" for fault in page.page.evaluate(FAULTS)]
            page.page.evaluate("document.querySelectorAll('details.fold').forEach((fold) => (fold.open = true))")
    assert not found, "\n".join(found)
    assert page.elsewhere == []
    assert [
        complaint for complaint in page.complaints if "/nothing-here" not in complaint and "404" not in complaint
    ] == []


def test_pages_read_without_scripts(semma: PrivateSemma, browser: Browser, paths: dict[str, str]) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(semma.url + paths["programme"])
    assert page.get_by_role("link", name="Queues that never lose a job").is_visible()
    assert page.locator("time", has_text="10:00").is_visible()
    page.goto(semma.url + paths["talk"])
    assert page.get_by_text("Frames that repeat the one before need no bits.").is_visible()
    assert page.locator("noscript p").is_visible()  # selectors by text pass over noscript
    page.goto(semma.url + paths["live, waiting"])
    assert page.locator("[data-before]", has_text="Spending nothing on a still picture").is_visible()
    assert page.locator("[data-countdown]", has_text="20 May 2027, 10:00").is_visible()
    assert page.locator(".live-list time", has_text="11:00").is_visible()


def test_a_viewer_elsewhere_sees_their_own_time(semma: PrivateSemma, browser: Browser, paths: dict[str, str]) -> None:
    page = browser.new_context(timezone_id="America/New_York").new_page()
    page.goto(semma.url + paths["programme"])
    assert page.locator("time[data-clock]").first.inner_text() == "03:00"
    page.get_by_role("button", name="Show the event's time").click()
    assert page.locator("time[data-clock]").first.inner_text() == "10:00"
    page.reload()
    assert page.locator("time[data-clock]").first.inner_text() == "10:00"


def test_the_theme_is_remembered_without_a_flash(semma: PrivateSemma, browser: Browser) -> None:
    page = browser.new_context(color_scheme="light").new_page()
    page.goto(semma.url)
    page.get_by_role("button", name="Switch between light and dark").click()
    answer = page.reload()
    assert answer
    assert 'data-theme="dark"' in answer.text()


VTT = "WEBVTT\n\n00:00.000 --> 00:30.000\nHiljaiset <i>äänet</i> & muut\n"


def test_captions_stand_above_the_controls(
    semma: PrivateSemma, browser: Browser, paths: dict[str, str], tmp_path: Path
) -> None:
    words = tmp_path / "talk.vtt"
    words.write_text(VTT)
    session = semma.get("/api/v1/sessions?event=look")["items"][0]["id"]
    place = ["--url", semma.url, "--token", semma.token]
    semma.command("upload", str(words), "--session", session, "--purpose", "captions", "--language", "fi", *place)
    page = Watched(browser.new_context(viewport={"width": 1280, "height": 900}).new_page(), semma.url)
    page.page.goto(f"{semma.url}{paths['talk']}?t=2s")
    page.until("window.semmaPlayer?.video.readyState >= 3")
    page.page.keyboard.press("c")
    page.until("document.querySelector('[data-words]').innerText === 'Hiljaiset äänet & muut'")
    said, bar = page.page.locator("[data-words] span").bounding_box(), page.page.locator("[data-seek]").bounding_box()
    assert said and bar
    assert said["y"] + said["height"] < bar["y"]
    assert page.page.locator("[data-captions]").get_attribute("aria-pressed") == "true"
    page.page.reload()
    page.until("document.querySelector('[data-words]')?.innerText.includes('Hiljaiset')")  # remembered
    page.page.keyboard.press("c")
    page.until("document.querySelector('[data-words]').innerText === ''")
    assert page.complaints == []


def test_a_talk_is_edited_and_a_page_that_is_out_of_date_is_refused(
    semma: PrivateSemma, browser: Browser, paths: dict[str, str]
) -> None:
    context = browser.new_context()
    one, other = Watched(context.new_page(), semma.url), Watched(context.new_page(), semma.url)
    sign_in(one.page, semma)
    address = semma.url + paths["session"].replace(
        "spending-nothing-on-a-still-picture", "queues-that-never-lose-a-job"
    )
    for page in (one.page, other.page):
        page.goto(address)
    one.page.get_by_label("Abstract").fill("Edited.")
    one.page.get_by_label("Links").fill("paper https://example.org/paper.pdf The paper")
    one.page.get_by_role("button", name="Save").click()
    one.until("document.querySelector('[data-toasts]').innerText.includes('Saved.')")
    other.page.get_by_label("Abstract").fill("Too late.")
    other.page.get_by_role("button", name="Save").click()
    other.until("document.querySelector('[data-toasts]').innerText.includes('Somebody changed this meanwhile')")
    one.page.get_by_label("Abstract").fill("Edited again.")
    one.page.get_by_role("button", name="Save").click()
    one.until("document.querySelectorAll('.toast').length === 2")
    one.page.goto(semma.url + paths["bare talk"])
    assert one.page.get_by_text("Edited again.").is_visible()
    assert one.page.get_by_role("link", name="The paper").is_visible()
    assert one.complaints == []


def test_the_embed_plays_in_another_sites_frame(semma: PrivateSemma, browser: Browser, paths: dict[str, str]) -> None:
    context = browser.new_context()
    page = Watched(context.new_page(), "http")
    # Storage forbidden, as browsers do it to frames of other sites.
    forbid = (
        "if (window !== top) Object.defineProperty(window, 'localStorage', { get() { throw new DOMException('no') } })"
    )
    context.add_init_script(forbid)
    # Another origin, at the same address: Chromium keeps pages of the wide world away from loopback.
    page.page.goto(semma.url.replace("127.0.0.1", "localhost") + "/robots.txt")
    page.page.set_content(
        f'<iframe src="{semma.url}{paths["embed"]}" allow="autoplay" width="640" height="360"></iframe>'
    )
    frame = page.page.frames[1]
    frame.locator("[data-big]").click()
    eventually(lambda: frame.evaluate("window.semmaPlayer?.video.currentTime > 0.5"), what="the embed to play")
    assert page.complaints == []
