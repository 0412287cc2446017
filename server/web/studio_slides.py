"""The studio's page of a session's slides: its decks, the timing editor and the chapters."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from litestar import Request, Response, route
from litestar.di import NamedDependency
from litestar.params import FromPath

from server.accounts.actor import Actor
from server.accounts.policy import Action, can
from server.core.clock import now
from server.core.runtime import Runtime
from server.events.queries import get_event
from server.sessions.queries import get_session
from server.web.languages import catalogue
from server.web.respond import READ, language_of, redirect
from server.web.slides_board import read_slides
from server.web.studio import studio_page
from server.web.timing_texts import timing_texts
from server.web.view import View

AnyRequest = Request[Any, Any, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """What the page calls the session or its event."""

    id: str
    slug: str
    title: str
    url: str
    time_zone: str = "UTC"


@route(
    "/studio/{event:str}/sessions/{session:str}/slides",
    http_method=READ,
    opt={"public": True},
    include_in_schema=False,
)
async def studio_slides(
    request: AnyRequest,
    event: FromPath[str],
    session: FromPath[str],
    runtime: NamedDependency[Runtime],
    actor: NamedDependency[Actor],
    view: NamedDependency[View],
) -> Response[bytes]:
    """Decks, timing and chapters of one session: for its event's organisers, and for its speakers by their link."""
    if not actor.is_known:
        return redirect(f"/sign-in?next={quote(request.url.path)}")
    async with runtime.database.read() as db:
        row = await get_event(db, event, actor=actor)
        item = await get_session(db, session, actor=actor, event=row, action=Action.UPLOAD_SLIDES)
        slides = await read_slides(db, actor, item, keyring=runtime.keyring, moment=now())
    place = f"/{row.slug}/sessions/{item.session.slug}"
    return studio_page(
        request,
        runtime,
        view,
        "slides.html",
        actor,
        event=Named(id=row.id, slug=row.slug, title=row.title, url=f"/{row.slug}", time_zone=row.time_zone),
        session=Named(id=item.session.id, slug=item.session.slug, title=item.session.title, url=place),
        slides=slides,
        may_edit=can(actor, Action.EDIT_SESSION, item.subject),
        texts=timing_texts(catalogue(language_of(request)).gettext),
    )


slides_handlers = [studio_slides]
