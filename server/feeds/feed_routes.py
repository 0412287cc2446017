"""Feeds of published talks: Atom and RSS, podcasts with sound or pictures, of events and of series."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from hashlib import blake2b
from typing import Any

from litestar import Request, Response, Router, route
from litestar.di import NamedDependency
from litestar.enums import HttpMethod
from litestar.params import FromPath, FromQuery

from server.accounts.actor import ANONYMOUS, Actor
from server.core.clock import now
from server.core.db import Db
from server.core.http import is_fresh
from server.core.runtime import Runtime
from server.events.models import CLOSED, Event, Series
from server.events.queries import get_series
from server.feeds.errors import NoPodcast
from server.feeds.passes import open_feed
from server.feeds.podcast import write_podcast
from server.feeds.syndicate import FeedHead, changed_at, write_atom, write_rss
from server.feeds.talks import FeedTalk, podcast_events, public_events_of, talks_of_events, with_files
from server.playback.chapters import ChapterReader

AnyRequest = Request[Any, Any, Any]
_READ: dict[str, Any] = {
    "http_method": [HttpMethod.GET, HttpMethod.HEAD],
    "opt": {"public": True},
    "include_in_schema": False,
}
_KEEP_S = 300
_ATOM, _RSS = "application/atom+xml; charset=utf-8", "application/rss+xml; charset=utf-8"
_WRITERS: dict[str, tuple[str, Callable[..., bytes]]] = {"atom": (_ATOM, write_atom), "rss": (_RSS, write_rss)}


def _head(runtime: Runtime, owner: Event | Series, path: str, self_path: str, *, suffix: str = "") -> FeedHead:
    languages = owner.languages if isinstance(owner, Event) else []
    return FeedHead(
        id=owner.id,
        title=owner.title + suffix,
        description=owner.description,
        url=f"{runtime.base_url}{path}",
        self_url=f"{runtime.base_url}{self_path}",
        language=languages[0] if languages else "",
        updated=owner.updated_at,
    )


async def _answer(
    request: AnyRequest, body: bytes, media_type: str, changed: datetime, *, private: bool
) -> Response[bytes]:
    """The feed, or 304 by its tag (RFC 9110 §13.1.2), else by its date (§13.1.3)."""
    etag = f'"{blake2b(body, digest_size=12).hexdigest()}"'
    headers = {
        "ETag": etag,
        "Last-Modified": format_datetime(changed.astimezone(UTC).replace(microsecond=0), usegmt=True),
        "Cache-Control": "private, no-cache" if private else f"public, max-age={_KEEP_S}",
        "X-Content-Type-Options": "nosniff",
    }
    if not private:
        headers["Access-Control-Allow-Origin"] = "*"
    if is_fresh(request, etag) or _is_unchanged(request, changed):
        return Response(b"", status_code=304, headers=headers, media_type=media_type)
    return Response(body, headers=headers, media_type=media_type)


def _is_unchanged(request: AnyRequest, changed: datetime) -> bool:
    since = request.headers.get("if-modified-since")
    if since is None or "if-none-match" in request.headers:
        return False
    try:
        asked = parsedate_to_datetime(since)
    except ValueError:
        return False
    return asked.tzinfo is not None and changed.replace(microsecond=0) <= asked


async def _talks(db: Db, runtime: Runtime, actor: Actor, events: list[Event]) -> list[FeedTalk]:
    return await talks_of_events(db, actor, events, keyring=runtime.keyring, moment=now(), base_url=runtime.base_url)


async def _event_feed(
    request: AnyRequest, runtime: Runtime, actor: Actor, ref: str, token: str, form: str
) -> Response[bytes]:
    async with runtime.database.read() as db:
        row, shown_to = await open_feed(db, runtime.keyring, ref, actor=actor, token=token)
        talks = await _talks(db, runtime, shown_to, [row])
    head = _head(runtime, row, f"/{row.slug}", f"/{row.slug}/feed.{form}")
    media_type, write = _WRITERS[form]
    body = await asyncio.to_thread(write, head, talks)
    return await _answer(request, body, media_type, changed_at(head, talks), private=row.visibility == CLOSED)


async def _series_feed(request: AnyRequest, runtime: Runtime, ref: str, form: str) -> Response[bytes]:
    async with runtime.database.read() as db:
        series = await get_series(db, ref)
        talks = await _talks(db, runtime, ANONYMOUS, await public_events_of(db, series))
    head = _head(runtime, series, f"/series/{series.slug}", f"/series/{series.slug}/feed.{form}")
    media_type, write = _WRITERS[form]
    body = await asyncio.to_thread(write, head, talks)
    return await _answer(request, body, media_type, changed_at(head, talks), private=False)


@route("/{event:str}/feed.atom", **_READ)
async def event_atom(
    request: AnyRequest,
    event: FromPath[str],
    runtime: NamedDependency[Runtime],
    actor: NamedDependency[Actor],
    token: FromQuery[str] = "",
) -> Response[bytes]:
    """An event's published talks as Atom."""
    return await _event_feed(request, runtime, actor, event, token, "atom")


