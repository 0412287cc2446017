"""A finished upload becomes a source and a recording, with its probe ordered in the same transaction."""

from sqlalchemy import select

from server.core.clock import now
from server.core.db import Db
from server.core.ids import new_id
from server.core.jobs import enqueue
from server.recordings.errors import NotToBeRecorded
from server.recordings.jobs import ProbeRecording
from server.recordings.models import PROBING, Recording, Source
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
    source = Source(
        id=new_id(),
        event_id=session.event_id,
        key=upload.key,
        size_bytes=upload.size_bytes,
        filename=upload.filename,
        upload_id=upload.id,
    )
    db.add(source)
    return await start_recording(db, session, source)


async def start_recording(db: Db, session: Session, source: Source) -> str:
    """A recording that is the whole of one source, to be probed; returns its id."""
    recording = Recording(
        id=new_id(),
        event_id=session.event_id,
        session_id=session.id,
        state=PROBING,
        cut=[{"source_id": source.id, "start_ms": 0, "end_ms": None}],
        started_at=now(),
    )
    db.add(recording)
    await db.flush()
    await enqueue(db, ProbeRecording(recording=recording.id), subject=recording.id)
    return recording.id
