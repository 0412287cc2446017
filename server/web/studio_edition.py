"""The studio's page of what stands around an edition: looks, words, sponsors, links, the next edition."""

from dataclasses import dataclass
from typing import Any

from litestar import Request, Response, route
from litestar.di import NamedDependency
from litestar.params import FromPath

from server.accounts.actor import Actor
from server.accounts.policy import Action
from server.core.db import Db
from server.core.runtime import Runtime
from server.events.fields import LINK_KINDS
from server.events.models import Event, LinkSuggestion
from server.events.queries import get_event, links_of
from server.events.suggestions import REFUSED, suggestions_of
from server.web.board import may_create_event
from server.web.editions import Surroundings, read_surroundings, series_of
from server.web.languages import catalogue
from server.web.respond import READ, language_of
from server.web.studio import studio_page, turned_away
from server.web.texts import edition_texts
from server.web.view import View

AnyRequest = Request[Any, Any, Any]
_REFUSED_SHOWN = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class EditionForm:
    """An edition's fields as this page's forms show them. `links` is one a line: kind, address, title."""

    id: str
    slug: str
    title: str
    version: int
    color: str
    about: str
    code_of_conduct: str
    venue_name: str
    venue_address: str
    venue_url: str
    subtitle: str
    takes_links: bool
    links: str
    languages: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EditionBoard:
    """All of the page."""

    event: EditionForm
    around: Surroundings
    waiting: list[LinkSuggestion]
    refused: list[LinkSuggestion]


async def read_edition_board(db: Db, actor: Actor, row: Event) -> EditionBoard:
    """A handful of statements."""
    links = (await links_of(db, [row.id]))[row.id]
    return EditionBoard(
        event=EditionForm(
            id=row.id,
            slug=row.slug,
            title=row.title,
            version=row.version,
            color=row.color,
            about=row.about,
            code_of_conduct=row.code_of_conduct,
            venue_name=row.venue_name,
            venue_address=row.venue_address,
            venue_url=row.venue_url,
            subtitle=row.subtitle,
            takes_links=row.takes_links,
            languages=", ".join(row.languages),
            links="\n".join(f"{link.kind} {link.url} {link.title}".strip() for link in links),
        ),
        around=await read_surroundings(db, actor, row, await series_of(db, row)),
        waiting=list(await suggestions_of(db, row.id)),
        refused=list(await suggestions_of(db, row.id, state=REFUSED, most=_REFUSED_SHOWN)),
    )


@route("/studio/{event:str}/edition", http_method=READ, opt={"public": True}, include_in_schema=False)
async def studio_edition(
    request: AnyRequest,
    event: FromPath[str],
    runtime: NamedDependency[Runtime],
    actor: NamedDependency[Actor],
    view: NamedDependency[View],
) -> Response[bytes]:
    """Everything about an edition that is not its programme."""
    if away := turned_away(request, actor):
        return away
    async with runtime.database.read() as db:
        row = await get_event(db, event, actor=actor, action=Action.EDIT_EVENT)
        board = await read_edition_board(db, actor, row)
    return studio_page(
        request,
        runtime,
        view,
        "edition.html",
        actor,
        event=board.event,
        around=board.around,
        waiting=board.waiting,
        refused=board.refused,
        link_kinds=LINK_KINDS,
        may_create=may_create_event(actor),
        texts=edition_texts(catalogue(language_of(request)).gettext),
    )


edition_studio_handlers = [studio_edition]
