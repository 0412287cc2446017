"""Endpoints of caption tracks: what there is, cues to read and replace, files to save."""

from typing import Annotated, Any, Literal
from urllib.parse import quote

from litestar import Request, Response, Router, delete, get, patch, post, put, route
from litestar.di import NamedDependency
from litestar.enums import HttpMethod
from litestar.openapi.spec import Example
from litestar.params import FromPath, JSONBody, QueryParameter
from msgspec import UNSET

from server.accounts.actor import Actor
from server.accounts.policy import Action, can
from server.core.clock import now
from server.core.db import Db
from server.core.http import PROBLEM_RESPONSES, Page, check_if_match, etag_of, is_fresh, json_with_etag
from server.core.runtime import Runtime
from server.playback.caption_schemas import CaptionsChanges, CaptionsIn, CuesIn, CuesView, cues_view
from server.playback.captions import find_track, get_track, restore_track, retire_track
from server.playback.captions_edit import add_track, checked_cues, describe_track, replace_cues
from server.playback.captions_file import file_name, track_file
from server.playback.captions_keep import final_duration_ms
from server.playback.errors import CaptionsNotFound, NothingToWatch
from server.playback.models import CaptionTrack
from server.playback.queries import caption_tracks_of, present_recording
from server.playback.schemas import CaptionsView, captions_view
from server.playback.watch import watch_session
from server.sessions.queries import get_session

AnyRequest = Request[Any, Any, Any]
_ERRORS: dict[str, Any] = {"responses": PROBLEM_RESPONSES}
Form = Annotated[
    Literal["vtt", "srt", "txt"],
    QueryParameter(
        description="WebVTT, SubRip, or the words as text in paragraphs.",
        examples=[Example(summary="WebVTT", value="vtt")],
    ),
]


def _answer(request: AnyRequest, track: CaptionTrack, *, status: int = 200) -> Response[CaptionsView]:
    return json_with_etag(request, captions_view(track, may_upload=True), track.version, status=status)


@get("/sessions/{session_id:str}/captions", summary="Caption tracks of a session", **_ERRORS)
async def list_tracks(
    session_id: FromPath[str], runtime: NamedDependency[Runtime], actor: NamedDependency[Actor]
) -> Page[CaptionsView]:
    """By language, all on one page. Tracks without a cue are listed for whoever may edit them."""
    async with runtime.database.read() as db:
        item = await get_session(db, session_id, actor=actor)
        may_upload = can(actor, Action.UPLOAD_CAPTIONS, item.subject)
        tracks = await caption_tracks_of(db, item.session.id, empty=may_upload)
    return Page(items=[captions_view(track, may_upload=may_upload) for track in tracks], next=None)


@post("/sessions/{session_id:str}/captions", summary="Begin a caption track", **_ERRORS)
async def new_track(
    request: AnyRequest,
    session_id: FromPath[str],
    data: JSONBody[CaptionsIn],
    runtime: NamedDependency[Runtime],
    actor: NamedDependency[Actor],
) -> Response[CaptionsView]:
    """To write captions in; files are sent as uploads. 409 when there is one in this language."""
    cues = checked_cues([cue.wish() for cue in data.cues])
    async with runtime.database.write() as db:
        item = await get_session(db, session_id, actor=actor, action=Action.UPLOAD_CAPTIONS, lock=True)
        track = await add_track(db, item.session, language=data.language, label=data.label, cues=cues)
    return _answer(request, track, status=201)


@get("/captions/{track_id:str}", summary="A caption track", **_ERRORS)
async def show_track(
    request: AnyRequest, track_id: FromPath[str], runtime: NamedDependency[Runtime], actor: NamedDependency[Actor]
) -> Response[CaptionsView]:
    """Its language, label and number of cues; for whoever may upload captions also what was mended in its file."""
    async with runtime.database.read() as db:
        track, item = await find_track(db, actor, track_id)
    may_upload = can(actor, Action.UPLOAD_CAPTIONS, item.subject)
    return json_with_etag(request, captions_view(track, may_upload=may_upload), track.version)


@patch("/captions/{track_id:str}", summary="Change a caption track's language or label", **_ERRORS)
async def change_track(
    request: AnyRequest,
    track_id: FromPath[str],
    data: JSONBody[CaptionsChanges],
    runtime: NamedDependency[Runtime],
    actor: NamedDependency[Actor],
) -> Response[CaptionsView]:
    """Its cues stay as they are."""
    async with runtime.database.write() as db:
        track = await get_track(db, actor, track_id, Action.UPLOAD_CAPTIONS, lock=True)
        check_if_match(request, track.version)
        language, label = (None if value is UNSET else value for value in (data.language, data.label))
        await describe_track(db, track, language=language, label=label)
    return _answer(request, track)


