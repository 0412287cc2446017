"""From a source to segments: the few calls that the recordings feature and its workers make.

    program = find_ffmpeg()
    info = await probe(url)                                        # Refused, with a sentence, or SourceInfo
    rungs = choose_rungs(info.video.display_width, info.video.display_height, info.video.rate)   # [] without a picture
    chunks = plan_chunks(info.duration_ms, chunk_length_ms(info))  # store each as a row; first ones are short
    loudness = await measure_loudness(url, info, …)                # audio.py: seconds, even for long talks
    sound = await encode_audio(url, info, loudness, on_segment=…)  # audio.py: segments come out while it runs
    result = await encode_chunk(url, info, rungs, chunk, workdir)  # once a chunk, on any worker, in any order
    poster = await make_poster(url, info, path)                    # still.py

`encode_chunk` leaves files in `workdir`, verified; the caller puts them into the storage under keys made from source,
range and profile, and may call again at any time: the same call gives the same pictures. SourceInfo, Rung, Chunk and
ChunkResult are msgspec structs, so that they can be kept as JSON.
"""

import asyncio
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import msgspec

from server.media.chunk_command import (
    FRAMES_NAME,
    PACKETS_NAME,
    THUMBNAIL_NAME,
    TICKS,
    ChunkOrder,
    Thumbnails,
    chunk_command,
    packets_command,
)
from server.media.chunks import CHUNK_MS, CHUNK_WITHOUT_INDEX_MS, Chunk
from server.media.ffmpeg import Ffmpeg, find_ffmpeg
from server.media.fmp4 import BadBox, BadChunk, cut_chunk, presented_at, read_fragments, write_init_for
from server.media.ladder import Rung
from server.media.process import Limits, Progress, run
from server.media.refusals import BadOutput, ProcessFailed, SourceCutShort
from server.media.source_info import MediaWarning, SourceInfo, VideoStream
from server.media.verify import Coverage, coverage, read_times_us, was_cut_short

# Containers with an index go to the keyframe before the time asked for; a second allows for times in decoding order.
INDEXED_MARGIN_US = 1_000_000
# How far back to look when there is no picture to start with.
LENIENT_MARGIN_US = 60_000_000


class SegmentFile(msgspec.Struct, frozen=True):
    """One CMAF segment in the scratch directory; `number` counts over the whole recording, ticks are 1/90,000 s for
    video and 1/48,000 s for audio."""

    number: int
    path: str
    duration_ticks: int
    size_bytes: int


class RungOutput(msgspec.Struct, frozen=True, kw_only=True):
    """One rung of one chunk. `init` is equal in all chunks of a recording (compare it); `codecs` is for CODECS."""

    name: str
    init: bytes
    codecs: str
    segments: tuple[SegmentFile, ...]
    frames: int
    sha256: str


class Thumbnail(msgspec.Struct, frozen=True):
    """One storyboard picture (JPEG) and the recording time it shows."""

    at_ms: int
    path: str


class ChunkResult(msgspec.Struct, frozen=True, kw_only=True):
    """A chunk that was encoded and verified.

    `frames_decoded` is before repeats were dropped, `packets` what the source has in the range; `lost_ms` is time for
    which the source holds no decodable picture (also said in `warnings`).
    """

    chunk: Chunk
    rungs: tuple[RungOutput, ...]
    thumbnails: tuple[Thumbnail, ...]
    frames_decoded: int
    packets: int
    lost_ms: int
    warnings: tuple[MediaWarning, ...] = ()


def chunk_length_ms(info: SourceInfo) -> int:
    """How long chunks should be, for plan_chunks: longer where a time is reached only by reading all before it."""
    return CHUNK_WITHOUT_INDEX_MS if info.video is not None and info.video.seek == "scan" else CHUNK_MS


