"""Session endpoints."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any

from litestar import Request, Response, delete, get, patch, post
from litestar.di import NamedDependency, Provide
from litestar.openapi.spec import Example
from litestar.params import FromQuery, JSONBody, PathParameter, QueryParameter

from server.accounts.actor import Actor
from server.accounts.policy import Action
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
from server.events.editions import delete_thing, restorable_since, restore_thing
from server.events.models import Event
from server.events.queries import get_event
from server.events.routes.shared import EventRef, tell
from server.events.schemas import changes_in
from server.sessions.media import SessionMediaReader
from server.sessions.programme import change_session, check_state, create_session
from server.sessions.queries import (
    SESSION_KEYS,
    Item,
    SessionFilter,
    add_details,
    deleted_sessions,
    get_session,
    narrowed,
    read_items,
    visible_sessions,
)
from server.sessions.schemas import SessionFields, SessionIn, SessionOut, SessionPatch, session_out

SessionRef = Annotated[
    str,
    PathParameter(
        description="The session's id; its slug works too while no other event has the same.",
        examples=[Example(summary="An id", value="01979c5e2b7a7c3d9e1f2a3b4c5d6e7f")],
    ),
]
_OPEN: dict[str, Any] = {"tags": ["Sessions"], "responses": PROBLEM_RESPONSES}
Media = NamedDependency[SessionMediaReader]


def _named(description: str, value: str, name: str | None = None) -> QueryParameter:
    return QueryParameter(name=name, description=description, examples=[Example(summary=value, value=value)])


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What a list was asked for, but for the event."""

    limit: int
    after: str | None
    filter: SessionFilter
    deleted: bool


async def provide_asked(
    limit: Limit = 50,
    after: After = None,
    room: Annotated[str | None, _named("Id or slug of a room.", "main-hall")] = None,
    track: Annotated[str | None, _named("Id or slug of a track.", "media")] = None,
    speaker: Annotated[str | None, _named("Id or slug of a speaker.", "ada-ohman")] = None,
    day: Annotated[date | None, _named("A day of the event, in its time zone.", "2027-05-20")] = None,
    in_state: Annotated[str | None, _named("confirmed, tentative or cancelled.", "confirmed", "state")] = None,
    q: Annotated[str | None, _named("Words in the title, abstract or a speaker's name.", "codec")] = None,
    deleted: FromQuery[bool] = False,
) -> Asked:
    """The filters every list of sessions takes."""
    wanted = SessionFilter(
        room=room, track=track, speaker=speaker, day=day, state=check_state(in_state) if in_state else None, q=q
    )
    return Asked(limit=limit, after=after, filter=wanted, deleted=deleted)


async def _views(db: Db, items: Sequence[Item], *, actor: Actor, session_media: SessionMediaReader) -> list[SessionOut]:
    media = await session_media(db, actor, [item.session.id for item in items]) if items else {}
    return [session_out(item, media.get(item.session.id)) for item in items]


async def _list(
    db: Db, asked: Asked, event: Event | None, *, runtime: Runtime, actor: Actor, session_media: SessionMediaReader
) -> Page[SessionOut]:
    statement = visible_sessions(actor, listed=event is None)
    if asked.deleted:
        statement = deleted_sessions(actor, since=restorable_since(runtime.limits.undo_s))
    statement = narrowed(statement, asked.filter, event=event)
    cursor = decode_cursor(asked.after, length=len(SESSION_KEYS)) if asked.after else None
    found = await read_items(db, one_page(statement, SESSION_KEYS, limit=asked.limit, after=cursor), details=False)
    page, beyond = cut_page(found, SESSION_KEYS, limit=asked.limit)
    await add_details(db, page)
    views = await _views(db, page, actor=actor, session_media=session_media)
    return Page(items=views, next=encode_cursor(beyond) if beyond else None)


@get("/api/v1/sessions", summary="List sessions", dependencies={"asked": Provide(provide_asked)}, **_OPEN)
async def list_sessions(
    runtime: NamedDependency[Runtime],
    actor: NamedDependency[Actor],
    session_media: Media,
    asked: NamedDependency[Asked],
    event: Annotated[str | None, _named("Id or slug of an event.", "seminar-2027")] = None,
) -> Page[SessionOut]:
    """Sessions the asker may see, in order of time. Those of an unlisted event are in it when the event is named.

    `deleted=true` lists those the asker can restore instead.
    """
    async with runtime.database.read() as db:
        owner = await get_event(db, event, actor=actor) if event else None
        return await _list(db, asked, owner, runtime=runtime, actor=actor, session_media=session_media)


@get(
    "/api/v1/events/{event:str}/sessions",
    summary="List an event's sessions",
    dependencies={"asked": Provide(provide_asked)},
    **_OPEN,
)
async def list_sessions_of_event(
    event: EventRef,
    runtime: NamedDependency[Runtime],
    actor: NamedDependency[Actor],
    session_media: Media,
    asked: NamedDependency[Asked],
) -> Page[SessionOut]:
    """Its programme in order of time."""
    async with runtime.database.read() as db:
        owner = await get_event(db, event, actor=actor)
        return await _list(db, asked, owner, runtime=runtime, actor=actor, session_media=session_media)


async def _add(
    request: Request[Any, Any, Any],
    event: str,
    data: SessionFields,
    *,
    runtime: Runtime,
    actor: Actor,
    session_media: SessionMediaReader,
) -> Response[SessionOut]:
    values = changes_in(data) | {
        "speakers": [speaker.as_ref() for speaker in data.speakers],
        "links": [link.as_new() for link in data.links],
    }
    values.pop("event", None)
    async with runtime.database.write() as db:
        owner = await get_event(db, event, actor=actor, action=Action.EDIT_SESSION)
        session = await create_session(db, owner.id, **values)
        tell(db, runtime, owner.id, kind="session", thing=session, act="created")
        item = await get_session(db, session.id, actor=actor, details=True)
        [view] = await _views(db, [item], actor=actor, session_media=session_media)
    return json_with_etag(request, view, session.version, status=201)


