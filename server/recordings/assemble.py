"""Note finished chunks and sound; decide from the rows what can be watched, how far the work is, when it is done."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from server.core.clock import now
from server.core.db import Db
from server.core.jobs import enqueue
from server.recordings.better import note_better_progress, show_better
from server.recordings.jobs import RecordingReady
from server.recordings.models import CANCELLED, ENCODING, FAILED, READY, Chunk, Recording, Rendition
from server.recordings.publish import publish_recording, should_publish
from server.sessions.models import Session

AUDIO_SHARE = 0.05  # of the whole work, roughly, when there is a picture too
AUDIO_TIMESCALE = 48_000


@dataclass(frozen=True, kw_only=True)
class Standing:
    """What the rows say of a recording."""

    playable_ms: int
    progress: float
    complete: bool


def judge(
    *,
    chunks: Sequence[tuple[int, int, bool]],
    has_audio: bool,
    audio_ms: int,
    audio_complete: bool,
    duration_ms: int,
) -> Standing:
    """How far a recording is; chunks are (start_ms, end_ms, done) in time order.

    It can be watched up to where every rendition reaches without a hole.
    """
    done_ms = sum(end - start for start, end, done in chunks if done)
    picture_ms = 0
    for _start, end, done in chunks:
        if not done:
            break
        picture_ms = end
    sound_ms = duration_ms if audio_complete else audio_ms
    reaches = [picture_ms] * bool(chunks) + [sound_ms] * has_audio
    picture_share = done_ms / duration_ms if duration_ms and chunks else 1.0
    sound_share = min(sound_ms / duration_ms, 1.0) if duration_ms and has_audio else 1.0
    if chunks and has_audio:
        progress = (1 - AUDIO_SHARE) * picture_share + AUDIO_SHARE * sound_share
    else:
        progress = picture_share if chunks else sound_share
    complete = all(done for _start, _end, done in chunks) and (audio_complete or not has_audio)
    return Standing(playable_ms=min(reaches, default=0), progress=1.0 if complete else progress, complete=complete)


async def note_chunk(
    db: Db, recording_id: str, generation: int, position: int, *, segments: dict[str, Any], details: dict[str, Any]
) -> Recording | None:
    """A chunk's files are all stored and verified; None when the recording does not want them any more."""
    recording = await _wanted(db, recording_id, generation)
    if recording is None:
        return None
    chunk = await db.scalar(
        select(Chunk).where(
            Chunk.recording_id == recording_id, Chunk.generation == generation, Chunk.position == position
        )
    )
    if chunk is not None and chunk.done_at is None:
        chunk.done_at = now()
        chunk.segments = segments
        chunk.details = details
        warnings = details.get("warnings", [])
        recording.warnings = [*recording.warnings, *(w for w in warnings if w not in recording.warnings)]
        for rendition in await renditions_of(db, recording, generation):
            if rendition.kind == "video":
                rendition.codecs = rendition.codecs or details.get("codecs", {}).get(rendition.name, "")
    await settle(db, recording, generation)
    return recording


async def note_audio(
    db: Db,
    recording_id: str,
    generation: int,
    *,
    segments: list[Any],
    codecs: str,
    init: str,
    complete: bool,
) -> Recording | None:
    """The first `len(segments)` segments of the sound are stored; None when they are not wanted any more."""
    recording = await _wanted(db, recording_id, generation)
    if recording is None:
        return None
    rendition = await db.scalar(
        select(Rendition).where(
            Rendition.recording_id == recording_id, Rendition.generation == generation, Rendition.kind == "audio"
        )
    )
    if rendition is not None:
        rendition.codecs, rendition.init_key = codecs, init
        if complete or len(segments) > len(rendition.segments):
            rendition.segments = segments
        rendition.complete = rendition.complete or complete
    await settle(db, recording, generation)
    return recording