async def encode_chunk(
    source: str,
    info: SourceInfo,
    rungs: Sequence[Rung],
    chunk: Chunk,
    workdir: Path,
    *,
    program: Ffmpeg | None = None,
    limits: Limits | None = None,
    threads: int = 2,
    thumbnails: Thumbnails | None = None,
    on_progress: Callable[[float], None] | None = None,
) -> ChunkResult:
    """Encode one chunk of the source (a path or a presigned URL) into every rung, in the empty directory `workdir`.

    `on_progress` gets 0..1. Raises SourceCutShort or ProcessFailed (try again), BadOutput when what was written is not
    what was ordered.
    """
    video = info.video
    if video is None or not rungs:
        raise ValueError("a source without a picture has no chunks to encode")
    order = ChunkOrder(
        source=source,
        info=info,
        rungs=tuple(rungs),
        chunk=chunk,
        workdir=workdir,
        program=program or find_ffmpeg(),
        threads=threads,
        margin_us=margin_us(video),
        hold_us=video.start_us,
        thumbnails=thumbnails,
    )
    limits = limits or Limits()
    while True:
        found = await _run(order, limits, on_progress)
        lost = found.lost if order.blank else await _judge(order, found, limits)
        try:
            return await asyncio.to_thread(_collect, order, found, lost)
        except _StartsLate:
            order = _more_lenient(order, found)


class _StartsLate(Exception):
    """The output has no picture at the chunk's start: none was decoded before it."""


def _more_lenient(order: ChunkOrder, found: Coverage) -> ChunkOrder:
    """What to try when there was no picture to start with, which is so only in damaged sources: look further back,
    then show the first picture that there is from the start on, then black."""
    if not order.is_lenient:
        return replace(order, margin_us=max(order.margin_us, LENIENT_MARGIN_US), is_lenient=True)
    if found.first_frame_us is not None and order.hold_us < found.first_frame_us:
        return replace(order, hold_us=found.first_frame_us)
    if not order.blank:
        return replace(order, blank=True)
    raise BadOutput(f"no picture could be made for the chunk at {order.chunk.start_ms} ms")


def margin_us(video: VideoStream) -> int:
    """How far before a chunk reading starts: enough to meet the keyframe that its first picture needs."""
    if video.seek == "index":
        return INDEXED_MARGIN_US
    return 2 * max(video.gop_ms, video.longest_gap_ms, 1_000) * 1_000


def _gap_us(video: VideoStream) -> int:
    """The longest usual time between pictures."""
    return max(round(1_000_000 / video.rate), video.longest_gap_ms * 1_000)


async def _run(order: ChunkOrder, limits: Limits, on_progress: Callable[[float], None] | None) -> Coverage:
    expected = max(1.0, float(order.video.rate) * order.chunk.duration_ms / 1000)

    def on_frame(count: int) -> None:
        # The first output lists decoded pictures, so its count is how far we are.
        if on_progress is not None:
            on_progress(min(0.99, count / expected))

    finished = await run(
        chunk_command(order), limits=limits, cwd=order.workdir, on_line=Progress("frame", on_frame).feed
    )
    found = await asyncio.to_thread(_read_coverage, order)
    # With damage reported, a pause is a loss too: the packets themselves could not be read.
    return replace(found, lost=found.gaps) if finished.errors and not found.lost else found


def _read_coverage(order: ChunkOrder) -> Coverage:
    # Pictures are listed in recording time, packets in the source's.
    frames = [time + order.info.origin_us for time in _times(order.workdir / FRAMES_NAME)]
    packets = _times(order.workdir / PACKETS_NAME)
    return coverage(frames, packets, order.start_us, order.end_us, round(1_000_000 / order.video.rate))


def _times(path: Path) -> list[int]:
    return read_times_us(path.read_text()) if path.exists() else []


async def _judge(order: ChunkOrder, found: Coverage, limits: Limits) -> tuple[tuple[int, int], ...]:
    """The stretches (µs of the source) that the source itself lacks. Raises SourceCutShort when it has more than was
    read: the packets are read a second time, and only a source that ends at the same place twice is to blame."""
    video, gap_us = order.video, _gap_us(order.video)
    if not was_cut_short(found, order.end_us, video.end_us, gap_us):
        return found.lost
    reached_us = found.reached_us or order.start_us
    path = order.workdir / PACKETS_NAME
    path.unlink(missing_ok=True)
    try:
        await run(packets_command(order), limits=limits, cwd=order.workdir)
    except ProcessFailed as error:
        raise SourceCutShort(f"The source cannot be read: {error.detail}") from error
    times = await asyncio.to_thread(_times, path)
    if times and times[-1] > reached_us + 2 * gap_us:
        raise SourceCutShort("Reading the source stopped before the end of the chunk, though the source goes on.")
    return (*found.lost, (max(reached_us, order.start_us), min(order.end_us, video.end_us)))


