"""Endpoints of imports: bring a programme, look at what it changes, apply, discard, undo, answer; and what a session's
programme says of it."""

from dataclasses import dataclass
from typing import Annotated, Any

from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.openapi.spec import Example, OpenAPIFormat, OpenAPIMediaType, OpenAPIType, Operation, RequestBody, Schema
from litestar.params import FromQuery, JSONBody, PathParameter, QueryParameter
from msgspec import UNSET

from server.accounts.actor import Actor
from server.accounts.policy import Action
from server.core.http import (
    PROBLEM_RESPONSES,
    After,
    Limit,
    Page,
    check_if_match,
    decode_cursor,
    encode_cursor,
    json_with_etag,
)
from server.core.keyset import Key, cut_page, one_page
from server.core.runtime import Runtime
from server.events.queries import get_event
from server.events.routes.shared import EventRef, tell
from server.sessions.imports.answer import answer_gone, answer_twin, look_again
from server.sessions.imports.errors import AnswerInvalid, NotImported
from server.sessions.imports.history import discard_import, find_import, imports_of
from server.sessions.imports.models import Import
from server.sessions.imports.revert import imported_as, revert_fields
from server.sessions.imports.schemas import (
    AnswerIn,
    ImportBrief,
    ImportedOut,
    ImportOut,
    RevertIn,
    import_brief,
    import_out,
    imported_out,
)
from server.sessions.imports.take import MOST_BYTES, Brought, apply_now, brought_by, take_programme
from server.sessions.imports.undo import undo_import, with_recording
from server.sessions.media import SessionMediaReader
from server.sessions.queries import get_session
from server.sessions.routes.programme import SessionRef

ImportRef = Annotated[
    str,
    PathParameter(
        description="The import's id.", examples=[Example(summary="An id", value="01979c5e2b7a7c3d9e1f2a3b4c5d6e91")]
    ),
]
_OPEN: dict[str, Any] = {"tags": ["Imports"], "responses": PROBLEM_RESPONSES}
_PATH = "/api/v1/events/{event:str}/imports"
_KEYS = (Key(Import.id, lambda row: row.id, descending=True),)
AnyRequest = Request[Any, Any, Any]


@dataclass
class TakesProgramme(Operation):
    """The body of this operation in the API's description."""

    def __post_init__(self) -> None:
        """The file itself."""
        schema = Schema(type=OpenAPIType.STRING, format=OpenAPIFormat.BINARY)
        self.request_body = RequestBody(content={"application/octet-stream": OpenAPIMediaType(schema=schema)})


@post(
    _PATH,
    summary="Bring a programme as a file",
    request_max_body_size=MOST_BYTES + 1,
    operation_class=TakesProgramme,
    **_OPEN,
)
async def bring_programme(
    request: AnyRequest,
    event: EventRef,
    runtime: NamedDependency[Runtime],
    actor: NamedDependency[Actor],
    filename: Annotated[
        str, QueryParameter(description="What the file is called.", examples=[Example(value="schedule.json")])
    ] = "",
    source: Annotated[
        str,
        QueryParameter(description="Id of the source it is the newer version of; found by its sessions when left out."),
    ] = "",
    apply: FromQuery[bool] = False,
) -> Response[ImportOut]:
    """For the event's organisers. The body is the file as it is, up to 10 MB: schedule.json, schedule.xml, an export of
    pretalx, iCalendar or CSV. The answer says what it changes; with `apply` it is applied at once."""
    async with runtime.database.read() as db:
        owner = await get_event(db, event, actor=actor, action=Action.EDIT_EVENT)  # before the file is looked at
    brought = Brought(
        event_id=owner.id, data=await request.body(), name=filename[:200], source_id=source, **brought_by(actor)
    )
    row = await take_programme(runtime, brought, apply=apply)
    return json_with_etag(request, import_out(row), row.version, status=201)


@get(_PATH, summary="List an event's imports", **_OPEN)
async def list_imports(
    event: EventRef,
    runtime: NamedDependency[Runtime],
    actor: NamedDependency[Actor],
    limit: Limit = 50,
    after: After = None,
) -> Page[ImportBrief]:
    """For the event's organisers, the newest first: when, from where, by whom, and how much it changed."""
    cursor = decode_cursor(after, length=len(_KEYS)) if after else None
    async with runtime.database.read() as db:
        owner = await get_event(db, event, actor=actor, action=Action.EDIT_EVENT)
        rows = (await db.scalars(one_page(imports_of(owner.id), _KEYS, limit=limit, after=cursor))).all()
    page, beyond = cut_page(rows, _KEYS, limit=limit)
    return Page(items=[import_brief(row) for row in page], next=encode_cursor(beyond) if beyond else None)


@get(_PATH + "/{import_id:str}", summary="Show an import with its diff", **_OPEN)
async def show_import(
    request: AnyRequest,
    event: EventRef,
    import_id: ImportRef,
    runtime: NamedDependency[Runtime],
    actor: NamedDependency[Actor],
) -> Response[ImportOut]:
    """For the event's organisers: what it changes (or changed) field by field, what it asks, what was ignored and
    why."""
    async with runtime.database.read() as db:
        owner = await get_event(db, event, actor=actor, action=Action.EDIT_EVENT)
        row = await find_import(db, owner.id, import_id)
    return json_with_etag(request, import_out(row), row.version)


