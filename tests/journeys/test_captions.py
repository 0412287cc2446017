"""Words of a talk: a transcript follows and seeks, a caption is edited and seen, a page elsewhere works the player."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.clips import clip
from tests.journeys.browser import Watched, sign_in
from tests.journeys.looking import FAULTS
from tests.private_semma import PrivateSemma
from tests.web_site import Answer, WebSite

pytestmark = [pytest.mark.browser, pytest.mark.journey, pytest.mark.ffmpeg, pytest.mark.timeout(600)]

WORDS = ["Hyvää huomenta & tervetuloa.", "Jää on ohutta keväällä.", "Katsokaa <i>tätä</i> kuvaa.", "Kiitos!"]


@pytest.fixture(scope="module")
def talk(semma: PrivateSemma, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """A talk of eight seconds with a caption every two, from a file that begins at 10:00:00, as television has it."""
    session = semma.make_session("Words")
    semma.wait_ready(semma.upload(session, clip("bars", seconds=8)), timeout_s=200)
    for language, words in (("fi", WORDS), ("en", ["Good morning.", "The ice is thin.", "Look at this.", "Thanks!"])):
        path = tmp_path_factory.mktemp("words") / f"talk.{language}.srt"
        blocks = [
            f"{at + 1}\n10:00:0{2 * at},100 --> 10:00:0{2 * at + 1}.900\n{text}\n" for at, text in enumerate(words)
        ]
        path.write_text("\n".join(blocks))
        place = ["--session", session, "--url", semma.url, "--token", semma.token]
        semma.command("upload", str(path), "--purpose", "captions", "--language", language, *place)
    found: dict[str, Any] = semma.get(f"/api/v1/sessions/{session}")
    return found | {"tracks": {one["language"]: one["id"] for one in found["captions"]}}


def test_the_transcript_follows_the_video_and_a_click_seeks(
    semma: PrivateSemma, browser: Browser, talk: dict[str, Any]
) -> None:
    page = Watched(browser.new_context(viewport={"width": 1440, "height": 1000}).new_page(), semma.url)
    page.page.goto(f"{semma.url}/bench/sessions/{talk['slug']}?transcript=fi&t=2.5")
    page.until("window.semmaPlayer?.video.readyState >= 3")
    current = "document.querySelector('[data-transcript-box] [aria-current]')?.innerText"
    page.until(f"{current} === {WORDS[1]!r}")
    page.page.get_by_text("Kiitos!").last.click()
    page.until(f"{current} === 'Kiitos!' && Math.abs(semmaPlayer.now - 6.11) < 0.1")
    page.page.keyboard.press("k")
    page.page.get_by_role("link", name="Play from 0:00").click()
    page.until(f"{current} === {WORDS[0]!r}")
    page.until(f"{current} === {WORDS[1]!r} && semmaTranscript.following")  # by itself, as it plays
    page.page.keyboard.press("k")
    page.page.locator("[data-transcript-box]").hover()
    page.page.mouse.wheel(0, 40)
    page.until("document.querySelector('[data-transcript-follow]').getAttribute('aria-pressed') === 'false'")
    page.page.get_by_label("Find in the transcript").fill("jaa on")
    page.until("document.querySelector('[data-transcript-count]').innerText === '1 of 1'")
    assert page.page.locator("mark").all_inner_texts() == ["Jää on"]
    page.page.get_by_role("link", name="English").click()
    page.until("document.querySelector('[data-transcript-box]').innerText.includes('The ice is thin.')")
    assert page.page.evaluate("semmaPlayer.now > 2"), "the video goes on where it was"
    for width in (1440, 360):
        page.page.set_viewport_size({"width": width, "height": 800})
        assert page.page.evaluate(FAULTS) == []
    assert page.complaints == [] and page.elsewhere == []


def test_a_caption_is_edited_beside_the_video_and_viewers_see_it(
    semma: PrivateSemma, browser: Browser, talk: dict[str, Any]
) -> None:
    context = browser.new_context(viewport={"width": 1440, "height": 1000}, reduced_motion="reduce")
    sign_in(context.new_page(), semma)
    editor = Watched(context.new_page(), semma.url)
    editor.page.on("dialog", lambda dialog: dialog.accept())
    track = talk["tracks"]["fi"]
    editor.page.goto(f"{semma.url}/studio/bench/sessions/{talk['slug']}/captions/{track}")
    editor.until("document.querySelector('[data-captions]').dataset.state === 'there'")
    assert "the times began at 10:00:00" in editor.page.content()  # what was mended in the file is said
    editor.page.get_by_role("button", name=WORDS[1]).click()
    editor.page.get_by_label("Text of caption 2").fill("Jää on & pysyy paksuna.")
    editor.page.keyboard.press("Escape")
    editor.page.keyboard.press("]")  # its beginning a tenth of a second later
    editor.page.keyboard.press("ArrowDown")
    editor.page.keyboard.press("s")  # the third one in two
    assert editor.page.evaluate("semmaCaptions.steps.cues.map((cue) => [cue.start_ms, cue.text])") == [
        [100, WORDS[0]],
        [2200, "Jää on & pysyy paksuna."],
        [4100, "Katsokaa"],
        [4820, "<i>tätä</i> kuvaa."],
        [6100, WORDS[3]],
    ]
    editor.page.keyboard.press("z")
    editor.page.reload()  # what is not saved is not lost
    editor.until("document.querySelector('[data-notice]').innerText.includes('is here again')")
    assert editor.page.evaluate("semmaCaptions.steps.cues.length") == len(WORDS)
    # Somebody else saves another caption meanwhile: both stay.
    theirs = semma.get(f"/api/v1/captions/{track}/cues")
    theirs["cues"][3]["text"] = "Kiitos kaikille!"
    semma.api("PUT", f"/api/v1/captions/{track}/cues", json=theirs)
    editor.page.keyboard.press("Control+s")
    editor.until("document.querySelector('[data-save-state]').innerText === 'All is saved'")
    editor.until("document.querySelector('[data-toasts]').innerText.includes('put together')")
    for width in (1440, 360):
        editor.page.set_viewport_size({"width": width, "height": 800})
        assert editor.page.evaluate(FAULTS) == []
    assert [one for one in editor.complaints if "412" not in one] == []
    saved = [cue["text"] for cue in semma.get(f"/api/v1/captions/{track}/cues")["cues"]]
    assert saved == ["Hyvää huomenta &amp; tervetuloa.", "Jää on &amp; pysyy paksuna.", WORDS[2], "Kiitos kaikille!"]

    page = Watched(browser.new_context().new_page(), semma.url)
    page.page.goto(f"{semma.url}/bench/sessions/{talk['slug']}?t=3")
    page.until("window.semmaPlayer?.video.readyState >= 3")
    page.page.evaluate("semmaPlayer.chooseCaptions('fi')")
    page.until("document.querySelector('[data-words]').innerText === 'Jää on & pysyy paksuna.'")


PAGE = """<!doctype html><title>Elsewhere</title>
<iframe id="talk" width="640" height="360" allow="autoplay" src="%s"></iframe>
<script>
  const frame = document.getElementById("talk").contentWindow;
  const heard = [], answers = new Map();
  let asked = 0;
  function ask(method, params) {
    const id = ++asked;
    frame.postMessage({ semma: 1, id, method, params }, %r);
    return new Promise((done) => answers.set(id, done));
  }
  addEventListener("message", ({ data, source, origin }) => {
    if (source !== frame || origin !== %r || data?.semma !== 1) return;
    if (data.id) answers.get(data.id)?.(data);
    else heard.push(data);
  });
