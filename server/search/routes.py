"""Search endpoints: ask, look how far the index is, build it anew."""

from typing import Annotated, Any

from litestar import Response, Router, get, post
from litestar.di import NamedDependency
from litestar.openapi.spec import Example
from litestar.params import FromPath, QueryParameter

from server.accounts.actor import Actor
from server.accounts.policy import ANYTHING, Action, require
from server.core.errors import Invalid
from server.core.http import PROBLEM_RESPONSES, After, Page, decode_cursor, encode_cursor
from server.core.runtime import Runtime
from server.search.answer import answer_question, read_has
from server.search.follow import read_state, rebuild
from server.search.queries import Narrowed
from server.search.related import related
from server.search.schemas import IndexOut, RelatedOut, SearchOut, index_out, related_out, search_out
from server.sessions.models import Session
from server.sessions.queries import get_session, read_items, visible_sessions

_OPEN: dict[str, Any] = {"tags": ["Search"], "responses": PROBLEM_RESPONSES}


def _named(description: str, value: Any, **limits: Any) -> QueryParameter:
    return QueryParameter(description=description, examples=[Example(summary=str(value), value=value)], **limits)


def _offset(after: str | None) -> int:
    """Where the page begins; raises Invalid for a cursor of another list."""
    if after is None:
        return 0
    [offset] = decode_cursor(after, length=1)
    if not isinstance(offset, int):
        raise Invalid("`after` must be the `next` of an earlier page.")
    return offset


@get("/search", summary="Find talks, slides and sentences", **_OPEN)
async def find(
    runtime: NamedDependency[Runtime],
    actor: NamedDependency[Actor],
    q: Annotated[
        str,
        _named(
            'Words, "phrases", -exclusions, and speaker: year: event: room: track:.', '"still picture" speaker:öhman'
        ),
    ] = "",
    event: Annotated[str | None, _named("Id or slug of an event.", "seminar-2027")] = None,
    room: Annotated[str | None, _named("Id or slug of a room.", "main-hall")] = None,
    track: Annotated[str | None, _named("Id or slug of a track.", "media")] = None,
    speaker: Annotated[str | None, _named("Id or slug of a speaker.", "ada-ohman")] = None,
    year: Annotated[int | None, _named("The year it was.", 2027, ge=1, le=9999)] = None,
    language: Annotated[str | None, _named("The talk's language.", "fi")] = None,
    has: Annotated[str | None, _named("video, slides, captions, with commas between.", "slides,captions")] = None,
    limit: Annotated[int, _named("How many talks at most.", 20, ge=1, le=50)] = 20,
    after: After = None,
) -> SearchOut:
    """Across everything the asker may see, the best first: titles, speakers, abstracts, links, pages of slides, and
    what is said. Without words, what it is narrowed to. Talks of an unlisted event are found when the event is named.
    """
    narrowed = Narrowed(
        event=event, room=room, track=track, speaker=speaker, year=year, language=language, has=read_has(has)
    )
    async with runtime.database.read() as db:
        found = await answer_question(db, actor, q, narrowed, offset=_offset(after), limit=limit)
    beyond = encode_cursor([found.beyond]) if found.beyond is not None else None
    return search_out(found.answer, found.items.values(), beyond)


@get("/search/index", summary="How far the search index is", **_OPEN)
async def show_index(runtime: NamedDependency[Runtime], actor: NamedDependency[Actor]) -> IndexOut:
    """For admins."""
    require(actor, Action.ADMINISTER, ANYTHING)
    async with runtime.database.read() as db:
        return index_out(await read_state(db))


@post("/search/rebuild", status_code=202, summary="Index everything anew", **_OPEN)
async def rebuild_index(runtime: NamedDependency[Runtime], actor: NamedDependency[Actor]) -> Response[IndexOut]:
    """For admins. What is there is found meanwhile; GET …/index tells how far it is."""
    require(actor, Action.ADMINISTER, ANYTHING)
    async with runtime.database.write() as db:
        await rebuild(db)
        state = await read_state(db)
    return Response(index_out(state), status_code=202)


@get("/sessions/{session_id:str}/related", summary="Talks like a talk", **_OPEN)
async def list_related(
    session_id: FromPath[str], runtime: NamedDependency[Runtime], actor: NamedDependency[Actor]
) -> Page[RelatedOut]:
    """By who speaks, and by the rare words titles and abstracts share, across editions; the best first, ten at most."""
    async with runtime.database.read() as db:
        item = await get_session(db, session_id, actor=actor)
        likes = await related(db, actor, item.session.id, most=10)
        items = await read_items(db, visible_sessions(actor).where(Session.id.in_([like.session for like in likes])))
    return Page(items=related_out(likes, items), next=None)


search_router = Router(path="/api/v1", route_handlers=[find, show_index, rebuild_index, list_related])
