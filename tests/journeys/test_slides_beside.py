"""Slides beside the video, as viewers have them: a real deck and a real recording, looked at in a real browser."""

import base64
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, ViewportSize

from tests.clips import clip
from tests.journeys.browser import Watched
from tests.journeys.looking import FAULTS
from tests.private_semma import PrivateSemma
from tests.server.media.deck_files import Page, Pdf, box, text
from tests.waiting import eventually

pytestmark = [pytest.mark.browser, pytest.mark.journey, pytest.mark.ffmpeg, pytest.mark.timeout(300)]

SECONDS = 8
WIDE: ViewportSize = {"width": 1440, "height": 900}
PHONE: ViewportSize = {"width": 360, "height": 740}
LINK = "/Annots [<< /Type /Annot /Subtype /Link /Rect [48 190 144 220] /A << /S /URI /URI (https://example.org/) >> >>]"
# (start, end, page) in seconds; pages 2 and 3 are one slide; page 5 is never shown.
SHOWN = [(0, 0.5, None), (0.5, 2, 1), (2, 3, 2), (3, 4, 3), (4, 5, 4), (5, 5.5, None), (5.5, 6.5, 1), (6.5, 8, 4)]


def deck_file() -> bytes:
    """Five pages of four slides."""
    steps = [text(f"Step {step} of two", 60, 190 - 40 * step, 20) for step in (1, 2)]
    pages = [
        Page(text("Still pictures", 48, 240, 36) + text("example", 48, 195), more=LINK),
        Page(text("Why frames repeat", 48, 240, 32) + steps[0]),
        Page(text("Why frames repeat", 48, 240, 32) + "".join(steps)),
        Page(text("Measurements", 48, 240, 32) + box(60, 40, 80, 120) + box(180, 40, 80, 60)),
        Page(text("Backup", 48, 240, 32) + box(60, 40, 300, 20)),
    ]
    return Pdf(pages).bytes()


@dataclass(frozen=True)
class Talk:
    """The talk to look at."""

    semma: PrivateSemma
    session: str
    path: str

    @property
    def url(self) -> str:
        return self.semma.url + self.path

    def slides(self) -> Any:
        """What the API has of its slides."""
        return self.semma.get(f"/api/v1/sessions/{self.session}/slides")


@pytest.fixture(scope="module")
def talk(semma: PrivateSemma) -> Iterator[Talk]:
    """A recording with slides, whose times are said by hand."""
    session = semma.make_session("Slides beside")
    bring(semma, session, deck_file())
    recording = semma.upload(session, clip("bars", seconds=SECONDS))
    semma.wait_ready(recording, timeout_s=200)
    found = semma.get(f"/api/v1/sessions/{session}")
    event = semma.get(f"/api/v1/events/{found['event']}")["slug"]
    made = Talk(semma, session, f"/{event}/sessions/{found['slug']}")
    eventually(lambda: made.slides()["decks"][0]["state"] == "ready", timeout_s=60, what="the pages")
    deck = made.slides()["decks"][0]["id"]
    for start, end, page in SHOWN:
        order = {"op": "set", "start_ms": round(start * 1000), "end_ms": round(end * 1000), "page": page}
        semma.api("POST", f"/api/v1/sessions/{session}/cues", json=order | {"deck": deck if page else None})
    chapters = [{"start_ms": 2000 * at, "title": title} for at, title in enumerate(("Opening", "Why", "Figures"))]
    semma.api("PUT", f"/api/v1/sessions/{session}/chapters", json=chapters)
    eventually(lambda: made.slides()["state"] == "ready", timeout_s=120, what="the matching")
    yield made


def bring(semma: PrivateSemma, session: str, body: bytes) -> None:
    """Upload slides in one request."""
    about = {"session": session, "purpose": "slides", "filename": "still.pdf"}
    pairs = ",".join(f"{name} {base64.b64encode(value.encode()).decode()}" for name, value in about.items())
    headers = {"Tus-Resumable": "1.0.0", "Upload-Length": str(len(body)), "Upload-Metadata": pairs}
    headers["Content-Type"] = "application/offset+octet-stream"
    semma.api("POST", "/api/v1/uploads", headers=headers, content=body)


