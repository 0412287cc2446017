"""Series endpoints."""

from typing import Annotated, Any

from litestar import Request, Response, delete, get, patch, post
from litestar.di import NamedDependency
from litestar.openapi.spec import Example
from litestar.params import JSONBody, PathParameter, QueryParameter

from server.accounts.actor import Actor
from server.accounts.policy import ANYTHING, Action, require
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
from server.events.editions import change_series, create_series, delete_thing, restorable_since, restore_thing
from server.events.models import Series
from server.events.queries import SERIES_KEYS, deleted_series, get_series, visible_series
from server.events.schemas import SeriesIn, SeriesOut, SeriesPatch, changes_in, series_out

SeriesRef = Annotated[
    str,
    PathParameter(description="The series' id or slug.", examples=[Example(summary="A slug", value="seminar")]),
]
_OPEN: dict[str, Any] = {"tags": ["Series"], "responses": PROBLEM_RESPONSES}


@get("/api/v1/series", summary="List the series", **_OPEN)
async def list_series(
    runtime: NamedDependency[Runtime],
    actor: NamedDependency[Actor],
    limit: Limit = 50,
    after: After = None,
    deleted: Annotated[bool, QueryParameter(description="Those that can be restored instead.")] = False,
) -> Page[SeriesOut]:
    """Every series, by slug. A series is never secret; its events may be."""
    statement = visible_series()
    if deleted:
        require(actor, Action.ADMINISTER, ANYTHING)
        statement = deleted_series(since=restorable_since(runtime.limits.undo_s))
    cursor = decode_cursor(after, length=len(SERIES_KEYS)) if after else None
    async with runtime.database.read() as db:
        rows = (await db.scalars(one_page(statement, SERIES_KEYS, limit=limit, after=cursor))).all()
    page, beyond = cut_page(rows, SERIES_KEYS, limit=limit)
    return Page(items=[series_out(row) for row in page], next=encode_cursor(beyond) if beyond else None)


@post("/api/v1/series", summary="Found a series", **_OPEN)
async def add_series(
    request: Request[Any, Any, Any],
    data: JSONBody[SeriesIn],
    runtime: NamedDependency[Runtime],
    actor: NamedDependency[Actor],
) -> Response[SeriesOut]:
    """For administrators."""
    require(actor, Action.ADMINISTER, ANYTHING)
    async with runtime.database.write() as db:
        series = await create_series(db, title=data.title, slug=data.slug, description=data.description)
    return json_with_etag(request, series_out(series), series.version, status=201)


@get("/api/v1/series/{series:str}", summary="Show a series", **_OPEN)
async def show_series(
    request: Request[Any, Any, Any], series: SeriesRef, runtime: NamedDependency[Runtime]
) -> Response[SeriesOut]:
    """One series; its events are at /api/v1/events?series=…"""
    async with runtime.database.read() as db:
        row = await get_series(db, series)
    return json_with_etag(request, series_out(row), row.version)


@patch("/api/v1/series/{series:str}", summary="Change a series", **_OPEN)
async def edit_series(
    request: Request[Any, Any, Any],
    series: SeriesRef,
    data: JSONBody[SeriesPatch],
    runtime: NamedDependency[Runtime],
    actor: NamedDependency[Actor],
) -> Response[SeriesOut]:
    """For administrators. Fields left out stay as they are."""
    require(actor, Action.ADMINISTER, ANYTHING)
    async with runtime.database.write() as db:
        row = await get_series(db, series, lock=True)
        check_if_match(request, row.version)
        await change_series(db, row, changes_in(data))
    return json_with_etag(request, series_out(row), row.version)


async def _locked(
    request: Request[Any, Any, Any], db: Any, series: str, actor: Actor, runtime: Runtime, *, deleted: bool
) -> Series:
    require(actor, Action.ADMINISTER, ANYTHING)
    since = restorable_since(runtime.limits.undo_s) if deleted else None
    row = await get_series(db, series, deleted_since=since, lock=True)
    check_if_match(request, row.version)
    return row


@delete("/api/v1/series/{series:str}", summary="Delete a series", **_OPEN)
async def remove_series(
    request: Request[Any, Any, Any], series: SeriesRef, runtime: NamedDependency[Runtime], actor: NamedDependency[Actor]
) -> None:
    """For administrators. Its events stay, without a series. Can be undone with POST …/restore."""
    async with runtime.database.write() as db:
        await delete_thing(db, await _locked(request, db, series, actor, runtime, deleted=False))


@post("/api/v1/series/{series:str}/restore", status_code=200, summary="Undo the deletion of a series", **_OPEN)
async def bring_back_series(
    request: Request[Any, Any, Any], series: SeriesRef, runtime: NamedDependency[Runtime], actor: NamedDependency[Actor]
) -> Response[SeriesOut]:
    """For administrators, within the undo time."""
    async with runtime.database.write() as db:
        row = await _locked(request, db, series, actor, runtime, deleted=True)
        await restore_thing(db, row)
    return json_with_etag(request, series_out(row), row.version)


ROUTES: list[Any] = [list_series, add_series, show_series, edit_series, remove_series, bring_back_series]
