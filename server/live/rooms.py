"""All rooms of an ingest process: where listeners bring encoders, and where the web's commands arrive.

What a command says is found in the rows too, by looking every two seconds: Redis may lose any message.
"""

import asyncio
from collections.abc import Coroutine
from typing import Any

import structlog
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from server.core.errors import SemmaError
from server.core.redis import listen, make_listener
from server.live.commands import COMMANDS
from server.live.equipment import Equipment
from server.live.feed import Admission, Feed
from server.live.keys import admit_key
from server.live.models import Broadcast, SrtDoor, StreamKey
from server.live.room import Room

log = structlog.get_logger(__name__)

LOOK_S = 2.0
_REVOKED = "This stream key was revoked; copy the new one from the room's page in the studio."


class Rooms:
    """Satisfies feed.Reception. `srt_changed` is set when an SRT door was made or has a new passphrase."""

    def __init__(self, equipment: Equipment) -> None:
        self.srt_changed = asyncio.Event()
        self._equipment = equipment
        self._rooms: dict[str, Room] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        """Begin: go on with what is on air, close what was ended while nobody was here."""
        await self._equipment.archive.open()
        async with self._equipment.runtime.database.read() as db:
            unfinished = list(await db.scalars(select(Broadcast).where(Broadcast.closed_at.is_(None))))
        for broadcast in unfinished:
            room = self._room(broadcast.event_id, broadcast.room_id)
            if broadcast.ended_at is not None:
                room.finish(broadcast)
        self._spawn(self._listen())
        self._spawn(self._look_after())

    async def close(self) -> None:
        """Stop: encoders are sent away, what is on air goes on in the next process."""
        for room in self._rooms.values():
            room.lineup.drop("The service is being restarted; the encoder may connect again at once.")
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._equipment.archive.close()

    async def admit(self, stream_key: str, *, peer: str) -> Admission:
        """See Reception."""
        return await admit_key(self._equipment.runtime, stream_key, peer=peer)

    async def serve(self, feed: Feed) -> None:
        """See Reception."""
        await self._room(feed.admission.event_id, feed.admission.room_id).serve(feed)

    def _room(self, event_id: str, room_id: str) -> Room:
        if room_id not in self._rooms:
            room = self._rooms[room_id] = Room(self._equipment, event_id=event_id, room_id=room_id)
            self._spawn(room.live())
        return self._rooms[room_id]

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _listen(self) -> None:
        """Obey commands as they come."""
        redis = make_listener(self._equipment.runtime.redis_url)
        try:
            async for command in listen(redis, COMMANDS):
                self._obey(command or {})
        finally:
            await redis.aclose()

    def _obey(self, command: dict[str, Any]) -> None:
        kind = command.get("kind")
        if kind == "revoked":
            self._revoke({str(command.get("key_id"))})
        elif kind == "srt":
            self.srt_changed.set()
        elif kind == "ended" and (room := self._rooms.get(str(command.get("room_id")))) is not None:
            room.look_now()

    def _revoke(self, keys: set[str]) -> None:
        for room in self._rooms.values():
            for key_id in keys & room.lineup.key_ids():
                room.lineup.drop(_REVOKED, key_id=key_id)

    async def _look_after(self) -> None:
        """Find in the rows what no command told."""
        while True:
            await asyncio.sleep(LOOK_S)
            keys = {key for room in self._rooms.values() for key in room.lineup.key_ids()}
            if not keys:
                continue
            try:
                self._revoke(keys - await self._valid(keys))
            except (SemmaError, SQLAlchemyError, OSError) as error:
                log.warning("live.keys_not_seen", error=str(error))

    async def _valid(self, keys: set[str]) -> set[str]:
        """Those that were not revoked (a key that has run out goes on while its encoder does)."""
        async with self._equipment.runtime.database.read() as db:
            stream_keys = select(StreamKey.id).where(StreamKey.id.in_(keys), StreamKey.revoked_at.is_(None))
            doors = select(SrtDoor.id).where(SrtDoor.id.in_(keys))
            return set(await db.scalars(stream_keys)) | set(await db.scalars(doors))
