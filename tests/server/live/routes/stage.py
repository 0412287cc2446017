"""A room with a programme around the present moment, on air or not."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, select

from server.core.clock import now
from server.core.db import Database
from server.core.jobs import JobRow
from server.core.redis import PREFIX
from server.core.runtime import Runtime
from server.live.broadcasts import begin_broadcast
from server.live.models import Broadcast, LiveSegment, Stretch
from server.live.stretches import add_stretch
from server.room_programme import ROOM_PROGRAMME
from tests.server.events.people import Asker

MINUTE = timedelta(minutes=1)


@dataclass
class Stage:
    """The event, its room, its sessions by name, and when the first of them began."""

    runtime: Runtime
    event: str
    room: str
    start: datetime
    sessions: dict[str, str] = field(default_factory=dict)
    broadcast: str = ""

    def minute(self, number: float) -> datetime:
        """So many minutes after the first talk began."""
        return self.start + number * MINUTE

    async def go_on_air(self, *, at: float = 0, **more: Any) -> str:
        """Begin a broadcast, as ingest does; returns its id."""
        async with self.runtime.database.write() as db:
            made = await begin_broadcast(
                db,
                self.runtime,
                event_id=self.event,
                room_id=self.room,
                started_at=self.minute(at),
                layout={},
                **({"encoder": "main"} | more),
            )
        self.broadcast = made.id
        return made.id

    async def stretches(self) -> list[tuple[str, float, float | None]]:
        """What was on: name, from and to, in minutes after the first talk's start."""
        names = {session: name for name, session in self.sessions.items()}
        async with self.runtime.database.read() as db:
            rows = await db.scalars(
                select(Stretch).where(Stretch.broadcast_id == self.broadcast).order_by(Stretch.starts_at)
            )
            return [(names[row.session_id], self._minutes(row.starts_at), self._minutes(row.ends_at)) for row in rows]

    async def clear(self) -> None:
        """No broadcast was ever here."""
        async with self.runtime.database.write() as db:
            await db.execute(delete(Broadcast))

    async def put(self, name: str, start: float, end: float) -> str:
        """A talk that was on from minute to minute; returns the stretch's id."""
        async with self.runtime.database.write() as db:
            broadcast = await db.get_one(Broadcast, self.broadcast)
            session = (await ROOM_PROGRAMME.by_ids(db, [self.sessions[name]]))[self.sessions[name]]
            borders = {"starts_at": self.minute(start), "ends_at": self.minute(end)}
            return (await add_stretch(db, self.runtime, broadcast, session, **borders)).id

    async def grow_old(self) -> None:
        """As if everything in the broadcast had happened a minute earlier than it did."""
        async with self.runtime.database.write() as db:
            for row in await db.scalars(select(Stretch).where(Stretch.broadcast_id == self.broadcast)):
                row.created_at -= MINUTE
                row.starts_at -= MINUTE
                row.ends_at = row.ends_at and row.ends_at - MINUTE

    def _minutes(self, moment: datetime | None) -> Any:
        return None if moment is None else round((moment - self.start) / MINUTE, 2)

    async def row(self) -> Broadcast:
        """The broadcast as it stands."""
        async with self.runtime.database.read() as db:
            return await db.get_one(Broadcast, self.broadcast)

    async def archive(self, first: float, last: float, *, step: float = 0.5) -> None:
        """Archived segments of `step` minutes from `first` to `last`; numbered from 1."""
        async with self.runtime.database.write() as db:
            count = round((last - first) / step)
            for number in range(count):
                db.add(
                    LiveSegment(
                        broadcast_id=self.broadcast,
                        msn=number + 1,
                        start=round(number * step * 60 * 90_000),
                        duration=round(step * 60 * 90_000),
                        wall=self.minute(first + number * step),
                        tracks={"360p": [1, 1, "init"], "audio": [1, 1, "init"]},
                        archived_at=now(),
                    )
                )

    async def dropped(self) -> list[int]:
        """Numbers of the segments that were dropped."""
        async with self.runtime.database.read() as db:
            rows = await db.scalars(select(LiveSegment).where(LiveSegment.dropped_at.is_not(None)))
            return sorted(row.msn for row in rows)


async def make_stage(admin: Asker, runtime: Runtime) -> Stage:
    """Talks `a` (on since 20 minutes, for 30), `b` (follows at once), `c` (after a break of 30 minutes)."""
    event = await admin.post("/events", {"title": "Seminar"})
    room = await admin.post("/events/seminar/rooms", {"name": "Hall"})
    start = (now() - 20 * MINUTE).replace(microsecond=0)
    stage = Stage(runtime, event["id"], room["id"], start)
    for name, minute in (("a", 0), ("b", 30), ("c", 90)):
        session = await admin.post(
            "/events/seminar/sessions",
            {
                "title": f"Talk {name}",
                "room": "hall",
                "starts_at": stage.minute(minute).isoformat(),
                "duration_ms": 1_800_000,
            },
        )
        stage.sessions[name] = session["id"]
    return stage


async def ended_facts(database: Database) -> list[tuple[str, str]]:
    """The talks whose end was told: (stretch, session) of each fact, in order."""
    async with database.read() as db:
        rows = await db.scalars(select(JobRow).where(JobRow.name == "live.talk_ended").order_by(JobRow.id))
        return [(row.arguments["stretch"], row.arguments["session"]) for row in rows]


class Ear:
    """Messages of a channel, as they come."""

    def __init__(self, pubsub: Any) -> None:
        self._pubsub = pubsub

    async def next(self) -> dict[str, Any]:
        """The next message; fails when none comes."""
        message = await self._pubsub.get_message(ignore_subscribe_messages=True, timeout=10)
        while message is None:
            message = await self._pubsub.get_message(ignore_subscribe_messages=True, timeout=10)
        found: dict[str, Any] = json.loads(message["data"])
        return found


@asynccontextmanager
async def listening(runtime: Runtime, channel: str) -> AsyncIterator[Ear]:
    """Hear what is published on the channel from here on."""
    pubsub = runtime.redis.pubsub()
    await pubsub.subscribe(PREFIX + channel)
    assert (await pubsub.get_message(timeout=10))["type"] == "subscribe"
    try:
        yield Ear(pubsub)
    finally:
        await pubsub.aclose()
