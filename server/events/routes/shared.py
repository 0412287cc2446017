"""What the endpoints under an event share: how it is named in a path, and telling its listeners."""

from typing import Annotated, Any

from litestar.openapi.spec import Example
from litestar.params import PathParameter

from server.core.changes import announce
from server.core.db import Db
from server.core.runtime import Runtime

EventRef = Annotated[
    str,
    PathParameter(description="The event's id or slug.", examples=[Example(summary="A slug", value="seminar-2027")]),
]


def tell(db: Db, runtime: Runtime, event_id: str, *, kind: str, thing: Any, act: str) -> None:
    """Announce that a thing of the event was created, changed, deleted or restored, once that is durable."""
    change = {"kind": kind, "id": thing.id, "act": act, "version": thing.version}
    announce(db, runtime.redis, event_id=event_id, change=change)
