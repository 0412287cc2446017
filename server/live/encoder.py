"""A run: one ffmpeg that takes one encoder's bytes and gives every track of the broadcast.

    async with Run(ffmpeg, layout, "flv", info) as run:
        # one task writes …
        await run.write(data)
        await run.close_input()
        # … another reads, until the run is over
        async for track, init, samples in run.samples():
            rows += segmenter.push(track, init, samples)

However it ends, nothing of it is left when the block is: the child is killed with its group, and it dies with us.
"""

from collections.abc import AsyncIterator, Sequence
from typing import Self

from server.live.feed import Container, InputInfo
from server.media.ffmpeg import Ffmpeg
from server.media.fmp4_read import Init, Sample
from server.media.live import Layout
from server.media.live_ladder import HEIGHTS, layout_of
from server.media.live_notes import Observed
from server.media.refusals import ProcessFailed


class RunEnded(ProcessFailed):
    """ffmpeg ended badly; `detail` has its last lines."""

    code = "live.run_ended"


def decide_layout(info: InputInfo, heights: Sequence[int] = HEIGHTS) -> Layout:
    """The layout of a broadcast whose first input is this one."""
    return layout_of(info.width, info.height, info.frame_rate, has_video=info.has_video, short_sides=heights)


class Run:
    """One ffmpeg. `silent` says that no sound comes of it (for Segmenter.begin)."""

    def __init__(self, ffmpeg: Ffmpeg, layout: Layout, container: Container, info: InputInfo) -> None: ...

    @property
    def silent(self) -> bool: ...

    async def __aenter__(self) -> Self: ...

    async def __aexit__(self, *_: object) -> None: ...

    async def write(self, data: bytes) -> None:
        """Give it the next bytes of the container; waits while it has enough. Once it has ended they are dropped."""

    async def close_input(self) -> None:
        """No more input: `samples` ends when all of it is encoded."""

    def samples(self) -> AsyncIterator[tuple[str, Init, Sequence[Sample]]]:
        """Track name, its init, the next frames, as they come, merged. Raises RunEnded when ffmpeg ended badly."""

    def notes(self) -> Observed:
        """What is observed by now."""

    def kill(self) -> None:
        """End it at once; `samples` then raises RunEnded."""
