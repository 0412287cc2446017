"""Endpoints of a session's slides: everything beside the recording, corrections of cues, chapters."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any

from litestar import Request, Response, Router, delete, get, post, put
from litestar.di import NamedDependency
from litestar.openapi.spec import Example
from litestar.params import FromPath, JSONBody, PathParameter

from server.accounts.actor import Actor
from server.accounts.policy import Action, can
from server.core.clock import now
from server.core.db import Db
from server.core.http import PROBLEM_RESPONSES, Page, check_if_match, json_with_etag
from server.core.runtime import Runtime
from server.media.chapters import Chapter
from server.sessions.queries import Item, get_session
from server.slides.chapters_said import say_chapters, unsay_chapters
from server.slides.cue_errors import CuesNotThere
from server.slides.cue_schemas import (
    ChapterIn,
    CueOrder,
    EditView,
    LinkView,
    SlidesView,
    edit_view,
    link_view,
    slides_view,
)
from server.slides.linked import links_of_session, look_now
from server.slides.live_cues import live_cues_of
from server.slides.models import SlideSync
from server.slides.sight import sight_of
from server.slides.sync import match_again, refresh, tell
from server.slides.sync_edit import edit_cues, redo_edit, undo_edit
from server.slides.sync_inputs import Inputs, edits_of, open_sync, read_inputs
from server.slides.sync_shown import read_beside

SessionId = Annotated[
    str,
    PathParameter(
        description="The session's id.", examples=[Example(summary="An id", value="01979c5e2b7a7c3d9e1f2a3b4c5d6e7f")]
    ),
]
_ERRORS: dict[str, Any] = {"responses": PROBLEM_RESPONSES}


async def _view(db: Db, runtime: Runtime, actor: Actor, item: Item) -> SlidesView:
    """All of it, as this asker sees it."""
    beside = await read_beside(db, actor, item.session.id)
    sight = sight_of(actor, item, keyring=runtime.keyring, moment=now())
    may_edit = can(actor, Action.EDIT_CUES, item.subject)
    links = await links_of_session(db, item.session.id) if sight.may_upload else []
    live = await live_cues_of(db, item.session.id)
    return slides_view(item.session.id, beside, sight, may_edit=may_edit, links=links, live=live)


async def _open(
    db: Db, request: Request[Any, Any, Any], actor: Actor, session_id: str
) -> tuple[Item, SlideSync, Inputs]:
    """What is to be edited, locked. Raises SessionNotFound, Forbidden…, CuesNotThere, Stale."""
    item = await get_session(db, session_id, actor=actor, action=Action.EDIT_CUES, lock=True)
    inputs = await read_inputs(db, item.session.id)
    if inputs is None or inputs.recording is None:
        raise CuesNotThere
    sync = await open_sync(db, item.session)
    check_if_match(request, sync.version)
    return item, sync, inputs


async def _done(
    db: Db, request: Request[Any, Any, Any], runtime: Runtime, actor: Actor, item: Item, sync: SlideSync
) -> Response[SlidesView]:
    """Tell the listeners; the whole of it as it is now."""
    await db.flush()
    tell(db, runtime, sync)
    return json_with_etag(request, await _view(db, runtime, actor, item), sync.version)


async def _step(
    request: Request[Any, Any, Any],
    runtime: Runtime,
    actor: Actor,
    session_id: str,
    act: Callable[[Db, SlideSync], Awaitable[object]],
) -> Response[SlidesView]:
    """One step through the corrections that were made."""
    async with runtime.database.write() as db:
        item, sync, inputs = await _open(db, request, actor, session_id)
        await act(db, sync)
        await refresh(db, sync, inputs)
        return await _done(db, request, runtime, actor, item, sync)


@get("/slides", summary="Slides beside a session's recording", **_ERRORS)
async def show_slides(
    request: Request[Any, Any, Any],
    session_id: SessionId,
    runtime: NamedDependency[Runtime],
    actor: NamedDependency[Actor],
) -> Response[SlidesView]:
    """Decks with their pages, which page is shown when, what is unsure of it, and chapters. Cues are those of the
    recording the asker may watch."""
    async with runtime.database.read() as db:
        item = await get_session(db, session_id, actor=actor)
        view = await _view(db, runtime, actor, item)
    return json_with_etag(request, view, view.version)


@post("/slides/links/{link_id:str}/fetch", status_code=202, summary="Fetch the slides of a link now", **_ERRORS)
async def fetch_link(
    session_id: SessionId,
    link_id: FromPath[str],
    runtime: NamedDependency[Runtime],
    actor: NamedDependency[Actor],
) -> LinkView:
    """After it failed, or when there is something new behind it; what comes of it is in `links` of the slides."""
    async with runtime.database.write() as db:
        item = await get_session(db, session_id, actor=actor, action=Action.UPLOAD_SLIDES)
        row = await look_now(db, item.session.id, link_id)
        await db.flush()
        return link_view(row)


@post("/cues", status_code=200, summary="Correct which page is shown when", **_ERRORS)
async def edit(
    request: Request[Any, Any, Any],
    session_id: SessionId,
    data: JSONBody[CueOrder],
    runtime: NamedDependency[Runtime],
    actor: NamedDependency[Actor],
) -> Response[SlidesView]:
    """For organisers and the session's speakers. The correction holds whatever the matcher finds later. With If-Match
    it is refused when somebody else was faster."""
    async with runtime.database.write() as db:
        item, sync, inputs = await _open(db, request, actor, session_id)
        wish = data.as_wish()
        await edit_cues(db, sync, wish, actor=actor, recording=inputs.recording, decks=inputs.decks)
        await refresh(db, sync, inputs)
        return await _done(db, request, runtime, actor, item, sync)


@post("/cues/undo", status_code=200, summary="Take the last correction back", **_ERRORS)
async def undo(
    request: Request[Any, Any, Any],
    session_id: SessionId,
    runtime: NamedDependency[Runtime],
    actor: NamedDependency[Actor],
) -> Response[SlidesView]:
    """Again for the one before it. It can be done again until the next correction."""
    return await _step(request, runtime, actor, session_id, undo_edit)


@post("/cues/redo", status_code=200, summary="Make an undone correction again", **_ERRORS)
async def redo(
    request: Request[Any, Any, Any],
    session_id: SessionId,
    runtime: NamedDependency[Runtime],
    actor: NamedDependency[Actor],
) -> Response[SlidesView]:
    """The one that was undone last."""
    return await _step(request, runtime, actor, session_id, redo_edit)


@get("/cues/history", summary="Who corrected what", **_ERRORS)
async def history(
    session_id: SessionId, runtime: NamedDependency[Runtime], actor: NamedDependency[Actor]
) -> Page[EditView]:
    """Every correction that was made and not dropped, newest first, all on one page."""
    async with runtime.database.read() as db:
        item = await get_session(db, session_id, actor=actor, action=Action.EDIT_CUES)
        beside = await read_beside(db, actor, item.session.id)
        edits = await edits_of(db, item.session.id, undone=True)
    return Page(items=[edit_view(one, beside.view) for one in reversed(edits)], next=None)


@post("/cues/match", status_code=202, summary="Look again which page is shown when", **_ERRORS)
async def match(
    request: Request[Any, Any, Any],
    session_id: SessionId,
    runtime: NamedDependency[Runtime],
    actor: NamedDependency[Actor],
) -> Response[SlidesView]:
    """After a failure, or when in doubt. Corrections stay; what was found stays until something else is."""
    async with runtime.database.write() as db:
        item = await get_session(db, session_id, actor=actor, action=Action.EDIT_CUES, lock=True)
        sync = await match_again(db, runtime, item.session.id)
        view = await _view(db, runtime, actor, item)
    return json_with_etag(request, view, sync.version, status=202)


@put("/chapters", status_code=200, summary="Write a session's chapters", **_ERRORS)
async def write_chapters(
    request: Request[Any, Any, Any],
    session_id: SessionId,
    data: JSONBody[list[ChapterIn]],
    runtime: NamedDependency[Runtime],
    actor: NamedDependency[Actor],
) -> Response[SlidesView]:
    """This list replaces what is guessed from the slides, and what the file brought; an empty one means none."""
    async with runtime.database.write() as db:
        item, sync, inputs = await _open(db, request, actor, session_id)
        await say_chapters(db, sync, inputs, [Chapter(one.start_ms, one.title) for one in data])
        return await _done(db, request, runtime, actor, item, sync)


@delete("/chapters", status_code=200, summary="Go back to guessed chapters", **_ERRORS)
async def forget_chapters(
    request: Request[Any, Any, Any],
    session_id: SessionId,
    runtime: NamedDependency[Runtime],
    actor: NamedDependency[Actor],
) -> Response[SlidesView]:
    """The person's list is dropped."""
    async with runtime.database.write() as db:
        item, sync, _inputs = await _open(db, request, actor, session_id)
        await unsay_chapters(db, sync)
        return await _done(db, request, runtime, actor, item, sync)


slides_router = Router(
    path="/api/v1/sessions/{session_id:str}",
    route_handlers=[show_slides, fetch_link, edit, undo, redo, history, match, write_chapters, forget_chapters],
    tags=["slides"],
)
