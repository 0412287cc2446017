"""Make a recording visible, or hide it."""

from datetime import datetime

from server.core.clock import now
from server.core.db import Db
from server.core.jobs import enqueue
from server.recordings.errors import NothingToPublish, NotToBeRecorded
from server.recordings.jobs import RecordingPublished
from server.recordings.models import Recording
from server.sessions.models import Session


def should_publish(recording: Recording, session: Session) -> bool:
    """Whether a recording that just became playable goes public by itself."""
    return recording.publish_when_playable and recording.playable and not session.do_not_record


async def publish_recording(db: Db, recording: Recording, session: Session) -> None:
    """Let viewers watch; nothing happens when they already may. Raises NothingToPublish, NotToBeRecorded."""
    if session.do_not_record:
        raise NotToBeRecorded
    if not recording.playable:
        raise NothingToPublish
    recording.publish_when_playable = True
    if recording.published_at is None:
        _show(recording, now())
        await enqueue(db, RecordingPublished(recording=recording.id, session=session.id), subject=recording.id)


def unpublish_recording(recording: Recording) -> None:
    """Hide from viewers at once; organisers still see it, and it does not go public by itself again."""
    recording.publish_when_playable = False
    _show(recording, None)


def _show(recording: Recording, moment: datetime | None) -> None:
    recording.published_at = moment
    recording.version += 1
