"""A session's do-not-record mark and what was published of it: hidden at once, back when the mark goes."""

from sqlalchemy import select

from server.core.db import Db
from server.core.jobs import enqueue
from server.recordings.jobs import RecordingRetired
from server.recordings.models import Recording
from server.recordings.publish import publish_recording, should_publish, unpublish_recording
from server.sessions.models import Session


async def follow_consent(db: Db, session: Session) -> list[Recording]:
    """Bring the session's recordings in line with its mark; returns those that changed. Their files stay.

    Whether one goes public again by itself is what was wished before: the organiser's wish outlives the mark.
    """
    statement = select(Recording).where(Recording.session_id == session.id, Recording.deleted_at.is_(None))
    changed = []
    for recording in await db.scalars(statement.with_for_update()):
        if session.do_not_record and recording.published_at is not None:
            unpublish_recording(recording)
            recording.publish_when_playable = True
            await enqueue(db, RecordingRetired(recording=recording.id, session=session.id), subject=recording.id)
            changed.append(recording)
        elif recording.published_at is None and should_publish(recording, session):
            await publish_recording(db, recording, session)
            changed.append(recording)
    await db.flush()
    return changed
