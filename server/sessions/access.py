"""Ways into an event and its sessions, where rights (accounts) and what they are rights on (events, sessions) meet."""

from collections.abc import Iterable, Mapping

from sqlalchemy import select

from server.core.db import Db
from server.events.models import Event


async def present_epochs(db: Db, event_ids: Iterable[str]) -> Mapping[str, int]:
    """The access epoch of each event; a pass given in an older epoch no longer opens it."""
    rows = await db.execute(select(Event.id, Event.access_epoch).where(Event.id.in_(list(event_ids))))
    return {event_id: epoch for event_id, epoch in rows}
