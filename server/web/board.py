"""What organisers see in the studio: their sessions with the state of each recording, and the fields of forms."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select

from server.accounts.actor import Actor
from server.accounts.policy import ANYTHING, Action, can
from server.core.clock import now
from server.core.db import Db
from server.events.models import Event, Series
from server.events.queries import deleted_events, rooms_of, tracks_of, visible_series
from server.recordings.assemble import renditions_of
from server.recordings.models import ENCODING, PROBING, RECEIVING, Recording, Source
from server.recordings.queries import all_recordings_of, progress_of, recordings_of_sessions
from server.sessions.models import Session
from server.sessions.queries import Item, deleted_sessions, programme_of, read_items
from server.slides.overview import Overview, overviews_of
from server.web.wording import zone_of

Choices = list[tuple[str, str]]
_WORKING = frozenset({RECEIVING, PROBING, ENCODING})
_COMMON_LANGUAGES = ("fi", "sv", "en", "et", "de", "fr", "nb", "da", "se")


@dataclass(frozen=True, slots=True)
class Rung:
    """A rendition, and whether all of it is there."""

    name: str
    complete: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingShown:
    """A recording's state for its organiser."""

    id: str
    state: str
    playable: bool
    published: bool
    progress: float
    publishes_itself: bool = False
    deleted: bool = False
    duration_ms: int | None = None
    filename: str = ""
    error: str = ""
    notes: tuple[str, ...] = ()
    rungs: tuple[Rung, ...] = ()
    better: float | None = None  # how far a better encode is that takes the place of what is shown

    @property
    def is_working(self) -> bool:
        """Whether something still happens by itself."""
        return self.state in _WORKING and not self.deleted


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionRow:
    """A session on the board."""

    id: str
    slug: str
    title: str
    state: str
    do_not_record: bool
    starts_at: datetime | None
    room: str
    speakers: str
    recording: RecordingShown | None
    slides: Overview | None = None  # None: there are none


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionForm:
    """A session's fields as a form shows them; `starts_at` in the event's zone, without offset."""

    id: str = ""
    slug: str = ""
    title: str = ""
    speakers: str = ""
    starts_at: str = ""
    minutes: str = ""
    room: str = ""
    track: str = ""
    language: str = ""
    licence: str = ""
    abstract: str = ""
    links: str = ""
    do_not_record: bool = False
    version: int = 0
    language_choices: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class EventForm:
    """An event's fields as a form shows them."""

    id: str = ""
    slug: str = ""
    title: str = ""
    description: str = ""
    hashtag: str = ""
    starts_on: str = ""
    ends_on: str = ""
    time_zone: str = ""
    visibility: str = "public"
    publish_live: bool = True
    series_id: str = ""
    version: int = 0


def event_form(event: Event) -> EventForm:
    """An event as its settings form begins."""
    return EventForm(
        id=event.id,
        slug=event.slug,
        title=event.title,
        description=event.description,
        hashtag=event.hashtag,
        starts_on=event.starts_on.isoformat() if event.starts_on else "",
        ends_on=event.ends_on.isoformat() if event.ends_on else "",
        time_zone=event.time_zone,
        visibility=event.visibility,
        publish_live=event.publish_live,
        series_id=event.series_id or "",
        version=event.version,
    )


def session_form(item: Item, *, names: Sequence[tuple[str, str]]) -> SessionForm:
    """A session as its form begins; `names`: languages to choose from."""
    session = item.session
    zone = zone_of(item.event.time_zone)
    choices = list(names)
    if session.language and session.language not in {code for code, _ in choices}:
        choices.append((session.language, session.language))
    return SessionForm(
        id=session.id,
        slug=session.slug,
        title=session.title,
        speakers=", ".join(speaker.name for speaker in item.speakers),
        starts_at=session.starts_at.astimezone(zone).strftime("%Y-%m-%dT%H:%M") if session.starts_at else "",
        minutes=f"{session.duration_ms / 60_000:g}" if session.duration_ms else "",
        room=item.room.id if item.room else "",
        track=item.track.id if item.track else "",
        language=session.language,
        licence=session.licence,
        abstract=session.abstract,
        links="\n".join(f"{link.kind} {link.url} {link.title}".strip() for link in item.links),
        do_not_record=session.do_not_record,
        version=session.version,
        language_choices=tuple(choices),
    )


