"""Endpoints of an event's typed links."""

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
from server.events.models import EventLink
from server.events.queries import get_event, links_of
from server.events.routes.shared import EventRef, tell
from server.events.schemas import LinkIn, LinkOut, link_out

LinkId = Annotated[
    str,
    PathParameter(
        description="The link's id.", examples=[Example(summary="An id", value="01979c5e2b7a7c3d9e1f2a3b4c5d6e7f")]
    ),
]
_OPEN: dict[str, Any] = {"tags": ["Events"], "responses": PROBLEM_RESPONSES}


@get("/api/v1/events/{event:str}/links", summary="List an event's links", **_OPEN)
async def list_links(
    event: EventRef, runtime: NamedDependency[Runtime], actor: NamedDependency[Actor]
) -> Page[LinkOut]:
    """Its links in their order, all on one page."""
    async with runtime.database.read() as db:
        owner = await get_event(db, event, actor=actor)
        links = (await links_of(db, [owner.id]))[owner.id]
    return Page(items=[link_out(link) for link in links], next=None)


@post("/api/v1/events/{event:str}/links", summary="Add a link to an event", **_OPEN)
async def add_event_link(
    event: EventRef, data: JSONBody[LinkIn], runtime: NamedDependency[Runtime], actor: NamedDependency[Actor]
) -> LinkOut:
    """For its organisers. The same link twice is one."""
    async with runtime.database.write() as db:
        owner = await get_event(db, event, actor=actor, action=Action.EDIT_EVENT, lock=True)
        link = await add_link(db, EventLink, owner, data.as_new())
        tell(db, runtime, owner.id, kind="event", thing=owner, act="changed")
    return link_out(link)


@put("/api/v1/events/{event:str}/links", summary="Replace an event's links", **_OPEN)
async def put_event_links(
    event: EventRef, data: JSONBody[list[LinkIn]], runtime: NamedDependency[Runtime], actor: NamedDependency[Actor]
) -> Page[LinkOut]:
    """For its organisers: these, in this order. Links that stay keep their ids."""
    async with runtime.database.write() as db:
        owner = await get_event(db, event, actor=actor, action=Action.EDIT_EVENT, lock=True)
        await replace_links(db, EventLink, owner, [link.as_new() for link in data])
        links = (await links_of(db, [owner.id]))[owner.id]
        tell(db, runtime, owner.id, kind="event", thing=owner, act="changed")
    return Page(items=[link_out(link) for link in links], next=None)


@delete("/api/v1/events/{event:str}/links/{link:str}", summary="Delete a link of an event", **_OPEN)
async def remove_event_link(
    event: EventRef, link: LinkId, runtime: NamedDependency[Runtime], actor: NamedDependency[Actor]
) -> None:
    """For its organisers. Can be undone with POST …/restore."""
    async with runtime.database.write() as db:
        owner = await get_event(db, event, actor=actor, action=Action.EDIT_EVENT, lock=True)
        await delete_link(db, EventLink, owner, link)
        tell(db, runtime, owner.id, kind="event", thing=owner, act="changed")


@post(
    "/api/v1/events/{event:str}/links/{link:str}/restore",
    status_code=200,
    summary="Undo the deletion of a link of an event",
    **_OPEN,
)
async def bring_back_event_link(
    event: EventRef, link: LinkId, runtime: NamedDependency[Runtime], actor: NamedDependency[Actor]
) -> LinkOut:
    """For its organisers, within the undo time."""
    since = restorable_since(runtime.limits.undo_s)
    async with runtime.database.write() as db:
        owner = await get_event(db, event, actor=actor, action=Action.EDIT_EVENT, lock=True)
        row = await restore_link(db, EventLink, owner, link, deleted_since=since)
        tell(db, runtime, owner.id, kind="event", thing=owner, act="changed")
    return link_out(row)


ROUTES: list[Any] = [list_links, add_event_link, put_event_links, remove_event_link, bring_back_event_link]
