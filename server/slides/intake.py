"""A finished upload becomes a session's deck; an older deck makes way, and can be brought back for a while."""

import asyncio

from sqlalchemy import select

from server.core.db import Db
from server.core.ids import new_id
from server.core.storage import ObjectStore, StorageAway
from server.slides.errors import DeckUnusable
from server.slides.kinds import HEAD_BYTES, TAIL_BYTES, kind_of
from server.slides.models import Deck
from server.slides.retire import retire_deck
from server.uploads.desk import FinishedUpload

MAX_BYTES = 1 << 30
_PATIENCE_S = 5.0


async def accept_deck(db: Db, store: ObjectStore, upload: FinishedUpload, *, undo_s: int) -> str:
    """Write the deck; returns its id, the same one for a repeat.

    Raises DeckUnusable with what is wrong, in words. Only both ends of the file are read, with a few seconds' patience.
    """
    known = await db.scalar(select(Deck.id).where(Deck.upload_id == upload.id))
    if known is not None:
        return known
    if upload.size_bytes > MAX_BYTES:
        raise DeckUnusable("A slide deck may be 1 GiB long at most. Export it with smaller pictures.")
    kind = await _look_at(store, upload)
    for older in await db.scalars(
        select(Deck).where(Deck.session_id == upload.session_id, Deck.deleted_at.is_(None)).with_for_update()
    ):
        await retire_deck(db, older, undo_s=undo_s)
    deck = Deck(
        id=new_id(),
        event_id=upload.event_id,
        session_id=upload.session_id,
        filename=upload.filename[:300],
        kind=kind,
        size_bytes=upload.size_bytes,
        key=upload.key,
        upload_id=upload.id,
    )
    db.add(deck)
    await db.flush()
    return deck.id


async def _look_at(store: ObjectStore, upload: FinishedUpload) -> str:
    last = upload.size_bytes - 1
    try:
        async with asyncio.timeout(_PATIENCE_S):
            head = await store.get(upload.key, first=0, last=min(last, HEAD_BYTES - 1))
            tail = await store.get(upload.key, first=max(0, last - TAIL_BYTES), last=last)
    except TimeoutError:
        raise StorageAway from None
    return await asyncio.to_thread(kind_of, head, tail)
