"""Track endpoints."""

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
from server.events.editions import delete_thing, restorable_since, restore_thing
from server.events.models import Track
from server.events.queries import child_keys, children_of, deleted_children_of, get_event, get_track
from server.events.rooms import change_track, create_track
from server.events.routes.shared import EventRef, tell
from server.events.schemas import TrackIn, TrackOut, TrackPatch, changes_in, track_out

TrackRef = Annotated[
    str, PathParameter(description="The track's id or slug.", examples=[Example(summary="A slug", value="media")])
]
_OPEN: dict[str, Any] = {"tags": ["Tracks"], "responses": PROBLEM_RESPONSES}
_KEYS = child_keys(Track)


@get("/api/v1/events/{event:str}/tracks", summary="List an event's tracks", **_OPEN)
async def list_tracks(
    event: EventRef,
    runtime: NamedDependency[Runtime],
    actor: NamedDependency[Actor],
    limit: Limit = 50,
    after: After = None,
    deleted: Annotated[bool, QueryParameter(description="Those that can be restored instead.")] = False,
) -> Page[TrackOut]:
    """Its tracks in their order; the deleted ones for its organisers only."""
    cursor = decode_cursor(after, length=len(_KEYS)) if after else None
    async with runtime.database.read() as db:
        owner = await get_event(db, event, actor=actor, action=Action.EDIT_EVENT if deleted else Action.SEE)
        statement = children_of(Track, owner.id)
        if deleted:
            statement = deleted_children_of(Track, owner.id, since=restorable_since(runtime.limits.undo_s))
        rows = (await db.scalars(one_page(statement, _KEYS, limit=limit, after=cursor))).all()
    page, beyond = cut_page(rows, _KEYS, limit=limit)
    return Page(items=[track_out(row) for row in page], next=encode_cursor(beyond) if beyond else None)


@post("/api/v1/events/{event:str}/tracks", summary="Add a track", **_OPEN)
async def add_track(
    request: Request[Any, Any, Any],
    event: EventRef,
    data: JSONBody[TrackIn],
    runtime: NamedDependency[Runtime],
    actor: NamedDependency[Actor],
) -> Response[TrackOut]:
    """For the event's organisers. It goes behind the others unless it is given a position."""
    async with runtime.database.write() as db:
        owner = await get_event(db, event, actor=actor, action=Action.EDIT_EVENT)
        track = await create_track(db, owner.id, **changes_in(data))
        tell(db, runtime, owner.id, kind="track", thing=track, act="created")
    return json_with_etag(request, track_out(track), track.version, status=201)


@get("/api/v1/events/{event:str}/tracks/{track:str}", summary="Show a track", **_OPEN)
async def show_track(
    request: Request[Any, Any, Any],
    event: EventRef,
    track: TrackRef,
    runtime: NamedDependency[Runtime],
    actor: NamedDependency[Actor],
) -> Response[TrackOut]:
    """One track of the event."""
    async with runtime.database.read() as db:
        owner = await get_event(db, event, actor=actor)
        row = await get_track(db, owner.id, track)
    return json_with_etag(request, track_out(row), row.version)


@patch("/api/v1/events/{event:str}/tracks/{track:str}", summary="Change a track", **_OPEN)
async def edit_track(
    request: Request[Any, Any, Any],
    event: EventRef,
    track: TrackRef,
    data: JSONBody[TrackPatch],
    runtime: NamedDependency[Runtime],
    actor: NamedDependency[Actor],
) -> Response[TrackOut]:
    """For the event's organisers. Fields left out stay as they are."""
    async with runtime.database.write() as db:
        owner = await get_event(db, event, actor=actor, action=Action.EDIT_EVENT)
        row = await get_track(db, owner.id, track, lock=True)
        check_if_match(request, row.version)
        await change_track(db, row, changes_in(data))
        tell(db, runtime, owner.id, kind="track", thing=row, act="changed")
    return json_with_etag(request, track_out(row), row.version)


@delete("/api/v1/events/{event:str}/tracks/{track:str}", summary="Delete a track", **_OPEN)
async def remove_track(
    request: Request[Any, Any, Any],
    event: EventRef,
    track: TrackRef,
    runtime: NamedDependency[Runtime],
    actor: NamedDependency[Actor],
) -> None:
    """For the event's organisers. Its sessions stay, without a track. Can be undone with POST …/restore."""
    async with runtime.database.write() as db:
        owner = await get_event(db, event, actor=actor, action=Action.EDIT_EVENT)
        row = await get_track(db, owner.id, track, lock=True)
        check_if_match(request, row.version)
        await delete_thing(db, row)
        tell(db, runtime, owner.id, kind="track", thing=row, act="deleted")


@post(
    "/api/v1/events/{event:str}/tracks/{track:str}/restore",
    status_code=200,
    summary="Undo the deletion of a track",
    **_OPEN,
)
async def bring_back_track(
    request: Request[Any, Any, Any],
    event: EventRef,
    track: TrackRef,
    runtime: NamedDependency[Runtime],
    actor: NamedDependency[Actor],
) -> Response[TrackOut]:
    """For the event's organisers, within the undo time; its sessions belong to it again."""
    async with runtime.database.write() as db:
        owner = await get_event(db, event, actor=actor, action=Action.EDIT_EVENT)
        row = await get_track(db, owner.id, track, deleted_since=restorable_since(runtime.limits.undo_s), lock=True)
        check_if_match(request, row.version)
        await restore_thing(db, row)
        tell(db, runtime, owner.id, kind="track", thing=row, act="restored")
    return json_with_etag(request, track_out(row), row.version)


ROUTES: list[Any] = [list_tracks, add_track, show_track, edit_track, remove_track, bring_back_track]
