"""Access over HTTP: roles on events and sessions, personal links, access codes."""

from dataclasses import dataclass
from typing import Any

from litestar import Request, Response, Router, delete, get, post, put
from litestar.di import NamedDependency
from litestar.openapi.spec import OpenAPIMediaType, OpenAPIType, Operation, RequestBody, Schema
from litestar.params import FromPath, FromQuery, JSONBody
from sqlalchemy import func, select

from server.accounts.actor import Actor
from server.accounts.attendees import Person, decode_list, read_people, write_links
from server.accounts.enter import enter_by_code
from server.accounts.errors import CsvUnusable
from server.accounts.grants import EVENT_ROLES, give_grant, take_grant
from server.accounts.guards import browser_of, login_cookies
from server.accounts.jobs import SendPersonalLink, SendSignInLink
from server.accounts.links import link_url, make_links, revoke_link
from server.accounts.models import PersonalLink
from server.accounts.policy import Action
from server.accounts.queries import SPEAKER, grants_on, links_on
from server.accounts.schemas import (
    AccessView,
    CloseDoors,
    GiveCode,
    GrantView,
    LinkMade,
    LinksMade,
    LinkView,
    NewCode,
    NewGrant,
    NewLink,
    grant_view,
    link_view,
)
from server.accounts.users import check_email, find_or_create_user
from server.core.db import Db
from server.core.errors import Invalid
from server.core.http import PROBLEM_RESPONSES, Page, decode_cursor, encode_cursor
from server.core.jobs import enqueue
from server.core.keyset import Key, cut_page, one_page
from server.core.runtime import Runtime
from server.events.doors import tell_doors
from server.events.models import Event
from server.events.queries import get_event
from server.sessions.access import close_doors, find_door, hash_access_code
from server.sessions.queries import Item, get_session

_ERRORS: dict[str, Any] = {"responses": PROBLEM_RESPONSES}
_PRIVATE = {"Cache-Control": "no-store"}
_LINK_KEYS = (Key(PersonalLink.email, lambda link: link.email), Key(PersonalLink.id, lambda link: link.id))
_LIST_MAX_BYTES = 2 * 1024 * 1024

AnyRequest = Request[Any, Any, Any]


async def _managed(db: Db, event: str, actor: Actor, *, lock: bool = False) -> Event:
    return await get_event(db, event, actor=actor, action=Action.MANAGE_ACCESS, lock=lock)


async def _managed_session(db: Db, session: str, actor: Actor) -> Item:
    return await get_session(db, session, actor=actor, action=Action.MANAGE_ACCESS)


async def _give(
    db: Db, runtime: Runtime, wanted: NewGrant, *, event: Event, session_id: str | None = None
) -> GrantView:
    """Give the role, to a new account if need be; a letter with a sign-in link goes to those who have no password."""
    user = await find_or_create_user(db, email=wanted.email, name=wanted.name)
    grant = await give_grant(db, user_id=user.id, role=wanted.role, event_id=event.id, session_id=session_id)
    if runtime.smtp_url and user.password_hash is None:
        language = event.languages[0] if event.languages else "en"
        await enqueue(db, SendSignInLink(email=user.email, language=language))
    return grant_view(grant, user)


# Roles ----------------------------------------------------------------------------------------------------------------


@get("/events/{event:str}/grants", summary="Who organises an event, and its viewers with accounts", **_ERRORS)
async def list_event_grants(
    event: FromPath[str], runtime: NamedDependency[Runtime], actor: NamedDependency[Actor]
) -> Page[GrantView]:
    """Roles on the event, in order of giving."""
    async with runtime.database.read() as db:
        found = await grants_on(db, event_id=(await _managed(db, event, actor)).id)
    return Page([grant_view(grant, user) for grant, user in found], None)


@post("/events/{event:str}/grants", summary="Make somebody organiser or viewer of an event", **_ERRORS)
async def give_event_grant(
    event: FromPath[str],
    data: JSONBody[NewGrant],
    runtime: NamedDependency[Runtime],
    actor: NamedDependency[Actor],
) -> GrantView:
    """An address without an account gets one; giving a role twice is giving it once."""
    if data.role not in EVENT_ROLES:
        raise Invalid(f"`role` on an event is one of {', '.join(EVENT_ROLES)}.")
    async with runtime.database.write() as db:
        return await _give(db, runtime, data, event=await _managed(db, event, actor))


