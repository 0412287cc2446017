"""What a room shows of itself, and the list of its broadcasts."""

from typing import Any

from litestar import Response, get
from litestar.di import NamedDependency

from server.accounts.actor import Actor
from server.core.http import After, Limit, Page, decode_cursor, encode_cursor
from server.core.keyset import cut_page, one_page
from server.core.runtime import Runtime
from server.live.live_view import AWAY, read_live
from server.live.models import ON_AIR
from server.live.programme import Programme
from server.live.queries import BROADCAST_KEYS, broadcasts_of, get_live_room
from server.live.routes.shared import OPEN, RoomId, broadcast_views
from server.live.schemas import BroadcastOut, LiveOut, live_out
from server.live.viewers import count_viewers


@get("/api/v1/rooms/{room:str}/live", summary="Show what a room shows live", **OPEN)
async def show_live(
    room: RoomId,
    runtime: NamedDependency[Runtime],
    actor: NamedDependency[Actor],
    room_programme: NamedDependency[Programme],
) -> Response[LiveOut]:
    """For whoever may see the event: whether it is on air, what is on and what comes next, and where to play it."""
    async with runtime.database.read() as db:
        found = await get_live_room(db, room, actor=actor)
        view = await read_live(db, runtime, room_programme, actor=actor, room=found)
    viewers = await count_viewers(runtime, found.room.id) if view.state in (ON_AIR, AWAY) else None
    return Response(live_out(found.room.id, view, viewers=viewers), headers={"Cache-Control": "private, no-cache"})


@get("/api/v1/rooms/{room:str}/broadcasts", summary="List a room's broadcasts", **OPEN)
async def list_broadcasts(
    room: RoomId,
    runtime: NamedDependency[Runtime],
    actor: NamedDependency[Actor],
    room_programme: NamedDependency[Programme],
    limit: Limit = 50,
    after: After = None,
) -> Page[BroadcastOut]:
    """For whoever may see the event, the latest first, each with its talks."""
    cursor = decode_cursor(after, length=len(BROADCAST_KEYS)) if after else None
    async with runtime.database.read() as db:
        found = await get_live_room(db, room, actor=actor)
        statement = one_page(broadcasts_of(found.room.id), BROADCAST_KEYS, limit=limit, after=cursor)
        page, beyond = cut_page((await db.scalars(statement)).all(), BROADCAST_KEYS, limit=limit)
        items = await broadcast_views(db, room_programme, page, actor=actor, found=found)
    return Page(items=items, next=encode_cursor(beyond) if beyond else None)


ROUTES: list[Any] = [show_live, list_broadcasts]
