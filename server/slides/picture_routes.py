"""Pictures of pages, below /slides/{token}/{deck}/: immutable objects for who holds the audience's token.

As for media: one dictionary look-up decides who may (kept for two seconds a process), then the object is passed through
or handed to the proxy. No cookie is looked at.
"""

import re
import time
from dataclasses import dataclass
from typing import Any

from litestar import Request, Response, Router, route
from litestar.di import NamedDependency
from litestar.enums import HttpMethod
from litestar.params import FromPath

from server.core.clock import now
from server.core.http_objects import answer_object
from server.core.runtime import Runtime
from server.events.audience import Watched, left_s, opens
from server.slides.errors import PictureClosed, PictureNotFound
from server.slides.keys import deck_prefix
from server.slides.queries import find_opened
from server.slides.sight import is_open_to_viewers, watched_of

_KEEP_S = 2.0
_DOUBT_S = 0.0  # before a no the rows are looked at again: it may just have been brought back
_MOST_KEPT = 5000
_PICTURE = re.compile(r"^r[1-9]\d{0,8}/\d{4,6}-(?:large|small)\.webp$")
_DAY_S = 86_400
_HEADERS = {
    "Access-Control-Allow-Origin": "*",  # the token is in the path; no cookie is ever looked at here
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "cross-origin",
}


@dataclass(frozen=True, slots=True)
class _Kept:
    watched: Watched | None
    read_at: float


class OpenedCache:
    """Who may see the pictures of which deck, for two seconds: a withdrawal takes effect within that time."""

    def __init__(self) -> None:
        self._kept: dict[str, _Kept] = {}

    async def get(self, runtime: Runtime, deck_id: str, *, keep_s: float = _KEEP_S) -> Watched | None:
        """What decides which tokens open the deck, read at most `keep_s` ago; None when there is no such deck."""
        kept = self._kept.get(deck_id)
        if kept is not None and kept.read_at + keep_s > time.monotonic():
            return kept.watched
        async with runtime.database.read() as db:
            found = await find_opened(db, deck_id)
        watched = None
        if found is not None:
            deck, event = found
            shown = is_open_to_viewers(deck, moment=now(), overlap_s=runtime.limits.token_overlap_s)
            watched = watched_of(event, is_shown=shown)
        if len(self._kept) > _MOST_KEPT:
            self._kept.clear()
        self._kept[deck_id] = _Kept(watched, time.monotonic())
        return watched


_CACHE = OpenedCache()


@route(
    "/slides/{token:str}/{deck_id:str}/{file:path}",
    http_method=[HttpMethod.GET, HttpMethod.HEAD],
    opt={"public": True},
    include_in_schema=False,
)
async def picture(
    request: Request[Any, Any, Any],
    token: FromPath[str],
    deck_id: FromPath[str],
    file: FromPath[str],
    runtime: NamedDependency[Runtime],
) -> Response[Any]:
    """A page's picture, large or small."""
    await _let_in(runtime, token, deck_id)
    path = str(file).lstrip("/")
    if not _PICTURE.fullmatch(path):
        raise PictureNotFound
    kept_s = min(left_s(token, moment=now()), _DAY_S)
    headers = {"Cache-Control": f"public, max-age={kept_s}, immutable", **_HEADERS}
    key = deck_prefix(deck_id) + path
    return await answer_object(request, runtime, key, media_type="image/webp", headers=headers, missing=PictureNotFound)


async def _let_in(runtime: Runtime, token: str, deck_id: str) -> None:
    """Raise PictureNotFound or PictureClosed unless the token opens the deck now."""
    for keep_s in (_KEEP_S, _DOUBT_S):
        watched = await _CACHE.get(runtime, deck_id, keep_s=keep_s)
        if watched is not None and opens(runtime.keyring, token, watched, moment=now()):
            return
    raise PictureNotFound if watched is None else PictureClosed


pictures_router = Router(path="/", route_handlers=[picture])