class Viewing:
    """A viewer's page."""

    def __init__(self, browser: Browser, talk: Talk, query: str = "", **options: Any) -> None:
        # Motion reduced: where things have scrolled to can then be looked at at once.
        options = {"viewport": WIDE, "reduced_motion": "reduce"} | options
        self.watched = Watched(browser.new_context(**options).new_page(), talk.semma.url)
        self.page = self.watched.page
        self.page.goto(talk.url + query)
        self.until("window.semmaPlayer?.slides?.shown && semmaPlayer.video.readyState >= 2")

    def until(self, expression: str) -> Any:
        return self.watched.until(expression, timeout_s=30)

    def see(self, page: int) -> None:
        """Wait until a page is shown, and its picture with it."""
        self.until(f"semmaPlayer.slides.shown.number === {page}")
        self.until(f"document.querySelector('[data-paper-picture]').src.includes('{page:04}-')")
        self.until("document.querySelector('[data-paper-picture]').complete")

    def seek(self, second: float) -> None:
        self.page.evaluate(f"semmaPlayer.seek({second})")

    @property
    def now(self) -> float:
        return float(self.page.evaluate("semmaPlayer.now"))

    def link_to(self, name: str) -> Locator:
        return self.page.get_by_role("navigation", name="Pages of the slides").get_by_role("link", name=name)

    def shifted(self) -> float:
        """How far things have moved by themselves since the page was opened (Layout Instability API, 0 to 1)."""
        return float(
            self.page.evaluate("""new Promise((done) => {
          new PerformanceObserver((list) => done(list.getEntries().reduce((sum, one) => sum + one.value, 0)))
            .observe({ type: "layout-shift", buffered: true });
          setTimeout(() => done(0), 300);
        })""")
        )

    def done(self) -> None:
        assert self.watched.complaints == []
        assert self.watched.elsewhere == []


def test_a_click_on_a_page_takes_the_video_there_and_the_next_one_further(browser: Browser, talk: Talk) -> None:
    viewer = Viewing(browser, talk)
    viewer.see(1)
    assert viewer.shifted() < 0.005
    assert "No slide is shown at this moment." in viewer.page.inner_text("[data-deck-note]")
    steps = viewer.link_to("Slide 2–3: Why frames repeat, 2 steps")
    steps.click()
    viewer.see(2)
    assert 2 <= viewer.now < 2.1
    assert steps.get_attribute("aria-current") == "true"
    measurements = viewer.link_to("Slide 4: Measurements")
    for start in (4, 6.5, 4):
        measurements.click()
        viewer.see(4)
        assert start <= viewer.now < start + 0.1
    # One that was never shown is looked at, and the video stays.
    viewer.link_to("Slide 5: Backup, Not shown in the talk").click()
    viewer.see(5)
    assert 4 <= viewer.now < 4.1
    assert viewer.page.get_by_text("Not shown in the talk").is_visible()
    viewer.done()


def test_pages_follow_the_video_at_most_a_tenth_of_a_second_late(browser: Browser, talk: Talk) -> None:
    viewer = Viewing(browser, talk, "?t=1.6s")
    viewer.page.evaluate("""() => {
      window.seen = [];
      const look = () => {
        const { number } = semmaPlayer.slides.shown;
        if (seen.at(-1)?.[0] !== number) seen.push([number, semmaPlayer.now]);
        requestAnimationFrame(look);
      };
      look();
      semmaPlayer.video.muted = true;
      semmaPlayer.video.play();
    }""")
    viewer.until("semmaPlayer.now > 4.3")
    seen = viewer.page.evaluate("seen")
    assert [number for number, _ in seen] == [1, 2, 3, 4]
    late = sorted(at - border for (_, at), border in zip(seen[1:], (2, 3, 4), strict=True))
    assert late[0] > -0.05
    assert late[1] < 0.1, late  # two of three: the machine may be busy with something else
    viewer.done()


def test_one_leafs_freely_and_comes_back_to_now(browser: Browser, talk: Talk) -> None:
    viewer = Viewing(browser, talk, "?t=4s")
    viewer.see(4)
    page, voice = viewer.page, viewer.page.locator("[data-deck-voice]")
    assert voice.inner_text() == ""  # nothing is said of pages that change by themselves
    page.get_by_role("button", name="Page before").click()
    page.get_by_role("button", name="Page before").click()
    viewer.see(2)
    assert voice.inner_text() == "Slide 2 of 5"
    viewer.seek(6)  # the video goes on; the page stays
    assert page.evaluate("semmaPlayer.slides.shown.number") == 2
    assert page.get_by_role("button", name="Watch from 0:02").is_visible()
    page.get_by_role("button", name="Back to now").click()
    viewer.see(1)
    assert page.locator("[data-deck-away]").is_hidden()
    page.keyboard.press("n")
    page.get_by_role("button", name="Watch from 0:02").click()
    viewer.see(2)
    assert 2 <= viewer.now < 2.1
    # What somebody corrects meanwhile is there by itself.
    deck, root = talk.slides()["decks"][0]["id"], f"/api/v1/sessions/{talk.session}/cues"
    order = {"op": "set", "start_ms": 2000, "end_ms": 3000, "deck": deck, "page": 5}
    talk.semma.api("POST", root, json=order)
    viewer.see(5)
    talk.semma.api("POST", f"{root}/undo")
    viewer.see(2)
    viewer.done()