def _collect(order: ChunkOrder, found: Coverage, lost: tuple[tuple[int, int], ...]) -> ChunkResult:
    """Cut every rung into segments and check that they are what was ordered. Raises BadOutput."""
    outputs = tuple(_cut(order, rung, found) for rung in order.rungs)
    if len({output.frames for output in outputs}) != 1:
        raise BadOutput("the rungs of one chunk hold different numbers of pictures")
    lost_ms = sum(end - start for start, end in lost) // 1000
    return ChunkResult(
        chunk=order.chunk,
        rungs=outputs,
        thumbnails=_thumbnails(order),
        frames_decoded=found.frames,
        packets=found.packets,
        lost_ms=lost_ms,
        warnings=tuple(_warn(order, start, end) for start, end in lost),
    )


def _warn(order: ChunkOrder, start_us: int, end_us: int) -> MediaWarning:
    at_ms = (start_us - order.info.origin_us) // 1000
    seconds = (end_us - start_us) / 1_000_000
    return MediaWarning(
        "media.damaged", f"The source is damaged: {seconds:.1f} seconds of picture could not be decoded.", at_ms
    )


def _cut(order: ChunkOrder, rung: Rung, found: Coverage) -> RungOutput:
    whole = order.workdir / f"{rung.name}.mp4"
    folder = order.workdir / rung.name
    folder.mkdir(exist_ok=True)
    chunk = order.chunk
    try:
        init, fragments = read_fragments(whole.read_bytes())
        if not fragments or presented_at(init, fragments[0].samples[0]) * TICKS >= 1:
            raise _StartsLate
        segments = cut_chunk(
            init,
            fragments,
            borders=chunk.borders(TICKS),
            first_sequence=chunk.first_segment + 1,
            shift=chunk.start_ms * TICKS // 1000,
        )
    except (OSError, BadBox, BadChunk) as error:
        if found.frames == 0 and not order.blank:
            # Without any picture ffmpeg leaves an empty file.
            raise _StartsLate from error
        raise BadOutput(f"the {rung.name} rung of the chunk at {chunk.start_ms} ms is unusable: {error}") from error
    borders = [(segment.start, segment.end) for segment in segments]
    ordered = chunk.borders(TICKS)
    if borders != list(pairwise(ordered)):
        raise BadOutput(f"the {rung.name} rung of the chunk at {chunk.start_ms} ms has its segments elsewhere")
    files = []
    digest = hashlib.sha256()
    for number, segment in enumerate(segments, chunk.first_segment):
        path = folder / f"{number:06d}.m4s"
        path.write_bytes(segment.data)
        digest.update(segment.data)
        files.append(SegmentFile(number, str(path), segment.end - segment.start, len(segment.data)))
    whole.unlink()
    return RungOutput(
        name=rung.name,
        init=write_init_for(init),
        codecs=init.codec.name,
        segments=tuple(files),
        frames=sum(segment.samples for segment in segments),
        sha256=digest.hexdigest(),
    )


def _thumbnails(order: ChunkOrder) -> tuple[Thumbnail, ...]:
    if order.thumbnails is None:
        return ()
    made = []
    for number, at_ms in enumerate(order.thumbnails.times_ms(order.chunk), 1):
        path = order.workdir / (THUMBNAIL_NAME % number)
        if not path.exists():
            raise BadOutput(f"the storyboard picture at {at_ms} ms was not made")
        made.append(Thumbnail(at_ms, str(path)))
    return tuple(made)


__all__ = [
    "ChunkResult",
    "ProcessFailed",
    "RungOutput",
    "SegmentFile",
    "SourceCutShort",
    "Thumbnail",
    "Thumbnails",
    "chunk_length_ms",
    "encode_chunk",
]
