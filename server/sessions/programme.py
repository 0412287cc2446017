"""Put sessions into the programme and change them. (delete_thing and restore_thing are in events/editions.)

Every act takes plain values, checks them and writes; none commits, none asks for rights.
"""

import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any

from sqlalchemy import select

from server.core.db import Db
from server.core.ids import new_id
from server.core.jobs import enqueue
from server.events import fields
from server.events.editions import Rules, clean
from server.events.links import NewLink, replace_links
from server.events.queries import get_room, get_track
from server.events.slugs import claim_slug, flush_named
from server.sessions.errors import DurationInvalid, GuidTaken, StateInvalid, TimeInvalid
from server.sessions.jobs import RecordingConsentChanged
from server.sessions.models import Session, SessionLink
from server.sessions.speakers import SpeakerRef, set_speakers

STATES = ("confirmed", "tentative", "cancelled")
_LONGEST_MS = 7 * 86_400_000


def check_state(state: str) -> str:
    """confirmed, tentative or cancelled; raises StateInvalid."""
    if state not in STATES:
        raise StateInvalid
    return state


def _check_start(moment: datetime | None) -> datetime | None:
    if moment is None:
        return None
    if moment.tzinfo is None or not 1970 <= moment.year < 9999:
        raise TimeInvalid
    return moment.astimezone(UTC)


def _check_duration(duration_ms: int | None) -> int | None:
    if duration_ms is not None and not 1000 <= duration_ms <= _LONGEST_MS:
        raise DurationInvalid
    return duration_ms


def _check_language(tag: str) -> str:
    return fields.check_language(tag) if tag else ""


_SESSION: Rules = {
    "title": partial(fields.check_text, "title", most=500, required=True),
    "subtitle": partial(fields.check_text, "subtitle", most=500),
    "abstract": partial(fields.check_text, "abstract", most=20_000),
    "description": partial(fields.check_text, "description", most=100_000),
    "code": partial(fields.check_text, "code", most=100),
    "kind": partial(fields.check_text, "kind", most=60, required=True),
    "language": _check_language,
    "licence": partial(fields.check_text, "licence", most=200),
    "do_not_record": bool,
    "state": check_state,
    "starts_at": _check_start,
    "duration_ms": _check_duration,
}


async def create_session(
    db: Db,
    event_id: str,
    *,
    title: str,
    slug: str | None = None,
    guid: str | None = None,
    room: str | None = None,
    track: str | None = None,
    speakers: Sequence[SpeakerRef] = (),
    links: Sequence[NewLink] = (),
    **values: Any,
) -> Session:
    """Add a session to an event. `room` and `track` are ids or slugs of that event; `values` are further columns:
    subtitle, abstract, description, code, kind, language, licence, do_not_record, state, starts_at, duration_ms.
    """
    row_values = clean(_SESSION, {"title": title, **values})
    session_id = new_id()
    guid = fields.check_text("guid", guid or str(uuid.UUID(session_id)), most=200, required=True)
    if await db.scalar(select(Session.id).where(Session.event_id == event_id, Session.guid == guid)):
        raise GuidTaken
    session = Session(
        id=session_id,
        event_id=event_id,
        guid=guid,
        slug=await claim_slug(db, Session, wanted=slug, title=row_values["title"], event_id=event_id),
        room_id=(await get_room(db, event_id, room)).id if room else None,
        track_id=(await get_track(db, event_id, track)).id if track else None,
        **row_values,
    )
    db.add(session)
    await flush_named(db)
    if speakers:
        await set_speakers(db, session, speakers)
    if links:
        await replace_links(db, SessionLink, session, links)
        session.version = 1
        await db.flush()
    return session


async def change_session(
    db: Db,
    session: Session,
    changes: Mapping[str, Any],
    *,
    speakers: Sequence[SpeakerRef] | None = None,
    links: Sequence[NewLink] | None = None,
) -> Session:
    """Change the given fields of a session; `room` and `track` are ids, slugs or None; lists are replaced whole."""
    changes = dict(changes)
    if "slug" in changes:
        session.slug = await claim_slug(
            db,
            Session,
            wanted=changes.pop("slug"),
            title=session.title,
            event_id=session.event_id,
            own_id=session.id,
        )
    if "room" in changes:
        room = changes.pop("room")
        session.room_id = (await get_room(db, session.event_id, room)).id if room else None
    if "track" in changes:
        track = changes.pop("track")
        session.track_id = (await get_track(db, session.event_id, track)).id if track else None
    before = session.do_not_record
    for name, value in clean(_SESSION, changes).items():
        setattr(session, name, value)
    session.version += 1
    if session.do_not_record != before:
        await enqueue(db, RecordingConsentChanged(session=session.id), subject=session.id)
    if speakers is not None:
        await set_speakers(db, session, speakers)
    if links is not None:
        await replace_links(db, SessionLink, session, links)
    await flush_named(db)
    return session
