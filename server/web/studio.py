"""Pages for organisers. They only read; every change goes through the API by the page's scripts."""

from typing import Any
from urllib.parse import quote

from litestar import Request, Response, route
from litestar.di import NamedDependency
from litestar.params import FromPath

from server.accounts.actor import Actor
from server.accounts.policy import ANYTHING, Action, can
from server.core.clock import now
from server.core.errors import Forbidden
from server.core.runtime import Runtime
from server.events.models import Event
from server.events.queries import get_event, rooms_of
from server.search.follow import read_state
from server.sessions.imports.revert import missing_sessions
from server.sessions.queries import get_session
from server.web.board import (
    EventForm,
    SessionForm,
    event_form,
    language_codes,
    may_create_event,
    read_board,
    read_deleted,
    read_deleted_events,
    read_places,
    read_recordings,
    read_series_choices,
    session_form,
)
from server.web.captions_board import read_captions
from server.web.editions import count_suggestions
from server.web.languages import catalogue, language_name
from server.web.programme_board import read_session_imported
from server.web.respond import READ, language_of, page, redirect
from server.web.shelves import read_own_events
from server.web.slides_board import read_slides
from server.web.texts import studio_texts
from server.web.view import View

AnyRequest = Request[Any, Any, Any]
_STUDIO: dict[str, Any] = {"opt": {"public": True}, "include_in_schema": False}


def turned_away(request: AnyRequest, actor: Actor) -> Response[bytes] | None:
    """Whoever is not signed in goes to the sign-in page; who organises nothing is told so."""
    if actor.user_id is None:
        return redirect(f"/sign-in?next={quote(request.url.path)}")
    if not actor.organises_any:
        raise Forbidden("You organise no event here yet; ask an admin of this site to make you an organiser.")
    return None


def studio_page(
    request: AnyRequest, runtime: Runtime, view: View, name: str, actor: Actor, **context: Any
) -> Response[bytes]:
    """A page of the studio; `texts` in the context replaces what its scripts say."""
    texts = context.pop("texts", None) or studio_texts(catalogue(language_of(request)).gettext)
    return page(
        request,
        runtime,
        view,
        f"studio/{name}",
        actor=actor,
        has_form=True,
        texts=texts,
        **context,
    )


def _languages(request: AnyRequest, event: Event | None) -> list[tuple[str, str]]:
    language = language_of(request)
    return [(code, language_name(code, language=language)) for code in language_codes(event)]


@route("/studio", http_method=READ, **_STUDIO)
async def studio_home(
    request: AnyRequest, runtime: NamedDependency[Runtime], actor: NamedDependency[Actor], view: NamedDependency[View]
) -> Response[bytes]:
    """The events the asker organises."""
    if away := turned_away(request, actor):
        return away
    async with runtime.database.read() as db:
        events = await read_own_events(db, actor)
        series = await read_series_choices(db)
        deleted = await read_deleted_events(db, actor, undo_s=runtime.limits.undo_s)
        may_administer = can(actor, Action.ADMINISTER, ANYTHING)
        search_index = await read_state(db) if may_administer else None
    return studio_page(
        request,
        runtime,
        view,
        "home.html",
        actor,
        events=events,
        deleted=deleted,
        series=series,
        blank=EventForm(),
        may_create=may_create_event(actor),
        may_administer=may_administer,
        search_index=search_index,
    )


@route("/studio/{event:str}", http_method=READ, **_STUDIO)
async def studio_event(
    request: AnyRequest,
    event: FromPath[str],
    runtime: NamedDependency[Runtime],
    actor: NamedDependency[Actor],
    view: NamedDependency[View],
) -> Response[bytes]:
    """An event's board: every session with the state of its recording."""
    if away := turned_away(request, actor):
        return away
    async with runtime.database.read() as db:
        row = await get_event(db, event, actor=actor, action=Action.EDIT_EVENT)
        sessions = await read_board(db, actor, row)
        deleted = await read_deleted(db, actor, row, undo_s=runtime.limits.undo_s)
        rooms, tracks = await read_places(db, row)
        missing = await missing_sessions(db, row.id)
        room_slugs = {room.id: room.slug for room in await rooms_of(db, row.id)}
        series = await read_series_choices(db)
        suggestions = await count_suggestions(db, row.id)
    return studio_page(
        request,
        runtime,
        view,
        "event.html",
        actor,
        suggestions=suggestions,
        event=event_form(row),
        sessions=sessions,
        deleted=[item.session for item in deleted],
        rooms=rooms,
        room_slugs=room_slugs,
        missing=missing,
        tracks=tracks,
        series=series,
        blank=SessionForm(language_choices=tuple(_languages(request, row))),
    )


@route("/studio/{event:str}/sessions/{session:str}", http_method=READ, **_STUDIO)
async def studio_session(
    request: AnyRequest,
    event: FromPath[str],
    session: FromPath[str],
    runtime: NamedDependency[Runtime],
    actor: NamedDependency[Actor],
    view: NamedDependency[View],
) -> Response[bytes]:
    """One session: its recordings, uploads, and talk metadata."""
    if away := turned_away(request, actor):
        return away
    async with runtime.database.read() as db:
        row = await get_event(db, event, actor=actor, action=Action.EDIT_EVENT)
        item = await get_session(db, session, actor=actor, event=row, action=Action.EDIT_SESSION, details=True)
        recordings = await read_recordings(db, item.session.id, undo_s=runtime.limits.undo_s)
        slides = await read_slides(db, actor, item, keyring=runtime.keyring, moment=now())
        captions = await read_captions(db, item.session.id, undo_s=runtime.limits.undo_s)
        imported = await read_session_imported(db, row, item.session, language=language_of(request))
        rooms, tracks = await read_places(db, row)
    return studio_page(
        request,
        runtime,
        view,
        "session.html",
        actor,
        event=event_form(row),
        session=session_form(item, names=_languages(request, row)),
        recordings=recordings,
        slides=slides,
        captions=captions,
        imported=imported,
        rooms=rooms,
        tracks=tracks,
    )


studio_handlers = [studio_home, studio_event, studio_session]
