"""Server-sent changes: what happened to things of an event, told to whoever looks at it right now.

A change is an announcement, not a record: `{"kind": "recording", "id": …, "session": …, "state": …, "progress": …}`.
Who reconnects fetches the present state. Sent after commit.
"""

from typing import Any

from redis.asyncio import Redis

from server.core.db import Db, after_commit
from server.core.redis import publish


def announce(db: Db, redis: Redis, *, event_id: str, change: dict[str, Any]) -> None:
    """Tell the event's listeners once this transaction is durable."""

    async def tell() -> None:
        await publish(redis, f"changes:{event_id}", change)

    after_commit(db, tell)
