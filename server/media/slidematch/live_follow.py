"""Has a confined child look at a room that is on air, for as long as it lives.

    waiting = Waiting()                       # waiting.add(part) at every part that is published; it never waits
    await follow_live(order, waiting, hear, folder=scratch)

One part at a time is given to the child; while it is busy the others wait, or are skipped (live_parts.py). It always
ends with an error: the child was killed, hangs, or cannot read a page. The caller begins anew.
"""

import asyncio
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import msgspec

from server.media.process import Child, Limits, start
from server.media.refusals import ProcessFailed, ProcessTimedOut, Refused
from server.media.slidematch.live_parts import Answer, LiveOrder, LivePart, Waiting, pack_part

CHILD = Path(__file__).with_name("live_child.py")
ORDER_FILE = "live-order.json"
# To read a deck takes 0.3 CPU-seconds for 20 pages, 4 for 300; the first search in a picture up to 3 for 300 pages, any
# other part 0.3 at most. On a machine that has too much to do that is ten times as long.
READY_S = 90.0
ANSWER_S = 30.0
# A processor used whole for four hours, twenty times what a day on air takes, is a child gone astray: the next begins.
LIMITS = Limits(memory_bytes=6 << 30, cpu_s=4 * 3600, file_bytes=1 << 20, open_files=64, grace_s=1.0, nice=5)

Hear = Callable[[Answer], None]


class _Talk:
    """What the child said."""

    def __init__(self, hear: Hear) -> None:
        self.ready = asyncio.Event()
        self.answered = asyncio.Event()
        self._hear = hear

    def take(self, line: str) -> None:
        """A line of its. Raises Refused."""
        answer = msgspec.json.decode(line, type=Answer)
        if answer.refused:
            raise Refused(answer.refused)
        if answer.ready:
            self.ready.set()
        else:
            self.answered.set()
        self._hear(answer)


async def follow_live(order: LiveOrder, waiting: Waiting, hear: Hear, *, folder: Path) -> NoReturn:
    """Give the child every part there is time for; `hear` each answer. `folder` is scratch.

    Raises ProcessFailed when the child has ended, ProcessTimedOut when it does not answer, Refused when a page's
    picture cannot be read. Cancelling stops it.
    """
    path = folder / ORDER_FILE
    await asyncio.to_thread(path.write_bytes, msgspec.json.encode(order))
    talk = _Talk(hear)
    async with start([sys.executable, "-I", str(CHILD), str(path)], limits=LIMITS, has_input=True) as child:
        tasks = (
            asyncio.create_task(child.communicate(on_line=talk.take)),
            asyncio.create_task(_feed(child, waiting, talk)),
        )
        try:
            done, _pending = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        last = "; ".join(child.last_lines()[-3:])
        raise ProcessFailed(f"the follower of slides ended with {child.returncode}: {last}", child.returncode)


async def _feed(child: Child, waiting: Waiting, talk: _Talk) -> None:
    """Part by part; returns when the child takes no more."""
    try:
        async with asyncio.timeout(READY_S):
            await talk.ready.wait()
        waiting.begin_again()
        while True:
            await _give(child, await waiting.take(), talk)
    except TimeoutError:
        raise ProcessTimedOut("the follower of slides does not answer", None, child.last_lines()) from None
    except (BrokenPipeError, ConnectionResetError):
        await child.process.wait()


async def _give(child: Child, part: LivePart, talk: _Talk) -> None:
    assert child.process.stdin is not None
    talk.answered.clear()
    async with asyncio.timeout(ANSWER_S):
        child.process.stdin.write(pack_part(part))
        await child.process.stdin.drain()
        await talk.answered.wait()
