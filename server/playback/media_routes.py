"""Everything below /media/{token}/{recording}/: playlists made from rows, files streamed from storage.

Hot path: one dictionary look-up decides who may (a `Watched`, kept for two seconds a process), then either a small text
is made or an object is passed through. Behind nginx, X-Accel-Redirect hands the object to the proxy.
"""

import hashlib
import re
import time
from dataclasses import dataclass
from typing import Any

from litestar import Request, Response, Router, route
from litestar.di import NamedDependency
from litestar.enums import HttpMethod
from litestar.params import FromPath

from server.core.clock import now
from server.core.db import Database
from server.core.http import is_fresh
from server.core.http_objects import answer_object
from server.core.runtime import Runtime
from server.events.audience import Watched, left_s, opens
from server.playback.captions import track_playlist, track_text
from server.playback.chapters import ChapterReader, chapters_json, chapters_text
from server.playback.errors import BadToken, MediaNotFound
from server.playback.live_cut import stored_key
from server.playback.manifests import media_playlist, multivariant_playlist, storyboard_index
from server.recordings.keys import recording_prefix
from server.recordings.live_list import LiveList, live_of
from server.recordings.queries import find_watched

_KEEP_S = 2.0
_DOUBT_S = 0.0  # before a no the rows are looked at again: it may just have been published
_FILE = re.compile(
    r"^g\d{1,6}/(?:[a-z0-9-]{1,20}/(?:init-[0-9a-f]{12}\.mp4|\d{5,7}\.m4s)|storyboard/\d{4,6}\.jpg|poster\.jpg)$"
)
_RENDITION = re.compile(r"^g(\d{1,6})/([a-z0-9-]{1,20})/index\.m3u8$")
_LIVE = re.compile(r"^live/([a-z0-9-]{1,20})/(?:(\d{1,9})\.m4s|(init-[0-9a-f]{12}\.mp4))$")
_CAPTIONS = re.compile(r"^captions/([0-9a-f]{32})\.(m3u8|vtt)$")
_TYPES = {"mp4": "video/mp4", "m4s": "video/iso.segment", "jpg": "image/jpeg"}
PLAYLIST = "application/vnd.apple.mpegurl"


@dataclass(frozen=True)
class _Kept:
    watched: Watched | None
    live: LiveList | None
    read_at: float


class WatchedCache:
    """Who may watch which recording, remembered for two seconds: unpublishing takes effect within that time."""

    def __init__(self) -> None:
        self._kept: dict[str, _Kept] = {}

    async def get(self, database: Database, recording_id: str, *, keep_s: float = _KEEP_S) -> Watched | None:
        """What decides who may watch, read at most `keep_s` ago; None when there is no such recording."""
        kept = self._kept.get(recording_id)
        if kept is not None and kept.read_at + keep_s > time.monotonic():
            return kept.watched
        async with database.read() as db:
            found = await find_watched(db, recording_id)
        watched, live = None, None
        if found is not None and not (found.recording.deleted_at or found.session.deleted_at or found.event.deleted_at):
            watched = Watched(
                event_id=found.event.id,
                visibility=found.event.visibility,
                access_epoch=found.event.access_epoch,
                published=found.recording.published_at is not None,
            )
            live = live_of(found.recording.plan)
        if len(self._kept) > 5000:
            self._kept.clear()
        self._kept[recording_id] = _Kept(watched, live, time.monotonic())
        return watched

    def live(self, recording_id: str) -> LiveList | None:
        """Which segments of a broadcast it lists, as last read; after a `get`."""
        kept = self._kept.get(recording_id)
        return kept.live if kept else None


_CACHE = WatchedCache()


