"""The slate: what viewers see while a room's encoder is away. Encoded once for a layout, repeated without end.

    slate = await make_slate(ffmpeg, layout, texts, folder)
    for part in slate_feed(layout, slate):              # endless; the room waits for the right moment between two parts
        for track, init, samples in part:
            rows += segmenter.push(track, init, samples)
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from server.media.ffmpeg import Ffmpeg
from server.media.fmp4_read import Init, Sample
from server.media.live import Layout

Shared = tuple[str, Init, list[Sample]]


@dataclass(frozen=True)
class Slate:
    """The coded frames of one slate: a group of pictures for each video track, one frame of silence."""

    def samples(self, track: str, from_frame: int, frames: int) -> list[Sample]:
        """That many frames of a track from a frame of the run on; its clock is the run's."""
        raise NotImplementedError


async def make_slate(ffmpeg: Ffmpeg, layout: Layout, texts: Sequence[str], folder: Path) -> Slate:
    """The slate of a layout with the given lines, from `folder` if it was made before. Raises ProcessFailed."""
    raise NotImplementedError


def slate_feed(layout: Layout, slate: Slate) -> Iterator[list[Shared]]:
    """Part for part of a run, without end: what to push for each track."""
    raise NotImplementedError
