"""What the endpoints of live rooms share: how things are named in a path, and how a broadcast is shown."""

from collections.abc import Sequence
from typing import Annotated, Any

from litestar.openapi.spec import Example
from litestar.params import PathParameter

from server.accounts.actor import Actor
from server.accounts.policy import Action, can
from server.core.db import Db
from server.core.http import PROBLEM_RESPONSES
from server.live.models import Broadcast
from server.live.programme import Programme
from server.live.queries import RoomFound, stretches_of
from server.live.schemas import BroadcastOut, broadcast_out

RoomId = Annotated[
    str,
    PathParameter(
        description="The room's id.", examples=[Example(summary="An id", value="01979c5e2b7a7c3d9e1f2a3b4c5d6e71")]
    ),
]
BroadcastId = Annotated[
    str,
    PathParameter(
        description="The broadcast's id.",
        examples=[Example(summary="An id", value="01979c5e2b7a7c3d9e1f2a3b4c5d6e90")],
    ),
]
OPEN: dict[str, Any] = {"tags": ["Live"], "responses": PROBLEM_RESPONSES}


async def broadcast_views(
    db: Db, programme: Programme, rows: Sequence[Broadcast], *, actor: Actor, found: RoomFound
) -> list[BroadcastOut]:
    """Broadcasts of one room as the actor may see them; two statements."""
    stretches = await stretches_of(db, [row.id for row in rows])
    wanted = {one.session_id for of_one in stretches.values() for one in of_one}
    sessions = await programme.by_ids(db, wanted)
    organises = can(actor, Action.STREAM, found.subject)
    return [broadcast_out(row, stretches[row.id], sessions, organises=organises) for row in rows]
