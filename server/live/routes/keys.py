"""Stream key and SRT door endpoints."""

from typing import Annotated, Any

from litestar import Response, delete, get, post
from litestar.di import NamedDependency
from litestar.openapi.spec import Example
from litestar.params import JSONBody, PathParameter

from server.accounts.actor import Actor
from server.accounts.policy import Action
from server.core.clock import now
from server.core.http import After, Limit, Page, decode_cursor, encode_cursor
from server.core.keyset import cut_page, one_page
from server.core.runtime import Runtime
from server.live.keys import ROLES, make_key, revoke_key
from server.live.queries import KEY_KEYS, get_key, get_live_room, keys_of
from server.live.routes.shared import OPEN, RoomId
from server.live.schemas import DoorOut, DoorRotation, KeyIn, KeyMade, KeyOut, door_out, key_made, key_out
from server.live.srt_doors import doors_of, find_doors, rotate_passphrase

KeyId = Annotated[
    str,
    PathParameter(
        description="The key's id.", examples=[Example(summary="An id", value="01979c5e2b7a7c3d9e1f2a3b4c5d6e91")]
    ),
]
_PRIVATE = {"Cache-Control": "no-store"}


@get("/api/v1/rooms/{room:str}/keys", summary="List a room's stream keys", **OPEN)
async def list_keys(
    room: RoomId,
    runtime: NamedDependency[Runtime],
    actor: NamedDependency[Actor],
    limit: Limit = 50,
    after: After = None,
) -> Page[KeyOut]:
    """For the event's organisers: every key there was, the newest first, without their secrets."""
    cursor = decode_cursor(after, length=len(KEY_KEYS)) if after else None
    async with runtime.database.read() as db:
        found = await get_live_room(db, room, actor=actor, action=Action.STREAM)
        rows = (await db.scalars(one_page(keys_of(found.room.id), KEY_KEYS, limit=limit, after=cursor))).all()
    page, beyond = cut_page(rows, KEY_KEYS, limit=limit)
    moment = now()
    items = [key_out(row, runtime, moment=moment) for row in page]
    return Page(items=items, next=encode_cursor(beyond) if beyond else None)


@post("/api/v1/rooms/{room:str}/keys", summary="Make a stream key", **OPEN)
async def add_key(
    room: RoomId, data: JSONBody[KeyIn], runtime: NamedDependency[Runtime], actor: NamedDependency[Actor]
) -> Response[KeyMade]:
    """For the event's organisers. The secret is told this once.

    With `rotate`, the older keys of the same role are valid for `overlap_s` seconds more: who sends by one goes on
    sending, but has to come in by the new one next time.
    """
    async with runtime.database.write() as db:
        found = await get_live_room(db, room, actor=actor, action=Action.STREAM)
        key, secret = await make_key(
            db, runtime, found.room, role=data.role, rotate=data.rotate, overlap_s=data.overlap_s
        )
    return Response(key_made(key, secret, runtime, moment=now()), status_code=201, headers=_PRIVATE)


@delete("/api/v1/rooms/{room:str}/keys/{key:str}", summary="Revoke a stream key", **OPEN)
async def end_key(room: RoomId, key: KeyId, runtime: NamedDependency[Runtime], actor: NamedDependency[Actor]) -> None:
    """For the event's organisers. Whoever sends by it is dropped at once; it cannot be taken back."""
    async with runtime.database.write() as db:
        found = await get_live_room(db, room, actor=actor, action=Action.STREAM)
        await revoke_key(db, runtime, await get_key(db, found.room.id, key))


@get("/api/v1/rooms/{room:str}/srt", summary="Show a room's SRT doors", **OPEN)
async def show_doors(
    room: RoomId, runtime: NamedDependency[Runtime], actor: NamedDependency[Actor]
) -> Response[Page[DoorOut]]:
    """For the event's organisers: the ports and passphrases of main and backup. Made at the first look."""
    async with runtime.database.read() as db:
        found = await get_live_room(db, room, actor=actor, action=Action.STREAM)
        doors = await find_doors(db, found.room)
    if len(doors) < len(ROLES):
        async with runtime.database.write() as db:
            doors = await doors_of(db, runtime, found.room)
    return Response(Page(items=[door_out(door, runtime) for door in doors], next=None), headers=_PRIVATE)


@post("/api/v1/rooms/{room:str}/srt/rotate", status_code=200, summary="Change an SRT passphrase", **OPEN)
async def rotate_door(
    room: RoomId, data: JSONBody[DoorRotation], runtime: NamedDependency[Runtime], actor: NamedDependency[Actor]
) -> Response[DoorOut]:
    """For the event's organisers. The old passphrase lets nobody in any more; who is connected stays, unless `drop`."""
    async with runtime.database.write() as db:
        found = await get_live_room(db, room, actor=actor, action=Action.STREAM)
        door = await rotate_passphrase(db, runtime, found.room, role=data.role, drop=data.drop)
        shown = door_out(door, runtime)
    return Response(shown, headers=_PRIVATE)


ROUTES: list[Any] = [list_keys, add_key, end_key, show_doors, rotate_door]