@route("/{event:str}/feed.rss", **_READ)
async def event_rss(
    request: AnyRequest,
    event: FromPath[str],
    runtime: NamedDependency[Runtime],
    actor: NamedDependency[Actor],
    token: FromQuery[str] = "",
) -> Response[bytes]:
    """An event's published talks as RSS."""
    return await _event_feed(request, runtime, actor, event, token, "rss")


@route("/series/{series:str}/feed.atom", **_READ)
async def series_atom(request: AnyRequest, series: FromPath[str], runtime: NamedDependency[Runtime]) -> Response[bytes]:
    """The published talks of a series' public editions as Atom."""
    return await _series_feed(request, runtime, series, "atom")


@route("/series/{series:str}/feed.rss", **_READ)
async def series_rss(request: AnyRequest, series: FromPath[str], runtime: NamedDependency[Runtime]) -> Response[bytes]:
    """The published talks of a series' public editions as RSS."""
    return await _series_feed(request, runtime, series, "rss")


async def _podcast(
    request: AnyRequest,
    runtime: Runtime,
    talks: list[FeedTalk],
    head: FeedHead,
    kind: str,
    *,
    private: bool,
) -> Response[bytes]:
    def write() -> bytes:
        return write_podcast(head, talks, kind, author=head.title, base_url=runtime.base_url)

    body = await asyncio.to_thread(write)
    return await _answer(request, body, _RSS, changed_at(head, talks), private=private)


async def _event_podcast(
    request: AnyRequest, runtime: Runtime, actor: Actor, ref: str, token: str, kind: str, read_chapters: ChapterReader
) -> Response[bytes]:
    async with runtime.database.read() as db:
        row, shown_to = await open_feed(db, runtime.keyring, ref, actor=actor, token=token)
        if not await podcast_events(db, [row]):
            raise NoPodcast
        talks = await _talks(db, runtime, shown_to, [row])
        talks = await with_files(db, talks, kind, base_url=runtime.base_url, read_chapters=read_chapters)
    head = _head(runtime, row, f"/{row.slug}", f"/{row.slug}/podcast/{kind}.xml")
    return await _podcast(request, runtime, talks, head, kind, private=row.visibility == CLOSED)


async def _series_podcast(
    request: AnyRequest, runtime: Runtime, ref: str, kind: str, read_chapters: ChapterReader
) -> Response[bytes]:
    async with runtime.database.read() as db:
        series = await get_series(db, ref)
        events = await podcast_events(db, await public_events_of(db, series))
        if not events:
            raise NoPodcast
        talks = await _talks(db, runtime, ANONYMOUS, events)
        talks = await with_files(db, talks, kind, base_url=runtime.base_url, read_chapters=read_chapters)
    head = _head(runtime, series, f"/series/{series.slug}", f"/series/{series.slug}/podcast/{kind}.xml")
    return await _podcast(request, runtime, talks, head, kind, private=False)


@route("/{event:str}/podcast/audio.xml", **_READ)
async def event_podcast_audio(
    request: AnyRequest,
    event: FromPath[str],
    runtime: NamedDependency[Runtime],
    actor: NamedDependency[Actor],
    read_chapters: NamedDependency[ChapterReader],
    token: FromQuery[str] = "",
) -> Response[bytes]:
    """An event's talks to listen to."""
    return await _event_podcast(request, runtime, actor, event, token, "audio", read_chapters)


@route("/{event:str}/podcast/video.xml", **_READ)
async def event_podcast_video(
    request: AnyRequest,
    event: FromPath[str],
    runtime: NamedDependency[Runtime],
    actor: NamedDependency[Actor],
    read_chapters: NamedDependency[ChapterReader],
    token: FromQuery[str] = "",
) -> Response[bytes]:
    """An event's talks to watch."""
    return await _event_podcast(request, runtime, actor, event, token, "video", read_chapters)


@route("/series/{series:str}/podcast/audio.xml", **_READ)
async def series_podcast_audio(
    request: AnyRequest,
    series: FromPath[str],
    runtime: NamedDependency[Runtime],
    read_chapters: NamedDependency[ChapterReader],
) -> Response[bytes]:
    """A series' talks to listen to, of the public editions that have podcasts."""
    return await _series_podcast(request, runtime, series, "audio", read_chapters)


@route("/series/{series:str}/podcast/video.xml", **_READ)
async def series_podcast_video(
    request: AnyRequest,
    series: FromPath[str],
    runtime: NamedDependency[Runtime],
    read_chapters: NamedDependency[ChapterReader],
) -> Response[bytes]:
    """A series' talks to watch, of the public editions that have podcasts."""
    return await _series_podcast(request, runtime, series, "video", read_chapters)


feeds_router = Router(
    path="/",
    route_handlers=[
        event_atom,
        event_rss,
        series_atom,
        series_rss,
        event_podcast_audio,
        event_podcast_video,
        series_podcast_audio,
        series_podcast_video,
    ],
)
