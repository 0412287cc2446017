"""What uploads are for, composed for both roots that finish them: the web process and housekeeping.

Uploads know neither sessions nor recordings; here the two meet.
"""

from sqlalchemy import select

from server.core.db import Db
from server.core.runtime import Runtime
from server.events.models import Event
from server.playback.captions import accept_captions
from server.recordings.intake import RecordingHerald, accept_upload
from server.sessions.models import Session
from server.slides.intake import accept_deck
from server.uploads.desk import Consumer, Desk, FinishedUpload, Target


async def locate_session(db: Db, session_id: str) -> Target | None:
    """The session an upload names, unless it or its event is deleted."""
    found = await db.execute(
        select(Session, Event)
        .join(Event, Event.id == Session.event_id)
        .where(Session.id == session_id, Session.deleted_at.is_(None), Event.deleted_at.is_(None))
    )
    row = found.first()
    if row is None:
        return None
    session, event = row
    return Target(
        event_id=event.id,
        session_id=session.id,
        visibility=event.visibility,
        do_not_record=session.do_not_record,
    )


def make_desk(runtime: Runtime) -> Desk:
    """The desk of this process, with a consumer for every purpose that is taken."""

    async def captions(db: Db, upload: FinishedUpload, /) -> str:
        return await accept_captions(db, runtime.store, upload)

    async def slides(db: Db, upload: FinishedUpload, /) -> str:
        return await accept_deck(db, runtime, upload)

    consumers: dict[str, Consumer] = {"recording": accept_upload, "captions": captions, "slides": slides}
    heralds = {"recording": RecordingHerald()}
    return Desk(runtime=runtime, consumers=consumers, locate=locate_session, heralds=heralds)