@delete("/captions/{track_id:str}", status_code=200, summary="Delete a caption track, with undo", **_ERRORS)
async def remove_track(
    request: AnyRequest, track_id: FromPath[str], runtime: NamedDependency[Runtime], actor: NamedDependency[Actor]
) -> Response[CaptionsView]:
    """Viewers no longer get it; it can be brought back."""
    async with runtime.database.write() as db:
        track = await get_track(db, actor, track_id, Action.UPLOAD_CAPTIONS, lock=True)
        check_if_match(request, track.version)
        retire_track(track)
    return _answer(request, track)


@post("/captions/{track_id:str}/restore", status_code=200, summary="Bring a caption track back", **_ERRORS)
async def bring_back_track(
    request: AnyRequest, track_id: FromPath[str], runtime: NamedDependency[Runtime], actor: NamedDependency[Actor]
) -> Response[CaptionsView]:
    """Undo a deletion or a replacement: what is there now in its language makes way."""
    async with runtime.database.write() as db:
        track = await get_track(db, actor, track_id, Action.UPLOAD_CAPTIONS, deleted=True, lock=True)
        await restore_track(db, track)
    return _answer(request, track)


@get("/captions/{track_id:str}/cues", summary="The cues of a caption track", **_ERRORS)
async def show_cues(
    request: AnyRequest, track_id: FromPath[str], runtime: NamedDependency[Runtime], actor: NamedDependency[Actor]
) -> Response[CuesView]:
    """In ms from the start of the recording, for whoever may watch it or edit captions."""
    async with runtime.database.read() as db:
        track = await _words_of(runtime, actor, track_id, db)
        duration_ms = final_duration_ms(await present_recording(db, track.session_id))
    return json_with_etag(request, cues_view(track, duration_ms), track.version)


@put("/captions/{track_id:str}/cues", status_code=200, summary="Replace the cues of a caption track", **_ERRORS)
async def write_cues(
    request: AnyRequest,
    track_id: FromPath[str],
    data: JSONBody[CuesIn],
    runtime: NamedDependency[Runtime],
    actor: NamedDependency[Actor],
) -> Response[CuesView]:
    """All of them at once. With If-Match it is refused when somebody else was faster; `errors` says of each cue what is
    wrong with it (`cues.3.end_ms`)."""
    cues = checked_cues([cue.wish() for cue in data.cues])
    async with runtime.database.write() as db:
        track = await get_track(db, actor, track_id, Action.UPLOAD_CAPTIONS, lock=True)
        check_if_match(request, track.version)
        await replace_cues(db, track, cues)
        await db.flush()
        duration_ms = final_duration_ms(await present_recording(db, track.session_id))
    return json_with_etag(request, cues_view(track, duration_ms), track.version)


@route(
    "/captions/{track_id:str}/file",
    http_method=[HttpMethod.GET, HttpMethod.HEAD],
    summary="Download captions",
    include_in_schema=False,
)
async def download_track(
    request: AnyRequest,
    track_id: FromPath[str],
    runtime: NamedDependency[Runtime],
    actor: NamedDependency[Actor],
    form: Form = "vtt",
) -> Response[bytes]:
    """`?form=vtt|srt|txt`, for whoever may watch the talk: players are given the same words anyway."""
    async with runtime.database.read() as db:
        track = await _words_of(runtime, actor, track_id, db)
        name = await file_name(db, track, form)
    body, media_type = track_file(track, form)
    etag = etag_of(track.version, body)
    headers = {
        # RFC 6266 and RFC 8187; whoever cannot read the second takes the first.
        "Content-Disposition": f"attachment; filename=\"captions.{form}\"; filename*=UTF-8''{quote(name, safe='')}",
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "private, no-cache",
        "ETag": etag,
    }
    if is_fresh(request, etag):
        return Response(b"", status_code=304, headers=headers, media_type=media_type)
    return Response(body, media_type=media_type, headers=headers)


async def _words_of(runtime: Runtime, actor: Actor, track_id: str, db: Db) -> CaptionTrack:
    """The track, for whoever may edit it or watch what it belongs to. Raises CaptionsNotFound."""
    track, item = await find_track(db, actor, track_id)
    if not can(actor, Action.UPLOAD_CAPTIONS, item.subject):
        try:
            await watch_session(db, actor, item, keyring=runtime.keyring, moment=now())
        except NothingToWatch:
            raise CaptionsNotFound from None
    return track


captions_router = Router(
    path="/api/v1",
    route_handlers=[
        list_tracks,
        new_track,
        show_track,
        change_track,
        remove_track,
        bring_back_track,
        show_cues,
        write_cues,
        download_track,
    ],
    tags=["playback"],
)
