"""Sessions as cards, and a programme by day and start, in the event's time zone."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from server.accounts.actor import Actor
from server.accounts.policy import Action, can
from server.core.clock import now
from server.core.db import Db
from server.core.secrets import Keyring
from server.events.models import Event, EventLink, Room, Series
from server.events.queries import links_of, rooms_of, subject_of
from server.live.live_view import rooms_on_air
from server.playback.watch import watchable
from server.recordings.models import FAILED, READY, Recording
from server.recordings.queries import recordings_of_sessions
from server.sessions.queries import Item, programme_of
from server.web.shown import Day, EventHead, Link, RoomName, Slot, SpeakerName, TalkCard
from server.web.wording import zone_of

# What ends after midnight belongs to the evening before.
_DAY_BEGINS = timedelta(hours=4)
BREAKS = frozenset({"break", "lunch", "coffee", "dinner", "social", "registration"})


def event_head(
    event: Event, series: Series | None, links: Sequence[EventLink], *, actor: Actor, recordings: int = 0
) -> EventHead:
    """An event as its page begins."""
    return EventHead(
        id=event.id,
        slug=event.slug,
        title=event.title,
        subtitle=event.subtitle,
        description=event.description,
        starts_on=event.starts_on,
        ends_on=event.ends_on,
        time_zone=event.time_zone,
        hashtag=event.hashtag,
        visibility=event.visibility,
        series_slug=series.slug if series else "",
        series_title=series.title if series else "",
        recordings=recordings,
        may_edit=can(actor, Action.EDIT_EVENT, subject_of(event)),
        links=tuple(Link(link.kind, link.url, link.title) for link in links),
    )


def talk_card(
    item: Item, recording: Recording | None, *, actor: Actor, keyring: Keyring, on_air: bool = False
) -> TalkCard:
    """A session as it stands in lists."""
    session = item.session
    shown = recording is not None and recording.playable
    return TalkCard(
        url=f"/{item.event.slug}/sessions/{session.slug}",
        title=session.title,
        session_id=session.id,
        live_url=live_url(item) if on_air else "",
        speakers=speaker_names(item),
        room=item.room.name if item.room else "",
        room_slug=item.room.slug if item.room else "",
        room_position=item.room.position if item.room else -1,  # for everybody: before the rooms
        track=item.track.name if item.track else "",
        language=session.language,
        is_break=session.kind in BREAKS,
        starts_at=session.starts_at,
        duration_ms=session.duration_ms,
        badge="live" if on_air else badge_of(item, recording),
        recording_id=recording.id if recording else "",
        recorded_ms=recording.duration_ms if recording and shown else None,
        poster_url=_poster_of(item, recording, actor=actor, keyring=keyring) if recording and shown else "",
        time_zone=item.event.time_zone,
        event_title=item.event.title,
    )


def live_url(item: Item) -> str:
    """The live page of the session's room."""
    return f"/{item.event.slug}/live/{item.room.slug}" if item.room else ""


def speaker_names(item: Item) -> tuple[SpeakerName, ...]:
    """Who speaks, in order."""
    return tuple(SpeakerName(speaker.name, speaker.slug) for speaker in item.speakers)


def badge_of(item: Item, recording: Recording | None) -> str:
    """The one word that matters most about a session in a list."""
    if item.session.state == "cancelled":
        return "cancelled"
    if recording is not None and recording.playable:
        return "watch" if recording.state == READY else "growing"
    if recording is not None and recording.state not in (FAILED, "cancelled"):
        return "working"
    return "not_recorded" if item.session.do_not_record else ""


def _poster_of(item: Item, recording: Recording, *, actor: Actor, keyring: Keyring) -> str:
    preview = recording.published_at is None and can(actor, Action.PREVIEW, item.subject)
    shown = watchable(recording, item, keyring=keyring, moment=now(), preview=preview, captions=[])
    return shown.poster or ""


def by_day(cards: Sequence[TalkCard], zone_name: str) -> tuple[Day, ...]:
    """Cards with a time, by the day they belong to and the moment they start."""
    zone = zone_of(zone_name)
    days: dict[date, dict[datetime, list[TalkCard]]] = {}
    timed = [(card.starts_at, card) for card in cards if card.starts_at]
    for moment, card in sorted(timed, key=lambda pair: (pair[0], pair[1].room_position, pair[1].room, pair[1].url)):
        start = moment.astimezone(zone)
        days.setdefault((start - _DAY_BEGINS).date(), {}).setdefault(start, []).append(card)
    return tuple(
        Day(day, tuple(Slot(start, tuple(talks)) for start, talks in slots.items())) for day, slots in days.items()
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Programme:
    """Every session of an event as a card, and its rooms. `live`: each room on air with what is on there now."""

    cards: list[TalkCard]
    rooms: tuple[RoomName, ...]
    live: tuple[tuple[RoomName, TalkCard | None], ...]
    recordings: int


async def read_programme(db: Db, actor: Actor, event: Event, keyring: Keyring) -> Programme:
    """The programme of an event, in five statements whatever the number of its sessions; six while a room is on air."""
    items = await programme_of(db, actor, event)
    recordings = await recordings_of_sessions(db, actor, [item.session.id for item in items])
    on_air = await rooms_on_air(db, event.id)
    live_sessions = {one.session for one in on_air.values()}
    cards = {
        item.session.id: talk_card(
            item,
            recordings.get(item.session.id),
            actor=actor,
            keyring=keyring,
            on_air=item.room is not None and item.session.id in live_sessions,
        )
        for item in items
    }
    return Programme(
        cards=list(cards.values()),
        rooms=tuple(RoomName(room.slug, room.name, on_air=room.id in on_air) for room in _rooms_in(items)),
        live=tuple(
            (RoomName(room.slug, room.name, on_air=True), cards.get(on_air[room.id].session or ""))
            for room in (await rooms_of(db, event.id) if on_air else ())
            if room.id in on_air
        ),
        recordings=sum(1 for recording in recordings.values() if recording.playable),
    )


def _rooms_in(items: Sequence[Item]) -> list[Room]:
    """The rooms sessions are in, in the event's order."""
    rooms = {item.room.id: item.room for item in items if item.room}
    return sorted(rooms.values(), key=lambda room: (room.position, room.id))


async def event_links(db: Db, event: Event) -> list[EventLink]:
    """The links of one event."""
    return (await links_of(db, [event.id]))[event.id]
