"""The studio's pages of a programme from elsewhere: sources, imports, one import's diff.

Forms that work without JavaScript; a script only brings news. What they do is sessions/imports'.
"""

from typing import Any

from litestar import Request, Response, post, route
from litestar.datastructures import UploadFile
from litestar.di import NamedDependency
from litestar.params import FromPath

from server.accounts.actor import Actor
from server.accounts.policy import Action
from server.core.clock import now
from server.core.errors import Forbidden, NotFound, SemmaError, Unauthenticated
from server.core.http import status_of
from server.core.runtime import Runtime
from server.events.models import Event
from server.events.queries import get_event
from server.sessions.imports.answer import answer_gone, answer_twin, look_again
from server.sessions.imports.changes import tell_source
from server.sessions.imports.history import discard_import, find_import
from server.sessions.imports.models import DAY_S
from server.sessions.imports.sources import add_source, change_source, find_source, look_now
from server.sessions.imports.take import MOST_BYTES, Brought, apply_now, brought_by, take_programme
from server.sessions.imports.undo import undo_import, with_recording
from server.sessions.media import SessionMediaReader
from server.web.board import event_form
from server.web.doors import read_form
from server.web.programme_board import read_import_board, read_programme_board
from server.web.respond import READ, language_of, redirect
from server.web.studio import studio_page, turned_away
from server.web.view import View

