"""The child that looks at a room: what it answers, and what becomes of one that cannot begin or does not answer."""

import asyncio
import os
import signal
from pathlib import Path

import pytest

from server.media.refusals import ProcessFailed, ProcessTimedOut, Refused
from server.media.slidematch import live_follow
from server.media.slidematch.live_follow import follow_live
from server.media.slidematch.live_parts import Answer, LiveOrder, LivePart, Waiting
from server.media.slidematch.results import DeckPage
from tests.server.media.slidematch.looks import text_page, write_deck


def part(number: int, *, is_key: bool = False) -> LivePart:
    """One that no decoder can read."""
    return LivePart(number=number, is_key=is_key, start=0, wall_us=0, init=b"", data=b"\0\0\0\x0cmoofodd!")


async def test_a_page_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    picture = tmp_path / "page.webp"
    picture.write_bytes(b"no picture")
    order = LiveOrder(pages=(DeckPage(number=1, slide=1, picture=str(picture)),))
    with pytest.raises(Refused, match="page 1"):
        await follow_live(order, Waiting(), lambda _answer: None, folder=tmp_path)


async def test_one_that_dies_or_stands_still_ends_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    order = LiveOrder(pages=tuple(write_deck([text_page(1)], tmp_path)))
    waiting, seen, answered = Waiting(), [], asyncio.Event()

    def hear(answer: Answer) -> None:
        seen.append(answer.seen)
        answered.set()

    async def run(strike: signal.Signals) -> None:
        answered.clear()
        following = asyncio.ensure_future(follow_live(order, waiting, hear, folder=tmp_path))
        await answered.wait()
        os.kill(child_of_this(), strike)
        if strike == signal.SIGSTOP:
            waiting.add(part(3))
        await following

    waiting.add(part(1, is_key=True))
    waiting.add(part(2))
    with pytest.raises(ProcessFailed, match="-9"):
        await run(signal.SIGKILL)
    monkeypatch.setattr(live_follow, "ANSWER_S", 0.3)
    with pytest.raises(ProcessTimedOut):
        await run(signal.SIGSTOP)
    assert child_of_this() == 0
    assert seen[0] == 0  # ready


def child_of_this() -> int:
    """The child that looks, by its command line; 0 when there is none."""
    for entry in Path("/proc").iterdir():
        try:
            is_child = entry.name.isdigit() and f"\nPPid:\t{os.getpid()}\n" in (entry / "status").read_text()
            if is_child and b"live_child.py" in (entry / "cmdline").read_bytes():
                return int(entry.name)
        except OSError:
            continue
    return 0
