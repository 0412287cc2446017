"""tus 1.0.0 under /api/v1/uploads, and the same uploads as JSON for the studio.

Rights are asked when an upload is made; see queries.py for who may go on with it.
"""

from dataclasses import replace
from typing import Annotated, Any

from litestar import Request, Response, Router, delete, get, head, patch, post, route
from litestar.di import NamedDependency
from litestar.enums import HttpMethod
from litestar.params import FromPath, FromQuery, QueryParameter

from server.accounts.actor import Actor
from server.core.errors import Invalid
from server.core.http import PROBLEM_RESPONSES, Page, decode_cursor, encode_cursor
from server.uploads.accept import accept_bytes, check_alive, stand_of
from server.uploads.create import create_upload
from server.uploads.desk import Desk
from server.uploads.end import terminate_upload
from server.uploads.errors import BadHeader, ChecksumMismatch
from server.uploads.guards import TusAnswers, body_chunks
from server.uploads.models import RECEIVING, STATES, Upload
from server.uploads.protocol import (
    Patch,
    check_version,
    describe_server,
    describe_upload,
    format_expires,
    read_checksum,
    read_creation,
    read_number,
    read_patch,
)
from server.uploads.queries import get_upload, list_uploads
from server.uploads.schemas import UploadView, upload_view

PATH = "/api/v1/uploads"
_MORE = {
    410: "Expired, terminated, failed",
    413: "More bytes than allowed or announced",
    415: "Not application/offset+octet-stream",
    422: "The whole file came and cannot be taken",
    460: "The checksum does not match",
}
_RESPONSES = PROBLEM_RESPONSES | {
    status: replace(PROBLEM_RESPONSES[400], description=says) for status, says in _MORE.items()
}
_ERRORS: dict[str, Any] = {"responses": _RESPONSES}
AnyRequest = Request[Any, Any, Any]


@route(["/", "/{upload_id:str}"], http_method=HttpMethod.OPTIONS, status_code=204, include_in_schema=False)
async def discover(upload_desk: NamedDependency[Desk]) -> Response[None]:
    """What this server speaks (tus 1.0.0, §OPTIONS)."""
    headers = describe_server(max_bytes=upload_desk.runtime.limits.upload_max_bytes)
    return Response(None, status_code=204, headers=headers)


@post("/", request_max_body_size=None, summary="Begin an upload (tus creation)", **_ERRORS)
async def begin(
    request: AnyRequest, upload_desk: NamedDependency[Desk], actor: NamedDependency[Actor]
) -> Response[None]:
    """Begin an upload: Upload-Length or Upload-Defer-Length, Upload-Metadata with session and purpose, maybe bytes."""
    max_bytes = upload_desk.runtime.limits.upload_max_bytes
    asked = read_creation(request.headers, max_bytes=max_bytes)
    checksum = read_checksum(request.headers.get("upload-checksum")) if asked.has_body else None
    upload = await create_upload(upload_desk, actor, asked)
    headers = {"Location": f"{PATH}/{upload.id}"}
    if asked.has_body:
        first = Patch(
            offset_bytes=0,
            size_bytes=read_number(request.headers, "Content-Length"),
            length_bytes=None,
            checksum=checksum,
        )
        try:
            upload = await accept_bytes(upload_desk, upload.id, first, body_chunks(request.receive))
        except ChecksumMismatch:
            await terminate_upload(upload_desk, upload.id)  # nobody has heard of it
            raise
    return Response(None, status_code=201, headers=headers | _progress_headers(upload))


@head("/{upload_id:str}", summary="How far an upload is (tus HEAD)", **_ERRORS)
async def look(
    request: AnyRequest,
    upload_id: FromPath[str],
    upload_desk: NamedDependency[Desk],
    actor: NamedDependency[Actor],
) -> Response[None]:
    """The offset; a request that still writes to this upload saves and lets go first."""
    return await _look(request, upload_id, upload_desk, actor)


async def _look(request: AnyRequest, upload_id: str, desk: Desk, actor: Actor) -> Response[None]:
    check_version(request.headers)
    await _reach(desk, actor, upload_id)
    upload = await stand_of(desk, upload_id)
    check_alive(upload)
    headers = describe_upload(
        offset_bytes=upload.offset_bytes,
        length_bytes=upload.length_bytes,
        metadata_text=upload.metadata_text,
        expires_at=upload.expires_at,
    )
    return Response(None, status_code=200, headers=headers)


