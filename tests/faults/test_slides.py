"""The worker, or the confined child that does its work, is killed while a deck is drawn and while its pages are looked
for in the recording: both get done without a hand, and nothing twice."""

import base64
import contextlib
import os
import signal
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageDraw, ImageFont

from tests.clips import Look, clip
from tests.private_semma import PrivateSemma, processes
from tests.talk_clips import stills
from tests.waiting import eventually

pytestmark = [pytest.mark.faults, pytest.mark.timeout(420)]

SECONDS = 20  # two slides of ten seconds each
PAGES = 24  # so many that there is time to kill
DRAWS, LOOKS = "deck_child.py", "match_child.py"


@pytest.fixture(scope="module")
def session(semma: PrivateSemma) -> str:
    """A session with a recording that shows the first two pages of the deck."""
    made = semma.make_session("Slides under fire")
    semma.wait_ready(semma.upload(made, clip("slides", seconds=SECONDS)), timeout_s=240)
    return made


@pytest.fixture(scope="module")
def deck(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The slides of the clip, and many that it does not show."""
    path = tmp_path_factory.mktemp("deck") / "many.pdf"
    shown = [Image.open(one).convert("RGB") for one in stills(Look(seconds=SECONDS), 2)]
    first, *rest = [*shown, *(_numbered(number) for number in range(2, PAGES))]
    first.save(path, save_all=True, append_images=rest)
    return path


def _numbered(number: int) -> Image.Image:
    image = Image.new("RGB", (640, 360), (250, 250 - 9 * number % 200, 230))
    draw = ImageDraw.Draw(image)
    draw.text((60 + 7 * number, 90), f"Appendix {number}", "#222", ImageFont.load_default(56))
    return image


@pytest.mark.parametrize("victim", ["worker", "child"])
def test_slides_are_drawn_and_found_whoever_is_killed(
    victim: str, semma: PrivateSemma, session: str, deck: Path
) -> None:
    before = _slides(semma, session)["decks"]
    _bring(semma, session, deck, slot=before[0]["slot"] if before else "new")
    _kill_at(semma, DRAWS, "light" if victim == "worker" else "")
    eventually(lambda: _is_drawn(semma, session, len(before) + 1), timeout_s=120, what="the pages")
    _settled(semma, session)
    for _ in range(5):  # until it is seen at work: this recording is short
        semma.api("POST", f"/api/v1/sessions/{session}/cues/match")
        if _kill_at(semma, LOOKS, "encode" if victim == "worker" else "", give_up=lambda: _is_ready(semma, session)):
            break
    else:
        pytest.fail("the matcher was never seen at work")
    found = _settled(semma, session)

    (shown,) = found["decks"]
    assert [page["number"] for page in shown["pages"]] == list(range(1, PAGES + 1))
    assert len(shown["versions"]) == len({one["revision"] for one in shown["versions"]})
    for page in (shown["pages"][0], shown["pages"][-1]):
        assert semma.api("GET", page["large"]).headers["content-type"] == "image/webp"
    cues = found["cues"]
    assert [(cue["deck"], cue["page"]) for cue in cues] == [(shown["id"], 1), (shown["id"], 2)]
    assert cues[0]["start_ms"] == 0 and cues[0]["end_ms"] == cues[1]["start_ms"]
    assert abs(cues[1]["start_ms"] - 500 * SECONDS) < 300
    history = semma.get(f"/api/v1/sessions/{session}/cues/history")
    assert history["items"] == []
    eventually(lambda: not _at_work(semma, DRAWS) + _at_work(semma, LOOKS), timeout_s=15, what="no child to be left")


def _slides(semma: PrivateSemma, session: str) -> Any:
    return semma.get(f"/api/v1/sessions/{session}/slides")


def _bring(semma: PrivateSemma, session: str, path: Path, *, slot: str) -> None:
    """Upload slides in one request."""
    about = {"session": session, "purpose": "slides", "filename": path.name, "slot": slot}
    pairs = ",".join(f"{name} {base64.b64encode(value.encode()).decode()}" for name, value in about.items())
    body = path.read_bytes()
    headers = {"Tus-Resumable": "1.0.0", "Upload-Length": str(len(body)), "Upload-Metadata": pairs}
    headers["Content-Type"] = "application/offset+octet-stream"
    semma.api("POST", "/api/v1/uploads", headers=headers, content=body)


def _at_work(semma: PrivateSemma, script: str) -> list[int]:
    """Confined children of the instance that run this script: nothing of ours is in their environment, but their
    orders name its folder."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            words = (entry / "cmdline").read_bytes() if entry.name.isdigit() else b""
        except OSError:
            continue
        if script.encode() in words and os.fsencode(semma.data_dir) in words:
            found.append(int(entry.name))
    return found


def _kill_at(semma: PrivateSemma, script: str, worker: str, *, give_up: Any = lambda: False) -> bool:
    """SIGKILL the child that runs this script as soon as there is one or, where a worker is named, every process of
    that; False when there was none before `give_up` said so."""
    seen = eventually(lambda: _at_work(semma, script) or (give_up() and [0]), timeout_s=60, every_s=0.02, what=script)
    if seen == [0]:
        return False
    victims = [one.pid for one in processes(semma) if one.child == worker] if worker else seen
    for pid in victims:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    return bool(victims)


def _is_drawn(semma: PrivateSemma, session: str, revision: int) -> bool:
    decks = _slides(semma, session)["decks"]
    return bool(decks) and (decks[0]["state"], decks[0]["revision"]) == ("ready", revision)


def _is_ready(semma: PrivateSemma, session: str) -> bool:
    return bool(_slides(semma, session)["state"] == "ready")


def _settled(semma: PrivateSemma, session: str) -> Any:
    """The slides once everything was looked for."""

    def look() -> Any:
        found = _slides(semma, session)
        assert found["state"] != "failed", found["error"]
        return found if found["state"] == "ready" else None

    return eventually(look, timeout_s=120, what="the slides to be in step")