@post(_PATH + "/{import_id:str}/apply", status_code=200, summary="Apply an import", **_OPEN)
async def apply_shown(
    request: AnyRequest,
    event: EventRef,
    import_id: ImportRef,
    runtime: NamedDependency[Runtime],
    actor: NamedDependency[Actor],
) -> Response[ImportOut]:
    """For the event's organisers. What it changes is decided anew on what is here now. Of more than 1,000 sessions it
    is done by a job: the state is `applying` until then."""
    owner_id = await _judged(request, event, import_id, runtime=runtime, actor=actor)
    await apply_now(runtime, owner_id, import_id)
    return await _answer(request, runtime, owner_id, import_id)


@post(_PATH + "/{import_id:str}/discard", status_code=200, summary="Discard an import", **_OPEN)
async def discard_shown(
    request: AnyRequest,
    event: EventRef,
    import_id: ImportRef,
    runtime: NamedDependency[Runtime],
    actor: NamedDependency[Actor],
) -> Response[ImportOut]:
    """For the event's organisers: nothing of it is applied."""
    owner_id = await _judged(request, event, import_id, runtime=runtime, actor=actor)
    async with runtime.database.write() as db:
        await discard_import(db, runtime, await find_import(db, owner_id, import_id, lock=True))
    return await _answer(request, runtime, owner_id, import_id)


@post(_PATH + "/{import_id:str}/undo", status_code=200, summary="Undo an import", **_OPEN)
async def undo_applied(
    request: AnyRequest,
    event: EventRef,
    import_id: ImportRef,
    runtime: NamedDependency[Runtime],
    actor: NamedDependency[Actor],
    session_media: NamedDependency[SessionMediaReader],
) -> Response[ImportOut]:
    """For the event's organisers. Values are what they were before, new sessions are withdrawn unless they have a
    recording by now. What was changed since, here or by a later import, stays, and the notes say so."""
    owner_id = await _judged(request, event, import_id, runtime=runtime, actor=actor)
    async with runtime.database.write() as db:
        row = await find_import(db, owner_id, import_id, lock=True)
        recorded = await with_recording(db, actor, row, session_media=session_media)
        await undo_import(db, runtime, row, with_media=recorded)
    return await _answer(request, runtime, owner_id, import_id)


@post(_PATH + "/{import_id:str}/answers", status_code=200, summary="Answer what an import asks", **_OPEN)
async def answer_import(
    request: AnyRequest,
    event: EventRef,
    import_id: ImportRef,
    data: JSONBody[AnswerIn],
    runtime: NamedDependency[Runtime],
    actor: NamedDependency[Actor],
) -> Response[ImportOut]:
    """For the event's organisers: whether two sessions are the same talk, or a part of the programme is really gone.
    The answer is kept for later imports; of an import that was applied already the two become one at once."""
    owner_id = await _judged(request, event, import_id, runtime=runtime, actor=actor)
    async with runtime.database.write() as db:
        row = await find_import(db, owner_id, import_id, lock=True)
        if data.gone:
            await answer_gone(db, runtime, row, block=data.gone)
        elif data.same is not None:
            await answer_twin(db, runtime, row, key=data.key, session=data.session, same=data.same)
        else:
            raise AnswerInvalid
    await look_again(runtime, owner_id, import_id)
    return await _answer(request, runtime, owner_id, import_id)


async def _judged(request: AnyRequest, event: str, import_id: str, *, runtime: Runtime, actor: Actor) -> str:
    """The event's id, once the asker may do this to this import as they know it."""
    async with runtime.database.read() as db:
        owner = await get_event(db, event, actor=actor, action=Action.EDIT_EVENT)
        row = await find_import(db, owner.id, import_id)
    check_if_match(request, row.version)
    return owner.id


async def _answer(request: AnyRequest, runtime: Runtime, event_id: str, import_id: str) -> Response[ImportOut]:
    async with runtime.database.read() as db:
        row = await find_import(db, event_id, import_id)
    return json_with_etag(request, import_out(row), row.version)


@get("/api/v1/sessions/{session:str}/imported", summary="What a session's programme says of it", **_OPEN)
async def show_imported(
    session: SessionRef, runtime: NamedDependency[Runtime], actor: NamedDependency[Actor]
) -> ImportedOut:
    """For its event's organisers: which fields were edited here, and what the programme says instead."""
    async with runtime.database.read() as db:
        item = await get_session(db, session, actor=actor, action=Action.EDIT_SESSION)
        found = await imported_as(db, item.session)
    if found is None:
        raise NotImported
    return imported_out(item.session.id, found)


@post(
    "/api/v1/sessions/{session:str}/imported/revert",
    status_code=200,
    summary="Go back to what the programme says of a session",
    **_OPEN,
)
async def revert_imported(
    request: AnyRequest,
    session: SessionRef,
    data: JSONBody[RevertIn],
    runtime: NamedDependency[Runtime],
    actor: NamedDependency[Actor],
) -> ImportedOut:
    """For its event's organisers. The named fields (all that were edited, when left out) follow the programme again."""
    async with runtime.database.write() as db:
        item = await get_session(db, session, actor=actor, action=Action.EDIT_SESSION, lock=True)
        check_if_match(request, item.session.version)
        await revert_fields(db, item.session, None if data.fields is UNSET else data.fields)
        found = await imported_as(db, item.session)
        tell(db, runtime, item.event.id, kind="session", thing=item.session, act="changed")
    if found is None:
        raise NotImported
    return imported_out(item.session.id, found)


ROUTES: list[Any] = [
    bring_programme,
    list_imports,
    show_import,
    apply_shown,
    discard_shown,
    undo_applied,
    answer_import,
    show_imported,
    revert_imported,
]
