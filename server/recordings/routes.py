"""Recordings endpoints: look, publish, hide, cancel, try again, delete, bring back."""

from collections.abc import Awaitable, Callable
from typing import Any

from litestar import Request, Response, Router, get, route
from litestar.di import NamedDependency
from litestar.enums import HttpMethod
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from server.accounts.actor import Actor
from server.accounts.policy import Action
from server.core.changes import announce
from server.core.db import Db
from server.core.http import PROBLEM_RESPONSES, check_if_match, json_with_etag
from server.core.runtime import Limits, Runtime
from server.recordings.assemble import renditions_of
from server.recordings.progress import change_of
from server.recordings.publish import publish_recording, unpublish_recording
from server.recordings.queries import Found, get_recording, progress_of
from server.recordings.retire import cancel_recording, delete_recording, restore_recording, retry_recording
from server.recordings.schemas import RecordingView, recording_view

Act = Callable[[Db, Found, Limits], Awaitable[None]]
_ERRORS: dict[str, Any] = {"responses": PROBLEM_RESPONSES}


async def _view(db: Db, found: Found) -> RecordingView:
    progress = (await progress_of(db, [found.recording]))[found.recording.id]
    return recording_view(found.recording, await renditions_of(db, found.recording), progress=progress)


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
    act: Act,
) -> Response[RecordingView]:
    """Run one act on a recording its organiser names, tell the listeners, answer its new state."""
    async with runtime.database.write() as db:
        found = await get_recording(db, actor, recording_id, Action.MANAGE_RECORDING, lock=True)
        check_if_match(request, found.recording.version)
        await act(db, found, runtime.limits)
        await db.flush()
        announce(db, runtime.redis, event_id=found.event.id, change=change_of(found.recording))
        view = await _view(db, found)
    return json_with_etag(request, view, found.recording.version)


async def _publish(db: Db, found: Found, _limits: Limits) -> None:
    """Publish as soon as something can be watched."""
    await publish_recording(db, found.recording, found.session)


async def _unpublish(_db: Db, found: Found, _limits: Limits) -> None:
    """Hide from viewers within seconds; organisers can still preview it."""
    unpublish_recording(found.recording)


async def _cancel(db: Db, found: Found, _limits: Limits) -> None:
    """Stop probing or encoding within seconds; what is stored stays for a retry."""
    await cancel_recording(db, found.recording)


async def _retry(db: Db, found: Found, limits: Limits) -> None:
    """Try failed or cancelled work again; nothing needs to be uploaded again."""
    await retry_recording(db, found.recording, token_overlap_s=limits.token_overlap_s)


async def _restore(db: Db, found: Found, limits: Limits) -> None:
    """Undo a deletion within the undo time."""
    await restore_recording(db, found.recording, undo_s=limits.undo_s)


async def _delete(db: Db, found: Found, limits: Limits) -> None:
    """Hide at once; the files go when the undo time is over."""
    await delete_recording(db, found.recording, undo_s=limits.undo_s)


def _order(name: str, summary: str, act: Act) -> HTTPRouteHandler:
    """The endpoint that carries out one act: POST …/{name}, or DELETE for the deletion."""
    method, path = (HttpMethod.DELETE, "") if name == "delete" else (HttpMethod.POST, f"/{name}")

    @route(
        f"/{{recording_id:str}}{path}",
        http_method=method,
        status_code=200,
        summary=summary,
        description=act.__doc__,
        operation_id=f"recordings_{name}",
        **_ERRORS,
    )
    async def carry_out(
        request: Request[Any, Any, Any],
        recording_id: FromPath[str],
        runtime: NamedDependency[Runtime],
        actor: NamedDependency[Actor],
    ) -> Response[RecordingView]:
        return await _change(request, recording_id, runtime, actor, act)

    return carry_out


ORDERS = [
    _order("publish", "Let viewers watch", _publish),
    _order("unpublish", "Hide from viewers", _unpublish),
    _order("cancel", "Stop the work", _cancel),
    _order("retry", "Begin anew from the stored source", _retry),
    _order("restore", "Bring a deleted recording back", _restore),
    _order("delete", "Delete, with undo", _delete),
]
recordings_router = Router(
    path="/api/v1/recordings",
    route_handlers=[show, *ORDERS],
    tags=["recordings"],
)
