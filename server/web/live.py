"""A room as its live page shows it: what is on air, what is on and next, the room's programme with its recordings."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from server.accounts.actor import Actor
from server.accounts.policy import Action, can
from server.core.db import Db
from server.core.runtime import Runtime
from server.events.models import Event
from server.events.queries import get_room, rooms_of
from server.live.live_view import AWAY, BEFORE, LiveView, TalkShown, hls_of, read_live, rooms_on_air
from server.live.models import ON_AIR
from server.live.programme import Programme
from server.live.queries import RoomFound
from server.live.viewers import count_viewers
from server.recordings.queries import recordings_of_sessions
from server.sessions.queries import Item, programme_of
from server.slides.queries import read_session_decks
from server.slides.sight import sight_of
from server.web.decks import NO_SLIDES, Beside, beside_of
from server.web.programme import by_day, event_head, talk_card
from server.web.shown import Day, EventHead, RoomName, TalkCard

WAITING, OVER = "waiting", "over"


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveTalk:
    """A session in the room's list; `jump_to`: when it began in the broadcast that is on, to rewind to."""

    card: TalkCard
    is_now: bool = False
    is_next: bool = False
    jump_to: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveDay:
    """A day of the room; `is_open`: the one people come for now."""

    day: Day
    talks: tuple[LiveTalk, ...]
    is_open: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LivePage:
    """Everything the live page shows. `state`: on_air, waiting (for `starts_at`), or over."""

    event: EventHead
    room_id: str
    room_slug: str
    room_name: str
    state: str
    stream: str
    starts_at: datetime | None = None
    now: TalkCard | None = None
    next: TalkCard | None = None
    not_kept: bool = False  # what is on now is shown live only
    rooms: tuple[RoomName, ...] = ()
    days: tuple[LiveDay, ...] = ()
    may_stream: bool = False
    beside: Beside = NO_SLIDES  # of what is on now
    for_script: dict[str, Any] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """The page's address."""
        return f"/{self.event.slug}/live/{self.room_slug}"

    @property
    def awaited(self) -> TalkCard | None:
        """What the countdown counts to: a talk that should have begun, or the next one."""
        talks = (self.now, self.next)
        return next((talk for talk in talks if talk is not None and talk.starts_at == self.starts_at), self.next)


async def read_live_page(
    db: Db,
    runtime: Runtime,
    programme: Programme,
    *,
    actor: Actor,
    event: Event,
    room_ref: str,
    moment: datetime,
    large: str = "",
) -> LivePage:
    """The live page of a room of an event the actor was let into, in ten statements, two more while a talk is on.

    `large` is what this browser chose to have the large place. Raises RoomNotFound.
    """
    room = await get_room(db, event.id, room_ref)
    found = RoomFound(room, event)
    view = await read_live(db, runtime, programme, actor=actor, room=found, moment=moment)
    items = [item for item in await programme_of(db, actor, event) if item.room and item.room.id == room.id]
    cards = await _cards(db, runtime, actor, items)
    state = ON_AIR if view.state in (ON_AIR, AWAY) else WAITING if view.state == BEFORE else OVER
    is_on = view.now.session if view.now and state == ON_AIR else ""
    item = next((item for item in items if item.session.id == is_on), None)
    beside = await _beside(db, runtime, actor, item, moment=moment, large=large) if item else NO_SLIDES
    return LivePage(
        event=event_head(event, None, [], actor=actor),
        room_id=room.id,
        room_slug=room.slug,
        room_name=room.name,
        state=state,
        stream=hls_of(runtime.keyring, event, room.id, moment=moment),
        starts_at=view.starts_at,
        now=_card(cards, view.now),
        next=_card(cards, view.next),
        not_kept=view.now is not None and view.now.do_not_record,
        rooms=await _rooms(db, event, here=room.id),
        days=_days(cards, view, zone=event.time_zone, moment=moment, is_on_air=state == ON_AIR),
        may_stream=can(actor, Action.STREAM, found.subject),
        beside=beside,
        for_script=_for_script(found, view, is_on_air=state == ON_AIR)
        | {
            "stream": hls_of(runtime.keyring, event, room.id, moment=moment),
            "viewers": await count_viewers(runtime, room.id) or 0,
            "now_ms": round(moment.timestamp() * 1000),
            "slides": beside.address or None,
        },
    )


