"""Endpoints of a session's typed links: its speakers may change these too."""

from typing import Annotated, Any

from litestar import delete, get, post, put
from litestar.di import NamedDependency
from litestar.openapi.spec import Example
from litestar.params import JSONBody, PathParameter

from server.accounts.actor import Actor
from server.accounts.policy import Action
from server.core.http import PROBLEM_RESPONSES, Page
from server.core.runtime import Runtime
from server.events.editions import restorable_since
from server.events.links import add_link, delete_link, replace_links, restore_link
from server.events.routes.shared import tell
from server.events.schemas import LinkIn, LinkOut
from server.sessions.models import SessionLink
from server.sessions.queries import get_session
from server.sessions.routes.programme import SessionRef
from server.sessions.schemas import links_out

LinkId = Annotated[
    str,
    PathParameter(
        description="The link's id.", examples=[Example(summary="An id", value="01979c5e2b7a7c3d9e1f2a3b4c5d6e7f")]
    ),
]
_OPEN: dict[str, Any] = {"tags": ["Sessions"], "responses": PROBLEM_RESPONSES}


@get("/api/v1/sessions/{session:str}/links", summary="List a session's links", **_OPEN)
async def list_session_links(
    session: SessionRef, runtime: NamedDependency[Runtime], actor: NamedDependency[Actor]
) -> Page[LinkOut]:
    """Its links in their order, all on one page."""
    async with runtime.database.read() as db:
        item = await get_session(db, session, actor=actor, details=True)
    return Page(items=links_out(item), next=None)


@post("/api/v1/sessions/{session:str}/links", summary="Add a link to a session", **_OPEN)
async def add_session_link(
    session: SessionRef, data: JSONBody[LinkIn], runtime: NamedDependency[Runtime], actor: NamedDependency[Actor]
) -> LinkOut:
    """For its speakers and its event's organisers. The same link twice is one."""
    async with runtime.database.write() as db:
        item = await get_session(db, session, actor=actor, action=Action.EDIT_LINKS, lock=True)
        link = await add_link(db, SessionLink, item.session, data.as_new())
        tell(db, runtime, item.event.id, kind="session", thing=item.session, act="changed")
    return LinkOut(id=link.id, kind=link.kind, url=link.url, title=link.title)


@put("/api/v1/sessions/{session:str}/links", summary="Replace a session's links", **_OPEN)
async def put_session_links(
    session: SessionRef, data: JSONBody[list[LinkIn]], runtime: NamedDependency[Runtime], actor: NamedDependency[Actor]
) -> Page[LinkOut]:
    """For its speakers and its event's organisers: these, in this order. Links that stay keep their ids."""
    async with runtime.database.write() as db:
        item = await get_session(db, session, actor=actor, action=Action.EDIT_LINKS, lock=True)
        await replace_links(db, SessionLink, item.session, [link.as_new() for link in data])
        tell(db, runtime, item.event.id, kind="session", thing=item.session, act="changed")
        item = await get_session(db, item.session.id, actor=actor, details=True)
    return Page(items=links_out(item), next=None)


@delete("/api/v1/sessions/{session:str}/links/{link:str}", summary="Delete a link of a session", **_OPEN)
async def remove_session_link(
    session: SessionRef, link: LinkId, runtime: NamedDependency[Runtime], actor: NamedDependency[Actor]
) -> None:
    """For its speakers and its event's organisers. Can be undone with POST …/restore."""
    async with runtime.database.write() as db:
        item = await get_session(db, session, actor=actor, action=Action.EDIT_LINKS, lock=True)
        await delete_link(db, SessionLink, item.session, link)
        tell(db, runtime, item.event.id, kind="session", thing=item.session, act="changed")


@post(
    "/api/v1/sessions/{session:str}/links/{link:str}/restore",
    status_code=200,
    summary="Undo the deletion of a link of a session",
    **_OPEN,
)
async def bring_back_session_link(
    session: SessionRef, link: LinkId, runtime: NamedDependency[Runtime], actor: NamedDependency[Actor]
) -> LinkOut:
    """For its speakers and its event's organisers, within the undo time."""
    since = restorable_since(runtime.limits.undo_s)
    async with runtime.database.write() as db:
        item = await get_session(db, session, actor=actor, action=Action.EDIT_LINKS, lock=True)
        row = await restore_link(db, SessionLink, item.session, link, deleted_since=since)
        tell(db, runtime, item.event.id, kind="session", thing=item.session, act="changed")
    return LinkOut(id=row.id, kind=row.kind, url=row.url, title=row.title)


ROUTES: list[Any] = [
    list_session_links,
    add_session_link,
    put_session_links,
    remove_session_link,
    bring_back_session_link,
]
