"""What a room shows of itself: on air or not, what is on and what is next, where to play it, how healthy it is.

For the API, the pages, the studio and the badges of an event: one answer for all of them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, select

from server.accounts.actor import Actor
from server.accounts.policy import Action, can
from server.core.clock import now
from server.core.db import Db
from server.core.runtime import Runtime
from server.core.secrets import Keyring
from server.events.audience import Watched, audience_token
from server.events.models import Event, Room
from server.live.models import ENDED, ON_AIR, Broadcast, Stretch
from server.live.programme import PlannedSession, Programme
from server.live.queries import RoomFound, last_broadcast, stretches_of
from server.live.schedule import SAME_DAY

BEFORE, AWAY, NEVER = "before", "away", "never"  # besides on_air and ended
# So long after its end a room still shows what was, not what comes on another day.
_AFTERGLOW = timedelta(hours=12)


@dataclass(frozen=True, kw_only=True)
class TalkShown:
    """A session beside a broadcast: what it is and when it is (planned) or was (its stretch)."""

    session: str
    slug: str
    title: str
    starts_at: datetime | None
    ends_at: datetime | None
    do_not_record: bool = False
    stretch: str | None = None


@dataclass(frozen=True, kw_only=True)
class LiveView:
    """A room as its live page shows it. `state` is before, on_air, away (on air, the encoder is not), ended or never.

    `starts_at` is what a countdown counts to. `light` ({"light", "notes"}) and `by_hand` are for organisers, None for
    everybody else.
    """

    state: str
    hls: str | None = None
    broadcast: str | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    starts_at: datetime | None = None
    now: TalkShown | None = None
    next: TalkShown | None = None
    stretches: Sequence[TalkShown] = ()
    light: Mapping[str, Any] | None = None
    by_hand: bool | None = None
    encoder: str | None = None


@dataclass(frozen=True, kw_only=True)
class RoomOnAir:
    """A badge: this room is on air, with this talk."""

    room: str
    broadcast: str
    started_at: datetime
    away: bool
    session: str | None


@dataclass(frozen=True)
class _Looked:
    """All that is read for one room."""

    broadcast: Broadcast | None
    stretches: Sequence[Stretch]
    planned: Sequence[PlannedSession]
    sessions: Mapping[str, PlannedSession] = field(default_factory=dict)


async def read_live(
    db: Db, runtime: Runtime, programme: Programme, *, actor: Actor, room: RoomFound, moment: datetime | None = None
) -> LiveView:
    """The room as the actor may see it (that they may is for `get_live_room`, or the page, to say); four statements."""
    moment = moment or now()
    looked = await _look(db, programme, room.room)
    broadcast = looked.broadcast
    state = _state(looked, moment)
    opened = next((one for one in looked.stretches if one.ends_at is None), None)
    shown = [_of_stretch(one, looked.sessions) for one in looked.stretches]
    organises = can(actor, Action.STREAM, room.subject)
    now_on = _now(looked, opened, moment, on_air=state in (ON_AIR, AWAY))
    following = _next(looked, moment, now_on)
    return LiveView(
        state=state,
        hls=hls_of(runtime.keyring, room.event, room.room.id, moment=moment) if broadcast is not None else None,
        broadcast=broadcast.id if broadcast else None,
        started_at=broadcast.started_at if broadcast else None,
        ended_at=broadcast.ended_at if broadcast else None,
        starts_at=_countdown(looked, moment) if state == BEFORE else None,
        now=now_on,
        next=following,
        stretches=[one for one in shown if one is not None],
        light=(broadcast.health or None) if broadcast and organises and broadcast.state == ON_AIR else None,
        by_hand=broadcast.by_hand if broadcast and organises else None,
        encoder=broadcast.encoder if broadcast and organises else None,
    )


async def rooms_on_air(db: Db, event_id: str) -> dict[str, RoomOnAir]:
    """The event's rooms that are on air, by room; one statement."""
    opened = and_(Stretch.broadcast_id == Broadcast.id, Stretch.ends_at.is_(None))
    rows = await db.execute(
        select(Broadcast, Stretch.session_id)
        .outerjoin(Stretch, opened)
        .where(Broadcast.event_id == event_id, Broadcast.state == ON_AIR)
    )
    return {
        broadcast.room_id: RoomOnAir(
            room=broadcast.room_id,
            broadcast=broadcast.id,
            started_at=broadcast.started_at,
            away=broadcast.encoder == AWAY,
            session=session_id,
        )
        for broadcast, session_id in rows
    }