async def _rooms(db: Db, event: Event, *, here: str) -> tuple[RoomName, ...]:
    """The event's rooms to switch between."""
    on_air = await rooms_on_air(db, event.id)
    return tuple(
        RoomName(one.slug, one.name, on_air=one.id in on_air, is_here=one.id == here)
        for one in await rooms_of(db, event.id)
    )


async def _beside(db: Db, runtime: Runtime, actor: Actor, item: Item, *, moment: datetime, large: str) -> Beside:
    """The slides of the talk that is on, to be leafed through."""
    found = await read_session_decks(db, item.session.id)
    if not found.shown:
        return NO_SLIDES
    return beside_of(found, sight_of(actor, item, keyring=runtime.keyring, moment=moment), large=large)


async def _cards(db: Db, runtime: Runtime, actor: Actor, items: Sequence[Item]) -> dict[str, TalkCard]:
    """The room's sessions by id."""
    recordings = await recordings_of_sessions(db, actor, [item.session.id for item in items])
    return {
        item.session.id: talk_card(item, recordings.get(item.session.id), actor=actor, keyring=runtime.keyring)
        for item in items
    }


def _card(cards: Mapping[str, TalkCard], talk: TalkShown | None) -> TalkCard | None:
    return cards.get(talk.session) if talk else None


def _days(
    cards: Mapping[str, TalkCard], view: LiveView, *, zone: str, moment: datetime, is_on_air: bool
) -> tuple[LiveDay, ...]:
    days = by_day(list(cards.values()), zone)
    now_id = view.now.session if view.now and is_on_air else ""
    next_id = view.next.session if view.next else ""
    began = {talk.session: talk.starts_at for talk in reversed(view.stretches)} if is_on_air else {}
    wanted = _wanted_day(days, _card(cards, view.now) or _card(cards, view.next), moment)
    return tuple(
        LiveDay(
            day=day,
            is_open=day is wanted,
            talks=tuple(
                LiveTalk(
                    card=card,
                    is_now=card.session_id == now_id,
                    is_next=card.session_id == next_id,
                    jump_to=began.get(card.session_id),
                )
                for slot in day.slots
                for card in slot.talks
            ),
        )
        for day in days
    )


def _wanted_day(days: Sequence[Day], card: TalkCard | None, moment: datetime) -> Day | None:
    """The day of what is on or next; else the last one that has begun, else the first."""
    if card is not None:
        return next((day for day in days if any(card in slot.talks for slot in day.slots)), None)
    begun = [day for day in days if day.slots[0].starts_at <= moment]
    return begun[-1] if begun else next(iter(days), None)


def _for_script(found: RoomFound, view: LiveView, *, is_on_air: bool) -> dict[str, Any]:
    """What the page's script works with; it reads the page again whenever something changed."""
    return {
        "event": found.event.id,
        "room": found.room.id,
        "room_name": found.room.name,
        "broadcast": view.broadcast if is_on_air else None,
        "title": view.now.title if view.now and is_on_air else "",
        "stretches": [
            {
                "title": talk.title,
                "url": f"/{found.event.slug}/sessions/{talk.slug}",
                "starts_at": talk.starts_at.isoformat() if talk.starts_at else None,
                "ends_at": talk.ends_at.isoformat() if talk.ends_at else None,
                "slides": f"/api/v1/sessions/{talk.session}/slides",
            }
            for talk in (view.stretches if is_on_air else ())
        ],
    }
