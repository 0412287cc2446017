"""What the web tells `semma ingest` to do at once. Redis may lose it: ingest finds the same in the rows, only later."""

from typing import Any

from server.core.db import Db, after_commit
from server.core.redis import publish
from server.core.runtime import Runtime

COMMANDS = "live:commands"


def tell_ingest(db: Db, runtime: Runtime, command: dict[str, Any]) -> None:
    """Publish a command once this transaction is durable:

    - `{"kind": "revoked", "key_id": …}`: drop the publisher that came by this key (or this SRT door);
    - `{"kind": "srt", "room_id": …, "door_id": …, "role": …}`: read this door's passphrase anew, or for the first time;
    - `{"kind": "ended", "broadcast_id": …, "room_id": …}`: write what is left and close the broadcast.
    """

    async def tell() -> None:
        await publish(runtime.redis, COMMANDS, command)

    after_commit(db, tell)
