"""Delete a deck with undo, and bring it back."""

from datetime import timedelta

from server.core.clock import now
from server.core.db import Db
from server.core.removals import keep_after_all, remove_later
from server.slides.errors import UndoTimeOver
from server.slides.models import Deck
from server.slides.queries import decks_of_sessions


async def retire_deck(db: Db, deck: Deck, *, undo_s: int) -> None:
    """Viewers no longer get it; its file goes when the undo time is over."""
    if deck.deleted_at is not None:
        return
    deck.deleted_at = now()
    deck.version += 1
    await remove_later(db, deck.key, reason="slides deleted", owner_id=deck.id, after_s=undo_s)


async def restore_deck(db: Db, deck: Deck, *, undo_s: int) -> None:
    """Undo a deletion; a deck that came meanwhile makes way. Raises UndoTimeOver when the file may be gone."""
    if deck.deleted_at is None:
        return
    if deck.deleted_at + timedelta(seconds=undo_s) <= now():
        raise UndoTimeOver
    for other in (await decks_of_sessions(db, [deck.session_id])).values():
        await retire_deck(db, other, undo_s=undo_s)
    deck.deleted_at = None
    deck.version += 1
    await keep_after_all(db, owner_id=deck.id)