async def note_progress(db: Db, recording_id: str, chunk: Chunk, share: float) -> Recording | None:
    """A running chunk is this far (0…1); returns the recording when that moved it."""
    recording = await _wanted(db, recording_id, chunk.generation, wait=False)
    if recording is None or not recording.duration_ms:
        return None
    chunks = await chunks_of(db, recording, chunk.generation)
    done_ms = sum(item.end_ms - item.start_ms for item in chunks if item.done_at)
    reached_ms = done_ms + (chunk.end_ms - chunk.start_ms) * share
    progress = (1 - AUDIO_SHARE) * reached_ms / recording.duration_ms
    if chunk.generation == recording.next_generation:
        return recording if note_better_progress(recording, progress) else None
    if recording.state != ENCODING or progress <= recording.progress:
        return None
    recording.progress = progress
    recording.version += 1
    return recording


async def settle(db: Db, recording: Recording, generation: int) -> None:
    """Bring the recording's own fields in line with the rows of a generation; publish it, complete it, or put it in
    the place of what is shown, when its time has come."""
    await db.flush()
    chunks = await chunks_of(db, recording, generation)
    standing = _standing(recording, chunks, await renditions_of(db, recording, generation))
    if generation == recording.next_generation:
        note_better_progress(recording, standing.progress)
        if standing.complete:
            await show_better(db, recording, has_picture=bool(chunks))
            await _complete(db, recording)
        return
    # What running chunks had reported on the way is never taken back.
    recording.progress = max(recording.progress, standing.progress)
    recording.playable_ms = standing.playable_ms
    recording.playable = standing.playable_ms > 0
    recording.version += 1
    if standing.complete and recording.state != READY:
        await _complete(db, recording)
    session = await db.get_one(Session, recording.session_id)
    if recording.published_at is None and should_publish(recording, session):
        await publish_recording(db, recording, session)


def _standing(recording: Recording, chunks: Sequence[Chunk], renditions: Sequence[Rendition]) -> Standing:
    audio = next((item for item in renditions if item.kind == "audio"), None)
    return judge(
        chunks=[(chunk.start_ms, chunk.end_ms, chunk.done_at is not None) for chunk in chunks],
        has_audio=audio is not None,
        audio_ms=sum(ticks for ticks, _size in audio.segments) * 1000 // AUDIO_TIMESCALE if audio else 0,
        audio_complete=bool(audio and audio.complete),
        duration_ms=recording.duration_ms or 0,
    )


async def _complete(db: Db, recording: Recording) -> None:
    recording.state = READY
    recording.ended_at = now()
    for rendition in await renditions_of(db, recording):
        rendition.complete = True
    await enqueue(db, RecordingReady(recording=recording.id, session=recording.session_id), subject=recording.id)


async def _wanted(db: Db, recording_id: str, generation: int, *, wait: bool = True) -> Recording | None:
    """The recording, locked, while this generation is being made. Without `wait` also None while another transaction
    has it: a heartbeat holds its job, which whoever cancels wants next."""
    recording = await db.get(Recording, recording_id, with_for_update=True if wait else {"skip_locked": True})
    if recording is None or recording.deleted_at is not None:
        return None
    if generation == recording.next_generation:
        return recording
    return recording if generation == recording.generation and recording.state not in (CANCELLED, FAILED) else None


async def chunks_of(db: Db, recording: Recording, generation: int | None = None) -> list[Chunk]:
    """The chunks of a generation (of the present one when none is named) in time order."""
    rows = await db.scalars(
        select(Chunk)
        .where(Chunk.recording_id == recording.id, Chunk.generation == (generation or recording.generation))
        .order_by(Chunk.position)
    )
    return list(rows)


async def renditions_of(db: Db, recording: Recording, generation: int | None = None) -> list[Rendition]:
    """The renditions of a generation (of the present one when none is named), highest rung first, sound last."""
    rows = await db.scalars(
        select(Rendition)
        .where(Rendition.recording_id == recording.id, Rendition.generation == (generation or recording.generation))
        .order_by(Rendition.position)
    )
    return list(rows)
