"""Endpoints of the sources an event's programme comes from."""

from typing import Annotated, Any

from litestar import Request, Response, delete, get, patch, post
from litestar.di import NamedDependency
from litestar.openapi.spec import Example
from litestar.params import JSONBody, PathParameter

from server.accounts.actor import Actor
from server.accounts.policy import Action
from server.core.clock import now
from server.core.http import PROBLEM_RESPONSES, Page, check_if_match, json_with_etag
from server.core.runtime import Runtime
from server.events.queries import get_event
from server.events.routes.shared import EventRef
from server.events.schemas import changes_in
from server.sessions.imports.changes import tell_source
from server.sessions.imports.schemas import SourceNew, SourceOut, SourcePatch, source_out
from server.sessions.imports.sources import add_source, change_source, find_source, look_now, sources_of

SourceRef = Annotated[
    str,
    PathParameter(
        description="The source's id.", examples=[Example(summary="An id", value="01979c5e2b7a7c3d9e1f2a3b4c5d6e90")]
    ),
]
_OPEN: dict[str, Any] = {"tags": ["Imports"], "responses": PROBLEM_RESPONSES}
_PATH = "/api/v1/events/{event:str}/programme-sources"


@get(_PATH, summary="List the sources of an event's programme", **_OPEN)
async def list_sources(
    event: EventRef, runtime: NamedDependency[Runtime], actor: NamedDependency[Actor]
) -> Page[SourceOut]:
    """For the event's organisers: addresses that are looked at, and files that were brought; all on one page."""
    async with runtime.database.read() as db:
        owner = await get_event(db, event, actor=actor, action=Action.EDIT_EVENT)
        rows = await sources_of(db, owner.id)
    return Page(items=[source_out(row) for row in rows], next=None)


@post(_PATH, summary="Add a source of the programme", **_OPEN)
async def add_programme_source(
    request: Request[Any, Any, Any],
    event: EventRef,
    data: JSONBody[SourceNew],
    runtime: NamedDependency[Runtime],
    actor: NamedDependency[Actor],
) -> Response[SourceOut]:
    """For the event's organisers. The address is looked at within seconds, and again and again from then on. What it
    brings is shown as an import first, unless `apply_itself`."""
    async with runtime.database.write() as db:
        owner = await get_event(db, event, actor=actor, action=Action.EDIT_EVENT)
        row = await add_source(db, owner.id, **changes_in(data))
        await look_now(db, row)
        tell_source(db, runtime, row)
    return json_with_etag(request, source_out(row), row.version, status=201)


@get(_PATH + "/{source:str}", summary="Show a source of the programme", **_OPEN)
async def show_source(
    request: Request[Any, Any, Any],
    event: EventRef,
    source: SourceRef,
    runtime: NamedDependency[Runtime],
    actor: NamedDependency[Actor],
) -> Response[SourceOut]:
    """For the event's organisers: where it is, how the last look went, when the next one is."""
    async with runtime.database.read() as db:
        owner = await get_event(db, event, actor=actor, action=Action.EDIT_EVENT)
        row = await find_source(db, owner.id, source)
    return json_with_etag(request, source_out(row), row.version)


@patch(_PATH + "/{source:str}", summary="Change a source of the programme", **_OPEN)
async def edit_source(
    request: Request[Any, Any, Any],
    event: EventRef,
    source: SourceRef,
    data: JSONBody[SourcePatch],
    runtime: NamedDependency[Runtime],
    actor: NamedDependency[Actor],
) -> Response[SourceOut]:
    """For the event's organisers. Fields left out stay as they are."""
    async with runtime.database.write() as db:
        owner = await get_event(db, event, actor=actor, action=Action.EDIT_EVENT)
        row = await find_source(db, owner.id, source, lock=True)
        check_if_match(request, row.version)
        await change_source(db, row, changes_in(data))
        tell_source(db, runtime, row)
    return json_with_etag(request, source_out(row), row.version)


@delete(_PATH + "/{source:str}", summary="Remove a source of the programme", **_OPEN)
async def remove_source(
    request: Request[Any, Any, Any],
    event: EventRef,
    source: SourceRef,
    runtime: NamedDependency[Runtime],
    actor: NamedDependency[Actor],
) -> None:
    """For the event's organisers. It is not looked at any more; what it brought stays. Undo with POST …/restore."""
    async with runtime.database.write() as db:
        owner = await get_event(db, event, actor=actor, action=Action.EDIT_EVENT)
        row = await find_source(db, owner.id, source, lock=True)
        check_if_match(request, row.version)
        row.deleted_at = now()
        row.version += 1
        tell_source(db, runtime, row)


@post(_PATH + "/{source:str}/restore", status_code=200, summary="Undo the removal of a source", **_OPEN)
async def bring_back_source(
    request: Request[Any, Any, Any],
    event: EventRef,
    source: SourceRef,
    runtime: NamedDependency[Runtime],
    actor: NamedDependency[Actor],
) -> Response[SourceOut]:
    """For the event's organisers, within the undo time."""
    async with runtime.database.write() as db:
        owner = await get_event(db, event, actor=actor, action=Action.EDIT_EVENT)
        row = await find_source(db, owner.id, source, lock=True, deleted=True)
        check_if_match(request, row.version)
        row.deleted_at = None
        row.version += 1
        tell_source(db, runtime, row)
    return json_with_etag(request, source_out(row), row.version)


@post(_PATH + "/{source:str}/look", status_code=202, summary="Look at a source now", **_OPEN)
async def look_at_source(
    request: Request[Any, Any, Any],
    event: EventRef,
    source: SourceRef,
    runtime: NamedDependency[Runtime],
    actor: NamedDependency[Actor],
) -> Response[SourceOut]:
    """For the event's organisers. What comes of it is an import, or the source's state."""
    async with runtime.database.write() as db:
        owner = await get_event(db, event, actor=actor, action=Action.EDIT_EVENT)
        row = await find_source(db, owner.id, source, lock=True)
        await look_now(db, row)
    return json_with_etag(request, source_out(row), row.version, status=202)


ROUTES: list[Any] = [
    list_sources,
    add_programme_source,
    show_source,
    edit_source,
    remove_source,
    bring_back_source,
    look_at_source,
]
