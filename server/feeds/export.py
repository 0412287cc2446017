"""All of an event as one JSON document, for people who take it elsewhere: the forms are those of the API."""

from typing import Any

import msgspec
from sqlalchemy import select

from server.accounts.actor import Actor
from server.core.db import Db
from server.events.models import Event, Series
from server.events.queries import links_of, rooms_of, tracks_of
from server.events.schemas import EventOut, RoomOut, TrackOut, event_out, room_out, track_out
from server.playback.chapters import ChapterReader, chapters_in
from server.playback.models import ChapterList
from server.recordings.queries import recordings_of_sessions
from server.sessions.media import SessionMediaReader
from server.sessions.models import Speaker
from server.sessions.queries import SESSION_KEYS, Item, SessionFilter, narrowed, read_items, visible_sessions
from server.sessions.schemas import SessionOut, SpeakerOut, session_out, speaker_out

VERSION = 1
_BATCH = 500


class ExportedChapter(msgspec.Struct):
    """Where a chapter begins, from the talk's own start."""

    start_ms: int
    title: str


class ExportedSession(msgspec.Struct, kw_only=True):
    """A session as the API shows it, with what is at other addresses there."""

    session: SessionOut
    url: str
    chapters: list[ExportedChapter]


class EventExport(msgspec.Struct, kw_only=True):
    """An event with everything in it that the asker may see."""

    semma_export: int
    url: str
    event: EventOut
    rooms: list[RoomOut]
    tracks: list[TrackOut]
    speakers: list[SpeakerOut]
    sessions: list[ExportedSession]


async def read_event_export(
    db: Db,
    actor: Actor,
    event: Event,
    *,
    base_url: str,
    read_media: SessionMediaReader,
    read_chapters: ChapterReader,
) -> EventExport:
    """The document, for this asker."""
    statement = narrowed(visible_sessions(actor, listed=False), SessionFilter(), event=event)
    items = await read_items(db, statement.order_by(*(key.column for key in SESSION_KEYS)))
    series = await db.get(Series, event.series_id) if event.series_id else None
    links = (await links_of(db, [event.id]))[event.id]
    return EventExport(
        semma_export=VERSION,
        url=f"{base_url}/{event.slug}",
        event=event_out(event, series if series and series.deleted_at is None else None, links),
        rooms=[room_out(row) for row in await rooms_of(db, event.id)],
        tracks=[track_out(row) for row in await tracks_of(db, event.id)],
        speakers=[speaker_out(row) for row in await _speakers(db, items)],
        sessions=await _sessions(db, actor, items, base_url, read_media, read_chapters),
    )


async def _speakers(db: Db, items: list[Item]) -> list[Speaker]:
    ids = sorted({speaker.id for item in items for speaker in item.speakers})
    found: list[Speaker] = []
    for at in range(0, len(ids), _BATCH):
        found += await db.scalars(select(Speaker).where(Speaker.id.in_(ids[at : at + _BATCH])))
    return sorted(found, key=lambda row: (row.folded, row.id))


async def _sessions(
    db: Db,
    actor: Actor,
    items: list[Item],
    base_url: str,
    read_media: SessionMediaReader,
    read_chapters: ChapterReader,
) -> list[ExportedSession]:
    sessions = []
    for at in range(0, len(items), _BATCH):
        batch = items[at : at + _BATCH]
        ids = [item.session.id for item in batch]
        media = await read_media(db, actor, ids)
        recordings = await recordings_of_sessions(db, actor, ids)
        for item in batch:
            recording = recordings.get(item.session.id)
            chapters: list[Any] = []
            if recording is not None:
                own = await db.get(ChapterList, recording.id)
                chapters = list(chapters_in(own, recording, await read_chapters(db, recording)))
            sessions.append(
                ExportedSession(
                    session=session_out(item, media.get(item.session.id)),
                    url=f"{base_url}/{item.event.slug}/sessions/{item.session.slug}",
                    chapters=[ExportedChapter(one.start_ms, one.title) for one in chapters],
                )
            )
    return sessions
