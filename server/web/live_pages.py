"""Pages of live rooms: the room's page, and its player for other sites' frames."""

from typing import Any

from litestar import Request, Response, route
from litestar.di import NamedDependency
from litestar.params import FromPath

from server.accounts.actor import Actor
from server.core.clock import now
from server.core.errors import NotFound
from server.core.runtime import Runtime
from server.live.programme import Programme
from server.web.languages import catalogue
from server.web.live import read_live_page
from server.web.looks import look_url
from server.web.pages import open_event
from server.web.respond import LARGE_COOKIE, READ, fault_page, language_of, page
from server.web.texts import live_texts
from server.web.view import View

AnyRequest = Request[Any, Any, Any]


@route("/{event:str}/live/{room:str}", http_method=READ, opt={"public": True}, include_in_schema=False)
async def live_page(
    request: AnyRequest,
    event: FromPath[str],
    room: FromPath[str],
    runtime: NamedDependency[Runtime],
    actor: NamedDependency[Actor],
    room_programme: NamedDependency[Programme],
    view: NamedDependency[View],
) -> Response[bytes]:
    """A room: before, during and after it is on air."""
    async with runtime.database.read() as db:
        row = await open_event(db, event, actor)
        live = await read_live_page(
            db,
            runtime,
            room_programme,
            actor=actor,
            event=row,
            room_ref=room,
            moment=now(),
            large=request.cookies.get(LARGE_COOKIE, ""),
        )
    texts = live_texts(catalogue(language_of(request)).gettext)
    look = look_url(row.color)
    return page(request, runtime, view, "live.html", actor=actor, live=live, texts=texts, look=look)


@route("/embed/{event:str}/live/{room:str}", http_method=READ, opt={"public": True}, include_in_schema=False)
async def embedded_room(
    request: AnyRequest,
    event: FromPath[str],
    room: FromPath[str],
    runtime: NamedDependency[Runtime],
    actor: NamedDependency[Actor],
    room_programme: NamedDependency[Programme],
    view: NamedDependency[View],
) -> Response[bytes]:
    """The live player alone, for another site's frame."""
    try:
        async with runtime.database.read() as db:
            row = await open_event(db, event, actor)
            live = await read_live_page(
                db, runtime, room_programme, actor=actor, event=row, room_ref=room, moment=now()
            )
    except NotFound as error:
        return fault_page(view, runtime, request, NotFound(error.detail))
    texts = live_texts(catalogue(language_of(request)).gettext)
    return page(request, runtime, view, "embed_live.html", actor=actor, framed=True, live=live, texts=texts)


live_handlers = [live_page, embedded_room]
