"""How many watch a room: each page says so every 15 seconds with a random id of its own, so it is right behind a CDN.

No account, address or name is kept: a sorted set of ids a room with the moment each was last heard of.
"""

import hashlib
import re

import msgspec

from server.core.redis import count_members, touch_member
from server.core.runtime import Runtime

HEARTBEAT_S = 15
# Two heartbeats may be lost
GONE_S = 2.5 * HEARTBEAT_S
MOST_BYTES = 1024
_ID = re.compile(r"^[A-Za-z0-9_-]{8,64}$")


class Beacon(msgspec.Struct):
    """What a page sends."""

    id: str = ""


def read_id(body: bytes, *, otherwise: str) -> str:
    """The page's id; of what says none, or none that can be used, one made from `otherwise` (its address, say)."""
    try:
        found = msgspec.json.decode(body, type=Beacon).id if body else ""
    except msgspec.DecodeError:
        found = ""
    return found if _ID.match(found) else hashlib.blake2b(otherwise.encode(), digest_size=12).hexdigest()


async def see_viewer(runtime: Runtime, room_id: str, viewer_id: str) -> int | None:
    """Somebody watches the room now; returns how many do, None when Redis is away."""
    return await touch_member(runtime.redis, _key(room_id), viewer_id, within_s=GONE_S)


async def count_viewers(runtime: Runtime, room_id: str) -> int | None:
    """How many watch the room; None when Redis is away."""
    return await count_members(runtime.redis, _key(room_id), within_s=GONE_S)


def _key(room_id: str) -> str:
    return f"live:{room_id}:viewers"
