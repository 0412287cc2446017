"""Sessions as cards, and a programme by day and start, in the event's time zone."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta

from server.accounts.actor import Actor
from server.accounts.policy import Action, can
from server.core.clock import now
from server.core.db import Db
from server.core.secrets import Keyring
from server.events.models import Event, EventLink, Series
from server.events.queries import links_of, subject_of
from server.playback.watch import watchable
from server.recordings.models import FAILED, READY, Recording
from server.recordings.queries import recordings_of_sessions
from server.sessions.queries import Item, programme_of
from server.web.shown import Day, EventHead, Link, RoomName, Slot, SpeakerName, TalkCard
from server.web.wording import zone_of

# What ends after midnight belongs to the evening before.
_DAY_BEGINS = timedelta(hours=4)
_BREAKS = frozenset({"break", "lunch", "coffee", "dinner", "social", "registration"})


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


def talk_card(item: Item, recording: Recording | None, *, actor: Actor, keyring: Keyring) -> TalkCard:
    """A session as it stands in lists."""
    session = item.session
    shown = recording is not None and recording.playable
    return TalkCard(
        url=f"/{item.event.slug}/sessions/{session.slug}",
        title=session.title,
        speakers=speaker_names(item),
        room=item.room.name if item.room else "",
        room_slug=item.room.slug if item.room else "",
        room_position=item.room.position if item.room else -1,  # for everybody: before the rooms
        track=item.track.name if item.track else "",
        language=session.language,
        is_break=session.kind in _BREAKS,
        starts_at=session.starts_at,
        duration_ms=session.duration_ms,
        badge=badge_of(item, recording),
        recording_id=recording.id if recording else "",
        recorded_ms=recording.duration_ms if recording and shown else None,
        poster_url=_poster_of(item, recording, actor=actor, keyring=keyring) if recording and shown else "",
        time_zone=item.event.time_zone,
        event_title=item.event.title,
    )


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


async def read_programme(
    db: Db, actor: Actor, event: Event, keyring: Keyring
) -> tuple[list[Item], list[TalkCard], Mapping[str, Recording]]:
    """Every session of an event with its card, in four statements whatever their number."""
    items = await programme_of(db, actor, event)
    recordings = await recordings_of_sessions(db, actor, [item.session.id for item in items])
    cards = [talk_card(item, recordings.get(item.session.id), actor=actor, keyring=keyring) for item in items]
    return items, cards, recordings


def rooms_in(items: Sequence[Item]) -> tuple[RoomName, ...]:
    """The rooms sessions are in, in the event's order."""
    rooms = {item.room.id: item.room for item in items if item.room}
    return tuple(
        RoomName(room.slug, room.name) for room in sorted(rooms.values(), key=lambda room: (room.position, room.id))
    )


async def event_links(db: Db, event: Event) -> list[EventLink]:
    """The links of one event."""
    return (await links_of(db, [event.id]))[event.id]