</script>"""


@pytest.fixture
def elsewhere(semma: PrivateSemma, talk: dict[str, Any]) -> Iterator[str]:
    """A page of another origin that has the talk in a frame."""
    source = f"{semma.url}/embed/bench/sessions/{talk['slug']}?t=4.5s&captions=fi&autoplay=1&muted=1"
    body = (PAGE % (source, semma.url, semma.url)).encode()
    with WebSite().running() as site:
        site.answers |= {"/": Answer(body=body, headers={"Content-Type": "text/html"}), "/favicon.ico": Answer()}
        yield site.url(host="localhost")


def test_a_page_of_another_origin_works_the_player(semma: PrivateSemma, browser: Browser, elsewhere: str) -> None:
    page = Watched(browser.new_page(), semma.url)
    page.page.goto(elsewhere)
    page.until("heard.some((one) => one.event === 'hello')")
    assert page.page.evaluate("ask('pause').then((one) => one.error.code)") == "hello_first"
    state = page.page.evaluate("ask('hello').then((one) => one.state)")
    assert (state["title"], state["languages"], state["captions"], state["muted"]) == (
        "Words",
        ["en", "fi"],
        "fi",
        True,
    )
    page.until(
        "heard.some((one) => one.event === 'ready') && heard.some((one) => one.event === 'timeupdate' && one.at > 4.6)"
    )
    page.until("heard.some((one) => one.event === 'cue' && one.text === 'Katsokaa tätä kuvaa.')")
    page.until("heard.some((one) => one.event === 'ended')")
    page.page.evaluate("heard.length = 0")
    assert page.page.evaluate("ask('seek', {at: 2.5}).then((one) => one.ok)")
    page.until("heard.some((one) => one.event === 'seeked' && Math.abs(one.at - 2.5) < 0.1)")
    assert page.page.evaluate("ask('setCaptions', {language: 'en-GB'}).then((one) => one.state.captions)") == "en"
    page.until("heard.some((one) => one.event === 'cue' && one.text === 'The ice is thin.')")
    assert page.page.evaluate("ask('setCaptions', {language: 'sv'}).then((one) => one.error.code)") == "no_captions"
    assert page.page.evaluate("ask('setVolume', {volume: 0.25}).then((one) => one.state.volume)") == 0.25
    assert page.page.evaluate("ask('play').then((one) => one.state.paused)") is False
    page.until("heard.some((one) => one.event === 'play')")
    assert page.page.evaluate("ask('pause').then((one) => one.state.paused)") is True
    page.until("heard.some((one) => one.event === 'pause')")
    assert page.complaints == []
