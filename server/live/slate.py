"""The slate: what viewers see while a room's encoder is away. Encoded once for a layout, repeated without end.

    slate = await make_slate(ffmpeg, layout, texts, folder)
    segmenter.begin(wall, slate=True)
    for part in slate_feed(layout, slate):              # endless; the room waits for the right moment between two parts
        for track, init, samples in part:
            rows += segmenter.push(track, init, samples)

One group of pictures of a still is a few kilobytes; it is kept in `folder` under a name made of all it depends on.
"""

import asyncio
import hashlib
import io
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from server.media.boxes import BadBox
from server.media.ffmpeg import Ffmpeg
from server.media.fmp4_read import Init, Sample, read_fragments
from server.media.lanes import nearest_audio_frame
from server.media.live import AUDIO_FRAME, AUDIO_RATE, Layout
from server.media.live_command import group_frames, still_argv
from server.media.process import Limits, run
from server.media.refusals import BadOutput
from server.media.silence import SILENT_CODEC, SILENT_FRAME
from server.media.slate_picture import draw_slate

Shared = tuple[str, Init, list[Sample]]
Loop = tuple[Init, tuple[Sample, ...]]

SLATE_LIMITS = Limits(memory_bytes=4 << 30, cpu_s=120, file_bytes=64 << 20, wall_s=120)
PICTURE_NAME = "slate.png"
SILENT_INIT = Init(1, "soun", AUDIO_RATE, AUDIO_RATE, SILENT_CODEC)
SILENT_SAMPLE = Sample(0, 0, AUDIO_FRAME, True, memoryview(SILENT_FRAME))


@dataclass(frozen=True)
class Slate:
    """Coded frames to repeat, with their init, by track: a group of pictures, or one frame of silence."""

    loops: dict[str, Loop]

    def init(self, track: str) -> Init:
        """The init of a track's frames."""
        return self.loops[track][0]

    def samples(self, track: str, from_frame: int, frames: int) -> list[Sample]:
        """So many frames of a track from a frame of the run on (of sound: AAC frames), on the run's clock.

        The frames of a group stand at whole ticks of their rate; a group begins where its number of frames ends.
        """
        loop = self.loops[track][1]
        length = sum(sample.duration for sample in loop)
        made = []
        for number in range(from_frame, from_frame + frames):
            turn, place = divmod(number, len(loop))
            sample, start = loop[place], turn * length
            made.append(Sample(start + sample.dts, start + sample.pts, sample.duration, sample.is_sync, sample.data))
        return made


def slate_feed(layout: Layout, slate: Slate) -> Iterator[list[Shared]]:
    """Part for part of a run, without end: what to push for each track."""
    rate, at = layout.rate, 0
    for part in count():
        end = at + layout.part_frames[part % len(layout.part_frames)]
        shares = []
        for track in layout.tracks:
            first, last = at, end
            if track.kind == "audio":
                first, last = nearest_audio_frame(at, rate), nearest_audio_frame(end, rate)
            shares.append((track.name, slate.init(track.name), slate.samples(track.name, first, last - first)))
        yield shares
        at = end


async def make_slate(ffmpeg: Ffmpeg, layout: Layout, texts: Sequence[str], folder: Path) -> Slate:
    """The slate of a layout with these lines; taken from `folder` when it was made before.

    Raises ProcessFailed, BadOutput.
    """
    loops: dict[str, Loop] = {
        track.name: (SILENT_INIT, (SILENT_SAMPLE,)) for track in layout.tracks if track.kind == "audio"
    }
    outputs = {track.name: f"{track.name}.mp4" for track in layout.tracks if track.kind == "video"}
    if outputs:
        picture = await asyncio.to_thread(_draw, layout, tuple(texts))
        argv = still_argv(layout, ffmpeg, PICTURE_NAME, outputs)
        made_of = hashlib.sha256("\0".join([ffmpeg.version_text, *argv[1:]]).encode() + picture).hexdigest()
        kept = folder / f"slate-{made_of[:24]}"
        try:
            loops |= _read(kept, layout, outputs)
        except (OSError, BadBox, BadOutput):
            await _encode(argv, picture, kept)
            loops |= _read(kept, layout, outputs)
    return Slate(loops)


def _draw(layout: Layout, texts: tuple[str, ...]) -> bytes:
    top = next(track for track in layout.tracks if track.kind == "video")
    png = io.BytesIO()
    draw_slate(texts, top.width, top.height).save(png, "PNG")
    return png.getvalue()


async def _encode(argv: Sequence[str], picture: bytes, kept: Path) -> None:
    """Made beside its place and moved there whole, so that two rooms, or a crash, leave no half of it."""
    kept.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="making-", dir=kept.parent) as made:
        work = Path(made) / "slate"
        work.mkdir()
        (work / PICTURE_NAME).write_bytes(picture)
        await run(argv, limits=SLATE_LIMITS, cwd=work, what="encoding the slate")
        _put_in_place(work, kept)


def _put_in_place(work: Path, kept: Path) -> None:
    shutil.rmtree(kept, ignore_errors=True)
    try:
        work.replace(kept)
    except OSError:
        # Another process made the same one just now.
        if not kept.is_dir():
            raise


def _read(folder: Path, layout: Layout, outputs: dict[str, str]) -> dict[str, Loop]:
    return {name: _loop(folder / file, group_frames(layout)) for name, file in outputs.items()}


def _loop(path: Path, frames: int) -> Loop:
    init, fragments = read_fragments(path.read_bytes())
    samples = tuple(sample for fragment in fragments for sample in fragment.samples)
    if len(samples) != frames or not samples[0].is_sync or init.shift:
        raise BadOutput(f"the slate has {len(samples)} pictures where {frames} from a keyframe on were ordered")
    return init, samples
