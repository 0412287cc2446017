"""What is looked at while a broadcast is on air: the schedule, the rows an organiser changes, the traffic light.

Engines that are away cost only the look: the stream goes on, and the next look is a second later.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy.exc import SQLAlchemyError

from server.core.changes import announce
from server.core.db import Db
from server.core.errors import SemmaError
from server.events.models import Event, Room
from server.live.broadcasts import AWAY, end_broadcast, note_encoder
from server.live.equipment import Equipment
from server.live.health import Signs, judge
from server.live.models import Broadcast

log = structlog.get_logger(__name__)

LOOK_S = 1.0
HEALTH_S = 2.0
_AWAY = (SemmaError, SQLAlchemyError, OSError)


class Oversight:
    """Looks after one broadcast. `ended` is set once it must end: asked to, or its room is gone."""

    def __init__(
        self, equipment: Equipment, broadcast_id: str, observe: Callable[[], Signs], *, encoder: str = AWAY
    ) -> None:
        self.ended = asyncio.Event()
        self.away_since: datetime | None = equipment.clock.now() if encoder == AWAY else None
        self._equipment, self._broadcast_id, self._observe = equipment, broadcast_id, observe
        self._encoder, self._noted = encoder, ""
        self._health: dict[str, Any] = {}
        self._judged_s = 0.0
        self._decided_until: datetime | None = None
        self._following = asyncio.Lock()
        self._wake = asyncio.Event()

    def encoder_is(self, role: str) -> None:
        """Which encoder is on air now: main, backup, away."""
        if role == self._encoder:
            return
        self._encoder = role
        self.away_since = self._equipment.clock.now() if role == AWAY else None
        self._wake.set()

    def look_now(self) -> None:
        """Something was changed: look at once."""
        self._wake.set()

    async def run(self) -> None:
        """Look, until cancelled."""
        while True:
            try:
                await self._look()
                await self._follow(self._equipment.clock.now())
                await self._tell_health()
            except _AWAY as error:
                log.warning("live.look_failed", broadcast=self._broadcast_id, error=str(error))
            await _wait(self._wake, LOOK_S)

    async def decided(self, moment: datetime) -> None:
        """Wait until it is decided which talks were on up to this moment. Raises when the database is away."""
        while not self.ended.is_set() and (self._decided_until is None or self._decided_until < moment):
            present = self._equipment.clock.now()
            if present < moment:
                await asyncio.sleep((moment - present).total_seconds())
            await self._follow(self._equipment.clock.now())

    async def _follow(self, moment: datetime) -> None:
        async with self._following:
            await self._equipment.follow(self._broadcast_id, moment=moment, away_since=self.away_since)
            self._decided_until = moment

    async def _look(self) -> None:
        runtime = self._equipment.runtime
        async with runtime.database.read() as db:
            broadcast = await db.get(Broadcast, self._broadcast_id)
            if broadcast is None or broadcast.ended_at is not None:
                self.ended.set()
                return
            is_there = await _is_there(db, broadcast.room_id)
        if is_there and self._noted == self._encoder:
            return
        async with runtime.database.write() as db:
            locked = await db.get(Broadcast, self._broadcast_id, with_for_update=True)
            if locked is None or locked.ended_at is not None:
                self.ended.set()
            elif not is_there:
                await end_broadcast(db, runtime, locked, moment=self._equipment.clock.now())
                self.ended.set()
            else:
                encoder = self._encoder
                await note_encoder(db, runtime, locked, encoder)
                self._noted = encoder

    async def _tell_health(self) -> None:
        """Judge every two seconds; what changed is written and told to the organisers."""
        mono = self._equipment.clock.mono()
        if mono - self._judged_s < HEALTH_S or self.ended.is_set():
            return
        self._judged_s = mono
        health = judge(self._observe())
        if health == self._health:
            return
        await note_health(self._equipment, self._broadcast_id, health)
        self._health = health


async def _is_there(db: Db, room_id: str) -> bool:
    room = await db.get(Room, room_id)
    event = await db.get(Event, room.event_id) if room is not None else None
    return room is not None and room.deleted_at is None and event is not None and event.deleted_at is None


async def note_health(equipment: Equipment, broadcast_id: str, health: dict[str, Any]) -> None:
    """Keep the traffic light in the broadcast's row, and tell the organisers."""
    runtime = equipment.runtime
    async with runtime.database.write() as db:
        broadcast = await db.get(Broadcast, broadcast_id)
        if broadcast is None or broadcast.health == health:
            return
        broadcast.health = health
        change = {"kind": "health", "broadcast": broadcast.id, "room": broadcast.room_id, **health}
        announce(db, runtime.redis, event_id=broadcast.event_id, change=change)


async def _wait(event: asyncio.Event, seconds: float) -> None:
    """Wait for the event, or so long."""
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return
    event.clear()