def test_the_keyboard_leafs_swaps_and_fills_the_screen(browser: Browser, talk: Talk) -> None:
    viewer = Viewing(browser, talk, "?t=4s")
    page = viewer.page
    for keys, number in (("p", 3), ("pp", 1), ("n", 2), ("b", 4)):
        for key in keys:
            page.keyboard.press(key)
        viewer.see(number)
    page.keyboard.press("s")
    slide, video = (page.locator(part).bounding_box() for part in ("[data-deck-screen]", "[data-player]"))
    assert slide and video
    assert slide["width"] > video["width"] * 1.4 and slide["x"] < video["x"]
    page.keyboard.press("g")
    viewer.until("document.fullscreenElement?.matches('.deck')")
    page.keyboard.press("ArrowLeft")
    viewer.see(3)
    page.keyboard.press("g")
    viewer.until("document.fullscreenElement === null")
    page.keyboard.press("w")
    viewer.until("document.fullscreenElement?.matches('.stage')")
    page.keyboard.press("w")
    viewer.until("document.fullscreenElement === null")
    # The strip is one stop of the Tab key: the present page, from which the arrows go on.
    page.locator("[data-strip-link][tabindex='0']").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    viewer.see(4)
    page.keyboard.press("?")
    assert page.get_by_text("Slides: next page or the one before").is_visible()
    page.keyboard.press("Escape")
    page.reload()
    assert page.locator("[data-beside]").get_attribute("data-large") == "slide"  # as it was left
    viewer.done()


def test_on_a_phone_the_slide_is_below_the_video_and_both_are_in_sight(browser: Browser, talk: Talk) -> None:
    viewer = Viewing(browser, talk, "?t=2s", viewport=PHONE, has_touch=True)
    viewer.see(2)
    assert viewer.shifted() < 0.005
    page = viewer.page
    video, slide = (page.locator(part).bounding_box() for part in ("[data-player]", "[data-deck-screen]"))
    assert video and slide
    assert video["width"] == slide["width"] == 360
    assert video["y"] + video["height"] <= slide["y"] and slide["y"] + slide["height"] < PHONE["height"]
    assert page.evaluate("scrollY") == 0
    # The present page of the strip is in sight without the document being moved.
    viewer.link_to("Slide 5").scroll_into_view_if_needed()
    page.evaluate("scrollTo(0, 0)")
    viewer.seek(6)
    viewer.see(1)
    assert page.evaluate("scrollY") == 0
    viewer.done()


def test_a_pages_text_is_there_to_select_and_for_screen_readers(browser: Browser, talk: Talk) -> None:
    viewer = Viewing(browser, talk, "?t=3.5s")
    viewer.see(3)
    page = viewer.page
    slides = page.get_by_role("region", name="Slides")
    picture = slides.get_by_role("img", name="Slide 3: Why frames repeat")
    assert picture.count() == 1
    assert "Step 2 of two" in page.locator("#deck-text").inner_text()
    assert (
        slides.get_by_role("figure", name="Slide 3: Why frames repeat").get_attribute("aria-describedby") == "deck-text"
    )
    line = page.locator("[data-paper-words] span", has_text="Step 2 of two")
    line.wait_for()
    # Where its letters are: 60 of 480 points from the left, its base line 190 of 300 from the top.
    place, paper = line.bounding_box(), page.locator("[data-paper]").bounding_box()
    assert place and paper
    assert abs((place["x"] - paper["x"]) / paper["width"] - 60 / 480) < 0.01
    assert place["y"] < paper["y"] + paper["height"] * 190 / 300 < place["y"] + place["height"]
    page.mouse.move(place["x"] + 1, place["y"] + place["height"] / 2)
    page.mouse.down()
    page.mouse.move(place["x"] + place["width"] - 1, place["y"] + place["height"] / 2)
    page.mouse.up()
    assert page.evaluate("getSelection().toString().trim()") == "Step 2 of two"
    viewer.seek(1)
    viewer.see(1)
    link = slides.get_by_role("link", name="https://example.org/")
    link.wait_for()
    assert re.fullmatch("noopener noreferrer.*", link.get_attribute("rel") or "")
    viewer.done()


def test_a_link_to_a_page_opens_there_and_can_be_copied(browser: Browser, talk: Talk) -> None:
    granted = {"permissions": ["clipboard-read", "clipboard-write"]}
    viewer = Viewing(browser, talk, "?slide=4", **granted)
    viewer.see(4)
    assert 4 <= viewer.now < 4.1
    viewer.page.keyboard.press("n")
    viewer.page.get_by_role("button", name="Copy link to this page").click()
    eventually(lambda: "copied" in viewer.page.inner_text("[data-deck-voice]"), what="the copy")
    link = viewer.page.evaluate("navigator.clipboard.readText()")
    assert link == f"{talk.url}?slide=5"
    viewer.page.goto(link)
    viewer.until("window.semmaPlayer?.slides?.shown?.number === 5")  # never shown: looked at all the same
    viewer.done()