@post("/api/v1/sessions", summary="Add a session", **_OPEN)
async def add_session(
    request: Request[Any, Any, Any],
    data: JSONBody[SessionIn],
    runtime: NamedDependency[Runtime],
    actor: NamedDependency[Actor],
    session_media: Media,
) -> Response[SessionOut]:
    """For the event's organisers."""
    return await _add(request, data.event, data, runtime=runtime, actor=actor, session_media=session_media)


@post("/api/v1/events/{event:str}/sessions", summary="Add a session to an event", **_OPEN)
async def add_session_to_event(
    request: Request[Any, Any, Any],
    event: EventRef,
    data: JSONBody[SessionFields],
    runtime: NamedDependency[Runtime],
    actor: NamedDependency[Actor],
    session_media: Media,
) -> Response[SessionOut]:
    """For the event's organisers."""
    return await _add(request, event, data, runtime=runtime, actor=actor, session_media=session_media)


@get("/api/v1/sessions/{session:str}", summary="Show a session", **_OPEN)
async def show_session(
    request: Request[Any, Any, Any],
    session: SessionRef,
    runtime: NamedDependency[Runtime],
    actor: NamedDependency[Actor],
    session_media: Media,
) -> Response[SessionOut]:
    """One session. Its organisers also find it deleted, while it can be restored."""
    async with runtime.database.read() as db:
        since = restorable_since(runtime.limits.undo_s)
        item = await get_session(db, session, actor=actor, deleted_since=since, details=True)
        [view] = await _views(db, [item], actor=actor, session_media=session_media)
    return json_with_etag(request, view, item.session.version)


@get("/api/v1/events/{event:str}/sessions/{session:str}", summary="Show a session of an event", **_OPEN)
async def show_session_of_event(
    request: Request[Any, Any, Any],
    event: EventRef,
    session: SessionRef,
    runtime: NamedDependency[Runtime],
    actor: NamedDependency[Actor],
    session_media: Media,
) -> Response[SessionOut]:
    """One session by the addresses pages use: the slugs of the event and the session."""
    async with runtime.database.read() as db:
        owner = await get_event(db, event, actor=actor)
        item = await get_session(db, session, actor=actor, event=owner, details=True)
        [view] = await _views(db, [item], actor=actor, session_media=session_media)
    return json_with_etag(request, view, item.session.version)


@patch("/api/v1/sessions/{session:str}", summary="Change a session", **_OPEN)
async def edit_session(
    request: Request[Any, Any, Any],
    session: SessionRef,
    data: JSONBody[SessionPatch],
    runtime: NamedDependency[Runtime],
    actor: NamedDependency[Actor],
    session_media: Media,
) -> Response[SessionOut]:
    """For its event's organisers. Fields left out stay as they are; `speakers` and `links` are replaced whole."""
    changes = changes_in(data)
    speakers = [speaker.as_ref() for speaker in changes.pop("speakers")] if "speakers" in changes else None
    links = [link.as_new() for link in changes.pop("links")] if "links" in changes else None
    async with runtime.database.write() as db:
        item = await get_session(db, session, actor=actor, action=Action.EDIT_SESSION, lock=True)
        row = item.session
        check_if_match(request, row.version)
        await change_session(db, row, changes, speakers=speakers, links=links)
        tell(db, runtime, row.event_id, kind="session", thing=row, act="changed")
        item = await get_session(db, row.id, actor=actor, details=True)
        [view] = await _views(db, [item], actor=actor, session_media=session_media)
    return json_with_etag(request, view, row.version)


@delete("/api/v1/sessions/{session:str}", summary="Delete a session", **_OPEN)
async def remove_session(
    request: Request[Any, Any, Any],
    session: SessionRef,
    runtime: NamedDependency[Runtime],
    actor: NamedDependency[Actor],
) -> None:
    """For its event's organisers. Its recording is hidden with it. Can be undone with POST …/restore."""
    async with runtime.database.write() as db:
        item = await get_session(db, session, actor=actor, action=Action.EDIT_SESSION, lock=True)
        check_if_match(request, item.session.version)
        await delete_thing(db, item.session)
        tell(db, runtime, item.event.id, kind="session", thing=item.session, act="deleted")


@post("/api/v1/sessions/{session:str}/restore", status_code=200, summary="Undo the deletion of a session", **_OPEN)
async def bring_back_session(
    request: Request[Any, Any, Any],
    session: SessionRef,
    runtime: NamedDependency[Runtime],
    actor: NamedDependency[Actor],
    session_media: Media,
) -> Response[SessionOut]:
    """For its event's organisers, within the undo time; its recording is back too."""
    since = restorable_since(runtime.limits.undo_s)
    async with runtime.database.write() as db:
        item = await get_session(
            db, session, actor=actor, action=Action.EDIT_SESSION, deleted_since=since, details=True, lock=True
        )
        check_if_match(request, item.session.version)
        await restore_thing(db, item.session)
        tell(db, runtime, item.event.id, kind="session", thing=item.session, act="restored")
        [view] = await _views(db, [item], actor=actor, session_media=session_media)
    return json_with_etag(request, view, item.session.version)


ROUTES: list[Any] = [
    list_sessions,
    list_sessions_of_event,
    add_session,
    add_session_to_event,
    show_session,
    show_session_of_event,
    edit_session,
    remove_session,
    bring_back_session,
]
