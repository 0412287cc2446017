"""Pages around an edition's programme: what it is about, and the form with which anybody suggests a link."""

from typing import Any

from litestar import Request, Response, post, route
from litestar.di import NamedDependency
from litestar.params import FromPath

from server.accounts.actor import Actor
from server.accounts.guards import address_of
from server.core.errors import SemmaError
from server.core.http import status_of
from server.core.runtime import Runtime
from server.events.errors import SuggestionsClosed
from server.events.fields import LINK_KINDS
from server.events.links import NewLink
from server.events.models import Event
from server.events.suggestions import receive_suggestion
from server.web.doors import read_form
from server.web.editions import read_surroundings, series_of
from server.web.looks import look_url
from server.web.pages import open_event
from server.web.programme import event_head
from server.web.respond import READ, language_of, page, redirect
from server.web.view import View

AnyRequest = Request[Any, Any, Any]
_OPEN: dict[str, Any] = {"opt": {"public": True}, "include_in_schema": False}
# What people have of an event; slides and code are its speakers' to link.
_KINDS = ("blog", "photo", "discussion", "press", "video", *(k for k in LINK_KINDS if k in ("slides", "paper", "code")))
SUGGESTED_KINDS = (*_KINDS, "other")


def _(message: str) -> str:
    """Marks a message for extraction; it is translated where it is shown."""
    return message


# What events/errors.py may say to the form, here so that it is translated.
FORM_WORDS = (
    _("A link's address starts with https:// or http:// and has at most 2,000 characters."),
    _("A link is shown to everybody; leave the user name and password out of its address."),
    _("This event takes no suggestions of links at the moment. Write to its organisers instead."),
    _("Very many suggestions wait already. Try again when the organisers have looked through them."),
)


@route("/{event:str}/about", http_method=READ, **_OPEN)
async def about_page(
    request: AnyRequest,
    event: FromPath[str],
    runtime: NamedDependency[Runtime],
    actor: NamedDependency[Actor],
    view: NamedDependency[View],
) -> Response[bytes]:
    """What an edition is about: its words, venue, code of conduct and sponsors."""
    async with runtime.database.read() as db:
        row = await open_event(db, event, actor)
        series = await series_of(db, row)
        around = await read_surroundings(db, actor, row, series)
    head = event_head(row, series, [], actor=actor)
    return page(request, runtime, view, "about.html", actor=actor, event=head, around=around, look=around.look)


@route("/{event:str}/suggest-link", http_method=READ, **_OPEN)
async def suggest_page(
    request: AnyRequest,
    event: FromPath[str],
    runtime: NamedDependency[Runtime],
    actor: NamedDependency[Actor],
    view: NamedDependency[View],
) -> Response[bytes]:
    """The form that suggests a link. A page of its own, so that the programme stays the same for everybody."""
    async with runtime.database.read() as db:
        row = await open_event(db, event, actor)
    problem = "" if row.takes_links else view.text(language_of(request), SuggestionsClosed.says)
    return _form(request, runtime, view, actor, row, NewLink(kind="blog", url=""), problem=problem)


def _form(
    request: AnyRequest,
    runtime: Runtime,
    view: View,
    actor: Actor,
    event: Event,
    given: NewLink,
    *,
    by_name: str = "",
    problem: str = "",
    status: int = 200,
) -> Response[bytes]:
    return page(
        request,
        runtime,
        view,
        "suggest.html",
        actor=actor,
        status=status,
        has_form=True,
        event=event,
        look=look_url(event.color),
        kinds=SUGGESTED_KINDS,
        given={"url": given.url, "kind": given.kind, "title": given.title, "by_name": by_name},
        problem=problem,
    )


@post("/{event:str}/suggest-link", opt={"public": True, "csrf": "always"}, include_in_schema=False, status_code=200)
async def suggest_by_form(
    request: AnyRequest,
    event: FromPath[str],
    runtime: NamedDependency[Runtime],
    actor: NamedDependency[Actor],
    view: NamedDependency[View],
) -> Response[bytes]:
    """Take a suggestion. Whoever fills the field that people do not see is thanked like everybody, and forgotten."""
    form = await read_form(request)
    given = NewLink(kind=form.get("kind", "other"), url=form.get("url", ""), title=form.get("title", ""))
    by_name = form.get("by_name", "")
    async with runtime.database.read() as db:
        row = await open_event(db, event, actor)
    if not form.get("more"):
        try:
            await receive_suggestion(runtime, actor, row.id, given, by_name=by_name, from_=address_of(request))
        except SemmaError as error:
            problem = view.text(language_of(request), error.detail)
            status = status_of(error)
            return _form(request, runtime, view, actor, row, given, by_name=by_name, problem=problem, status=status)
    return redirect(f"/{row.slug}?suggested=1#around")


edition_handlers = [about_page, suggest_page, suggest_by_form]
