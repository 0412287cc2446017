"""Endpoints of what stands around an edition: pictures, logo, sponsors, suggested links, and copies of editions."""

from typing import Annotated, Any

from litestar import Request, Response, delete, get, post, put, route
from litestar.di import NamedDependency
from litestar.enums import HttpMethod
from litestar.openapi.spec import Example
from litestar.params import FromPath, JSONBody, PathParameter, QueryParameter

from server.accounts.actor import Actor
from server.accounts.guards import address_of
from server.accounts.policy import ANYTHING, Action, require
from server.core.http import PROBLEM_RESPONSES, Page, json_with_etag
from server.core.http_objects import answer_object
from server.core.ids import new_id
from server.core.runtime import Runtime
from server.events.copy_edition import USUAL_PARTS, check_parts, read_old, store_pictures, write_new
from server.events.edition_schemas import (
    CopyIn,
    PictureOut,
    SponsorIn,
    SponsorOut,
    SuggestedOut,
    SuggestionIn,
    SuggestionOut,
    TakeIn,
    picture_out,
    sponsor_out,
    suggestion_out,
)
from server.events.errors import PictureNotFound
from server.events.fields import is_id
from server.events.models import EventPicture, Series
from server.events.pictures import event_pictures_prefix, keep_picture, read_picture, store_picture
from server.events.queries import get_event, links_of
from server.events.routes.shared import EventRef, tell
from server.events.schemas import EventOut, LinkOut, event_out, link_out
from server.events.sponsors import replace_sponsors, sponsors_of
from server.events.suggestions import (
    get_suggestion,
    receive_suggestion,
    refuse_suggestion,
    suggestions_of,
    take_suggestion,
)
from server.media.logo import MAX_BYTES

AnyRequest = Request[Any, Any, Any]
SuggestionId = Annotated[
    str,
    PathParameter(
        description="The suggestion's id.",
        examples=[Example(summary="An id", value="01979c5e2b7a7c3d9e1f2a3b4c5d6e7f")],
    ),
]
_OPEN: dict[str, Any] = {"tags": ["Events"], "responses": PROBLEM_RESPONSES}
_BODY: dict[str, Any] = {**_OPEN, "request_max_body_size": MAX_BYTES + 1024}
_FOREVER = {
    "Cache-Control": "public, max-age=31536000, immutable",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "cross-origin",
}


@route(
    "/pictures/{event_id:str}/{name:str}",
    http_method=[HttpMethod.GET, HttpMethod.HEAD],
    opt={"public": True},
    include_in_schema=False,
)
async def show_picture(
    request: AnyRequest, event_id: FromPath[str], name: FromPath[str], runtime: NamedDependency[Runtime]
) -> Response[Any]:
    """A logo. For everybody: it stands on the door of a closed event too."""
    picture_id, _, form = name.partition(".")
    if not (is_id(event_id) and is_id(picture_id) and form == "webp"):
        raise PictureNotFound
    key = f"{event_pictures_prefix(event_id)}{name}"
    return await answer_object(
        request, runtime, key, media_type="image/webp", headers=dict(_FOREVER), missing=PictureNotFound
    )


async def _take_picture(request: AnyRequest, event: str, runtime: Runtime, actor: Actor) -> EventPicture:
    """The picture in the body, drawn anew and stored; its row is the caller's to keep. Rights are asked first."""
    async with runtime.database.read() as db:
        owner = await get_event(db, event, actor=actor, action=Action.EDIT_EVENT)
    logo = await read_picture(await request.body())
    return await store_picture(runtime.store, owner.id, logo)


@post("/api/v1/events/{event:str}/pictures", summary="Send a picture", **_BODY)
async def add_picture(
    request: AnyRequest, event: EventRef, runtime: NamedDependency[Runtime], actor: NamedDependency[Actor]
) -> PictureOut:
    """For its organisers. The body is the file: PNG, JPEG, WebP or GIF of at most 5 MiB. It is drawn anew at 960 by
    480 pixels at most; name its id as a sponsor's `picture`."""
    picture = await _take_picture(request, event, runtime, actor)
    async with runtime.database.write() as db:
        owner = await get_event(db, event, actor=actor, action=Action.EDIT_EVENT, lock=True)
        await keep_picture(db, runtime, owner, picture)
    return picture_out(picture)


@put("/api/v1/events/{event:str}/logo", summary="Set an event's logo", **_BODY)
async def put_logo(
    request: AnyRequest, event: EventRef, runtime: NamedDependency[Runtime], actor: NamedDependency[Actor]
) -> PictureOut:
    """For its organisers. The body is the file, as for pictures."""
    picture = await _take_picture(request, event, runtime, actor)
    async with runtime.database.write() as db:
        owner = await get_event(db, event, actor=actor, action=Action.EDIT_EVENT, lock=True)
        await keep_picture(db, runtime, owner, picture)
        owner.logo_id = picture.id
        owner.version += 1
        tell(db, runtime, owner.id, kind="event", thing=owner, act="changed")
    return picture_out(picture)


@delete("/api/v1/events/{event:str}/logo", summary="Take an event's logo away", **_OPEN)
async def remove_logo(event: EventRef, runtime: NamedDependency[Runtime], actor: NamedDependency[Actor]) -> None:
    """For its organisers."""
    async with runtime.database.write() as db:
        owner = await get_event(db, event, actor=actor, action=Action.EDIT_EVENT, lock=True)
        owner.logo_id = None
        owner.version += 1
        tell(db, runtime, owner.id, kind="event", thing=owner, act="changed")