def hls_of(keyring: Keyring, event: Event, room_id: str, *, moment: datetime) -> str:
    """The path of the room's multivariant playlist for everybody who may watch it now."""
    watched = Watched(event_id=event.id, visibility=event.visibility, access_epoch=event.access_epoch, published=True)
    return f"/live/{audience_token(keyring, watched, moment=moment)}/{room_id}/index.m3u8"


async def _look(db: Db, programme: Programme, room: Room) -> _Looked:
    broadcast = await last_broadcast(db, room.id)
    planned = await programme.of_room(db, room.id)
    if broadcast is None:
        return _Looked(None, (), planned)
    stretches = (await stretches_of(db, [broadcast.id]))[broadcast.id]
    known = {one.id: one for one in planned}
    # Sessions that were moved to another room, or deleted, since
    missing = {one.session_id for one in stretches} - set(known)
    return _Looked(broadcast, stretches, planned, known | dict(await programme.by_ids(db, missing)))


def _state(looked: _Looked, moment: datetime) -> str:
    broadcast = looked.broadcast
    if broadcast is not None and broadcast.state == ON_AIR:
        return AWAY if broadcast.encoder == AWAY else ON_AIR
    starts_at = _countdown(looked, moment)
    if broadcast is None or broadcast.ended_at is None:
        return NEVER if starts_at is None else BEFORE
    if starts_at is None:
        return ENDED
    soon = starts_at - moment <= SAME_DAY or moment - broadcast.ended_at > _AFTERGLOW
    return BEFORE if soon else ENDED


def _countdown(looked: _Looked, moment: datetime) -> datetime | None:
    """The start of what should be on now or comes next and was not shown yet."""
    done = {one.session_id for one in looked.stretches}
    left = [one for one in _coming(looked, moment) if one.id not in done]
    return left[0].starts_at if left else None


def _coming(looked: _Looked, moment: datetime) -> list[PlannedSession]:
    return [one for one in looked.planned if one.ends_at is not None and moment < one.ends_at and not one.cancelled]


def _now(looked: _Looked, opened: Stretch | None, moment: datetime, *, on_air: bool) -> TalkShown | None:
    """The talk that is on: of a room on air the open stretch's, else what the programme has now."""
    if on_air:
        return _of_stretch(opened, looked.sessions) if opened is not None else None
    running = [one for one in _coming(looked, moment) if one.starts_at is not None and one.starts_at <= moment]
    return _of_plan(running[-1]) if running else None


def _next(looked: _Looked, moment: datetime, now_on: TalkShown | None) -> TalkShown | None:
    """The next one that was not shown yet."""
    done = {one.session_id for one in looked.stretches} | ({now_on.session} if now_on else set())
    present = looked.sessions.get(now_on.session) if now_on else None
    begin = present.starts_at if present is not None and present.starts_at is not None else None
    for one in looked.planned:
        if one.id in done or one.cancelled or one.starts_at is None or one.ends_at is None:
            continue
        if (begin is not None and one.starts_at >= begin) or moment < one.ends_at:
            return _of_plan(one)
    return None


def _of_plan(one: PlannedSession) -> TalkShown:
    return TalkShown(
        session=one.id,
        slug=one.slug,
        title=one.title,
        starts_at=one.starts_at,
        ends_at=one.ends_at,
        do_not_record=one.do_not_record,
    )


def _of_stretch(stretch: Stretch, sessions: Mapping[str, PlannedSession]) -> TalkShown | None:
    """A stretch with its session's words; None when the session was deleted."""
    session = sessions.get(stretch.session_id)
    if session is None or session.deleted:
        return None
    return TalkShown(
        session=session.id,
        slug=session.slug,
        title=session.title,
        starts_at=stretch.starts_at,
        ends_at=stretch.ends_at,
        do_not_record=stretch.do_not_record or session.do_not_record,
        stretch=stretch.id,
    )
