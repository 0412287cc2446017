"""Playback endpoints: what a player is given, and the caption tracks of sessions."""

from typing import Any

from litestar import Request, Response, Router, delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from server.accounts.actor import Actor
from server.accounts.policy import Action
from server.core.clock import now
from server.core.http import PROBLEM_RESPONSES, check_if_match, json_with_etag
from server.core.runtime import Runtime
from server.playback.captions import get_track, restore_track, retire_track
from server.playback.chapters import ChapterReader
from server.playback.schemas import CaptionsView, PlaybackView, captions_view, playback_view
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


@get("/captions/{track_id:str}", summary="A caption track", **_ERRORS)
async def show_track(
    request: Request[Any, Any, Any],
    track_id: FromPath[str],
    runtime: NamedDependency[Runtime],
    actor: NamedDependency[Actor],
) -> Response[CaptionsView]:
    """Its language, label and number of cues."""
    async with runtime.database.read() as db:
        track = await get_track(db, actor, track_id)
    return json_with_etag(request, captions_view(track), track.version)


@delete("/captions/{track_id:str}", status_code=200, summary="Delete a caption track, with undo", **_ERRORS)
async def remove_track(
    request: Request[Any, Any, Any],
    track_id: FromPath[str],
    runtime: NamedDependency[Runtime],
    actor: NamedDependency[Actor],
) -> Response[CaptionsView]:
    """Viewers no longer get it; it can be brought back."""
    async with runtime.database.write() as db:
        track = await get_track(db, actor, track_id, Action.UPLOAD_CAPTIONS)
        check_if_match(request, track.version)
        retire_track(track)
    return json_with_etag(request, captions_view(track), track.version)


@post("/captions/{track_id:str}/restore", status_code=200, summary="Bring a caption track back", **_ERRORS)
async def bring_back_track(
    request: Request[Any, Any, Any],
    track_id: FromPath[str],
    runtime: NamedDependency[Runtime],
    actor: NamedDependency[Actor],
) -> Response[CaptionsView]:
    """Undo a deletion."""
    async with runtime.database.write() as db:
        track = await get_track(db, actor, track_id, Action.UPLOAD_CAPTIONS, deleted=True)
        restore_track(track)
    return json_with_etag(request, captions_view(track), track.version)


playback_router = Router(
    path="/api/v1", route_handlers=[playback, show_track, remove_track, bring_back_track], tags=["playback"]
)
