"""Links from the audience: anybody suggests, organisers decide on each, and only what they took is ever shown."""

from collections.abc import Sequence

from sqlalchemy import func, select

from server.accounts.actor import Actor
from server.core.changes import announce
from server.core.clock import now
from server.core.db import Db
from server.core.limits import check_rate
from server.core.runtime import Runtime
from server.events import fields
from server.events.errors import SuggestionNotFound, SuggestionsClosed, SuggestionsFull
from server.events.links import NewLink, add_link, clean_link
from server.events.models import Event, EventLink, LinkSuggestion
from server.events.queries import get_event

WAITING, TAKEN, REFUSED = "waiting", "taken", "refused"
MOST_WAITING = 300


async def suggest_link(db: Db, event: Event, link: NewLink, *, by_name: str = "") -> LinkSuggestion:
    """Note a suggestion; an address that waits already, or is shown, is not noted twice.

    Raises SuggestionsClosed, SuggestionsFull and LinkInvalid.
    """
    if not event.takes_links:
        raise SuggestionsClosed
    wanted = clean_link(link)
    by_name = fields.check_text("by_name", by_name, most=120)
    known = await _known(db, event.id, wanted.url)
    if known is not None:
        return known
    waiting = await db.scalar(
        select(func.count()).where(LinkSuggestion.event_id == event.id, LinkSuggestion.state == WAITING)
    )
    if (waiting or 0) >= MOST_WAITING:
        raise SuggestionsFull
    row = LinkSuggestion(event_id=event.id, kind=wanted.kind, url=wanted.url, title=wanted.title, by_name=by_name)
    db.add(row)
    await db.flush()
    return row


async def receive_suggestion(
    runtime: Runtime, actor: Actor, event_ref: str, link: NewLink, *, by_name: str, from_: str
) -> LinkSuggestion:
    """The whole way of a suggestion, for API and page: `from_` is the asker's address as limits count it.

    A whole audience may sit behind one address, so it is thirty an hour and event. Organisers' pages hear of it.
    """
    async with runtime.database.read() as db:
        event = await get_event(db, event_ref, actor=actor)
    await check_rate(runtime.redis, f"suggest:{event.id}:from:{from_}", most=30, window_s=3600)
    async with runtime.database.write() as db:
        event = await get_event(db, event_ref, actor=actor, lock=True)
        row = await suggest_link(db, event, link, by_name=by_name)
        announce(db, runtime.redis, event_id=event.id, change={"kind": "suggestion", "id": row.id, "act": "created"})
    return row


async def _known(db: Db, event_id: str, url: str) -> LinkSuggestion | None:
    """An earlier suggestion of this address, decided on or not: what was refused is not asked again."""
    same = select(LinkSuggestion).where(LinkSuggestion.event_id == event_id, LinkSuggestion.url == url)
    return (await db.scalars(same.order_by(LinkSuggestion.id).limit(1))).first()


async def get_suggestion(db: Db, event: Event, suggestion_id: str) -> LinkSuggestion:
    """A suggestion for this event; raises SuggestionNotFound."""
    row = await db.get(LinkSuggestion, suggestion_id)
    if row is None or row.event_id != event.id:
        raise SuggestionNotFound
    return row


async def take_suggestion(
    db: Db, event: Event, row: LinkSuggestion, *, user_id: str | None, kind: str | None = None, title: str | None = None
) -> EventLink:
    """It becomes a link of the event, with a better kind or title where the organiser gives one."""
    link = NewLink(kind=kind or row.kind, url=row.url, title=row.title if title is None else title)
    made: EventLink = await add_link(db, EventLink, event, link)
    row.state, row.link_id, row.decided_by, row.decided_at = TAKEN, made.id, user_id, now()
    await db.flush()
    return made


async def refuse_suggestion(db: Db, row: LinkSuggestion, *, user_id: str | None) -> None:
    """It is never shown; it can still be taken later."""
    row.state, row.decided_by, row.decided_at = REFUSED, user_id, now()
    await db.flush()


async def suggestions_of(db: Db, event_id: str, *, state: str = WAITING, most: int = 300) -> Sequence[LinkSuggestion]:
    """Suggestions in one state, the oldest first."""
    statement = select(LinkSuggestion).where(LinkSuggestion.event_id == event_id, LinkSuggestion.state == state)
    return list(await db.scalars(statement.order_by(LinkSuggestion.id).limit(most)))
