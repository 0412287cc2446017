"""Recordings endpoints: look, publish, hide, cancel, try again, delete, bring back."""

from collections.abc import Awaitable, Callable
from typing import Any

from litestar import Request, Response, Router, delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from server.accounts.actor import Actor
from server.accounts.policy import Action
from server.core.changes import announce
from server.core.db import Db
from server.core.http import PROBLEM_RESPONSES, check_if_match, json_with_etag
from server.core.runtime import Runtime
from server.recordings.assemble import renditions_of
from server.recordings.progress import change_of
from server.recordings.publish import publish_recording, unpublish_recording
from server.recordings.queries import Found, get_recording
from server.recordings.retire import cancel_recording, delete_recording, restore_recording, retry_recording
from server.recordings.schemas import RecordingView, recording_view

_ERRORS: dict[str, Any] = {"responses": PROBLEM_RESPONSES}


async def _view(db: Db, found: Found) -> RecordingView:
    return recording_view(found.recording, await renditions_of(db, found.recording))


@get("/{recording_id:str}", summary="A recording's state, progress and renditions", **_ERRORS)
async def show(
    request: Request[Any, Any, Any],
    recording_id: FromPath[str],
    runtime: NamedDependency[Runtime],
    actor: NamedDependency[Actor],
) -> Response[RecordingView]:
    """State, progress, time left, error in words, renditions, and what is worth knowing about its quality."""
    async with runtime.database.read() as db:
        found = await get_recording(db, actor, recording_id)
        return json_with_etag(request, await _view(db, found), found.recording.version)


async def _change(
    request: Request[Any, Any, Any],
    recording_id: str,
    runtime: Runtime,
    actor: Actor,
    act: Callable[[Db, Found], Awaitable[None]],
) -> Response[RecordingView]:
    """Run one act on a recording its organiser names, tell the listeners, answer its new state."""
    async with runtime.database.write() as db:
        found = await get_recording(db, actor, recording_id, Action.MANAGE_RECORDING, lock=True)
        check_if_match(request, found.recording.version)
        await act(db, found)
        await db.flush()
        announce(db, runtime.redis, event_id=found.event.id, change=change_of(found.recording))
        view = await _view(db, found)
    return json_with_etag(request, view, found.recording.version)


@post("/{recording_id:str}/publish", status_code=200, summary="Let viewers watch", **_ERRORS)
async def publish(
    request: Request[Any, Any, Any],
    recording_id: FromPath[str],
    runtime: NamedDependency[Runtime],
    actor: NamedDependency[Actor],
) -> Response[RecordingView]:
    """Publish as soon as something can be watched."""

    async def act(db: Db, found: Found) -> None:
        await publish_recording(db, found.recording, found.session)

    return await _change(request, recording_id, runtime, actor, act)


@post("/{recording_id:str}/unpublish", status_code=200, summary="Hide from viewers at once", **_ERRORS)
async def unpublish(
    request: Request[Any, Any, Any],
    recording_id: FromPath[str],
    runtime: NamedDependency[Runtime],
    actor: NamedDependency[Actor],
) -> Response[RecordingView]:
    """Hide; organisers can still preview it."""

    async def act(_db: Db, found: Found) -> None:
        unpublish_recording(found.recording)

    return await _change(request, recording_id, runtime, actor, act)


@post("/{recording_id:str}/cancel", status_code=200, summary="Stop the work", **_ERRORS)
async def cancel(
    request: Request[Any, Any, Any],
    recording_id: FromPath[str],
    runtime: NamedDependency[Runtime],
    actor: NamedDependency[Actor],
) -> Response[RecordingView]:
    """Stop probing or encoding within seconds."""

    async def act(db: Db, found: Found) -> None:
        await cancel_recording(db, found.recording)

    return await _change(request, recording_id, runtime, actor, act)


@post("/{recording_id:str}/retry", status_code=200, summary="Begin anew from the stored source", **_ERRORS)
async def retry(
    request: Request[Any, Any, Any],
    recording_id: FromPath[str],
    runtime: NamedDependency[Runtime],
    actor: NamedDependency[Actor],
) -> Response[RecordingView]:
    """Try failed or cancelled work again; nothing needs to be uploaded again."""

    async def act(db: Db, found: Found) -> None:
        await retry_recording(db, found.recording, token_overlap_s=runtime.limits.token_overlap_s)

    return await _change(request, recording_id, runtime, actor, act)


@post("/{recording_id:str}/restore", status_code=200, summary="Bring a deleted recording back", **_ERRORS)
async def restore(
    request: Request[Any, Any, Any],
    recording_id: FromPath[str],
    runtime: NamedDependency[Runtime],
    actor: NamedDependency[Actor],
) -> Response[RecordingView]:
    """Undo a deletion within the undo time."""

    async def act(db: Db, found: Found) -> None:
        await restore_recording(db, found.recording, undo_s=runtime.limits.undo_s)

    return await _change(request, recording_id, runtime, actor, act)


@delete("/{recording_id:str}", status_code=200, summary="Delete, with undo", **_ERRORS)
async def remove(
    request: Request[Any, Any, Any],
    recording_id: FromPath[str],
    runtime: NamedDependency[Runtime],
    actor: NamedDependency[Actor],
) -> Response[RecordingView]:
    """Hide at once; the files go when the undo time is over."""

    async def act(db: Db, found: Found) -> None:
        await delete_recording(db, found.recording, undo_s=runtime.limits.undo_s)

    return await _change(request, recording_id, runtime, actor, act)


recordings_router = Router(
    path="/api/v1/recordings",
    route_handlers=[show, publish, unpublish, cancel, retry, restore, remove],
    tags=["recordings"],
)
