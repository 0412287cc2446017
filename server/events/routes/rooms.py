"""Room endpoints."""

from typing import Annotated, Any

from litestar import Request, Response, delete, get, patch, post
from litestar.di import NamedDependency
from litestar.openapi.spec import Example
from litestar.params import JSONBody, PathParameter, QueryParameter

from server.accounts.actor import Actor
from server.accounts.policy import Action
from server.core.http import (
    PROBLEM_RESPONSES,
    After,
    Limit,
    Page,
    check_if_match,
    decode_cursor,
    encode_cursor,
    json_with_etag,
)
from server.core.keyset import cut_page, one_page
from server.core.runtime import Runtime
from server.events.doors import tell_doors
from server.events.editions import delete_thing, restorable_since, restore_thing
from server.events.models import Room
from server.events.queries import child_keys, children_of, deleted_children_of, get_event, get_room
from server.events.rooms import change_room, create_room
from server.events.routes.shared import EventRef, tell
from server.events.schemas import RoomIn, RoomOut, RoomPatch, changes_in, room_out

RoomRef = Annotated[
    str, PathParameter(description="The room's id or slug.", examples=[Example(summary="A slug", value="main-hall")])
]
_OPEN: dict[str, Any] = {"tags": ["Rooms"], "responses": PROBLEM_RESPONSES}
_KEYS = child_keys(Room)


@get("/api/v1/events/{event:str}/rooms", summary="List an event's rooms", **_OPEN)
async def list_rooms(
    event: EventRef,
    runtime: NamedDependency[Runtime],
    actor: NamedDependency[Actor],
    limit: Limit = 50,
    after: After = None,
    deleted: Annotated[bool, QueryParameter(description="Those that can be restored instead.")] = False,
) -> Page[RoomOut]:
    """Its rooms in their order; the deleted ones for its organisers only."""
    cursor = decode_cursor(after, length=len(_KEYS)) if after else None
    async with runtime.database.read() as db:
        owner = await get_event(db, event, actor=actor, action=Action.EDIT_EVENT if deleted else Action.SEE)
        statement = children_of(Room, owner.id)
        if deleted:
            statement = deleted_children_of(Room, owner.id, since=restorable_since(runtime.limits.undo_s))
        rows = (await db.scalars(one_page(statement, _KEYS, limit=limit, after=cursor))).all()
    page, beyond = cut_page(rows, _KEYS, limit=limit)
    return Page(items=[room_out(row) for row in page], next=encode_cursor(beyond) if beyond else None)


@post("/api/v1/events/{event:str}/rooms", summary="Add a room", **_OPEN)
async def add_room(
    request: Request[Any, Any, Any],
    event: EventRef,
    data: JSONBody[RoomIn],
    runtime: NamedDependency[Runtime],
    actor: NamedDependency[Actor],
) -> Response[RoomOut]:
    """For the event's organisers. It goes behind the others unless it is given a position."""
    async with runtime.database.write() as db:
        owner = await get_event(db, event, actor=actor, action=Action.EDIT_EVENT)
        room = await create_room(db, owner.id, **changes_in(data))
        tell(db, runtime, owner.id, kind="room", thing=room, act="created")
    return json_with_etag(request, room_out(room), room.version, status=201)


@get("/api/v1/events/{event:str}/rooms/{room:str}", summary="Show a room", **_OPEN)
async def show_room(
    request: Request[Any, Any, Any],
    event: EventRef,
    room: RoomRef,
    runtime: NamedDependency[Runtime],
    actor: NamedDependency[Actor],
) -> Response[RoomOut]:
    """One room of the event."""
    async with runtime.database.read() as db:
        owner = await get_event(db, event, actor=actor)
        row = await get_room(db, owner.id, room)
    return json_with_etag(request, room_out(row), row.version)


@patch("/api/v1/events/{event:str}/rooms/{room:str}", summary="Change a room", **_OPEN)
async def edit_room(
    request: Request[Any, Any, Any],
    event: EventRef,
    room: RoomRef,
    data: JSONBody[RoomPatch],
    runtime: NamedDependency[Runtime],
    actor: NamedDependency[Actor],
) -> Response[RoomOut]:
    """For the event's organisers. Fields left out stay as they are."""
    async with runtime.database.write() as db:
        owner = await get_event(db, event, actor=actor, action=Action.EDIT_EVENT)
        row = await get_room(db, owner.id, room, lock=True)
        check_if_match(request, row.version)
        await change_room(db, row, changes_in(data))
        tell(db, runtime, owner.id, kind="room", thing=row, act="changed")
    return json_with_etag(request, room_out(row), row.version)


@delete("/api/v1/events/{event:str}/rooms/{room:str}", summary="Delete a room", **_OPEN)
async def remove_room(
    request: Request[Any, Any, Any],
    event: EventRef,
    room: RoomRef,
    runtime: NamedDependency[Runtime],
    actor: NamedDependency[Actor],
) -> None:
    """For the event's organisers. Its sessions stay, without a room. Can be undone with POST …/restore."""
    async with runtime.database.write() as db:
        owner = await get_event(db, event, actor=actor, action=Action.EDIT_EVENT)
        row = await get_room(db, owner.id, room, lock=True)
        check_if_match(request, row.version)
        await tell_doors(db, runtime, owner)  # whoever watches it live is out at once
        await delete_thing(db, row)
        tell(db, runtime, owner.id, kind="room", thing=row, act="deleted")


@post(
    "/api/v1/events/{event:str}/rooms/{room:str}/restore",
    status_code=200,
    summary="Undo the deletion of a room",
    **_OPEN,
)
async def bring_back_room(
    request: Request[Any, Any, Any],
    event: EventRef,
    room: RoomRef,
    runtime: NamedDependency[Runtime],
    actor: NamedDependency[Actor],
) -> Response[RoomOut]:
    """For the event's organisers, within the undo time; its sessions are in it again."""
    async with runtime.database.write() as db:
        owner = await get_event(db, event, actor=actor, action=Action.EDIT_EVENT)
        row = await get_room(db, owner.id, room, deleted_since=restorable_since(runtime.limits.undo_s), lock=True)
        check_if_match(request, row.version)
        await restore_thing(db, row)
        await tell_doors(db, runtime, owner)
        tell(db, runtime, owner.id, kind="room", thing=row, act="restored")
    return json_with_etag(request, room_out(row), row.version)


ROUTES: list[Any] = [list_rooms, add_room, show_room, edit_room, remove_room, bring_back_room]
