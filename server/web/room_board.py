"""A room in the studio: how to send to it, what is on air, its broadcasts with the talks in them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from server.accounts.actor import Actor
from server.core.db import Db
from server.core.runtime import Runtime
from server.events.models import Event
from server.events.queries import get_room
from server.live.live_view import AWAY, LiveView, read_live
from server.live.models import ON_AIR, Broadcast, Stretch
from server.live.programme import PlannedSession, Programme
from server.live.queries import BROADCAST_KEYS, KEY_KEYS, RoomFound, broadcasts_of, keys_of, stretches_of
from server.live.schemas import KeyOut, key_out, rtmp_server
from server.web.board import Choices
from server.web.wording import zone_of

MOST_SHOWN = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class StretchShown:
    """A talk's part of a broadcast; times for forms are in the event's zone, to the second, without offset."""

    id: str
    version: int
    session_id: str
    title: str
    url: str
    starts_at: str
    ends_at: str  # empty while the talk is on
    starts_moment: datetime
    ends_moment: datetime | None
    do_not_record: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class BroadcastShown:
    """A broadcast in the room's history."""

    id: str
    is_on: bool
    started_at: datetime
    ended_at: datetime | None
    stretches: tuple[StretchShown, ...]

    @property
    def duration_ms(self) -> int | None:
        """How long it lasted; None while it is on."""
        return None if self.ended_at is None else round((self.ended_at - self.started_at).total_seconds() * 1000)


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomBoard:
    """A room as its organisers see it."""

    id: str
    slug: str
    name: str
    server: str
    view: LiveView
    keys: tuple[KeyOut, ...]
    sessions: Choices
    broadcasts: tuple[BroadcastShown, ...]

    @property
    def is_on(self) -> bool:
        """Whether the room is on air, with or without its encoder."""
        return self.view.state in (ON_AIR, AWAY)

    @property
    def light(self) -> str:
        """The colour of the traffic light: green, yellow or red; off when there is nothing to judge."""
        if not self.is_on:
            return "off"
        return str(self.view.light.get("light", "green")) if self.view.light else "green"

    @property
    def notes(self) -> list[dict[str, str]]:
        """What the light wants to say, the gravest first."""
        return list(self.view.light.get("notes", [])) if self.is_on and self.view.light else []


async def read_room_board(
    db: Db, runtime: Runtime, programme: Programme, *, actor: Actor, event: Event, room_ref: str, moment: datetime
) -> RoomBoard:
    """The room of an event the actor organises; raises RoomNotFound."""
    room = await get_room(db, event.id, room_ref)
    view = await read_live(db, runtime, programme, actor=actor, room=RoomFound(room, event), moment=moment)
    keys = await db.scalars(keys_of(room.id).order_by(*(key.column.desc() for key in KEY_KEYS)).limit(MOST_SHOWN))
    shown = [key_out(key, runtime, moment=moment) for key in keys]
    planned = await programme.of_room(db, room.id)
    return RoomBoard(
        id=room.id,
        slug=room.slug,
        name=room.name,
        server=rtmp_server(runtime),
        view=view,
        keys=tuple(key for key in shown if key.state in ("valid", "running_out")),
        sessions=[(one.id, one.title) for one in planned if not one.cancelled],
        broadcasts=await _history(db, programme, event, room.id),
    )


async def _history(db: Db, programme: Programme, event: Event, room_id: str) -> tuple[BroadcastShown, ...]:
    order = (key.column.desc() for key in BROADCAST_KEYS)
    rows = (await db.scalars(broadcasts_of(room_id).order_by(*order).limit(MOST_SHOWN))).all()
    stretches = await stretches_of(db, [row.id for row in rows])
    sessions = await programme.by_ids(db, {one.session_id for some in stretches.values() for one in some})
    return tuple(
        _broadcast(
            row, [(one, sessions[one.session_id]) for one in stretches[row.id] if one.session_id in sessions], event
        )
        for row in rows
    )


def _broadcast(row: Broadcast, talks: Sequence[tuple[Stretch, PlannedSession]], event: Event) -> BroadcastShown:
    zone = zone_of(event.time_zone)

    def in_zone(moment: datetime) -> str:
        return moment.astimezone(zone).strftime("%Y-%m-%dT%H:%M:%S")

    return BroadcastShown(
        id=row.id,
        is_on=row.state == ON_AIR,
        started_at=row.started_at,
        ended_at=row.ended_at,
        stretches=tuple(
            StretchShown(
                id=stretch.id,
                version=stretch.version,
                session_id=session.id,
                title=session.title,
                url=f"/studio/{event.slug}/sessions/{session.slug}",
                starts_at=in_zone(stretch.starts_at),
                ends_at=in_zone(stretch.ends_at) if stretch.ends_at else "",
                starts_moment=stretch.starts_at,
                ends_moment=stretch.ends_at,
                do_not_record=stretch.do_not_record or session.do_not_record,
            )
            for stretch, session in talks
        ),
    )