@delete("/events/{event:str}/grants/{grant_id:str}", status_code=204, summary="Take a role away", **_ERRORS)
async def take_event_grant(
    event: FromPath[str], grant_id: FromPath[str], runtime: NamedDependency[Runtime], actor: NamedDependency[Actor]
) -> None:
    """The last organiser stays, unless an admin takes the role."""
    async with runtime.database.write() as db:
        row = await _managed(db, event, actor, lock=True)
        await take_grant(db, grant_id=grant_id, event_id=row.id, may_orphan=actor.is_admin)


@get("/sessions/{session:str}/grants", summary="A session's speakers with accounts", **_ERRORS)
async def list_session_grants(
    session: FromPath[str], runtime: NamedDependency[Runtime], actor: NamedDependency[Actor]
) -> Page[GrantView]:
    """Who may upload slides and edit links, by account."""
    async with runtime.database.read() as db:
        item = await _managed_session(db, session, actor)
        found = await grants_on(db, event_id=item.event.id, session_id=item.session.id)
    return Page([grant_view(grant, user) for grant, user in found], None)


@post("/sessions/{session:str}/grants", summary="Let an account speak in a session", **_ERRORS)
async def give_session_grant(
    session: FromPath[str],
    data: JSONBody[NewGrant],
    runtime: NamedDependency[Runtime],
    actor: NamedDependency[Actor],
) -> GrantView:
    """The account may then upload slides to the session and edit its links."""
    if data.role != SPEAKER:
        raise Invalid("`role` on a session is speaker.")
    async with runtime.database.write() as db:
        item = await _managed_session(db, session, actor)
        return await _give(db, runtime, data, event=item.event, session_id=item.session.id)


@delete("/sessions/{session:str}/grants/{grant_id:str}", status_code=204, summary="Take it back", **_ERRORS)
async def take_session_grant(
    session: FromPath[str], grant_id: FromPath[str], runtime: NamedDependency[Runtime], actor: NamedDependency[Actor]
) -> None:
    """The account is no longer a speaker of the session."""
    async with runtime.database.write() as db:
        item = await _managed_session(db, session, actor)
        await take_grant(db, grant_id=grant_id, event_id=item.event.id, session_id=item.session.id)


# Personal links -------------------------------------------------------------------------------------------------------


async def _page_of_links(db: Db, statement: Any, limit: int, after: str | None) -> Page[LinkView]:
    size = min(max(limit, 1), 500)
    cursor = decode_cursor(after, length=len(_LINK_KEYS)) if after else None
    rows = (await db.scalars(one_page(statement, _LINK_KEYS, limit=size, after=cursor))).all()
    links, beyond = cut_page(rows, _LINK_KEYS, limit=size)
    return Page([link_view(link) for link in links], encode_cursor(beyond) if beyond else None)


async def _mail_links(
    db: Db, runtime: Runtime, made: list[tuple[PersonalLink, str]], *, about: str, language: str
) -> None:
    """Order a letter for every link that has an address."""
    for link, secret in made:
        if link.email:
            job = SendPersonalLink(
                link_id=link.id, sealed_secret=runtime.keyring.encrypt(secret), about=about, language=language
            )
            await enqueue(db, job, subject=link.event_id)


@get("/events/{event:str}/attendees", summary="Attendees with a personal link", **_ERRORS)
async def list_attendees(
    event: FromPath[str],
    runtime: NamedDependency[Runtime],
    actor: NamedDependency[Actor],
    limit: FromQuery[int] = 100,
    after: FromQuery[str | None] = None,
) -> Page[LinkView]:
    """Links that are not revoked, by e-mail; a link's own address is told only when it is made."""
    async with runtime.database.read() as db:
        return await _page_of_links(db, links_on((await _managed(db, event, actor)).id), limit, after)