@route(
    "/media/{token:str}/{recording_id:str}/{file:path}",
    http_method=[HttpMethod.GET, HttpMethod.HEAD],
    opt={"public": True},
    include_in_schema=False,
)
async def media(
    request: Request[Any, Any, Any],
    token: FromPath[str],
    recording_id: FromPath[str],
    file: FromPath[str],
    runtime: NamedDependency[Runtime],
    read_chapters: NamedDependency[ChapterReader],
) -> Response[Any]:
    """A playlist, segment, picture or caption file of a recording, for who holds the audience's token."""
    await _let_in(runtime, token, recording_id)
    path = str(file).lstrip("/")
    if _FILE.match(path):
        return await _stored(request, runtime, recording_prefix(recording_id) + path, left_s(token, moment=now()))
    if found := _LIVE.match(path):
        key = stored_key(_CACHE.live(recording_id), found[1], msn=found[2], init=found[3])
        return await _stored(request, runtime, key, left_s(token, moment=now()))
    return await _made(request, runtime, recording_id, path, read_chapters)


async def _let_in(runtime: Runtime, token: str, recording_id: str) -> None:
    """Raise MediaNotFound or BadToken unless the token opens the recording now."""
    for keep_s in (_KEEP_S, _DOUBT_S):
        watched = await _CACHE.get(runtime.database, recording_id, keep_s=keep_s)
        if watched is not None and opens(runtime.keyring, token, watched, moment=now()):
            return
    raise MediaNotFound if watched is None else BadToken


async def _made(
    request: Request[Any, Any, Any], runtime: Runtime, recording_id: str, path: str, read_chapters: ChapterReader
) -> Response[Any]:
    """Texts made from rows: playlists, the storyboard's index, captions."""
    async with runtime.database.read() as db:
        if path == "index.m3u8":
            text, growing = await multivariant_playlist(db, recording_id)
            media_type = PLAYLIST
        elif found := _RENDITION.match(path):
            text, growing = await media_playlist(db, recording_id, int(found[1]), found[2])
            media_type = PLAYLIST
        elif path == "chapters.vtt":
            text, growing = await chapters_text(db, recording_id, read_chapters)
            media_type = "text/vtt"
        elif path == "chapters.json":
            text, growing = await chapters_json(db, recording_id, read_chapters)
            media_type = "application/json+chapters"
        elif path == "storyboard.vtt":
            text, growing = await storyboard_index(db, recording_id)
            media_type = "text/vtt"
        elif found := _CAPTIONS.match(path):
            make = track_playlist if found[2] == "m3u8" else track_text
            text, growing = await make(db, recording_id, found[1])
            media_type = PLAYLIST if found[2] == "m3u8" else "text/vtt"
        else:
            raise MediaNotFound
    body = text.encode()
    etag = f'"{hashlib.blake2b(body, digest_size=12).hexdigest()}"'
    # A growing playlist is asked for again every few seconds; a finished one can still be replaced or unpublished.
    headers = {"ETag": etag, "Cache-Control": "public, max-age=1" if growing else "public, max-age=30", **_CORS}
    if is_fresh(request, etag):
        return Response(b"", status_code=304, headers=headers)
    # The framework gives text its charset, and would say it twice.
    charset = "" if media_type.startswith("text/") else "; charset=utf-8"
    return Response(body, media_type=media_type + charset, headers=headers)


_CORS = {
    "Access-Control-Allow-Origin": "*",  # the token is in the path; no cookie is ever looked at here
    "Access-Control-Expose-Headers": "Content-Length, Content-Range, ETag, Age, Date",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "cross-origin",
}


async def _stored(request: Request[Any, Any, Any], runtime: Runtime, key: str, kept_s: int) -> Response[Any]:
    """An immutable object: passed through, or handed to the proxy."""
    # Immutable, but not longer than the token that opens it is accepted.
    headers = {"Cache-Control": f"public, max-age={min(kept_s, 86_400)}, immutable", **_CORS}
    media_type = _TYPES[key.rsplit(".", 1)[1]]
    return await answer_object(request, runtime, key, media_type=media_type, headers=headers, missing=MediaNotFound)


media_router = Router(path="/", route_handlers=[media])
