"""A deck is brought to a talk, found in the recording, and its timing corrected: by dragging, by keys, on a phone."""

from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Browser, BrowserContext

from tests.clips import Look, clip
from tests.journeys.browser import Watched, sign_in
from tests.journeys.looking import FAULTS
from tests.private_semma import PrivateSemma
from tests.talk_clips import stills

pytestmark = [pytest.mark.browser, pytest.mark.journey, pytest.mark.ffmpeg, pytest.mark.timeout(600)]

SECONDS = 20  # two slides of ten seconds each
PAGES = 4
CUES = "semmaEditor.acts.cues.map((cue) => [cue.start_ms, cue.end_ms, cue.page])"
SAVED = "semmaEditor.edits.state === 'saved' && semmaEditor.acts.nudging === null"
# The middle of the border at which the second cue begins.
BORDER = """(() => {
  const box = document.querySelector(".handle").getBoundingClientRect();
  return [box.x + box.width / 2, box.y + box.height / 2];
})()"""


@pytest.fixture(scope="module")
def talk(semma: PrivateSemma) -> dict[str, Any]:
    """A session with a recording that shows the first two pages of `deck`."""
    session = semma.make_session("Still pictures in step")
    semma.wait_ready(semma.upload(session, clip("slides", seconds=SECONDS)), timeout_s=200)
    found: dict[str, Any] = semma.get(f"/api/v1/sessions/{session}")
    return found