@dataclass
class TakesList(Operation):
    """The body of this operation in the API's description."""

    def __post_init__(self) -> None:
        """A list as a spreadsheet saves it."""
        schema = Schema(type=OpenAPIType.STRING, examples=["email,name\naino@example.org,Aino Virtanen\n"])
        self.request_body = RequestBody(content={"text/csv": OpenAPIMediaType(schema=schema)}, required=True)


@post(
    "/events/{event:str}/attendees",
    summary="Make personal links from a list (CSV: email,name)",
    request_max_body_size=_LIST_MAX_BYTES,
    operation_class=TakesList,
    **_ERRORS,
)
async def make_attendees(
    request: AnyRequest,
    event: FromPath[str],
    runtime: NamedDependency[Runtime],
    actor: NamedDependency[Actor],
    send: FromQuery[bool] = False,
    language: FromQuery[str] = "en",
) -> Response[LinksMade] | Response[str]:
    """The body is the list as CSV; the answer has each link's address once, as JSON or, asked by Accept, as CSV.

    Whoever is in the list and has a link already gets a new one. All lines are used, or none: `problems` names those
    that cannot be.
    """
    async with runtime.database.read() as db:
        await _managed(db, event, actor)  # before the list is looked at
    people, problems = read_people(decode_list(await request.body()))
    if problems:
        raise CsvUnusable(problems=[{"line": item.line, "detail": item.detail} for item in problems[:100]])
    async with runtime.database.write() as db:
        row = await _managed(db, event, actor)
        made = await make_links(db, people, event_id=row.id)
        if send and runtime.smtp_url:
            await _mail_links(db, runtime, made, about=row.title, language=language)
    return _links_response(request, runtime, made)


def _links_response(
    request: AnyRequest, runtime: Runtime, made: list[tuple[PersonalLink, str]]
) -> Response[LinksMade] | Response[str]:
    if "text/csv" in request.headers.get("accept", ""):
        text = write_links([(link.email, link.name, link_url(runtime.base_url, secret)) for link, secret in made])
        headers = _PRIVATE | {"Content-Disposition": 'attachment; filename="links.csv"'}
        return Response(text, status_code=201, media_type="text/csv", headers=headers)
    return Response(
        LinksMade([_made_view(runtime, link, secret) for link, secret in made]), status_code=201, headers=_PRIVATE
    )


def _made_view(runtime: Runtime, link: PersonalLink, secret: str) -> LinkMade:
    return LinkMade(id=link.id, email=link.email, name=link.name, url=link_url(runtime.base_url, secret))


@delete("/events/{event:str}/attendees/{link_id:str}", status_code=204, summary="Revoke a personal link", **_ERRORS)
async def revoke_attendee(
    event: FromPath[str], link_id: FromPath[str], runtime: NamedDependency[Runtime], actor: NamedDependency[Actor]
) -> None:
    """Whoever came in by it is out at once."""
    async with runtime.database.write() as db:
        await revoke_link(db, link_id=link_id, event_id=(await _managed(db, event, actor)).id)


@get("/sessions/{session:str}/speaker-links", summary="Personal links of a session's speakers", **_ERRORS)
async def list_speaker_links(
    session: FromPath[str],
    runtime: NamedDependency[Runtime],
    actor: NamedDependency[Actor],
    limit: FromQuery[int] = 100,
    after: FromQuery[str | None] = None,
) -> Page[LinkView]:
    """Links that are not revoked, by e-mail."""
    async with runtime.database.read() as db:
        item = await _managed_session(db, session, actor)
        statement = links_on(item.event.id, session_id=item.session.id)
        return await _page_of_links(db, statement, limit, after)


@post("/sessions/{session:str}/speaker-links", summary="Make a speaker's personal link", **_ERRORS)
async def make_speaker_link(
    session: FromPath[str],
    data: JSONBody[NewLink],
    runtime: NamedDependency[Runtime],
    actor: NamedDependency[Actor],
) -> Response[LinkMade]:
    """Its holder may upload slides to the session and edit its links, without an account; told this once."""
    person = Person(line=1, email=check_email(data.email) if data.email else "", name=data.name.strip())
    async with runtime.database.write() as db:
        item = await _managed_session(db, session, actor)
        made = await make_links(db, [person], event_id=item.event.id, session_id=item.session.id)
        if data.send and runtime.smtp_url:
            await _mail_links(db, runtime, made, about=item.session.title, language=data.language)
    return Response(_made_view(runtime, *made[0]), status_code=201, headers=_PRIVATE)


