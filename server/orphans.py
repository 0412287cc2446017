"""Objects nobody owns: found by comparing what is stored with the rows, and removed once they are a day old."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select

from server.core.clock import now
from server.core.db import Database, Db
from server.core.storage import ObjectStore
from server.events.models import Event
from server.events.pictures import PICTURES
from server.live.models import Broadcast
from server.live.storage_keys import LIVE
from server.playback.downloads import DOWNLOADS
from server.recordings.keys import RECORDINGS
from server.recordings.models import Recording, Source
from server.slides.keys import DECKS
from server.slides.models import Deck
from server.uploads.models import Upload

UPLOADS = "uploads/"
KINDS = (UPLOADS, RECORDINGS, LIVE, DECKS, DOWNLOADS, PICTURES)
AGE = timedelta(days=1)
_BATCH = 500


@dataclass(frozen=True)
class Orphan:
    """An object without an owner."""

    key: str
    size_bytes: int


def owner_of(key: str) -> tuple[str, str] | None:
    """(kind, id) of the row that owns a key, from the key alone; None for keys Semma did not make."""
    for prefix in KINDS:
        if key.startswith(prefix):
            return prefix, key[len(prefix) :].split("/", 1)[0]
    return None


async def _known(db: Db, kind: str, ids: Sequence[str]) -> set[str]:
    if kind in (RECORDINGS, DOWNLOADS):
        return set(await db.scalars(select(Recording.id).where(Recording.id.in_(ids))))
    if kind == LIVE:
        return set(await db.scalars(select(Broadcast.id).where(Broadcast.id.in_(ids))))
    if kind == PICTURES:
        return set(await db.scalars(select(Event.id).where(Event.id.in_(ids))))
    if kind == DECKS:
        return set(await db.scalars(select(Deck.id).where(Deck.id.in_(ids))))
    # A source and a deck keep the key their upload had, so the file outlives the upload's own row.
    owned = set(await db.scalars(select(Upload.id).where(Upload.id.in_(ids))))
    for column in (Source.upload_id, Deck.upload_id):
        owned |= {item for item in await db.scalars(select(column).where(column.in_(ids))) if item}
    return owned


async def find_orphans(database: Database, store: ObjectStore, *, age: timedelta = AGE) -> list[Orphan]:
    """Objects below our prefixes, older than `age`, whose recording, source, broadcast or upload has no row."""
    found: list[Orphan] = []
    for kind in KINDS:
        batch: list[tuple[str, Orphan]] = []
        async for stored in store.objects(kind):
            owner = owner_of(stored.key)
            if owner is not None and now() - stored.last_modified > age:
                batch.append((owner[1], Orphan(stored.key, stored.size_bytes)))
            if len(batch) >= _BATCH:
                found += await _unowned(database, kind, batch)
                batch = []
        found += await _unowned(database, kind, batch)
    return found


async def _unowned(database: Database, kind: str, batch: list[tuple[str, Orphan]]) -> list[Orphan]:
    if not batch:
        return []
    async with database.read() as db:
        known = await _known(db, kind, sorted({owner for owner, _orphan in batch}))
    return [orphan for owner, orphan in batch if owner not in known]


async def sweep_orphans(database: Database, store: ObjectStore, *, age: timedelta = AGE) -> int:
    """Remove them; returns how many."""
    orphans = await find_orphans(database, store, age=age)
    return await store.delete_many([orphan.key for orphan in orphans])
