"""From signing in to watching: the whole way of a recording through a real browser and every real part."""

import contextlib
import os
import re
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.clips import clip
from tests.frame_code import CODE_BITS, STRIP
from tests.journeys.browser import Watched, sign_in
from tests.private_semma import PrivateSemma, processes
from tests.waiting import eventually

pytestmark = [pytest.mark.browser, pytest.mark.journey, pytest.mark.ffmpeg, pytest.mark.timeout(900)]

RATE = 25
SECONDS = 40

# The number of the picture the video element shows now, read from its row of cells as tests/frame_code.py does.
SHOWN = f"""() => {{
  const video = semmaPlayer.video;
  const canvas = document.createElement("canvas");
  canvas.width = video.videoWidth;
  canvas.height = video.videoHeight;
  const pen = canvas.getContext("2d", {{ willReadFrequently: true }});
  pen.drawImage(video, 0, 0);
  const row = Math.max(1, Math.floor(canvas.height / {STRIP} / 2));
  let bits = "";
  for (let n = 0; n < {CODE_BITS}; n += 1) {{
    const x = Math.floor(((2 * n + 1) * canvas.width) / {2 * CODE_BITS});
    bits += pen.getImageData(x, row, 1, 1).data[1] > 128 ? "1" : "0";
  }}
  return bits;
}}"""


def shown_frame(page: Page) -> int | None:
    """The source frame on the screen, None when its check sum is wrong (a picture in between)."""
    bits = page.evaluate(SHOWN)
    number = int(bits[:16][::-1], 2)
    check = int(bits[16:][::-1], 2)
    return number if check == sum(number >> 4 * n & 15 for n in range(4)) % 16 else None


def make_event_and_session(page: Page) -> None:
    """As an organiser does it the first time; ends on the session's page in the studio."""
    # Folded when another journey made an event before.
    fold = page.locator("details", has=page.get_by_role("button", name="Create event", include_hidden=True))
    if fold.get_attribute("open") is None:
        fold.locator("summary").click()
    page.get_by_label("Title").first.fill("Seminar 2027")
    page.get_by_label("First day").fill("2027-05-20")
    page.get_by_role("button", name="Create event").click()
    page.wait_for_url(re.compile(r"/studio/seminar-2027$"))
    form = page.locator("form[data-api='POST /api/v1/sessions']")
    form.get_by_label("Title").fill("Still pictures")
    form.get_by_label("Speakers").fill("Ada Öhman")
    form.get_by_label("Starts").fill("2027-05-20T10:00")
    form.get_by_label("Minutes").fill("25")
    form.get_by_role("button", name="Create session").click()
    page.wait_for_url(re.compile(r"/sessions/still-pictures$"))


def upload_in_the_studio(page: Page, path: Path) -> None:
    """Through tus-js-client, as the page does it."""
    page.set_input_files("[data-files]", path)
    eventually(lambda: "Uploaded" in page.inner_text("[data-transfers]"), timeout_s=120, what="the upload")


def session_of(semma: PrivateSemma) -> dict[str, Any]:
    found: dict[str, Any] = semma.get("/api/v1/sessions?event=seminar-2027")["items"][0]
    return found


@contextlib.contextmanager
def encoding_held(semma: PrivateSemma, recording: str) -> Iterator[None]:
    """The encode worker stands still while the block lasts: the recording's beginning is there, its end is not."""

    def begun() -> bool:
        found = semma.get(f"/api/v1/recordings/{recording}")
        assert found["state"] not in ("ready", "failed"), "nobody could have looked before it was ready"
        return bool(found["playable"])

    eventually(begun, timeout_s=240, every_s=0.02, what="its beginning")
    held = [one.pid for one in processes(semma) if one.child == "encode"]
    assert held
    try:
        for pid in held:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGSTOP)
        assert semma.get(f"/api/v1/recordings/{recording}")["state"] == "encoding"
        yield
    finally:
        for pid in held:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)