@delete(
    "/sessions/{session:str}/speaker-links/{link_id:str}",
    status_code=204,
    summary="Revoke a speaker's link",
    **_ERRORS,
)
async def revoke_speaker_link(
    session: FromPath[str], link_id: FromPath[str], runtime: NamedDependency[Runtime], actor: NamedDependency[Actor]
) -> None:
    """What was uploaded by it stays."""
    async with runtime.database.write() as db:
        item = await _managed_session(db, session, actor)
        await revoke_link(db, link_id=link_id, event_id=item.event.id, session_id=item.session.id)


# Access codes ---------------------------------------------------------------------------------------------------------


async def _access_view(db: Db, event: Event) -> AccessView:
    links = await db.scalar(select(func.count()).select_from(links_on(event.id).subquery())) or 0
    return AccessView(
        visibility=event.visibility,
        has_code=event.access_code_hash is not None,
        epoch=event.access_epoch,
        links=links,
    )


@get("/events/{event:str}/access", summary="How an event is entered", **_ERRORS)
async def show_access(
    event: FromPath[str], runtime: NamedDependency[Runtime], actor: NamedDependency[Actor]
) -> AccessView:
    """Whether there is an access code, and how many personal links."""
    async with runtime.database.read() as db:
        return await _access_view(db, await _managed(db, event, actor))


@put("/events/{event:str}/access/code", summary="Set or remove the access code", **_ERRORS)
async def set_code(
    event: FromPath[str],
    data: JSONBody[NewCode],
    runtime: NamedDependency[Runtime],
    actor: NamedDependency[Actor],
) -> AccessView:
    """Who came in by the old code stays; close the doors to end that."""
    async with runtime.database.read() as db:
        await _managed(db, event, actor)
    hashed = await hash_access_code(data.code)
    async with runtime.database.write() as db:
        row = await _managed(db, event, actor, lock=True)
        row.access_code_hash = hashed
        await db.flush()
        return await _access_view(db, row)


@post("/events/{event:str}/access/close", status_code=200, summary="Close the doors", **_ERRORS)
async def close_the_doors(
    event: FromPath[str],
    data: JSONBody[CloseDoors],
    runtime: NamedDependency[Runtime],
    actor: NamedDependency[Actor],
) -> AccessView:
    """Everybody who came in by the code must give it anew: set another one first. Who watches live is out at once."""
    async with runtime.database.write() as db:
        row = await _managed(db, event, actor, lock=True)
        await close_doors(db, row, revoke_links=data.revoke_links)
        await tell_doors(db, runtime, row)
        return await _access_view(db, row)


@post(
    "/events/{event:str}/access/enter",
    status_code=204,
    summary="Enter a closed event by its access code",
    opt={"csrf": "always"},
    **_ERRORS,
)
async def enter_event(
    request: AnyRequest, event: FromPath[str], data: JSONBody[GiveCode], runtime: NamedDependency[Runtime]
) -> Response[None]:
    """Sets the login cookie; needs the CSRF token of `GET /api/v1/users/me`."""
    async with runtime.database.read() as db:
        door = await find_door(db, event)
    fresh = await enter_by_code(runtime, browser_of(request, runtime), door=door, code=data.code)
    return Response(None, status_code=204, cookies=login_cookies(fresh.secret, runtime))


access_router = Router(
    path="/api/v1",
    route_handlers=[
        list_event_grants,
        give_event_grant,
        take_event_grant,
        list_session_grants,
        give_session_grant,
        take_session_grant,
        list_attendees,
        make_attendees,
        revoke_attendee,
        list_speaker_links,
        make_speaker_link,
        revoke_speaker_link,
        show_access,
        set_code,
        close_the_doors,
        enter_event,
    ],
    tags=["access"],
)