AnyRequest = Request[Any, Any, Any]
_STUDIO: dict[str, Any] = {"opt": {"public": True}, "include_in_schema": False}
_DOES: dict[str, Any] = {**_STUDIO, "status_code": 200}
# A form with a file is not read before its token is known: that stands in its address.
_TAKES: dict[str, Any] = {**_DOES, "opt": {"public": True, "csrf_in_query": True}}
_PATH = "/studio/{event:str}/programme"
_GRACES = {"0": 0, "6": DAY_S // 4, "24": DAY_S, "72": 3 * DAY_S, "168": 7 * DAY_S}


async def _organised(runtime: Runtime, actor: Actor, event: str) -> Event:
    async with runtime.database.read() as db:
        return await get_event(db, event, actor=actor, action=Action.EDIT_EVENT)


async def _programme_page(
    request: AnyRequest, runtime: Runtime, view: View, actor: Actor, event: str, *, problem: SemmaError | None = None
) -> Response[bytes]:
    language = language_of(request)
    async with runtime.database.read() as db:
        row = await get_event(db, event, actor=actor, action=Action.EDIT_EVENT)
        board = await read_programme_board(db, row, language=language)
    shown = event_form(row)
    return studio_page(
        request,
        runtime,
        view,
        "programme.html",
        actor,
        event=shown,
        board=board,
        graces=_GRACES,
        status=status_of(problem) if problem else 200,
        problem=problem.detail if problem else "",
    )


@route(_PATH, http_method=READ, **_STUDIO)
async def studio_programme(
    request: AnyRequest,
    event: FromPath[str],
    runtime: NamedDependency[Runtime],
    actor: NamedDependency[Actor],
    view: NamedDependency[View],
) -> Response[bytes]:
    """Where the programme comes from, and what came of it."""
    if away := turned_away(request, actor):
        return away
    return await _programme_page(request, runtime, view, actor, event)


@post(_PATH, request_max_body_size=MOST_BYTES + 65_536, **_TAKES)
async def bring_file(
    request: AnyRequest,
    event: FromPath[str],
    runtime: NamedDependency[Runtime],
    actor: NamedDependency[Actor],
    view: NamedDependency[View],
) -> Response[bytes]:
    """A file, by form: what it changes is shown next."""
    if away := turned_away(request, actor):
        return away
    owner = await _organised(runtime, actor, event)
    form = await request.form()
    file = form.get("file")
    data = await file.read() if isinstance(file, UploadFile) else b""
    name = (file.filename or "")[:200] if isinstance(file, UploadFile) else ""
    brought = Brought(event_id=owner.id, data=data, name=name, **brought_by(actor))
    try:
        row = await take_programme(runtime, brought, apply=False)
    except (Forbidden, Unauthenticated):
        raise
    except SemmaError as error:
        return await _programme_page(request, runtime, view, actor, event, problem=error)
    return redirect(f"/studio/{owner.slug}/programme/imports/{row.id}")


@post(_PATH + "/sources", **_DOES)
async def bring_address(
    request: AnyRequest,
    event: FromPath[str],
    runtime: NamedDependency[Runtime],
    actor: NamedDependency[Actor],
    view: NamedDependency[View],
) -> Response[bytes]:
    """An address to look at."""
    if away := turned_away(request, actor):
        return away
    form = await read_form(request)
    await _organised(runtime, actor, event)
    try:
        async with runtime.database.write() as db:
            owner = await get_event(db, event, actor=actor, action=Action.EDIT_EVENT)
            row = await add_source(
                db, owner.id, url=form.get("url", ""), apply_itself=form.get("apply_itself") == "yes"
            )
            if row.url:
                await look_now(db, row)
            tell_source(db, runtime, row)
    except (NotFound, Forbidden, Unauthenticated):
        raise
    except SemmaError as error:
        return await _programme_page(request, runtime, view, actor, event, problem=error)
    return redirect(f"/studio/{owner.slug}/programme")


@post(_PATH + "/sources/{source:str}", **_DOES)
async def change_programme_source(
    request: AnyRequest,
    event: FromPath[str],
    source: FromPath[str],
    runtime: NamedDependency[Runtime],
    actor: NamedDependency[Actor],
    view: NamedDependency[View],
) -> Response[bytes]:
    """Look now, change, or remove: whichever button was pressed."""
    if away := turned_away(request, actor):
        return away
    form = await read_form(request)
    act = form.get("act", "")
    try:
        async with runtime.database.write() as db:
            owner = await get_event(db, event, actor=actor, action=Action.EDIT_EVENT)
            row = await find_source(db, owner.id, source, lock=True)
            if act == "look":
                await look_now(db, row)
            elif act == "remove":
                row.deleted_at, row.version = now(), row.version + 1
            elif act == "save":
                changes = {"apply_itself": form.get("apply_itself") == "yes"}
                grace = _GRACES.get(form.get("grace", ""))
                await change_source(db, row, changes | ({"grace_s": grace} if grace is not None else {}))
            tell_source(db, runtime, row)
    except (NotFound, Forbidden, Unauthenticated):
        raise
    except SemmaError as error:
        return await _programme_page(request, runtime, view, actor, event, problem=error)
    return redirect(f"/studio/{owner.slug}/programme")


async def _import_page(
    request: AnyRequest,
    runtime: Runtime,
    view: View,
    actor: Actor,
    event: str,
    import_id: str,
    *,
    problem: SemmaError | None = None,
) -> Response[bytes]:
    async with runtime.database.read() as db:
        row = await get_event(db, event, actor=actor, action=Action.EDIT_EVENT)
        board = await read_import_board(db, row, import_id, language=language_of(request))
    return studio_page(
        request,
        runtime,
        view,
        "import.html",
        actor,
        event=event_form(row),
        board=board,
        status=status_of(problem) if problem else 200,
        problem=problem.detail if problem else "",
    )


@route(_PATH + "/imports/{import_id:str}", http_method=READ, **_STUDIO)
async def studio_import(
    request: AnyRequest,
    event: FromPath[str],
    import_id: FromPath[str],
    runtime: NamedDependency[Runtime],
    actor: NamedDependency[Actor],
    view: NamedDependency[View],
) -> Response[bytes]:
    """One import: what it changes, what it asks, what was ignored."""
    if away := turned_away(request, actor):
        return away
    return await _import_page(request, runtime, view, actor, event, import_id)


@post(_PATH + "/imports/{import_id:str}", **_DOES)
async def act_on_import(
    request: AnyRequest,
    event: FromPath[str],
    import_id: FromPath[str],
    runtime: NamedDependency[Runtime],
    actor: NamedDependency[Actor],
    view: NamedDependency[View],
    session_media: NamedDependency[SessionMediaReader],
) -> Response[bytes]:
    """Apply, discard, undo, or answer: whichever button was pressed."""
    if away := turned_away(request, actor):
        return away
    form = await read_form(request)
    owner = await _organised(runtime, actor, event)
    try:
        await _act(runtime, actor, owner, import_id, form, session_media=session_media)
    except (NotFound, Forbidden, Unauthenticated):
        raise
    except SemmaError as error:
        return await _import_page(request, runtime, view, actor, event, import_id, problem=error)
    return redirect(f"/studio/{owner.slug}/programme/imports/{import_id}")


async def _act(
    runtime: Runtime,
    actor: Actor,
    event: Event,
    import_id: str,
    form: dict[str, str],
    *,
    session_media: SessionMediaReader,
) -> None:
    act = form.get("act", "")
    if act == "apply":
        await apply_now(runtime, event.id, import_id)
        return
    async with runtime.database.write() as db:
        row = await find_import(db, event.id, import_id, lock=True)
        if act == "discard":
            await discard_import(db, runtime, row)
        elif act == "undo":
            recorded = await with_recording(db, actor, row, session_media=session_media)
            await undo_import(db, runtime, row, with_media=recorded)
        elif act in ("same", "other"):
            key, session = form.get("key", ""), form.get("session", "")
            await answer_twin(db, runtime, row, key=key, session=session, same=act == "same")
        elif act == "gone":
            await answer_gone(db, runtime, row, block=form.get("block", ""))
    if act in ("same", "other", "gone"):
        await look_again(runtime, event.id, import_id)


programme_handlers = [
    studio_programme,
    bring_file,
    bring_address,
    change_programme_source,
    studio_import,
    act_on_import,
]
