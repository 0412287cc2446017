"""A finished upload becomes a session's deck."""

import asyncio

from sqlalchemy import select

from server.core.db import Db
from server.core.runtime import Runtime
from server.core.storage import ObjectStore, StorageAway
from server.slides.add import DeckFile, add_deck
from server.slides.changes import tell
from server.slides.errors import DeckUnusable
from server.slides.kinds import HEAD_BYTES, TAIL_BYTES, kind_of
from server.slides.models import Deck
from server.uploads.desk import FinishedUpload

MAX_BYTES = 1 << 30
_PATIENCE_S = 5.0


async def accept_deck(db: Db, runtime: Runtime, upload: FinishedUpload) -> str:
    """Write the deck and order its rendering; returns its id, the same one for a repeat.

    Raises DeckUnusable or SlotUnknown with what is wrong, in words. Only both ends of the file are read, with a few
    seconds' patience.
    """
    known = await db.scalar(select(Deck.id).where(Deck.upload_id == upload.id))
    if known is not None:
        return known
    if upload.size_bytes > MAX_BYTES:
        raise DeckUnusable("A slide deck may be 1 GiB long at most. Export it with smaller pictures.")
    file = DeckFile(
        filename=upload.filename,
        kind=await _look_at(runtime.store, upload),
        size_bytes=upload.size_bytes,
        key=upload.key,
        upload_id=upload.id,
    )
    deck = await add_deck(db, event_id=upload.event_id, session_id=upload.session_id, file=file, slot=upload.slot)
    tell(db, runtime, deck)
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
