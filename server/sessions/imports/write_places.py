"""Write rooms, tracks and speakers of an import: made, renamed, brought back; and what the source means by them."""

from typing import Any

from sqlalchemy import bindparam, delete, insert, select, update

from server.core.clock import now
from server.core.db import Db
from server.core.errors import Invalid
from server.core.ids import is_slug, new_id, slugify
from server.events.fields import check_colour, fold_text
from server.events.models import Room, Track
from server.events.rooms import create_room, create_track
from server.sessions.imports.facts import chunks
from server.sessions.imports.models import ImportedName
from server.sessions.imports.places import ROOM, SPEAKER, TRACK, Named, Places
from server.sessions.models import Speaker

NAMES: Any = ImportedName.__table__
SPEAKERS: Any = Speaker.__table__
MODELS: dict[str, Any] = {ROOM: Room, TRACK: Track, SPEAKER: Speaker}
Undo = list[list[Any]]


async def write_places(db: Db, event_id: str, source_id: str, places: Places) -> Undo:
    """Write one kind; returns what undo needs: [kind, id, "made" | "back"] and [kind, id, field, before, after]."""
    undo: Undo = []
    if places.kind == SPEAKER:
        await _make_speakers(db, places.create)
    else:
        for thing_id, named in places.create:
            await _make_place(db, event_id, places.kind, thing_id, named)
    undo += [[places.kind, thing_id, "made"] for thing_id, _ in places.create]
    model = MODELS[places.kind]
    for part in chunks(places.restore):
        await db.execute(
            update(model)
            .where(model.id.in_(part))
            .values(deleted_at=None, version=model.version + 1)
            .execution_options(synchronize_session=False)
        )
    undo += [[places.kind, thing_id, "back"] for thing_id in places.restore]
    for thing_id, changes in places.change.items():
        undo += await _change(db, places.kind, thing_id, changes)
    await _write_rows(db, source_id, places)
    return undo


async def _make_place(db: Db, event_id: str, kind: str, thing_id: str, named: Named) -> None:
    if kind == ROOM:
        made: Any = await create_room(
            db, event_id, name=named.name or "?", description=named.extra.get("description", "")[:10_000]
        )
    else:
        made = await create_track(db, event_id, name=named.name or "?", color=_colour(named.extra.get("color", "")))
    # The plan gave it its id already, which the sessions name.
    model = MODELS[kind]
    db.expunge(made)
    statement = update(model).where(model.id == made.id).values(id=thing_id)
    await db.execute(statement.execution_options(synchronize_session=False))


def _colour(text: str) -> str:
    try:
        return check_colour(text)
    except Invalid:
        return ""


async def _make_speakers(db: Db, create: list[tuple[str, Named]]) -> None:
    """Many at once; slugs as `claim_slug` gives them."""
    if not create:
        return
    wanted = {thing_id: slugify(named.name, fallback="speaker") for thing_id, named in create}
    taken: set[str] = set()
    for part in chunks(set(wanted.values())):
        taken |= set(await db.scalars(select(Speaker.slug).where(Speaker.slug.in_(part))))
    rows = []
    for thing_id, named in create:
        slug = wanted[thing_id]
        if slug in taken or not is_slug(slug):
            slug = f"{slug[:80]}-{thing_id[-12:]}"
        taken.add(slug)
        rows.append(
            {
                "id": thing_id,
                "slug": slug,
                "name": named.name,
                "biography": named.extra.get("biography", ""),
                "affiliation": named.extra.get("affiliation", ""),
                "folded": fold_text(named.name),
                "version": 1,
                "created_at": now(),
                "updated_at": now(),
            }
        )
    for part in chunks(rows, 1000):
        await db.execute(insert(SPEAKERS), part)


async def _change(db: Db, kind: str, thing_id: str, changes: dict[str, tuple[str, str]]) -> Undo:
    model = MODELS[kind]
    row = await db.get(model, thing_id, with_for_update=True)
    if row is None:
        return []
    undo: Undo = []
    for name, (before, after) in changes.items():
        value = _colour(after) if name == "color" else after
        if getattr(row, name) == before and value != before:
            setattr(row, name, value)
            undo.append([kind, thing_id, name, before, value])
    if undo:
        row.version += 1
    return undo


async def _write_rows(db: Db, source_id: str, places: Places) -> None:
    new = [
        {
            "id": new_id(),
            "source_id": source_id,
            "kind": places.kind,
            "key": named.key,
            "name": named.name,
            "thing_id": thing_id,
            "values": dict(named.extra),
        }
        for named, thing_id in places.new_rows
    ]
    for part in chunks(new, 1000):
        await db.execute(insert(NAMES), part)
    changed = [
        {
            "b_id": row_id,
            "b_key": named.key,
            "b_name": named.name,
            "b_thing": thing_id,
            "b_values": dict(named.extra),
        }
        for row_id, named, thing_id in places.changed_rows
    ]
    if changed:
        statement = (
            update(NAMES)
            .where(NAMES.c.id == bindparam("b_id"))
            .values(
                {
                    "key": bindparam("b_key"),
                    "name": bindparam("b_name"),
                    "thing_id": bindparam("b_thing"),
                    "values": bindparam("b_values"),
                }
            )
        )
        await db.execute(statement, changed)


async def undo_places(db: Db, changes: Undo, *, in_use: set[str]) -> None:
    """Take back what is as the import left it; what was made and is used by something stays."""
    for kind, thing_id, act, *values in changes:
        model = MODELS[kind]
        row = await db.get(model, thing_id, with_for_update=True)
        if row is None:
            continue
        if act == "made":
            if thing_id not in in_use and row.version == 1 and row.deleted_at is None:
                row.deleted_at, row.version = now(), row.version + 1
                await db.execute(delete(ImportedName).where(ImportedName.thing_id == thing_id))
        elif act == "back":
            if thing_id not in in_use and row.deleted_at is None:
                row.deleted_at, row.version = now(), row.version + 1
        elif getattr(row, act) == values[1]:
            setattr(row, act, values[0])
            row.version += 1
    await db.flush()
