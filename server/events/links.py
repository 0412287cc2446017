"""Typed links of an event (and, from the feature above, of a session): add, replace, delete, take back."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from server.core.clock import now
from server.core.db import Db
from server.events import fields
from server.events.errors import LinkInvalid, LinkNotFound, UndoTimeOver
from server.events.models import EventLink

MOST_LINKS = 100


@dataclass(frozen=True, kw_only=True)
class NewLink:
    """A link as asked for; checked when it is added."""

    kind: str
    url: str
    title: str = ""


def clean_link(link: NewLink) -> NewLink:
    """The link as it may be stored; raises LinkInvalid with a sentence."""
    return NewLink(
        kind=fields.check_link_kind(link.kind),
        url=fields.check_url(link.url),
        title=fields.check_text("title", link.title, most=300),
    )


async def add_link(db: Db, model: type[Any], owner: Any, link: NewLink) -> Any:
    """Add a link to an event (or session) behind the others; the same one twice is one."""
    wanted = clean_link(link)
    present = await _present(db, model, owner)
    for row in present:
        if (row.kind, row.url) == (wanted.kind, wanted.url):
            return row
    if len(present) >= MOST_LINKS:
        raise LinkInvalid(f"There are {MOST_LINKS} links already; delete one first.")
    position = max((row.position for row in present), default=-1) + 1
    row = model(
        **{_owner_column(model): owner.id}, kind=wanted.kind, url=wanted.url, title=wanted.title, position=position
    )
    db.add(row)
    owner.version += 1
    await db.flush()
    return row


async def replace_links(db: Db, model: type[Any], owner: Any, links: Sequence[NewLink]) -> None:
    """Make these, in this order, the owner's links; those that stay keep their ids."""
    if len(links) > MOST_LINKS:
        raise LinkInvalid(f"At most {MOST_LINKS} links are kept.")
    wanted = list({(link.kind, link.url): link for link in map(clean_link, links)}.values())
    present = {(row.kind, row.url): row for row in await _present(db, model, owner)}
    for position, link in enumerate(wanted):
        row = present.pop((link.kind, link.url), None)
        if row is None:
            row = model(**{_owner_column(model): owner.id}, kind=link.kind, url=link.url)
            db.add(row)
        row.title, row.position = link.title, position
    for row in present.values():
        row.deleted_at = now()
    owner.version += 1
    await db.flush()


async def delete_link(db: Db, model: type[Any], owner: Any, link_id: str) -> None:
    """Delete one link of the owner; raises LinkNotFound."""
    row = await _one(db, model, owner, link_id)
    if row is None or row.deleted_at is not None:
        raise LinkNotFound
    row.deleted_at = now()
    owner.version += 1
    await db.flush()


async def restore_link(db: Db, model: type[Any], owner: Any, link_id: str, *, deleted_since: datetime) -> Any:
    """Take the deletion of a link back within the undo time; raises LinkNotFound or UndoTimeOver."""
    row = await _one(db, model, owner, link_id)
    if row is None or (row.deleted_at is not None and row.deleted_at < deleted_since):
        raise LinkNotFound
    if row.deleted_at is None:
        raise UndoTimeOver
    row.deleted_at = None
    owner.version += 1
    await db.flush()
    return row


def _owner_column(model: type[Any]) -> str:
    return "event_id" if model is EventLink else "session_id"


async def _present(db: Db, model: type[Any], owner: Any) -> Sequence[Any]:
    statement = select(model).where(getattr(model, _owner_column(model)) == owner.id, model.deleted_at.is_(None))
    return (await db.scalars(statement.order_by(model.position, model.id))).all()


async def _one(db: Db, model: type[Any], owner: Any, link_id: str) -> Any:
    if not fields.is_id(link_id):
        return None
    statement = select(model).where(model.id == link_id, getattr(model, _owner_column(model)) == owner.id)
    return (await db.scalars(statement)).one_or_none()
