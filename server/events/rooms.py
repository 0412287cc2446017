"""Rooms and tracks of an event: make and change them. (delete_thing and restore_thing are in editions.)"""

from collections.abc import Mapping
from functools import partial
from typing import Any, TypeVar

from sqlalchemy import func, select

from server.core.db import Db
from server.core.errors import Invalid
from server.events import fields
from server.events.editions import Rules, clean
from server.events.models import Room, Track
from server.events.slugs import claim_slug, flush_named

Child = TypeVar("Child", Room, Track)


def _check_position(position: int) -> int:
    if not 0 <= position <= 100_000:
        raise Invalid("`position` is a number from 0 to 100,000.")
    return position


_ROOM: Rules = {
    "name": partial(fields.check_text, "name", most=200, required=True),
    "description": partial(fields.check_text, "description", most=10_000),
    "position": _check_position,
}
_TRACK: Rules = {**_ROOM, "color": fields.check_colour}


async def create_room(
    db: Db, event_id: str, *, name: str, slug: str | None = None, description: str = "", position: int | None = None
) -> Room:
    """Add a room to an event, after the others unless it is given a position."""
    return await _create(db, Room, event_id, _ROOM, slug, position, {"name": name, "description": description})


async def create_track(
    db: Db,
    event_id: str,
    *,
    name: str,
    slug: str | None = None,
    description: str = "",
    color: str = "",
    position: int | None = None,
) -> Track:
    """Add a track to an event, after the others unless it is given a position."""
    values = {"name": name, "description": description, "color": color}
    return await _create(db, Track, event_id, _TRACK, slug, position, values)


async def _create(
    db: Db,
    model: type[Child],
    event_id: str,
    rules: Rules,
    slug: str | None,
    position: int | None,
    values: Mapping[str, Any],
) -> Child:
    values = clean(rules, values)
    if position is None:
        last = await db.scalar(select(func.max(model.position)).where(model.event_id == event_id))
        position = 0 if last is None else min(last + 1, 100_000)
    child = model(
        event_id=event_id,
        slug=await claim_slug(db, model, wanted=slug, title=values["name"], event_id=event_id),
        position=_check_position(position),
        **values,
    )
    db.add(child)
    await flush_named(db)
    return child


async def change_room(db: Db, room: Room, changes: Mapping[str, Any]) -> Room:
    """Change the given fields of a room (slug, name, description, position)."""
    return await _change(db, Room, room, _ROOM, changes)


async def change_track(db: Db, track: Track, changes: Mapping[str, Any]) -> Track:
    """Change the given fields of a track (slug, name, description, color, position)."""
    return await _change(db, Track, track, _TRACK, changes)


async def _change(db: Db, model: type[Child], child: Child, rules: Rules, changes: Mapping[str, Any]) -> Child:
    changes = dict(changes)
    if "slug" in changes:
        child.slug = await claim_slug(
            db, model, wanted=changes.pop("slug"), title=child.name, event_id=child.event_id, own_id=child.id
        )
    for name, value in clean(rules, changes).items():
        setattr(child, name, value)
    child.version += 1
    await flush_named(db)
    return child
