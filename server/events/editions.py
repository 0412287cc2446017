"""Open an edition, change it, delete it and take that back; the same for the series editions belong to.

Every act takes plain values, checks them (server/events/fields.py) and writes; none commits, none asks for rights.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any, TypeVar

from server.accounts.grants import give_grant
from server.accounts.queries import ORGANISER
from server.core.clock import now
from server.core.db import Db
from server.core.ids import new_id
from server.events import fields
from server.events.errors import UndoTimeOver
from server.events.models import CLOSED, PUBLIC, Event, Series
from server.events.queries import get_series
from server.events.slugs import claim_slug, flush_named

T = TypeVar("T", Series, Event)
Rules = Mapping[str, Callable[[Any], Any]]

_SERIES: Rules = {
    "title": partial(fields.check_text, "title", most=300, required=True),
    "description": partial(fields.check_text, "description", most=50_000),
}
_EVENT: Rules = {
    "title": partial(fields.check_text, "title", most=300, required=True),
    "subtitle": partial(fields.check_text, "subtitle", most=300),
    "description": partial(fields.check_text, "description", most=50_000),
    "starts_on": lambda day: day,
    "ends_on": lambda day: day,
    "time_zone": fields.check_time_zone,
    "languages": fields.check_languages,
    "hashtag": fields.check_hashtag,
    "visibility": fields.check_visibility,
    "publish_live": bool,
    "color": fields.check_colour,
    "about": partial(fields.check_text, "about", most=50_000),
    "code_of_conduct": partial(fields.check_text, "code_of_conduct", most=50_000),
    "venue_name": partial(fields.check_text, "venue_name", most=200),
    "venue_address": partial(fields.check_text, "venue_address", most=500),
    "venue_url": fields.check_optional_url,
    "takes_links": bool,
}


def clean(rules: Rules, values: Mapping[str, Any]) -> dict[str, Any]:
    """The values as they may be stored; raises Invalid with a sentence for the first that may not."""
    return {name: rules[name](value) for name, value in values.items()}


async def create_series(db: Db, *, title: str, slug: str | None = None, description: str = "") -> Series:
    """Found a series; its slug is made of the title when none is given."""
    values = clean(_SERIES, {"title": title, "description": description})
    series = Series(slug=await claim_slug(db, Series, wanted=slug, title=title, reserved=True), **values)
    db.add(series)
    await flush_named(db)
    return series


async def change_series(db: Db, series: Series, changes: Mapping[str, Any]) -> Series:
    """Change the given fields of a series (slug, title, description)."""
    changes = dict(changes)
    if "slug" in changes:
        series.slug = await claim_slug(
            db, Series, wanted=changes.pop("slug"), title=series.title, reserved=True, own_id=series.id
        )
    return await _apply(db, series, clean(_SERIES, changes))


async def create_event(
    db: Db,
    *,
    title: str,
    slug: str | None = None,
    series: str | None = None,
    subtitle: str = "",
    description: str = "",
    starts_on: date | None = None,
    ends_on: date | None = None,
    time_zone: str = "Europe/Helsinki",
    languages: Iterable[str] = (),
    hashtag: str = "",
    visibility: str = PUBLIC,
    publish_live: bool = True,
    organiser_id: str | None = None,
    event_id: str | None = None,
    **more: Any,
) -> Event:
    """Open an edition, of a series (id or slug) or on its own; the given user becomes its organiser.

    `more` are further columns: color, about, code_of_conduct, venue_name, venue_address, venue_url, takes_links.
    """
    values = clean(
        _EVENT,
        {
            "title": title,
            "subtitle": subtitle,
            "description": description,
            "starts_on": starts_on,
            "ends_on": ends_on,
            "time_zone": time_zone,
            "languages": languages,
            "hashtag": hashtag,
            "visibility": visibility,
            "publish_live": publish_live,
            **more,
        },
    )
    fields.check_dates(starts_on, ends_on)
    series_id = (await get_series(db, series)).id if series else None
    event_slug = await claim_slug(db, Event, wanted=slug, title=title, reserved=True)
    event = Event(id=event_id or new_id(), slug=event_slug, series_id=series_id, **values)
    db.add(event)
    await flush_named(db)
    if organiser_id is not None:
        await give_grant(db, user_id=organiser_id, role=ORGANISER, event_id=event.id)
    return event


async def change_event(db: Db, event: Event, changes: Mapping[str, Any]) -> Event:
    """Change the given fields of an event; `series` is an id, a slug or None.

    Closing its doors raises `access_epoch`, so that whatever let somebody in before does so no more.
    """
    changes = dict(changes)
    if "slug" in changes:
        event.slug = await claim_slug(
            db, Event, wanted=changes.pop("slug"), title=event.title, reserved=True, own_id=event.id
        )
    if "series" in changes:
        series = changes.pop("series")
        event.series_id = (await get_series(db, series)).id if series else None
    values = clean(_EVENT, changes)
    fields.check_dates(values.get("starts_on", event.starts_on), values.get("ends_on", event.ends_on))
    if values.get("visibility") == CLOSED != event.visibility:
        event.access_epoch += 1
    return await _apply(db, event, values)


async def _apply(db: Db, row: T, values: Mapping[str, Any]) -> T:
    for name, value in values.items():
        setattr(row, name, value)
    row.version += 1
    await flush_named(db)
    return row


def restorable_since(undo_s: int) -> datetime:
    """What was deleted after this moment can still be restored; `undo_s` is the undo time in seconds."""
    return now() - timedelta(seconds=undo_s)


async def delete_thing(db: Db, row: Any) -> None:
    """Delete a series, event, room, track, session or speaker; what stands in it is hidden with it.

    Nothing is lost until the undo time has passed.
    """
    row.deleted_at = now()
    row.version += 1
    await db.flush()


async def restore_thing(db: Db, row: Any) -> None:
    """Take a deletion back; raises UndoTimeOver when it is not deleted. The caller's query minds the undo time."""
    if row.deleted_at is None:
        raise UndoTimeOver
    row.deleted_at = None
    row.version += 1
    await db.flush()