@pytest.fixture(scope="module")
def deck(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The slides of the clip, the second one twice, and one more, as a PDF."""
    path = tmp_path_factory.mktemp("deck") / "still.pdf"
    first, second, third = [Image.open(one).convert("RGB") for one in stills(Look(seconds=SECONDS), 3)]
    first.save(path, save_all=True, append_images=[second, second, third])
    return path


@pytest.fixture(scope="module")
def organiser(semma: PrivateSemma, browser: Browser) -> BrowserContext:
    """Somebody who is signed in."""
    context = browser.new_context(viewport={"width": 1440, "height": 1000}, reduced_motion="reduce")
    page = context.new_page()
    sign_in(page, semma)
    page.close()
    return context


def open_editor(semma: PrivateSemma, context: BrowserContext, talk: dict[str, Any]) -> Watched:
    """The timing editor, with its video."""
    editor = Watched(context.new_page(), semma.url)
    editor.page.goto(f"{semma.url}/studio/bench/sessions/{talk['slug']}/slides")
    editor.until("document.querySelector('[data-editor]').dataset.state === 'there'")
    editor.until("semmaEditor.preview.video.readyState >= 2")
    return editor


def test_a_deck_is_brought_and_found_in_the_recording(
    semma: PrivateSemma, organiser: BrowserContext, talk: dict[str, Any], deck: Path
) -> None:
    studio = Watched(organiser.new_page(), semma.url)
    studio.page.goto(f"{semma.url}/studio/bench/sessions/{talk['slug']}")
    studio.page.set_input_files("#slides-file", deck)
    # Nobody reloads: the page is told.
    studio.until("document.querySelector('[data-live=slides]').innerText.includes('4 pages')")
    studio.until("document.querySelector('[data-live=step]').innerText.includes('In step')", timeout_s=120)
    studio.page.get_by_role("link", name="Check the timing").click()
    studio.until("document.querySelectorAll('.block').length === 2")
    assert studio.page.locator("[data-pages] .page").count() == PAGES
    assert studio.page.evaluate(CUES)[1][2] == 2
    assert studio.page.evaluate(FAULTS) == []
    # The second page and its twin cannot be told apart by anybody but a person.
    studio.page.keyboard.press("n")
    studio.until("document.querySelectorAll('[data-candidates] .page').length >= 2")
    assert "These pages look the same." in studio.page.inner_text("[data-need-text]")
    studio.page.keyboard.press("1")
    studio.until(f"{SAVED} && semmaEditor.edits.data.unsure.length === 0")
    assert "Nothing is unsure." in studio.page.inner_text(".needs")
    assert semma.get(f"/api/v1/sessions/{talk['id']}/slides")["unsure"] == []
    studio.page.keyboard.press("z")
    studio.until(f"{SAVED} && semmaEditor.edits.data.unsure.length > 0")
    assert (studio.complaints, studio.elsewhere) == ([], [])


def test_a_border_is_dragged_and_everything_done_by_keys(
    semma: PrivateSemma, organiser: BrowserContext, talk: dict[str, Any]
) -> None:
    editor = open_editor(semma, organiser, talk)
    page = editor.page
    before = page.evaluate(CUES)
    x, y = page.evaluate(BORDER)
    second = page.evaluate("semmaEditor.timeline.scale.x(1000)")
    page.keyboard.down("Alt")  # without snapping
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x - second, y, steps=4)
    page.mouse.move(x - 3 * second, y, steps=4)
    page.mouse.up()
    page.keyboard.up("Alt")
    editor.until(SAVED)
    dragged = page.evaluate(CUES)
    assert abs(dragged[1][0] - (before[1][0] - 3000)) <= 100
    assert dragged[0][1] == dragged[1][0]
    # The recording stands where the border was put.
    assert abs(page.evaluate("semmaEditor.now()") - dragged[1][0]) <= 1
    page.keyboard.press("Shift+ArrowLeft")
    page.keyboard.press("Control+Shift+ArrowLeft")
    editor.until(SAVED)
    assert page.evaluate(CUES)[1][0] == dragged[1][0] - 1100
    page.keyboard.type("4")
    page.keyboard.press("Enter")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("l")  # five seconds on: still the first page
    page.keyboard.press("p")  # the next page from here
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("0")
    editor.until(SAVED)
    assert [cue[2] for cue in page.evaluate(CUES)] == [None, 2, 4]
    assert page.evaluate(CUES)[1][0] == 5000
    page.keyboard.press("z")
    page.keyboard.press("z")
    page.keyboard.press("Shift+Z")
    page.keyboard.press("Delete")
    editor.until(SAVED)
    page.keyboard.press("z")
    editor.until(SAVED)
    kept = page.evaluate(CUES)
    assert [cue[2] for cue in kept] == [1, 2, 4]
    assert semma.get(f"/api/v1/sessions/{talk['id']}/slides")["cues"][1]["page"] == 2
    page.reload()
    editor.until("window.semmaEditor?.acts.cues.length === 3")
    assert page.evaluate(CUES) == kept
    page.locator("[data-history-fold] summary").click()
    editor.until("document.querySelectorAll('[data-history] li[data-undone=true]').length >= 1")
    assert "Page 4 from" in page.inner_text("[data-history]")
    assert editor.complaints == []


def test_what_could_not_be_sent_is_kept_and_who_was_quicker_is_named(
    semma: PrivateSemma, organiser: BrowserContext, talk: dict[str, Any]
) -> None:
    editor = open_editor(semma, organiser, talk)
    page = editor.page
    last = page.evaluate(CUES)[-1]
    page.evaluate(f"semmaEditor.seek({last[0]})")
    organiser.set_offline(True)
    page.keyboard.type("3")
    page.keyboard.press("Enter")
    editor.until("semmaEditor.edits.state === 'unsaved'")
    assert "The server cannot be reached." in page.inner_text("[data-notice]")
    # Meanwhile somebody else changes the same.
    where = {"op": "set", "start_ms": last[0], "end_ms": last[1], "page": 2}
    semma.api("POST", f"/api/v1/sessions/{talk['id']}/cues", json=where)
    organiser.set_offline(False)
    editor.until("document.querySelector('[data-notice]').innerText.includes('changed this meanwhile')")
    assert page.evaluate(CUES)[-1][2] == 2
    page.get_by_role("button", name="Make mine all the same").click()
    editor.until(f"{SAVED} && semmaEditor.edits.data.cues.at(-1).page === 3")
    assert not page.locator("[data-notice]").is_visible()


def test_chapters_are_written_and_given_back(
    semma: PrivateSemma, organiser: BrowserContext, talk: dict[str, Any]
) -> None:
    editor = open_editor(semma, organiser, talk)
    page = editor.page
    page.evaluate("semmaEditor.seek(4000)")
    page.locator("[data-chapters-fold] summary").click()
    page.get_by_role("button", name="Add one where the recording stands").click()
    page.keyboard.type("Nothing moves")  # letters are no keys in a field
    page.get_by_role("button", name="Save chapters").click()
    editor.until("semmaEditor.edits.data.chapters.some((one) => one.edited && one.title === 'Nothing moves')")
    said = semma.get(f"/api/v1/sessions/{talk['id']}/playback")["chapters"]
    assert {"start_ms": 4000, "title": "Nothing moves"} in said
    page.get_by_role("button", name="Back to the guess").click()
    editor.until("!semmaEditor.edits.data.chapters.some((one) => one.edited)")
    assert editor.complaints == []


def test_a_phone_has_a_list_instead_of_dragging(
    semma: PrivateSemma, browser: Browser, organiser: BrowserContext, talk: dict[str, Any]
) -> None:
    signed_in = organiser.storage_state()
    context = browser.new_context(
        viewport={"width": 360, "height": 780}, has_touch=True, reduced_motion="reduce", storage_state=signed_in
    )
    editor = open_editor(semma, context, talk)
    page = editor.page
    assert not page.locator(".handle").first.is_visible()
    begins = page.evaluate(CUES)[1][0]
    page.locator(".pair").nth(1).tap()
    page.locator("[data-list] form").get_by_role("button", name="−1 s").tap()
    page.locator("[data-list] form").get_by_role("button", name="−0.1 s").tap()
    editor.until(SAVED)
    assert page.evaluate(CUES)[1][0] == begins - 1100
    page.locator("[data-list] form").get_by_label("Page", exact=True).fill("3")
    page.locator("[data-list] form").get_by_role("button", name="Set").tap()
    editor.until(f"{SAVED} && semmaEditor.acts.cues[1].page === 3")
    page.evaluate("document.querySelectorAll('details').forEach((fold) => (fold.open = true))")
    assert page.evaluate(FAULTS) == []
    assert editor.complaints == []