@patch("/{upload_id:str}", request_max_body_size=None, status_code=204, summary="Add bytes (tus PATCH)", **_ERRORS)
async def add(
    request: AnyRequest,
    upload_id: FromPath[str],
    upload_desk: NamedDependency[Desk],
    actor: NamedDependency[Actor],
) -> Response[None]:
    """Bytes from Upload-Offset on; answers the new offset, all of it durable."""
    return await _add(request, upload_id, upload_desk, actor)


async def _add(request: AnyRequest, upload_id: str, desk: Desk, actor: Actor) -> Response[None]:
    asked = read_patch(request.headers, max_bytes=desk.runtime.limits.upload_max_bytes)
    await _reach(desk, actor, upload_id)
    upload = await accept_bytes(desk, upload_id, asked, body_chunks(request.receive))
    return Response(None, status_code=204, headers=_progress_headers(upload))


@delete("/{upload_id:str}", status_code=204, summary="Give an upload up (tus termination)", **_ERRORS)
async def give_up(
    request: AnyRequest,
    upload_id: FromPath[str],
    upload_desk: NamedDependency[Desk],
    actor: NamedDependency[Actor],
) -> Response[None]:
    """End the upload and free what it stored."""
    return await _give_up(request, upload_id, upload_desk, actor)


async def _give_up(request: AnyRequest, upload_id: str, desk: Desk, actor: Actor) -> Response[None]:
    check_version(request.headers)
    await _reach(desk, actor, upload_id)
    await terminate_upload(desk, upload_id)
    return Response(None, status_code=204)


_OVERRIDES = {"PATCH": _add, "DELETE": _give_up, "HEAD": _look}


@post("/{upload_id:str}", request_max_body_size=None, include_in_schema=False)
async def override(
    request: AnyRequest,
    upload_id: FromPath[str],
    upload_desk: NamedDependency[Desk],
    actor: NamedDependency[Actor],
) -> Response[None]:
    """X-HTTP-Method-Override, for clients behind something that lets no PATCH or DELETE through."""
    act = _OVERRIDES.get(request.headers.get("x-http-method-override", "").upper())
    if act is None:
        raise BadHeader("X-HTTP-Method-Override must be PATCH, DELETE or HEAD here.")
    return await act(request, upload_id, upload_desk, actor)


@get("/{upload_id:str}", summary="An upload's state, in words when it failed", **_ERRORS)
async def show(
    upload_id: FromPath[str], upload_desk: NamedDependency[Desk], actor: NamedDependency[Actor]
) -> UploadView:
    """State, offset, error in words and what it has become; disturbs nobody who writes to it."""
    return upload_view(await _reach(upload_desk, actor, upload_id))


@get("/", summary="Uploads, newest first", **_ERRORS)
async def show_all(
    upload_desk: NamedDependency[Desk],
    actor: NamedDependency[Actor],
    event: FromQuery[str | None] = None,
    session: FromQuery[str | None] = None,
    in_state: Annotated[str | None, QueryParameter(name="state")] = None,
    limit: FromQuery[int] = 50,
    after: FromQuery[str | None] = None,
) -> Page[UploadView]:
    """The asker's own uploads and those of events they organise; filtered by ids of event and session, and state."""
    if in_state is not None and in_state not in STATES:
        raise Invalid(f"`state` must be one of {', '.join(STATES)}.")
    size = min(max(limit, 1), 200)
    before = str(decode_cursor(after, length=1)[0]) if after else None
    async with upload_desk.runtime.database.read() as db:
        rows = await list_uploads(
            db, actor, event_id=event, session_id=session, state=in_state, before_id=before, limit=size + 1
        )
    following = encode_cursor([rows[size - 1].id]) if len(rows) > size else None
    return Page([upload_view(row) for row in rows[:size]], following)


async def _reach(desk: Desk, actor: Actor, upload_id: str) -> Upload:
    """The upload, if it exists for this asker."""
    async with desk.runtime.database.read() as db:
        return await get_upload(db, actor, upload_id)


def _progress_headers(upload: Upload) -> dict[str, str]:
    headers = {"Upload-Offset": str(upload.offset_bytes)}
    if upload.state == RECEIVING and upload.expires_at is not None:
        headers["Upload-Expires"] = format_expires(upload.expires_at)
    return headers


uploads_router = Router(
    path=PATH,
    route_handlers=[discover, begin, look, add, give_up, override, show, show_all],
    middleware=[TusAnswers()],
    tags=["uploads"],
)
