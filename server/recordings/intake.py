"""An upload becomes a recording: one that is being received as long as bytes come, then a source with its probe ordered
in the same transaction that finishes it. The recording's id is the upload's."""

from sqlalchemy import select

from server.core.clock import now
from server.core.db import Db
from server.core.ids import new_id
from server.core.jobs import enqueue
from server.recordings.errors import NotToBeRecorded
from server.recordings.jobs import ProbeRecording
from server.recordings.models import CANCELLED, PROBING, RECEIVING, Recording, Source
from server.sessions.models import Session
from server.uploads.desk import FinishedUpload


async def accept_upload(db: Db, upload: FinishedUpload) -> str:
    """Write source, recording and probe job; returns the recording's id. A repeat returns the same id.

    Raises NotToBeRecorded when the session is marked do-not-record.
    """
    known = await db.scalar(select(Source.id).where(Source.upload_id == upload.id))
    if known is not None:
        made = await db.scalars(select(Recording).where(Recording.session_id == upload.session_id))
        return next(row.id for row in made if any(part["source_id"] == known for part in row.cut))
    session = await db.get_one(Session, upload.session_id)
    if session.do_not_record:
        raise NotToBeRecorded
    received = await db.get(Recording, upload.id, with_for_update=True)
    source = Source(
        id=new_id(),
        event_id=session.event_id,
        key=upload.key,
        size_bytes=upload.size_bytes,
        filename=upload.filename,
        upload_id=upload.id,
    )
    db.add(source)
    recording = received or _receiving(upload.id, session)
    source.deleted_at = recording.deleted_at  # deleted while it came: the file goes with it
    recording.state = PROBING
    recording.cut = [{"source_id": source.id, "start_ms": 0, "end_ms": None}]
    # What was finished last is the newest, whenever it began to come.
    recording.created_at = recording.started_at = now()
    recording.version = (recording.version or 0) + 1
    db.add(recording)
    await db.flush()
    if recording.deleted_at is None:
        await enqueue(db, ProbeRecording(recording=recording.id), subject=recording.id)
    else:
        recording.state = CANCELLED
    return recording.id


def _receiving(upload_id: str, session: Session) -> Recording:
    return Recording(
        id=upload_id, event_id=session.event_id, session_id=session.id, state=RECEIVING, cut=[], plan={}, version=0
    )


class RecordingHerald:
    """Shows a recording as soon as its upload begins (uploads/desk.Herald); one that brings no file leaves none."""

    async def begun(self, db: Db, upload_id: str, session_id: str, /) -> None:
        """The recording, to be received."""
        session = await db.get(Session, session_id)
        if session is not None:
            db.add(_receiving(upload_id, session))
            await db.flush()

    async def ended(self, db: Db, upload_id: str, /) -> None:
        """Nothing came of it."""
        recording = await db.get(Recording, upload_id)
        if recording is not None and recording.state == RECEIVING:
            await db.delete(recording)
            await db.flush()