def test_a_recording_is_uploaded_watched_while_it_encodes_and_sought_in(semma: PrivateSemma, browser: Browser) -> None:
    organiser = browser.new_context(viewport={"width": 1280, "height": 900}, timezone_id="Europe/Helsinki")
    studio = Watched(organiser.new_page(), semma.url)
    sign_in(studio.page, semma)
    make_event_and_session(studio.page)
    upload_in_the_studio(studio.page, clip("bars", seconds=SECONDS))
    recording = semma.recording_of(session_of(semma)["id"])
    viewer = browser.new_context(viewport={"width": 1280, "height": 900})
    talk = Watched(viewer.new_page(), semma.url)
    with encoding_held(semma, recording):
        said = "document.querySelector('[data-live=recordings]').innerText.includes('still encoding')"
        studio.until(said)
        talk.page.goto(f"{semma.url}/seminar-2027/sessions/still-pictures")
        talk.until("Boolean(window.semmaPlayer?.hls?.levels.length)")
        talk.page.click("[data-big]")
        talk.until("semmaPlayer.video.currentTime > 0.5")
        first = eventually(lambda: shown_frame(talk.page), what="a whole picture")
        assert talk.page.evaluate("semmaPlayer.growing")
        assert "Still encoding" in talk.page.inner_text("[data-making]")
        talk.page.evaluate("semmaPlayer.seek(38)")
        assert "still being encoded" in talk.page.inner_text("[data-bubble]")

    talk.until("!semmaPlayer.growing", timeout_s=400)  # the same page, never reloaded
    assert abs(talk.page.evaluate("semmaPlayer.video.duration") - SECONDS) < 0.2
    look_at_it(talk, first or 0)
    studio.until("document.querySelector('[data-live=recordings]').innerText.includes('Published')")
    assert talk.elsewhere == studio.elsewhere == []
    assert talk.complaints == studio.complaints == []


def look_at_it(talk: Watched, first: int) -> None:
    """Pixels change, seeking lands on the right picture, qualities switch, the keyboard works."""
    page = talk.page
    for second in (32.0, 10.0, 23.5):
        page.evaluate(f"(semmaPlayer.video.pause(), semmaPlayer.seek({second}))")
        talk.until("!semmaPlayer.video.seeking && semmaPlayer.video.readyState >= 3")
        wanted = round(second * RATE)
        eventually(lambda: abs((shown_frame(page) or -9) - wanted) <= 1, what=f"picture {wanted}")  # noqa: B023
    assert shown_frame(page) != first
    choose_quality(talk, "180p", 180)
    choose_quality(talk, "360p", 360)
    page.keyboard.press("l")
    assert abs(page.evaluate("semmaPlayer.video.currentTime") - 33.5) < 1
    page.keyboard.press("?")
    assert page.get_by_role("heading", name="Keyboard shortcuts").is_visible()
    page.keyboard.press("Escape")


def choose_quality(talk: Watched, name: str, height: int) -> None:
    """By the menu, as a viewer does."""
    talk.page.click("[data-quality]")
    talk.page.get_by_role("menuitemradio", name=re.compile(f"^{name}")).click()
    talk.page.evaluate("semmaPlayer.video.play()")
    talk.until(f"semmaPlayer.video.videoHeight === {height}")
    talk.page.evaluate("(semmaPlayer.video.pause(), semmaPlayer.seek(23.5))")
    talk.until("!semmaPlayer.video.seeking")


def test_a_viewer_comes_back_to_where_they_stopped_and_shares_a_moment(semma: PrivateSemma, browser: Browser) -> None:
    semma.wait_ready(session_of(semma)["recording"]["id"], timeout_s=400)
    context = browser.new_context(permissions=["clipboard-read", "clipboard-write"])
    talk = Watched(context.new_page(), semma.url)
    path = f"{semma.url}/seminar-2027/sessions/still-pictures"
    talk.page.goto(f"{path}?t=20s")
    talk.until("semmaPlayer.video.readyState >= 3")
    assert abs(talk.page.evaluate("semmaPlayer.video.currentTime") - 20) < 0.1
    talk.page.keyboard.press("k")
    talk.until("semmaPlayer.video.currentTime > 21")
    talk.page.keyboard.press("k")
    talk.page.click("[data-share]")
    assert re.fullmatch(rf"{re.escape(path)}\?t=2\ds", talk.page.evaluate("navigator.clipboard.readText()"))
    talk.page.goto(path)
    talk.until("!document.querySelector('[data-resume]').hidden")
    talk.until("semmaPlayer.video.readyState >= 3")
    assert talk.page.evaluate("semmaPlayer.video.currentTime") > 20
    talk.page.get_by_role("button", name="Start over").click()
    talk.until("semmaPlayer.video.currentTime < 1")
    assert talk.complaints == []


