"""Tell at once who may see an event: web processes that serve its rooms live hold that in memory."""

from server.core.db import Db, after_commit
from server.core.redis import publish
from server.core.runtime import Runtime
from server.events.models import Event
from server.events.queries import rooms_of


async def tell_doors(db: Db, runtime: Runtime, event: Event) -> None:
    """Tell that the event's visibility, access epoch or existence changed, on the channel of each of its rooms.

    Sent once this transaction is durable; whoever hears it looks the event up. Who does not (Redis is away) looks up
    what decides every few seconds anyway.
    """
    room_ids = [room.id for room in await rooms_of(db, event.id)]
    note = {
        "kind": "doors",
        "event_id": event.id,
        "visibility": event.visibility,
        "access_epoch": event.access_epoch,
    }

    async def tell() -> None:
        for room_id in room_ids:
            await publish(runtime.redis, f"live:{room_id}", note)

    after_commit(db, tell)
