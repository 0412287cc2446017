"""The site for programs that look around: sitemap.xml, robots.txt, oEmbed."""

import asyncio
from collections.abc import Iterator, Sequence
from typing import Annotated, Any

from litestar import Request, Response, Router, route
from litestar.di import NamedDependency
from litestar.enums import HttpMethod
from litestar.params import FromQuery, QueryParameter
from msgspec import json
from sqlalchemy import select

from server.accounts.actor import ANONYMOUS, Actor
from server.core.db import Db
from server.core.runtime import Runtime
from server.events.models import PUBLIC, Event, Room, Series
from server.events.queries import get_event, named
from server.feeds.errors import FormatUnknown, NothingToEmbed
from server.feeds.oembed import Shown, answer_of, as_xml, read_address
from server.feeds.sitemap import MOST_URLS, SitePage, SiteVideo, write_sitemap
from server.recordings.models import Recording
from server.recordings.queries import recordings_of_sessions
from server.sessions.models import Session
from server.sessions.queries import get_session

AnyRequest = Request[Any, Any, Any]
_READ: dict[str, Any] = {
    "http_method": [HttpMethod.GET, HttpMethod.HEAD],
    "opt": {"public": True},
    "include_in_schema": False,
}
_KEEP_S = 3600
_BATCH = 500
_CLOSED_TO_CRAWLERS = ("/studio", "/sign-in", "/join", "/api", "/downloads")


@route("/robots.txt", media_type="text/plain", sync_to_thread=False, **_READ)
def robots(runtime: NamedDependency[Runtime]) -> str:
    """What crawlers should leave alone (RFC 9309), and where the sitemap is."""
    closed = "".join(f"Disallow: {path}\n" for path in _CLOSED_TO_CRAWLERS)
    return f"User-agent: *\n{closed}\nSitemap: {runtime.base_url}/sitemap.xml\n"


@route("/sitemap.xml", **_READ)
async def sitemap(runtime: NamedDependency[Runtime]) -> Response[bytes]:
    """Every public page, talks with their videos."""
    async with runtime.database.read() as db:
        series = list(await db.scalars(select(Series).where(Series.deleted_at.is_(None)).order_by(Series.slug)))
        events = await _public_events(db)
        talks = await _public_talks(db)
        recordings: dict[str, Recording] = {}
        for at in range(0, len(talks), _BATCH):
            ids = [session.id for session, _slug in talks[at : at + _BATCH]]
            recordings |= await recordings_of_sessions(db, ANONYMOUS, ids, watchable_only=True)
    pages = _pages(runtime.base_url, series, events, talks, recordings)
    body = await asyncio.to_thread(write_sitemap, pages)
    headers = {"Cache-Control": f"public, max-age={_KEEP_S}"}
    return Response(body, media_type="application/xml; charset=utf-8", headers=headers)


async def _public_events(db: Db) -> list[Event]:
    rows = select(Event).where(Event.visibility == PUBLIC, Event.deleted_at.is_(None))
    return list(await db.scalars(rows.order_by(Event.starts_on.desc(), Event.id)))


async def _public_talks(db: Db) -> list[tuple[Session, str]]:
    """Sessions with their event's slug, the newest first."""
    rows = await db.execute(
        select(Session, Event.slug)
        .join(Event, Event.id == Session.event_id)
        .where(Event.visibility == PUBLIC, Event.deleted_at.is_(None), Session.deleted_at.is_(None))
        .where(Session.state != "cancelled")
        .order_by(Session.id.desc())
        .limit(MOST_URLS)
    )
    return [(session, slug) for session, slug in rows]


def _pages(
    base_url: str,
    series: Sequence[Series],
    events: Sequence[Event],
    talks: Sequence[tuple[Session, str]],
    recordings: dict[str, Recording],
) -> Iterator[SitePage]:
    yield SitePage(url=f"{base_url}/")
    for one in series:
        yield SitePage(url=f"{base_url}/series/{one.slug}", changed=one.updated_at)
    for event in events:
        yield SitePage(url=f"{base_url}/{event.slug}", changed=event.updated_at)
    for session, slug in talks:
        path = f"/{slug}/sessions/{session.slug}"
        recording = recordings.get(session.id)
        changed = max(session.updated_at, recording.published_at or session.updated_at) if recording else None
        video = _video(base_url, path, session, recording) if recording is not None else None
        yield SitePage(url=base_url + path, changed=changed or session.updated_at, video=video)


def _video(base_url: str, path: str, session: Session, recording: Recording) -> SiteVideo | None:
    if not recording.poster_key or recording.published_at is None:
        return None  # an entry has a picture, or it is refused
    return SiteVideo(
        thumbnail=f"{base_url}/media/public/{recording.id}/{recording.poster_key}",
        title=session.title,
        description=session.abstract or session.description or session.subtitle,
        player=f"{base_url}/embed{path}",
        duration_s=round((recording.duration_ms or 0) / 1000),
        published=recording.published_at,
    )


@route("/oembed", **_READ)
async def oembed(
    runtime: NamedDependency[Runtime],
    actor: NamedDependency[Actor],
    url: FromQuery[str],
    form: Annotated[str, QueryParameter(name="format")] = "json",
    maxwidth: FromQuery[int | None] = None,
    maxheight: FromQuery[int | None] = None,
) -> Response[bytes]:
    """How a talk or a live room is shown in another site's page (oEmbed 1.0)."""
    return await _oembed(runtime, actor, url, form, maxwidth, maxheight)


async def _oembed(
    runtime: Runtime, actor: Actor, url: str, form: str, max_width: int | None, max_height: int | None
) -> Response[bytes]:
    if form not in ("json", "xml"):
        raise FormatUnknown
    shown = read_address(url, runtime.base_url)
    if shown is None:
        raise NothingToEmbed
    async with runtime.database.read() as db:
        title, author = await _title_and_author(db, actor, shown)
    found = answer_of(
        shown, title=title, author=author, base_url=runtime.base_url, max_width=max_width, max_height=max_height
    )
    headers = {"Cache-Control": f"public, max-age={_KEEP_S}", "Access-Control-Allow-Origin": "*"}
    if actor.is_known:
        headers["Cache-Control"] = "private, no-cache"
    if form == "json":
        return Response(json.encode(found), media_type="application/json", headers=headers)
    return Response(as_xml(found), media_type="text/xml; charset=utf-8", headers=headers)


async def _title_and_author(db: Db, actor: Actor, shown: Shown) -> tuple[str, str]:
    """As far as the asker may know of it (2.3.3: what is not public is 401). Raises NothingToEmbed for no room."""
    event = await get_event(db, shown.event, actor=actor)
    if shown.kind == "sessions":
        item = await get_session(db, shown.name, actor=actor, event=event, details=True)
        return item.session.title, ", ".join(speaker.name for speaker in item.speakers) or event.title
    query = select(Room).where(Room.event_id == event.id, named(Room, shown.name), Room.deleted_at.is_(None))
    room = (await db.scalars(query)).one_or_none()
    if room is None:
        raise NothingToEmbed
    return f"{room.name} – {event.title}", event.title


site_router = Router(path="/", route_handlers=[robots, sitemap, oembed])
