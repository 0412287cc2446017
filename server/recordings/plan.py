"""What will be made of a source: rungs, chunks and their jobs, written down in time order."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from server.core.db import Db
from server.core.jobs import enqueue
from server.media.chunks import Chunk as PlannedChunk
from server.media.chunks import plan_chunks
from server.media.encode import chunk_length_ms
from server.media.ladder import Rung, choose_rungs
from server.media.source_info import SourceInfo
from server.recordings.better import note_joined
from server.recordings.jobs import EncodeAudio, EncodeChunk, MakePoster
from server.recordings.models import ENCODING, PROBING, Chunk, Recording, Rendition, Source

AUDIO_NAME = "audio"
# Of the 48 kHz AAC-LC that every player takes.
AUDIO_CODECS = "mp4a.40.2"


@dataclass(frozen=True, kw_only=True)
class EncodePlan:
    """The decisions of one generation; as JSON in `Recording.plan`."""

    rungs: tuple[Rung, ...]
    chunks: tuple[PlannedChunk, ...]
    has_audio: bool

    def as_json(self) -> dict[str, Any]:
        """The part that chunk jobs read back."""
        return {"rungs": msgspec.to_builtins(self.rungs), "has_audio": self.has_audio}


def decide(info: SourceInfo, *, ladder: Sequence[int], chunk_ms: int, preset: str) -> EncodePlan:
    """Rungs that never upscale, in this x264 preset, and chunks in time order; pure."""
    rungs: tuple[Rung, ...] = ()
    chunks: tuple[PlannedChunk, ...] = ()
    if info.video is not None:
        video = info.video
        rungs = tuple(
            choose_rungs(
                video.display_width,
                video.display_height,
                video.rate,
                short_sides=sorted(ladder, reverse=True),
                preset=preset,
            )
        )
        # Without an index every chunk means reading all before it, so there chunks are longer.
        chunks = tuple(
            plan_chunks(
                info.duration_ms, max(chunk_ms, chunk_length_ms(info)) if info.video.seek == "scan" else chunk_ms
            )
        )
    return EncodePlan(rungs=rungs, chunks=chunks, has_audio=info.main_audio is not None)


def rungs_of(recording: Recording) -> list[Rung]:
    """The rungs that were decided for the present generation."""
    return msgspec.convert(recording.plan["rungs"], list[Rung])


def info_of(source: Source) -> SourceInfo:
    """What probing found out."""
    return msgspec.convert(source.info, SourceInfo)


async def plan_encode(db: Db, recording: Recording, source: Source, info: SourceInfo, plan: EncodePlan) -> None:
    """Write renditions, chunks and their jobs; the first short chunk goes before the sound, the rest after it.

    Does nothing when the recording is no longer waiting for it.
    """
    if recording.state != PROBING:
        return
    source.info = msgspec.to_builtins(info)
    recording.plan = {**recording.plan, **plan.as_json()}
    recording.duration_ms = info.duration_ms
    recording.warnings = [msgspec.to_builtins(warning) for warning in info.warnings]
    recording.state = ENCODING
    recording.storyboard = {"ready": True} if plan.chunks else {}
    recording.version += 1
    await _write_down(db, recording, info, plan, recording.generation)


async def plan_better(db: Db, recording: Recording, info: SourceInfo, plan: EncodePlan, generation: int) -> None:
    """The same for the better encode of a live cut, beside what is shown; nothing when it is not wanted any more."""
    if recording.next_generation != generation or recording.plan.get("planned") == generation:
        return
    note_joined(recording, generation, info)
    recording.plan = {**recording.plan, **plan.as_json(), "planned": generation}
    recording.version += 1
    await _write_down(db, recording, info, plan, generation)


async def _write_down(db: Db, recording: Recording, info: SourceInfo, plan: EncodePlan, generation: int) -> None:
    _add_renditions(db, recording, info, plan, generation)
    for chunk in plan.chunks:
        db.add(
            Chunk(
                recording_id=recording.id,
                generation=generation,
                position=chunk.position,
                start_ms=chunk.start_ms,
                end_ms=chunk.end_ms,
                first_segment=chunk.first_segment,
            )
        )
    await db.flush()
    await _order_work(db, recording, plan, generation)


def _add_renditions(db: Db, recording: Recording, info: SourceInfo, plan: EncodePlan, generation: int) -> None:
    for position, rung in enumerate(plan.rungs):
        db.add(
            Rendition(
                recording_id=recording.id,
                generation=generation,
                name=rung.name,
                kind="video",
                position=position,
                width=rung.width,
                height=rung.height,
                frame_rate=rung.frame_rate,
            )
        )
    if info.main_audio is not None:
        db.add(
            Rendition(
                recording_id=recording.id,
                generation=generation,
                name=AUDIO_NAME,
                kind="audio",
                position=len(plan.rungs),
                codecs=AUDIO_CODECS,
                language=info.main_audio.language,
            )
        )


async def _order_work(db: Db, recording: Recording, plan: EncodePlan, generation: int) -> None:
    """Bells ring in this order: the first picture, the sound, then the rest of the picture in time order."""
    orders: list[EncodeAudio | EncodeChunk | MakePoster] = [
        EncodeChunk(recording=recording.id, generation=generation, position=chunk.position) for chunk in plan.chunks
    ]
    if plan.has_audio:
        orders.insert(1, EncodeAudio(recording=recording.id, generation=generation))
    orders.append(MakePoster(recording=recording.id, generation=generation))
    for position, order in enumerate(orders):
        await enqueue(db, order, subject=recording.id, position=position)
