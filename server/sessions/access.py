"""Ways into an event and its sessions, where rights (accounts) and what they are rights on (events, sessions) meet."""

from collections.abc import Iterable, Mapping

from sqlalchemy import select

from server.accounts.enter import Door, fold_code
from server.accounts.links import revoke_all_links
from server.accounts.passwords import hash_code
from server.core.db import Db
from server.events.errors import EventNotFound
from server.events.models import CLOSED, Event
from server.events.queries import find_event


async def present_epochs(db: Db, event_ids: Iterable[str]) -> Mapping[str, int]:
    """The access epoch of each event; a pass given in an older epoch no longer opens it."""
    rows = await db.execute(select(Event.id, Event.access_epoch).where(Event.id.in_(list(event_ids))))
    return {event_id: epoch for event_id, epoch in rows}


async def find_door(db: Db, ref: str) -> Door:
    """What entering this event by code needs to know; raises EventNotFound. Asks nobody's rights: it is the door.

    The page `/{event}` (server/web) shows its access form to whoever may not see a closed event, and hands the code to
    `accounts.enter.enter_by_code` with this.
    """
    event = await find_event(db, ref)
    if event is None or event.deleted_at is not None:
        raise EventNotFound
    code_hash = event.access_code_hash if event.visibility == CLOSED else None
    return Door(event_id=event.id, access_code_hash=code_hash, access_epoch=event.access_epoch)


async def hash_access_code(code: str | None) -> str | None:
    """What is stored of an access code; raises CodeWeak. Slow on purpose: no transaction may be open meanwhile."""
    return None if code is None else await hash_code(fold_code(code))


async def close_doors(db: Db, event: Event, *, revoke_links: bool) -> None:
    """End everybody's access by code; with `revoke_links` the attendees' personal links end too.

    Playback tokens carry the epoch, so the media they open end with it.
    """
    event.access_epoch += 1
    if revoke_links:
        await revoke_all_links(db, event_id=event.id)
    await db.flush()
