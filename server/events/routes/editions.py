"""Event endpoints."""

from typing import Annotated, Any

from litestar import Request, Response, delete, get, patch, post
from litestar.di import NamedDependency
from litestar.openapi.spec import Example
from litestar.params import JSONBody, QueryParameter

from server.accounts.actor import Actor
from server.accounts.policy import ANYTHING, Action, require
from server.core.db import Db
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
from server.core.keyset import cut_page, one_page
from server.core.runtime import Runtime
from server.events.doors import tell_doors
from server.events.editions import change_event, create_event, delete_thing, restorable_since, restore_thing
from server.events.models import Event, Series
from server.events.queries import (
    EVENT_KEYS,
    deleted_events,
    editable_events,
    get_event,
    links_of,
    of_series,
    visible_events,
    with_series,
)
from server.events.routes.shared import EventRef, tell
from server.events.schemas import EventIn, EventOut, EventPatch, changes_in, event_out

_OPEN: dict[str, Any] = {"tags": ["Events"], "responses": PROBLEM_RESPONSES}


async def _view(db: Db, event: Event) -> EventOut:
    series = await db.get(Series, event.series_id) if event.series_id else None
    if series is not None and series.deleted_at is not None:
        series = None
    return event_out(event, series, (await links_of(db, [event.id]))[event.id])


@get("/api/v1/events", summary="List events", **_OPEN)
async def list_events(
    runtime: NamedDependency[Runtime],
    actor: NamedDependency[Actor],
    limit: Limit = 50,
    after: After = None,
    series: Annotated[
        str | None,
        QueryParameter(description="Id or slug of a series.", examples=[Example(summary="A slug", value="seminar")]),
    ] = None,
    mine: Annotated[bool, QueryParameter(description="Only those the asker organises.")] = False,
    deleted: Annotated[bool, QueryParameter(description="Those the asker can restore instead.")] = False,
) -> Page[EventOut]:
    """Events the asker may see, the latest first. Unlisted and closed ones are in it only for who has a role there."""
    statement = visible_events(actor)
    if deleted:
        statement = deleted_events(actor, since=restorable_since(runtime.limits.undo_s))
    elif mine:
        statement = editable_events(actor)
    if series is not None:
        statement = of_series(statement, series)
    cursor = decode_cursor(after, length=len(EVENT_KEYS)) if after else None
    async with runtime.database.read() as db:
        page = one_page(with_series(statement), EVENT_KEYS, limit=limit, after=cursor)
        found = [(row[0], row[1]) for row in (await db.execute(page)).all()]
        links = await links_of(db, [event.id for event, _ in found[:limit]])
    _, beyond = cut_page([event for event, _ in found], EVENT_KEYS, limit=limit)
    items = [event_out(event, of, links[event.id]) for event, of in found[:limit]]
    return Page(items=items, next=encode_cursor(beyond) if beyond else None)


@post("/api/v1/events", summary="Open an event", **_OPEN)
async def add_event(
    request: Request[Any, Any, Any],
    data: JSONBody[EventIn],
    runtime: NamedDependency[Runtime],
    actor: NamedDependency[Actor],
) -> Response[EventOut]:
    """For organisers and administrators. Whoever opens an event becomes its organiser."""
    require(actor, Action.CREATE_EVENT, ANYTHING)
    async with runtime.database.write() as db:
        event = await create_event(db, organiser_id=actor.user_id, **changes_in(data))
        view = await _view(db, event)
    return json_with_etag(request, view, event.version, status=201)


@get("/api/v1/events/{event:str}", summary="Show an event", **_OPEN)
async def show_event(
    request: Request[Any, Any, Any], event: EventRef, runtime: NamedDependency[Runtime], actor: NamedDependency[Actor]
) -> Response[EventOut]:
    """One event. Its organisers also find it deleted, while it can be restored."""
    async with runtime.database.read() as db:
        row = await get_event(db, event, actor=actor, deleted_since=restorable_since(runtime.limits.undo_s))
        view = await _view(db, row)
    return json_with_etag(request, view, row.version)


@patch("/api/v1/events/{event:str}", summary="Change an event", **_OPEN)
async def edit_event(
    request: Request[Any, Any, Any],
    event: EventRef,
    data: JSONBody[EventPatch],
    runtime: NamedDependency[Runtime],
    actor: NamedDependency[Actor],
) -> Response[EventOut]:
    """For its organisers. Fields left out stay as they are. Closing it ends every access given before."""
    async with runtime.database.write() as db:
        row = await get_event(db, event, actor=actor, action=Action.EDIT_EVENT, lock=True)
        check_if_match(request, row.version)
        before = row.visibility, row.access_epoch
        await change_event(db, row, changes_in(data))
        if (row.visibility, row.access_epoch) != before:
            await tell_doors(db, runtime, row)
        tell(db, runtime, row.id, kind="event", thing=row, act="changed")
        view = await _view(db, row)
    return json_with_etag(request, view, row.version)


@delete("/api/v1/events/{event:str}", summary="Delete an event", **_OPEN)
async def remove_event(
    request: Request[Any, Any, Any], event: EventRef, runtime: NamedDependency[Runtime], actor: NamedDependency[Actor]
) -> None:
    """For its organisers. All that stands in it is hidden with it. Can be undone with POST …/restore."""
    async with runtime.database.write() as db:
        row = await get_event(db, event, actor=actor, action=Action.EDIT_EVENT, lock=True)
        check_if_match(request, row.version)
        await delete_thing(db, row)
        await tell_doors(db, runtime, row)
        tell(db, runtime, row.id, kind="event", thing=row, act="deleted")


@post("/api/v1/events/{event:str}/restore", status_code=200, summary="Undo the deletion of an event", **_OPEN)
async def bring_back_event(
    request: Request[Any, Any, Any], event: EventRef, runtime: NamedDependency[Runtime], actor: NamedDependency[Actor]
) -> Response[EventOut]:
    """For its organisers, within the undo time; all that stood in it is back too."""
    since = restorable_since(runtime.limits.undo_s)
    async with runtime.database.write() as db:
        row = await get_event(db, event, actor=actor, action=Action.EDIT_EVENT, deleted_since=since, lock=True)
        check_if_match(request, row.version)
        await restore_thing(db, row)
        await tell_doors(db, runtime, row)
        tell(db, runtime, row.id, kind="event", thing=row, act="restored")
        view = await _view(db, row)
    return json_with_etag(request, view, row.version)


ROUTES: list[Any] = [list_events, add_event, show_event, edit_event, remove_event, bring_back_event]