def test_pages_stand_on_the_players_bar(browser: Browser, talk: Talk) -> None:
    viewer = Viewing(browser, talk)
    viewer.until("document.querySelectorAll('.slide-ticks i').length === 4")
    bar = viewer.page.locator("[data-seek]").bounding_box()
    assert bar
    viewer.page.mouse.move(bar["x"] + bar["width"] * 4.5 / SECONDS, bar["y"] + 8)
    viewer.until("document.querySelector('.peek-slide')?.src.includes('0004-small')")
    assert viewer.page.locator(".peek-slide").is_visible()
    viewer.page.get_by_role("button", name="Chapters").click()
    viewer.page.get_by_role("menuitemradio", name="Why").click()
    viewer.see(2)
    assert abs(viewer.now - 2) < 0.05
    viewer.done()


def test_with_sound_only_the_slide_has_the_stage(browser: Browser, talk: Talk) -> None:
    viewer = Viewing(browser, talk, "?t=4.2s")
    page = viewer.page
    page.locator("[data-quality]").click()
    page.get_by_role("menuitemradio", name="Sound only").click()
    viewer.until("document.querySelector('[data-beside]').matches('[data-no-picture]')")
    viewer.until("semmaPlayer.video.readyState >= 2 && !semmaPlayer.video.seeking")
    assert abs(viewer.now - 4.2) < 0.2
    slide, player = (page.locator(part).bounding_box() for part in ("[data-deck-screen]", "[data-player]"))
    assert slide and player
    assert player["height"] < 120 and slide["width"] > 800
    page.locator("[data-quality]").click()
    page.get_by_role("menuitemradio", name="360p").click()
    viewer.until("!document.querySelector('[data-beside]').matches('[data-no-picture]')")
    assert abs(viewer.now - 4.2) < 0.2
    viewer.done()


def test_slides_are_fit_for_everybody_at_every_width(browser: Browser, talk: Talk) -> None:
    found: list[str] = []
    for scheme, widths in (("light", (320, 768, 1440)), ("dark", (360, 1024))):
        viewer = Viewing(browser, talk, "?t=2s", color_scheme=scheme)
        viewer.see(2)
        viewer.page.keyboard.press("n")
        for width in widths:
            viewer.page.set_viewport_size({"width": width, "height": 900})
            found += [f"{width} px, {scheme}: {fault}" for fault in viewer.page.evaluate(FAULTS)]
        viewer.done()
    assert not found, "\n".join(found)


def test_slides_come_by_themselves_also_where_there_is_no_recording(browser: Browser, talk: Talk) -> None:
    semma = talk.semma
    session = semma.make_session("Slides alone")
    bring(semma, session, deck_file())
    page = Watched(browser.new_context(viewport=PHONE).new_page(), semma.url)
    page.page.goto(f"{semma.url}{talk.path.rpartition('/')[0]}/slides-alone")
    page.page.evaluate("window.mine = true")
    page.until("document.querySelector('[data-paper-picture]').src.includes('0001-')")
    page.page.get_by_role("button", name="Next page").click()
    assert page.page.inner_text("[data-deck-count]") == "2 / 5"
    assert page.page.locator("[data-deck-away]").is_hidden()  # there is no now to come back to
    assert page.page.evaluate("window.mine"), "the page was loaded again"
    assert page.complaints == []


def test_without_scripts_pages_are_pictures_with_text(browser: Browser, talk: Talk) -> None:
    page = browser.new_context(java_script_enabled=False, viewport=WIDE).new_page()
    page.goto(talk.url)
    pictures = page.locator(".strip figure img")
    assert pictures.count() == 5
    for at in (0, 4):
        pictures.nth(at).scroll_into_view_if_needed()
        assert pictures.nth(at).is_visible()
    assert page.locator(".strip figcaption", has_text="Step 2 of two").is_visible()
    assert page.locator("[data-deck]").is_hidden()


def test_the_embed_has_slides_when_asked_to(browser: Browser, talk: Talk) -> None:
    page = Watched(browser.new_context(viewport={"width": 1000, "height": 460}).new_page(), talk.semma.url)
    page.page.goto(f"{talk.semma.url}/embed{talk.path}?slides=1&slide=4")
    page.until("window.semmaPlayer?.slides?.shown?.number === 4", timeout_s=30)
    boxes = [page.page.locator(part).bounding_box() for part in ("[data-player]", "[data-deck]", "[data-deck-strip]")]
    assert all(one and one["y"] >= 0 and one["y"] + one["height"] <= 460 for one in boxes), boxes
    assert page.page.evaluate("document.documentElement.scrollHeight") == 460
    assert page.complaints == []
