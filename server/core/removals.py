"""The life cycle of objects: what nobody can name any more is written down here and removed when its time comes.

A delete first frees nothing: it notes prefixes with the moment after which they may go (the undo time, or the time
until the last playback token that names them has run out). Housekeeping removes what is due. Rows written in the same
transaction as the delete, so neither can happen without the other.
"""

from datetime import datetime, timedelta

from sqlalchemy import String, delete, select
from sqlalchemy.orm import Mapped, mapped_column

from server.core.clock import now
from server.core.db import Base, Database, Db, HasId
from server.core.storage import ObjectStore


class Removal(HasId, Base):
    """A prefix (or single key) to remove once `due_at` has passed."""

    __tablename__ = "removals"

    prefix: Mapped[str] = mapped_column(String(400), index=True)
    reason: Mapped[str] = mapped_column(String(80))
    owner_id: Mapped[str] = mapped_column(String(64), default="", index=True)
    due_at: Mapped[datetime] = mapped_column(index=True)


async def remove_later(db: Db, prefix: str, *, reason: str, owner_id: str, after_s: float) -> None:
    """Note that everything under the prefix may go after so many seconds."""
    db.add(Removal(prefix=prefix, reason=reason, owner_id=owner_id, due_at=now() + timedelta(seconds=after_s)))
    await db.flush()


async def keep_after_all(db: Db, *, owner_id: str) -> None:
    """Undo: take back every removal noted for this owner."""
    await db.execute(delete(Removal).where(Removal.owner_id == owner_id))


async def remove_due(database: Database, store: ObjectStore, *, most: int = 50) -> int:
    """Remove what is due; the row goes last, so a crash in between repeats the removal. Returns objects removed."""
    async with database.read() as db:
        due = list(
            await db.scalars(select(Removal).where(Removal.due_at <= now()).order_by(Removal.due_at).limit(most))
        )
    removed = 0
    for removal in due:
        removed += await store.delete_prefix(removal.prefix)
        async with database.write() as db:
            await db.execute(delete(Removal).where(Removal.id == removal.id))
    return removed