def recording_brief(recording: Recording) -> RecordingShown:
    """A recording on the board."""
    return RecordingShown(
        id=recording.id,
        state=recording.state,
        playable=recording.playable,
        published=recording.published_at is not None,
        progress=recording.progress,
        publishes_itself=recording.publish_when_playable,
        deleted=recording.deleted_at is not None,
        duration_ms=recording.duration_ms,
        error=recording.error_detail or "",
    )


def session_row(item: Item, recording: Recording | None, slides: Overview | None = None) -> SessionRow:
    """A session on the board."""
    session = item.session
    return SessionRow(
        id=session.id,
        slug=session.slug,
        title=session.title,
        state=session.state,
        do_not_record=session.do_not_record,
        starts_at=session.starts_at,
        room=item.room.name if item.room else "",
        speakers=", ".join(speaker.name for speaker in item.speakers),
        recording=recording_brief(recording) if recording else None,
        slides=slides,
    )


async def read_board(db: Db, actor: Actor, event: Event) -> list[SessionRow]:
    """Every session of an event with its recording and how its slides are; six statements."""
    items = await programme_of(db, actor, event)
    ids = [item.session.id for item in items]
    recordings = await recordings_of_sessions(db, actor, ids)
    slides = await overviews_of(db, ids, recordings)
    return [session_row(item, recordings.get(item.session.id), slides.get(item.session.id)) for item in items]


async def read_deleted(db: Db, actor: Actor, event: Event, *, undo_s: int) -> list[Item]:
    """Sessions of an event that can still be brought back."""
    statement = deleted_sessions(actor, since=now() - timedelta(seconds=undo_s)).where(Session.event_id == event.id)
    return await read_items(db, statement.order_by(Session.deleted_at.desc()), details=False)


async def read_deleted_events(db: Db, actor: Actor, *, undo_s: int) -> list[Event]:
    """Events that can still be brought back, the one deleted last first."""
    statement = deleted_events(actor, since=now() - timedelta(seconds=undo_s))
    return list(await db.scalars(statement.order_by(Event.deleted_at.desc())))


async def read_recordings(db: Db, session_id: str, *, undo_s: int) -> list[RecordingShown]:
    """Every recording of a session in full, also those that can still be brought back, newest first."""
    since = now() - timedelta(seconds=undo_s)
    rows = [
        row
        for row in await all_recordings_of(db, session_id, deleted=True)
        if row.deleted_at is None or row.deleted_at >= since
    ]
    return [await _in_full(db, row) for row in rows]


async def _in_full(db: Db, recording: Recording) -> RecordingShown:
    source_id = recording.cut[0]["source_id"] if recording.cut else ""
    filename = await db.scalar(select(Source.filename).where(Source.id == source_id))
    rungs = await renditions_of(db, recording)
    progress = await progress_of(db, [recording])
    return RecordingShown(
        id=recording.id,
        state=recording.state,
        playable=recording.playable,
        published=recording.published_at is not None,
        progress=progress[recording.id],
        better=recording.next_progress if recording.next_generation is not None else None,
        publishes_itself=recording.publish_when_playable,
        deleted=recording.deleted_at is not None,
        duration_ms=recording.duration_ms,
        filename=filename or "",
        error=recording.error_detail or "",
        notes=tuple(note["detail"] for note in recording.warnings),
        rungs=tuple(Rung(rung.name, rung.complete) for rung in rungs if rung.kind == "video"),
    )


async def read_places(db: Db, event: Event) -> tuple[Choices, Choices]:
    """Rooms and tracks of an event to choose from."""
    rooms = [(room.id, room.name) for room in await rooms_of(db, event.id)]
    return rooms, [(track.id, track.name) for track in await tracks_of(db, event.id)]


async def read_series_choices(db: Db) -> Choices:
    """Every series to choose from."""
    return [(row.id, row.title) for row in await db.scalars(visible_series().order_by(Series.title))]


def may_create_event(actor: Actor) -> bool:
    """Whether the asker may open an event."""
    return can(actor, Action.CREATE_EVENT, ANYTHING)


def language_codes(event: Event | None) -> list[str]:
    """Languages to offer: the event's own first, then those common here."""
    own = list(event.languages) if event else []
    return [*own, *(code for code in _COMMON_LANGUAGES if code not in own)]
