"""Handlers of recordings: look at the source, encode sound and picture, make the poster. Each may run twice."""

from sqlalchemy import select

from server.core.changes import announce
from server.core.db import Db
from server.core.errors import NotFound
from server.core.runtime import Runtime
from server.media.probe import probe
from server.playback.chapters import keep_chapters
from server.recordings.better import joined_source
from server.recordings.jobs import EncodeAudio, EncodeChunk, JoinCut, ProbeRecording
from server.recordings.models import PROBING, Chunk, Recording, Source
from server.recordings.plan import decide, plan_encode
from server.recordings.progress import change_of
from server.recordings.retire import fail_recording
from workers.runtime import Work, handles, on_failure

SOURCE_URL_S = 6 * 3600


class SourceGone(NotFound):
    """The recording or its source was deleted meanwhile: nothing to do."""

    code = "recording.source_gone"


async def source_of(db: Db, recording_id: str, generation: int | None = None) -> tuple[Recording, Source]:
    """The recording with the (only) source of a generation; raises SourceGone."""
    recording = await db.get(Recording, recording_id)
    if recording is None or not recording.cut:
        raise SourceGone
    joined = joined_source(recording, generation) if generation is not None else None
    if joined is not None:
        return recording, joined
    source = await db.get(Source, recording.cut[0]["source_id"])
    if source is None:
        raise SourceGone
    return recording, source


async def chunk_at(db: Db, recording_id: str, generation: int, position: int) -> Chunk | None:
    """One chunk's row."""
    row: Chunk | None = await db.scalar(
        select(Chunk).where(
            Chunk.recording_id == recording_id, Chunk.generation == generation, Chunk.position == position
        )
    )
    return row


def tell(db: Db, runtime: Runtime, recording: Recording | None) -> None:
    """Tell the event's listeners after the commit."""
    if recording is not None:
        announce(db, runtime.redis, event_id=recording.event_id, change=change_of(recording))


@handles(ProbeRecording)
async def probe_recording(job: ProbeRecording, work: Work) -> None:
    """Look at the source in a confined child; write the plan and its jobs."""
    async with work.read() as db:
        recording, source = await source_of(db, job.recording)
    if recording.state != PROBING:
        return
    url = await work.store.presign(source.key, expires_s=SOURCE_URL_S)
    await work.store.head(source.key)  # an object that is gone is no fault of the file
    info = await probe(url)
    limits = work.runtime.limits
    plan = decide(info, ladder=limits.ladder, chunk_ms=limits.chunk_s * 1000, preset=limits.encode_preset)
    async with work.transaction(last=True) as db:
        recording, source = await source_of(db, job.recording)
        await plan_encode(db, recording, source, info, plan)
        await keep_chapters(db, recording.id, info)
        await db.flush()
        tell(db, work.runtime, recording)


async def _record(
    db: Db, runtime: Runtime, job: ProbeRecording | EncodeAudio | EncodeChunk | JoinCut, code: str, detail: str
) -> None:
    generation = None if isinstance(job, ProbeRecording) else job.generation
    tell(db, runtime, await fail_recording(db, job.recording, code=code, detail=detail, generation=generation))


on_failure(ProbeRecording)(_record)
on_failure(EncodeAudio)(_record)
on_failure(EncodeChunk)(_record)
on_failure(JoinCut)(_record)
