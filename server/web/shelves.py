"""Events on shelves: each series with its editions, the latest first, then events of no series."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from sqlalchemy import func, select

from server.accounts.actor import Actor
from server.core.clock import now
from server.core.db import Db
from server.events.models import Event, Series
from server.events.queries import editable_events, visible_events, with_series
from server.recordings.models import Recording
from server.sessions.models import Session
from server.web.shown import EventCard, Shelf
from server.web.wording import zone_of


async def count_talks(db: Db, event_ids: Iterable[str]) -> dict[str, tuple[int, int]]:
    """Sessions and published recordings of each event; two statements."""
    wanted = list(event_ids)
    if not wanted:
        return {}
    sessions = (
        select(Session.event_id, func.count())
        .where(Session.event_id.in_(wanted), Session.deleted_at.is_(None))
        .group_by(Session.event_id)
    )
    recordings = (
        select(Recording.event_id, func.count(Recording.session_id.distinct()))
        .join(Session, Session.id == Recording.session_id)
        .where(
            Recording.event_id.in_(wanted),
            Recording.deleted_at.is_(None),
            Recording.published_at.is_not(None),
            Recording.playable.is_(True),
            Session.deleted_at.is_(None),
        )
        .group_by(Recording.event_id)
    )
    talks = {event_id: count for event_id, count in await db.execute(sessions)}
    watchable = {event_id: count for event_id, count in await db.execute(recordings)}
    return {event_id: (talks.get(event_id, 0), watchable.get(event_id, 0)) for event_id in wanted}


def when_is(event: Event, *, today: date) -> str:
    """Whether the event is now, coming or past; `today` in the event's zone."""
    if event.starts_on is None:
        return "past"
    if today < event.starts_on:
        return "coming"
    return "now" if today <= (event.ends_on or event.starts_on) else "past"


def event_card(event: Event, counts: tuple[int, int] = (0, 0)) -> EventCard:
    """An event as it stands in lists."""
    return EventCard(
        slug=event.slug,
        title=event.title,
        starts_on=event.starts_on,
        ends_on=event.ends_on,
        visibility=event.visibility,
        when=when_is(event, today=now().astimezone(zone_of(event.time_zone)).date()),
        talks=counts[0],
        recordings=counts[1],
    )


def on_shelves(rows: Sequence[tuple[Event, Series | None]], counts: Mapping[str, tuple[int, int]]) -> list[Shelf]:
    """Events by series; the series with the latest event first, events of no series last."""
    newest_first = sorted(rows, key=lambda row: (row[0].starts_on or date.max, row[0].id), reverse=True)
    series: dict[str, Series | None] = {}
    cards: dict[str, list[EventCard]] = {}
    for event, of in newest_first:
        key = of.id if of else ""
        series[key] = of
        cards.setdefault(key, []).append(event_card(event, counts.get(event.id, (0, 0))))
    shelves = []
    for key in sorted(cards, key=lambda key: key == ""):
        of = series[key]
        shelves.append(
            Shelf(
                slug=of.slug if of else "",
                title=of.title if of else "",
                description=of.description if of else "",
                events=tuple(cards[key]),
            )
        )
    return shelves


async def read_shelves(db: Db, actor: Actor) -> list[Shelf]:
    """Every event the actor finds in lists; three statements."""
    rows = [(event, series) for event, series in await db.execute(with_series(visible_events(actor)))]
    return on_shelves(rows, await count_talks(db, [event.id for event, _ in rows]))


async def read_shelf(db: Db, actor: Actor, series: Series) -> Shelf:
    """One series with the editions the actor finds; three statements."""
    statement = visible_events(actor).where(Event.series_id == series.id)
    events = list(await db.scalars(statement))
    shelves = on_shelves([(event, series) for event in events], await count_talks(db, [e.id for e in events]))
    return shelves[0] if shelves else Shelf(slug=series.slug, title=series.title, description=series.description)


async def read_own_events(db: Db, actor: Actor) -> list[EventCard]:
    """The events the actor organises, the latest first; three statements."""
    events = sorted(
        await db.scalars(editable_events(actor)), key=lambda row: (row.starts_on or date.max, row.id), reverse=True
    )
    counts = await count_talks(db, [event.id for event in events])
    return [event_card(event, counts.get(event.id, (0, 0))) for event in events]
