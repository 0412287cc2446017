"""Playback endpoints: what a player is given."""

from typing import Any

from litestar import Response, Router, get
from litestar.di import NamedDependency
from litestar.params import FromPath

from server.accounts.actor import Actor
from server.core.clock import now
from server.core.http import PROBLEM_RESPONSES
from server.core.runtime import Runtime
from server.playback.chapters import ChapterReader
from server.playback.schemas import PlaybackView, playback_view
from server.playback.watch import SlidePages, watch_session
from server.sessions.queries import get_session

_ERRORS: dict[str, Any] = {"responses": PROBLEM_RESPONSES}


@get("/sessions/{session_id:str}/playback", summary="What a player needs to play a session", **_ERRORS)
async def playback(
    session_id: FromPath[str],
    runtime: NamedDependency[Runtime],
    actor: NamedDependency[Actor],
    slide_pages: NamedDependency[SlidePages],
    read_chapters: NamedDependency[ChapterReader],
) -> Response[PlaybackView]:
    """Addresses of the playlist, poster, storyboard, captions and slides, valid until `expires_at` (null: for good)."""
    async with runtime.database.read() as db:
        item = await get_session(db, session_id, actor=actor)
        found = await watch_session(db, actor, item, keyring=runtime.keyring, moment=now(), read_chapters=read_chapters)
        pages = await slide_pages(db, item.session.id)
    return Response(playback_view(found, slide_pages=pages), headers={"Cache-Control": "private, no-cache"})


playback_router = Router(path="/api/v1", route_handlers=[playback], tags=["playback"])
