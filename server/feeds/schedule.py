"""The programme of an event in the form all exports are written from (sessions/formats), as the asker may see it."""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from server.accounts.actor import Actor
from server.core.db import Db
from server.events.fields import zone_of
from server.events.models import Event, Room, Track
from server.events.queries import rooms_of, tracks_of
from server.sessions.formats.form import ReadLink, ReadProgramme, ReadRoom, ReadSession, ReadSpeaker, ReadTrack
from server.sessions.formats.write_ical import Stamp
from server.sessions.models import Speaker
from server.sessions.queries import SESSION_KEYS, Item, SessionFilter, narrowed, read_items, visible_sessions

_EPOCH = datetime.fromisoformat("1970-01-01T00:00:00+00:00")


@dataclass(kw_only=True)
class Export:
    """A programme to write, what its calendar entries are told apart by, and where people see it."""

    programme: ReadProgramme
    stamps: Mapping[str, Stamp]
    url: str


async def read_export(
    db: Db, actor: Actor, event: Event, *, base_url: str, wanted: SessionFilter | None = None, only: Sequence[str] = ()
) -> Export:
    """The event's programme, narrowed to a filter or (`only`) to sessions by id or slug; five statements."""
    statement = visible_sessions(actor, listed=False)
    statement = narrowed(statement, wanted or SessionFilter(), event=event)
    items = await read_items(db, statement.order_by(*(key.column for key in SESSION_KEYS)))
    if only:
        named = set(only)
        items = [item for item in items if item.session.id in named or item.session.slug in named]
    people = await _people(db, items)
    return export_of(
        event, items, people, await rooms_of(db, event.id), await tracks_of(db, event.id), base_url=base_url
    )


async def _people(db: Db, items: Iterable[Item]) -> dict[str, Speaker]:
    ids = sorted({speaker.id for item in items for speaker in item.speakers})
    found: dict[str, Speaker] = {}
    for at in range(0, len(ids), 500):
        for row in await db.scalars(select(Speaker).where(Speaker.id.in_(ids[at : at + 500]))):
            found[row.id] = row
    return found


def export_of(
    event: Event,
    items: Sequence[Item],
    people: Mapping[str, Speaker],
    rooms: Sequence[Room],
    tracks: Sequence[Track],
    *,
    base_url: str,
) -> Export:
    """Rows as the form has them. Ids are told as UUIDs, so that others can keep them."""
    url = f"{base_url}/{event.slug}"
    changed = [event.updated_at, *(item.session.updated_at for item in items)]
    programme = ReadProgramme(
        form="",
        version=max(changed).astimezone(zone_of(event.time_zone)).isoformat(timespec="seconds"),
        title=event.title,
        acronym=event.slug,
        time_zone=event.time_zone,
        base_url=f"{url}/",
        starts_on=event.starts_on,
        ends_on=event.ends_on,
        rooms=tuple(ReadRoom(name=row.name, key=as_uuid(row.id), description=row.description) for row in rooms),
        tracks=tuple(ReadTrack(name=row.name, key=row.slug, color=row.color) for row in tracks),
        sessions=tuple(_session(item, people, base_url) for item in items),
    )
    stamps = {item.session.guid: _stamp(item) for item in items}
    return Export(programme=programme, stamps=stamps, url=url)


def as_uuid(row_id: str) -> str:
    """An id of ours, 32 hex digits of a UUID, as UUIDs are written (RFC 9562 §4)."""
    return str(uuid.UUID(row_id))


def _session(item: Item, people: Mapping[str, Speaker], base_url: str) -> ReadSession:
    row = item.session
    return ReadSession(
        key=row.guid,
        guid=row.guid,
        code=row.code,
        slug=row.slug,
        title=row.title,
        subtitle=row.subtitle,
        abstract=row.abstract,
        description=row.description,
        kind=row.kind,
        language=row.language,
        licence=row.licence,
        do_not_record=row.do_not_record,
        state=row.state,
        starts_at=row.starts_at,
        duration_ms=row.duration_ms,
        room=item.room.name if item.room else "",
        track=item.track.name if item.track else "",
        speakers=tuple(_speaker(people[of.id], base_url) for of in item.speakers if of.id in people),
        links=tuple(ReadLink(url=link.url, kind=link.kind, title=link.title) for link in item.links),
        url=f"{base_url}/{item.event.slug}/sessions/{row.slug}",
    )


def _speaker(row: Speaker, base_url: str) -> ReadSpeaker:
    return ReadSpeaker(
        name=row.name,
        key=as_uuid(row.id),
        biography=row.biography,
        affiliation=row.affiliation,
        url=f"{base_url}/speakers/{row.slug}",
    )


def _stamp(item: Item) -> Stamp:
    """A change of the room's or track's name is a change of the entry, too."""
    row = item.session
    rows = [row.updated_at, *(of.updated_at for of in (item.room, item.track) if of is not None)]
    return Stamp(uid=as_uuid(row.id), sequence=max(row.version - 1, 0), changed_at=max(rows, default=_EPOCH))
