"""The studio's page of a room: keys and doors for encoders, what is on air, the history of broadcasts."""

from typing import Any

from litestar import Request, Response, route
from litestar.di import NamedDependency
from litestar.params import FromPath

from server.accounts.actor import Actor
from server.accounts.policy import Action
from server.core.clock import now
from server.core.runtime import Runtime
from server.events.queries import get_event
from server.live.programme import Programme
from server.web.board import event_form
from server.web.languages import catalogue
from server.web.respond import READ, language_of
from server.web.room_board import read_room_board
from server.web.studio import studio_page, turned_away
from server.web.texts import room_texts
from server.web.view import View

AnyRequest = Request[Any, Any, Any]


@route("/studio/{event:str}/rooms/{room:str}", http_method=READ, opt={"public": True}, include_in_schema=False)
async def studio_room(
    request: AnyRequest,
    event: FromPath[str],
    room: FromPath[str],
    runtime: NamedDependency[Runtime],
    actor: NamedDependency[Actor],
    room_programme: NamedDependency[Programme],
    view: NamedDependency[View],
) -> Response[bytes]:
    """One room: how to send to it, what is on, and what was."""
    if away := turned_away(request, actor):
        return away
    async with runtime.database.read() as db:
        row = await get_event(db, event, actor=actor, action=Action.EDIT_EVENT)
        board = await read_room_board(db, runtime, room_programme, actor=actor, event=row, room_ref=room, moment=now())
    return studio_page(
        request,
        runtime,
        view,
        "room.html",
        actor,
        event=event_form(row),
        room=board,
        texts=room_texts(catalogue(language_of(request)).gettext),
    )


room_handlers = [studio_room]
