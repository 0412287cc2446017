"""Give a thing its slug: the wanted one, or one made of its title, unique among its siblings."""

from collections.abc import Iterator
from typing import Any
from zlib import crc32

from sqlalchemy import func, or_, select, update
from sqlalchemy.exc import IntegrityError

from server.core.db import Db
from server.core.ids import RESERVED_SLUGS, slugify
from server.events.errors import SlugTaken
from server.events.fields import check_slug, is_id


async def claim_slug(
    db: Db,
    model: type[Any],
    *,
    wanted: str | None,
    title: str,
    event_id: str | None = None,
    reserved: bool = False,
    own_id: str | None = None,
) -> str:
    """A free slug for a row of `model` among its siblings (those of `event_id`, or all).

    A wanted slug is taken or refused (SlugInvalid, SlugReserved, SlugTaken); one made of the title gets a number when
    it is not free. What was deleted yields its slug to the newcomer and keeps a longer one for its return.
    """
    base = check_slug(wanted, reserved=reserved) if wanted else slugify(title, fallback=model.__tablename__.rstrip("s"))
    await _wait_for_siblings(db, f"{model.__tablename__}:{event_id or ''}")
    rows = select(model.id, model.slug, model.deleted_at).where(or_(model.slug == base, model.slug.like(f"{base}-%")))
    if event_id is not None:
        rows = rows.where(model.event_id == event_id)
    found = {slug: (row_id, deleted_at) for row_id, slug, deleted_at in await db.execute(rows) if row_id != own_id}
    if wanted is None:
        taken = found.keys() | (RESERVED_SLUGS if reserved else frozenset())
        return next(slug for slug in _numbered(base) if slug not in taken and not is_id(slug))
    if base in found:
        row_id, deleted_at = found[base]
        if deleted_at is None:
            raise SlugTaken(f"“{base}” is already taken; choose a different slug.")
        await db.execute(update(model).where(model.id == row_id).values(slug=f"{base[:80]}-{row_id[-12:]}"))
    return base


async def _wait_for_siblings(db: Db, siblings: str) -> None:
    """Let one transaction at a time choose among these siblings; SQLite has one writer anyway."""
    if db.get_bind().dialect.name == "postgresql":
        await db.execute(select(func.pg_advisory_xact_lock(crc32(siblings.encode()))))


def _numbered(base: str) -> Iterator[str]:
    yield base
    number = 2
    while True:
        yield f"{base}-{number}"
        number += 1


async def flush_named(db: Db) -> None:
    """Write what was added; raises SlugTaken when another transaction took the slug in the meantime."""
    try:
        await db.flush()
    except IntegrityError as error:
        raise SlugTaken from error
