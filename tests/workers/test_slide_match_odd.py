"""Odd decks and odd ends of the matcher: very many pages, pages that fade into each other, cancelled, killed."""

import asyncio
import os
import signal
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from server.media.probe import probe
from server.media.refusals import Broken, MediaError, ProcessFailed
from server.media.slidematch.match import CHILD, match_frames, match_recording
from server.media.slidematch.results import DeckPage
from tests.clips import Look, clip
from tests.server.media.slidematch.looks import Picture, shown, text_page, write_deck
from tests.talk_clips import stills


def small(page: Picture) -> Picture:
    """A page at half its size: what a deck of very many costs is its pages."""
    return np.asarray(cv2.resize(page, (320, 180), interpolation=cv2.INTER_AREA), np.uint8)


def test_a_deck_of_three_hundred_pages(tmp_path: Path) -> None:
    pages = [text_page(seed) for seed in range(1, 301)]
    deck = write_deck([small(page) for page in pages], tmp_path)
    order = [1, 1, 150, 150, 300, 300]
    found = match_frames([(1000 * at, pages[number - 1]) for at, number in enumerate(order)], deck)
    assert shown(found, [1000 * at for at in range(len(order))]) == order


def test_pages_that_fade_into_each_other_meet_in_the_middle_and_nothing_is_between(tmp_path: Path) -> None:
    pages = [text_page(seed) for seed in range(1, 6)]
    frames: list[tuple[int, Picture]] = []
    for at in range(0, 9_000, 200):  # three seconds a page, the last one of them fading into the next
        place, within = divmod(at, 3_000)
        share = max(0.0, (within - 2_000) / 1_000)
        one, other = (pages[n].astype(np.float32) for n in (place, place + 1))
        frames.append((at, np.asarray(one * (1 - share) + other * share, np.uint8)))
    found = match_frames(frames, write_deck(pages, tmp_path))
    assert [cue.page for cue in found.cues][:3] == [1, 2, 3]
    assert {cue.page for cue in found.cues} <= {1, 2, 3, 4}
    for cue, middle in zip(found.cues[1:3], (2_500, 5_500), strict=True):
        assert abs(cue.start_ms - middle) <= 600


def readers(folder: Path) -> list[int]:
    """Processes of matchers that work in this folder."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            words = (entry / "cmdline").read_bytes() if entry.name.isdigit() else b""
        except OSError:
            continue
        if os.fsencode(CHILD) in words and os.fsencode(folder) in words:
            found.append(int(entry.name))
    return found


async def at_work(tmp_path: Path, then: Callable[[], object]) -> None:
    """Match a clip whose slides the deck has; `then` is called when the child is seen at work."""
    path = clip("slides", seconds=20)
    deck = [
        DeckPage(number=number, slide=number, picture=str(still))
        for number, still in enumerate(stills(Look(seconds=20), 2), 1)
    ]
    done: list[object] = []

    def act(_share: float) -> None:
        if not done:
            done.append(then())

    await match_recording(str(path), deck, info=await probe(str(path)), folder=tmp_path, progress=act)


async def test_cancelled_the_child_is_gone(tmp_path: Path) -> None:
    begun = asyncio.Event()
    matching = asyncio.create_task(at_work(tmp_path, begun.set))
    await begun.wait()
    matching.cancel()
    with pytest.raises(asyncio.CancelledError):
        await matching
    assert readers(tmp_path) == []
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("number", "wanted"), [(signal.SIGKILL, ProcessFailed), (signal.SIGSEGV, Broken)])
async def test_killed_it_may_be_tried_again_and_what_crashes_it_not(
    tmp_path: Path, number: int, wanted: type[MediaError]
) -> None:
    with pytest.raises(wanted) as failed:
        await at_work(tmp_path, lambda: os.kill(readers(tmp_path)[0], number))
    assert isinstance(failed.value, MediaError) and failed.value.retryable is (number == signal.SIGKILL)
    assert readers(tmp_path) == []
