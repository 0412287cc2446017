"""The stream of an event's changes (server-sent events, HTML §9.2)."""

from collections.abc import AsyncIterator
from typing import Annotated, Any

from litestar import get
from litestar.di import NamedDependency
from litestar.openapi import ResponseSpec
from litestar.openapi.spec import Example
from litestar.params import HeaderParameter
from litestar.response import Stream

from server.accounts.actor import Actor
from server.accounts.policy import Action, can
from server.core.clock import now
from server.core.http import PROBLEM_RESPONSES
from server.core.runtime import Runtime
from server.events.fan_out import ChangeFanOut
from server.events.queries import get_event, subject_of
from server.events.routes.shared import EventRef

PING_EVERY_S = 15
RETRY_MS = 3000
# After this the browser comes back by itself and is asked anew who it is: an access taken away ends here at the latest.
LONGEST_S = 1800
_EXAMPLE = (
    "retry: 3000\n\n"
    'id: 1\nevent: change\ndata: {"kind":"session","id":"01979c5e2b7a7c3d9e1f2a3b4c5d6e7f","act":"changed",'
    '"version":4}\n\n'
    ": ping\n\n"
    "event: resync\ndata: {}\n\n"
)
_STREAM = ResponseSpec(
    data_container=str,
    description="Events `change` (JSON: kind, id, and what changed) and `resync`: something may have been missed, so "
    "fetch the present state. A comment every 15 seconds keeps the connection open.",
    media_type="text/event-stream",
    generate_examples=False,
    examples=[Example(summary="A change, a ping, a resync", value=_EXAMPLE)],
)


@get(
    "/api/v1/events/{event:str}/changes",
    summary="Follow an event's changes",
    tags=["Events"],
    responses=PROBLEM_RESPONSES | {200: _STREAM},
)
async def follow_changes(
    event: EventRef,
    runtime: NamedDependency[Runtime],
    actor: NamedDependency[Actor],
    changes: NamedDependency[ChangeFanOut],
    last_event_id: Annotated[
        str | None,
        HeaderParameter(
            name="Last-Event-ID",
            description="Sent by a browser that comes back; it is told to resync.",
            examples=[Example(summary="As sent by a browser", value="17")],
        ),
    ] = None,
) -> Stream:
    """Server-sent events: public changes for whoever may see the event, all of them for its organisers."""
    async with runtime.database.read() as db:
        row = await get_event(db, event, actor=actor)
    organises = can(actor, Action.EDIT_EVENT, subject_of(row))
    body = _listen(changes, row.id, organises=organises, returning=last_event_id is not None)
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return Stream(body, media_type="text/event-stream", headers=headers)


async def _listen(changes: ChangeFanOut, event_id: str, *, organises: bool, returning: bool) -> AsyncIterator[bytes]:
    # Joined only once the first byte is asked for: a stream that never starts never runs its `finally`.
    listener = changes.join(event_id, organises=organises)
    try:
        await changes.until_connected(event_id, listener, timeout_s=2)
        if returning:
            listener.resync()
        yield b"retry: %d\n\n" % RETRY_MS
        started = now()
        while not listener.ended and (now() - started).total_seconds() < LONGEST_S:
            yield await listener.take(timeout_s=PING_EVERY_S)
    finally:
        # Nothing is awaited here: after a disconnect every await would be cancelled (pitfall of SSE in ASGI).
        changes.leave(event_id, listener)


ROUTES: list[Any] = [follow_changes]