@get("/api/v1/events/{event:str}/sponsors", summary="List an event's sponsors", **_OPEN)
async def list_sponsors(
    event: EventRef, runtime: NamedDependency[Runtime], actor: NamedDependency[Actor]
) -> Page[SponsorOut]:
    """In their order, all on one page."""
    async with runtime.database.read() as db:
        owner = await get_event(db, event, actor=actor)
        return Page(items=[sponsor_out(row) for row in await sponsors_of(db, owner.id)], next=None)


@put("/api/v1/events/{event:str}/sponsors", summary="Replace an event's sponsors", **_OPEN)
async def put_sponsors(
    event: EventRef, data: JSONBody[list[SponsorIn]], runtime: NamedDependency[Runtime], actor: NamedDependency[Actor]
) -> Page[SponsorOut]:
    """For its organisers: these, in this order."""
    async with runtime.database.write() as db:
        owner = await get_event(db, event, actor=actor, action=Action.EDIT_EVENT, lock=True)
        await replace_sponsors(db, owner, [sponsor.as_new() for sponsor in data])
        tell(db, runtime, owner.id, kind="event", thing=owner, act="changed")
        rows = await sponsors_of(db, owner.id)
    return Page(items=[sponsor_out(row) for row in rows], next=None)


@post("/api/v1/events/{event:str}/link-suggestions", status_code=202, summary="Suggest a link", **_OPEN)
async def add_suggestion(
    request: AnyRequest,
    event: EventRef,
    data: JSONBody[SuggestionIn],
    runtime: NamedDependency[Runtime],
    actor: NamedDependency[Actor],
) -> SuggestedOut:
    """For everybody who may see the event. Nothing is shown before an organiser took it."""
    row = await receive_suggestion(
        runtime, actor, event, data.as_new(), by_name=data.by_name, from_=address_of(request)
    )
    return SuggestedOut(url=row.url, state="waiting")


@get("/api/v1/events/{event:str}/link-suggestions", summary="List suggested links", **_OPEN)
async def list_suggestions(
    event: EventRef,
    runtime: NamedDependency[Runtime],
    actor: NamedDependency[Actor],
    which: Annotated[
        str,
        QueryParameter(
            description="waiting, taken or refused.", examples=[Example(summary="Not decided", value="waiting")]
        ),
    ] = "waiting",
) -> Page[SuggestionOut]:
    """For its organisers, the oldest first."""
    async with runtime.database.read() as db:
        owner = await get_event(db, event, actor=actor, action=Action.EDIT_EVENT)
        rows = await suggestions_of(db, owner.id, state=which)
    return Page(items=[suggestion_out(row) for row in rows], next=None)


@post(
    "/api/v1/events/{event:str}/link-suggestions/{suggestion:str}/take",
    status_code=200,
    summary="Take a suggested link",
    **_OPEN,
)
async def take_one(
    event: EventRef,
    suggestion: SuggestionId,
    data: JSONBody[TakeIn],
    runtime: NamedDependency[Runtime],
    actor: NamedDependency[Actor],
) -> LinkOut:
    """For its organisers: it becomes a link of the event. Works for a refused one too."""
    async with runtime.database.write() as db:
        owner = await get_event(db, event, actor=actor, action=Action.EDIT_EVENT, lock=True)
        row = await get_suggestion(db, owner, suggestion)
        link = await take_suggestion(db, owner, row, user_id=actor.user_id, kind=data.kind, title=data.title)
        tell(db, runtime, owner.id, kind="event", thing=owner, act="changed")
    return link_out(link)


@post(
    "/api/v1/events/{event:str}/link-suggestions/{suggestion:str}/refuse",
    status_code=200,
    summary="Refuse a suggested link",
    **_OPEN,
)
async def refuse_one(
    event: EventRef, suggestion: SuggestionId, runtime: NamedDependency[Runtime], actor: NamedDependency[Actor]
) -> SuggestionOut:
    """For its organisers. The same address is not asked about again."""
    async with runtime.database.write() as db:
        owner = await get_event(db, event, actor=actor, action=Action.EDIT_EVENT, lock=True)
        row = await get_suggestion(db, owner, suggestion)
        await refuse_suggestion(db, row, user_id=actor.user_id)
        tell(db, runtime, owner.id, kind="event", thing=owner, act="changed")
    return suggestion_out(row)


@post("/api/v1/events/{event:str}/copy", summary="Open an edition set up like this one", **_OPEN)
async def copy_edition(
    request: AnyRequest,
    event: EventRef,
    data: JSONBody[CopyIn],
    runtime: NamedDependency[Runtime],
    actor: NamedDependency[Actor],
) -> Response[EventOut]:
    """For its organisers. The new edition belongs to the same series and is unlisted until somebody makes it public."""
    async with runtime.database.read() as db:
        before = await get_event(db, event, actor=actor, action=Action.EDIT_EVENT)
        require(actor, Action.CREATE_EVENT, ANYTHING)
        old = await read_old(db, before, check_parts(USUAL_PARTS if data.parts is None else data.parts))
    event_id = new_id()
    pictures = await store_pictures(runtime.store, old, event_id)
    async with runtime.database.write() as db:
        made = await write_new(
            db,
            old,
            pictures,
            event_id=event_id,
            title=data.title,
            slug=data.slug,
            starts_on=data.starts_on,
            ends_on=data.ends_on,
            organiser_id=actor.user_id,
        )
        series = await db.get(Series, made.series_id) if made.series_id else None
        view = event_out(made, series, (await links_of(db, [made.id]))[made.id])
    return json_with_etag(request, view, made.version, status=201)


ROUTES: list[Any] = [
    show_picture,
    add_picture,
    put_logo,
    remove_logo,
    list_sponsors,
    put_sponsors,
    add_suggestion,
    list_suggestions,
    take_one,
    refuse_one,
    copy_edition,
]
