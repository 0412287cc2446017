"""Broadcast endpoints: look, move on, end."""

from typing import Any

from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import JSONBody
from msgspec import UNSET

from server.accounts.actor import Actor
from server.accounts.policy import Action
from server.core.clock import now
from server.core.db import Db
from server.core.http import check_if_match, json_with_etag
from server.core.runtime import Runtime
from server.live.broadcasts import end_broadcast, follow_again, next_talk
from server.live.programme import Programme
from server.live.queries import BroadcastFound, get_broadcast
from server.live.routes.shared import OPEN, BroadcastId, broadcast_views
from server.live.schemas import BroadcastOut, NextIn

AnyRequest = Request[Any, Any, Any]


async def _view(db: Db, programme: Programme, found: BroadcastFound, actor: Actor) -> BroadcastOut:
    [view] = await broadcast_views(db, programme, [found.broadcast], actor=actor, found=found)
    return view


async def _steered(request: AnyRequest, db: Db, broadcast: str, actor: Actor) -> BroadcastFound:
    """The broadcast, held until the transaction ends, for who may steer it."""
    found = await get_broadcast(db, broadcast, actor=actor, action=Action.STREAM, lock=True)
    check_if_match(request, found.broadcast.version)
    return found


@get("/api/v1/broadcasts/{broadcast:str}", summary="Show a broadcast", **OPEN)
async def show_broadcast(
    request: AnyRequest,
    broadcast: BroadcastId,
    runtime: NamedDependency[Runtime],
    actor: NamedDependency[Actor],
    room_programme: NamedDependency[Programme],
) -> Response[BroadcastOut]:
    """For whoever may see the event: its state and its talks; its health for organisers."""
    async with runtime.database.read() as db:
        found = await get_broadcast(db, broadcast, actor=actor)
        view = await _view(db, room_programme, found, actor)
    return json_with_etag(request, view, found.broadcast.version)


@post("/api/v1/broadcasts/{broadcast:str}/next", status_code=200, summary="Move on to the next talk", **OPEN)
async def move_on(
    request: AnyRequest,
    broadcast: BroadcastId,
    runtime: NamedDependency[Runtime],
    actor: NamedDependency[Actor],
    room_programme: NamedDependency[Programme],
    data: JSONBody[NextIn | None] = None,
) -> Response[BroadcastOut]:
    """For the event's organisers: the talk that is on ends now, and the next begins.

    `{"session": "…"}` picks one, `{"session": null}` ends the talk without another (a break). From then on the
    organiser moves from talk to talk, until POST …/auto.
    """
    wanted = UNSET if data is None else data.session
    async with runtime.database.write() as db:
        found = await _steered(request, db, broadcast, actor)
        session_id = wanted if isinstance(wanted, str) else None
        await next_talk(db, runtime, found.broadcast, room_programme, session_id=session_id, pause=wanted is None)
        view = await _view(db, room_programme, found, actor)
    return json_with_etag(request, view, found.broadcast.version)


@post("/api/v1/broadcasts/{broadcast:str}/auto", status_code=200, summary="Follow the schedule again", **OPEN)
async def follow_schedule_again(
    request: AnyRequest,
    broadcast: BroadcastId,
    runtime: NamedDependency[Runtime],
    actor: NamedDependency[Actor],
    room_programme: NamedDependency[Programme],
) -> Response[BroadcastOut]:
    """For the event's organisers: the programme's times move from talk to talk again, beginning now."""
    async with runtime.database.write() as db:
        found = await _steered(request, db, broadcast, actor)
        planned = await room_programme.of_room(db, found.room.id)
        await follow_again(db, runtime, found.broadcast, list(planned))
        view = await _view(db, room_programme, found, actor)
    return json_with_etag(request, view, found.broadcast.version)


@post("/api/v1/broadcasts/{broadcast:str}/end", status_code=200, summary="End a broadcast", **OPEN)
async def end_it(
    request: AnyRequest,
    broadcast: BroadcastId,
    runtime: NamedDependency[Runtime],
    actor: NamedDependency[Actor],
    room_programme: NamedDependency[Programme],
) -> Response[BroadcastOut]:
    """For the event's organisers: the room goes off air and the talk that is on ends. Viewers can still rewind."""
    async with runtime.database.write() as db:
        found = await _steered(request, db, broadcast, actor)
        await end_broadcast(db, runtime, found.broadcast, moment=now())
        view = await _view(db, room_programme, found, actor)
    return json_with_etag(request, view, found.broadcast.version)


ROUTES: list[Any] = [show_broadcast, move_on, follow_schedule_again, end_it]
