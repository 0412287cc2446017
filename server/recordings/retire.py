"""Cancel, try again, delete with undo, bring back: the ways out of and back into a recording's life."""

from datetime import timedelta

from sqlalchemy import delete, select

from server.core.clock import now
from server.core.db import Db
from server.core.jobs import cancel_jobs, enqueue
from server.core.removals import keep_after_all, remove_later
from server.recordings.better import abandon_better, order_better
from server.recordings.errors import UndoTimeOver, WrongState
from server.recordings.jobs import WORK_ON_A_RECORDING, ProbeRecording, RecordingFailed, RecordingRetired
from server.recordings.keys import generation_prefix, recording_prefix
from server.recordings.live_list import BROADCAST, live_of, shown_live
from server.recordings.models import (
    CANCELLED,
    ENCODING,
    FAILED,
    PROBING,
    READY,
    RECEIVING,
    Chunk,
    Recording,
    Rendition,
    Source,
)


async def cancel_recording(db: Db, recording: Recording) -> None:
    """Stop the work; what is stored stays for a retry. Raises WrongState when nothing is being done.

    Of a talk that was live only the better encode is stopped; viewers keep what they have.
    """
    if await abandon_better(db, recording):
        return
    if recording.state not in (PROBING, ENCODING) or shown_live(recording) is not None:
        raise WrongState(f"Only work that is going on can be cancelled; this recording is {recording.state}.")
    recording.state = CANCELLED
    recording.ended_at = now()
    recording.version += 1
    await cancel_jobs(db, subject=recording.id, names=WORK_ON_A_RECORDING)


async def fail_recording(
    db: Db, recording_id: str, *, code: str, detail: str, generation: int | None = None
) -> Recording | None:
    """Record in words why the work on a generation (without one, on the present) ended; other work for it is stopped.

    A better encode that fails leaves a note; what is shown stays.
    """
    recording = await db.get(Recording, recording_id, with_for_update=True)
    if recording is not None and generation is not None and generation == recording.next_generation:
        note = {"code": "recording.not_bettered", "detail": f"The better encode could not be made: {detail}"}
        await abandon_better(db, recording, note=note)
        return recording
    if recording is None or recording.state in (READY, CANCELLED):
        return None
    if generation is not None and generation != recording.generation:
        return None
    recording.state = FAILED
    recording.error_code, recording.error_detail = code, detail
    recording.ended_at = now()
    recording.version += 1
    await cancel_jobs(db, subject=recording.id, names=WORK_ON_A_RECORDING)
    await enqueue(db, RecordingFailed(recording=recording.id, session=recording.session_id), subject=recording.id)
    return recording


async def retry_recording(db: Db, recording: Recording, *, token_overlap_s: int) -> None:
    """Begin anew from the stored source as the next generation. Raises WrongState unless it failed or was cancelled.

    Of a talk that was live it is the better encode that is tried again.
    """
    if live_of(recording.plan) is not None:
        if await order_better(db, recording) is None:
            raise WrongState("There is nothing of this talk to encode again.")
        return
    if recording.state not in (FAILED, CANCELLED):
        raise WrongState(f"Only failed or cancelled work can be tried again; this recording is {recording.state}.")
    await remove_later(
        db,
        generation_prefix(recording.id, recording.generation),
        reason="replaced by a retry",
        owner_id=f"{recording.id}:g{recording.generation}",
        after_s=token_overlap_s,
    )
    await db.execute(delete(Chunk).where(Chunk.recording_id == recording.id))
    await db.execute(delete(Rendition).where(Rendition.recording_id == recording.id))
    recording.generation += 1
    recording.state = PROBING
    recording.playable, recording.playable_ms, recording.progress = False, 0, 0.0
    recording.error_code = recording.error_detail = None
    recording.poster_key, recording.storyboard, recording.warnings = None, {}, []
    recording.started_at, recording.ended_at = now(), None
    recording.version += 1
    await enqueue(db, ProbeRecording(recording=recording.id), subject=recording.id)


async def delete_recording(db: Db, recording: Recording, *, undo_s: int) -> None:
    """Hide at once; free its files and its sources once the undo time is over."""
    if recording.deleted_at is not None:
        return
    if recording.next_generation is not None:
        await abandon_better(db, recording)
    elif recording.state in (PROBING, ENCODING) and shown_live(recording) is None:
        await cancel_recording(db, recording)
    recording.deleted_at = now()
    recording.version += 1
    await remove_later(
        db, recording_prefix(recording.id), reason="recording deleted", owner_id=recording.id, after_s=undo_s
    )
    for source in await _sources_only_here(db, recording):
        source.deleted_at = recording.deleted_at
        await remove_later(db, source.key, reason="source deleted", owner_id=recording.id, after_s=undo_s)
    await enqueue(db, RecordingRetired(recording=recording.id, session=recording.session_id), subject=recording.id)


async def restore_recording(db: Db, recording: Recording, *, undo_s: int) -> None:
    """Undo a deletion. Raises UndoTimeOver when its files may be gone."""
    if recording.deleted_at is None:
        return
    if recording.deleted_at + timedelta(seconds=undo_s) <= now():
        raise UndoTimeOver
    recording.deleted_at = None
    recording.version += 1
    await keep_after_all(db, owner_id=recording.id)
    for part in recording.cut:
        source = await db.get(Source, part["source_id"])
        if source is not None:
            source.deleted_at = None
    await enqueue(db, RecordingRetired(recording=recording.id, session=recording.session_id), subject=recording.id)


async def replace_older(db: Db, recording: Recording, *, undo_s: int) -> list[str]:
    """A recording that is ready and published takes the place of the session's older ones; returns their ids."""
    if recording.state != READY or recording.published_at is None:
        return []
    older = await db.scalars(
        select(Recording).where(
            Recording.session_id == recording.session_id,
            Recording.id != recording.id,
            Recording.created_at < recording.created_at,
            Recording.state != RECEIVING,  # it will be the newest when it is there
            Recording.deleted_at.is_(None),
        )
    )
    replaced = []
    for row in older:
        if live_of(recording.plan) is not None and live_of(row.plan) is not None:
            continue  # two broadcasts of one talk are two halves of it
        await delete_recording(db, row, undo_s=undo_s)
        replaced.append(row.id)
    return replaced


async def _sources_only_here(db: Db, recording: Recording) -> list[Source]:
    """Sources no other living recording is cut from."""
    mine = {part["source_id"] for part in recording.cut}
    others = await db.scalars(
        select(Recording).where(
            Recording.event_id == recording.event_id, Recording.id != recording.id, Recording.deleted_at.is_(None)
        )
    )
    shared = {part["source_id"] for row in others for part in row.cut}
    # A broadcast is more than this recording: its archive stays with it.
    rows = await db.scalars(select(Source).where(Source.id.in_(mine - shared), Source.kind != BROADCAST))
    return list(rows)