def test_the_storyboard_is_shown_under_the_pointer(semma: PrivateSemma, browser: Browser) -> None:
    semma.wait_ready(session_of(semma)["recording"]["id"], timeout_s=400)
    talk = Watched(browser.new_page(), semma.url)
    talk.page.goto(f"{semma.url}/seminar-2027/sessions/still-pictures")
    talk.until("Boolean(window.semmaPlayer?.hls?.levels.length)")
    box = talk.page.locator("[data-seek]").bounding_box()
    assert box
    talk.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    talk.until("!document.querySelector('[data-peek-picture]').hidden")
    assert talk.page.inner_text("[data-peek-time]") in ("0:19", "0:20")


def test_an_interrupted_upload_goes_on_after_a_reload(semma: PrivateSemma, browser: Browser, tmp_path: Path) -> None:
    session = semma.make_session("Second try")
    slug = semma.get(f"/api/v1/sessions/{session}")
    context = browser.new_context()
    studio = Watched(context.new_page(), semma.url)
    sign_in(studio.page, semma)
    event = semma.get(f"/api/v1/events/{slug['event']}")["slug"]
    address = f"{semma.url}/studio/{event}/sessions/{slug['slug']}"
    path = tmp_path / "noise.mp4"
    path.write_bytes(clip("bars", seconds=8).read_bytes() + bytes(24 * 1024 * 1024))
    studio.page.goto(address)
    # A narrow line, so that there is time to interrupt.
    line = context.new_cdp_session(studio.page)
    slow = {"offline": False, "latency": 20, "downloadThroughput": -1, "uploadThroughput": 3_000_000}
    line.send("Network.emulateNetworkConditions", slow)
    studio.page.set_input_files("[data-files]", path)
    studio.until("document.querySelector('.transfer progress')?.value > 0.45", timeout_s=120)
    studio.page.get_by_role("button", name="Pause").click()
    studio.until("document.querySelector('.transfer').dataset.state === 'paused'")
    studio.page.reload()
    assert "is not finished" in studio.page.inner_text("[data-transfers]")
    sent: list[int] = []
    studio.page.on("request", lambda r: sent.append(int(r.headers["upload-offset"])) if r.method == "PATCH" else None)
    studio.page.set_input_files("[data-files]", path)
    eventually(lambda: "Uploaded" in studio.page.inner_text("[data-transfers]"), timeout_s=120, what="the rest")
    assert sent
    assert sent[0] > 0, "it began anew"


def test_a_speaker_brings_slides_by_a_personal_link(semma: PrivateSemma, browser: Browser, tmp_path: Path) -> None:
    session = semma.make_session("With slides")
    made = semma.api("POST", f"/api/v1/sessions/{session}/speaker-links", json={"name": "Ada Öhman"}).json()
    joined = re.search(r"/join/[\w-]+", str(made))
    assert joined
    speaker = Watched(browser.new_context(accept_downloads=True).new_page(), semma.url)
    speaker.page.goto(semma.url + joined[0])
    path = tmp_path / "Still slides.pdf"
    path.write_bytes(b"%PDF-1.7\n" + bytes(100_000))
    speaker.page.set_input_files("[data-purpose=slides] [data-files]", path)
    speaker.until("document.querySelector('[data-live=slides] a')?.textContent.startsWith('Slides (PDF)')")
    with speaker.page.expect_download() as download:
        speaker.page.click("[data-live=slides] a")
    assert download.value.suggested_filename == "Still slides.pdf"
    assert download.value.path().read_bytes() == path.read_bytes()
    speaker.page.get_by_role("button", name="Delete slides").click()
    speaker.until("document.querySelector('[data-live=slides]').innerText.includes('There are no slides yet')")
    speaker.page.get_by_role("button", name="Undo").click()
    speaker.until("document.querySelector('[data-live=slides] a')")
    path.write_bytes(b"no slides at all")
    speaker.page.set_input_files("[data-purpose=slides] [data-files]", path)
    speaker.until("document.querySelector('.transfer[data-state=failed]')?.innerText.includes('holds no slides')")
