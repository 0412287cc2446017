"""Endpoints of a broadcast's talks: add one, move its borders, take it away."""

from typing import Annotated, Any

from litestar import Request, Response, delete, patch, post
from litestar.di import NamedDependency
from litestar.openapi.spec import Example
from litestar.params import JSONBody, PathParameter
from msgspec import UNSET, UnsetType

from server.accounts.actor import Actor
from server.accounts.policy import Action
from server.core.db import Db
from server.core.http import check_if_match, json_with_etag
from server.core.runtime import Runtime
from server.live.broadcasts import fitting_session
from server.live.errors import StretchNotFound
from server.live.models import Stretch
from server.live.programme import Programme
from server.live.queries import get_broadcast, get_stretch
from server.live.routes.shared import OPEN, BroadcastId
from server.live.schemas import StretchIn, StretchOut, StretchPatch, stretch_out
from server.live.stretches import add_stretch, move_borders, remove_stretch

AnyRequest = Request[Any, Any, Any]
StretchId = Annotated[
    str,
    PathParameter(
        description="The stretch's id.", examples=[Example(summary="An id", value="01979c5e2b7a7c3d9e1f2a3b4c5d6e92")]
    ),
]


async def _view(db: Db, programme: Programme, stretch: Stretch) -> StretchOut:
    session = (await programme.by_ids(db, [stretch.session_id])).get(stretch.session_id)
    if session is None:
        raise StretchNotFound
    return stretch_out(stretch, session)


@post("/api/v1/broadcasts/{broadcast:str}/stretches", summary="Add a talk to a broadcast", **OPEN)
async def add(
    request: AnyRequest,
    broadcast: BroadcastId,
    data: JSONBody[StretchIn],
    runtime: NamedDependency[Runtime],
    actor: NamedDependency[Actor],
    room_programme: NamedDependency[Programme],
) -> Response[StretchOut]:
    """For the event's organisers: a talk that was on from then to then. Its recording is cut from it."""
    async with runtime.database.write() as db:
        found = await get_broadcast(db, broadcast, actor=actor, action=Action.STREAM, lock=True)
        session = await fitting_session(db, room_programme, found.broadcast, data.session)
        stretch = await add_stretch(
            db, runtime, found.broadcast, session, starts_at=data.starts_at, ends_at=data.ends_at
        )
    return json_with_etag(request, stretch_out(stretch, session), stretch.version, status=201)


@patch("/api/v1/broadcasts/{broadcast:str}/stretches/{stretch:str}", summary="Move a talk's borders", **OPEN)
async def move(
    request: AnyRequest,
    broadcast: BroadcastId,
    stretch: StretchId,
    data: JSONBody[StretchPatch],
    runtime: NamedDependency[Runtime],
    actor: NamedDependency[Actor],
    room_programme: NamedDependency[Programme],
) -> Response[StretchOut]:
    """For the event's organisers. The recording's cut follows within seconds; nothing is encoded or copied.

    Talks do not overlap: with `push` the border of the talk before or after moves along.
    """
    async with runtime.database.write() as db:
        found = await get_broadcast(db, broadcast, actor=actor, action=Action.STREAM, lock=True)
        row = await get_stretch(db, found.broadcast.id, stretch)
        check_if_match(request, row.version)
        await move_borders(
            db,
            runtime,
            found.broadcast,
            row,
            starts_at=_given(data.starts_at),
            ends_at=_given(data.ends_at),
            push=data.push,
        )
        view = await _view(db, room_programme, row)
    return json_with_etag(request, view, row.version)


def _given(value: Any | UnsetType) -> Any:
    return None if value is UNSET else value


@delete("/api/v1/broadcasts/{broadcast:str}/stretches/{stretch:str}", summary="Take a talk out of a broadcast", **OPEN)
async def take_out(
    request: AnyRequest,
    broadcast: BroadcastId,
    stretch: StretchId,
    runtime: NamedDependency[Runtime],
    actor: NamedDependency[Actor],
) -> None:
    """For the event's organisers. A recording made of it stays. Adding the talk with the same borders undoes this."""
    async with runtime.database.write() as db:
        found = await get_broadcast(db, broadcast, actor=actor, action=Action.STREAM, lock=True)
        row = await get_stretch(db, found.broadcast.id, stretch)
        check_if_match(request, row.version)
        await remove_stretch(db, runtime, found.broadcast, row)


ROUTES: list[Any] = [add, move, take_out]
