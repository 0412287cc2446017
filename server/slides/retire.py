"""Withdraw a deck with undo, and bring back what was withdrawn or replaced."""

from datetime import datetime, timedelta

from server.core.clock import now
from server.core.db import Db
from server.core.jobs import cancel_jobs
from server.core.removals import keep_after_all, remove_later
from server.slides.add import lock_decks, order_rendering
from server.slides.errors import UndoTimeOver
from server.slides.jobs import RENDER
from server.slides.keys import deck_prefix
from server.slides.models import Deck
from server.slides.show import decks_changed, supersede
from server.slides.slots import is_live


async def retire_deck(db: Db, deck: Deck, *, undo_s: int) -> None:
    """Viewers no longer get it; files and pictures go when the undo time is over.

    When no version of it is left that is or will be shown, its older versions go with it.
    """
    await cancel_jobs(db, subject=deck.id, names=[RENDER])
    decks = await lock_decks(db, deck.session_id)
    if deck.deleted_at is not None:
        return
    moment = now()
    await _withdraw(db, deck, moment, undo_s=undo_s)
    slot = [row for row in decks if row.slot == deck.slot]
    if not any(is_live(row) for row in slot):
        for older in slot:
            if older.deleted_at is None:
                await _withdraw(db, older, moment, undo_s=undo_s)
    await decks_changed(db, deck.session_id)


async def _withdraw(db: Db, deck: Deck, moment: datetime, *, undo_s: int) -> None:
    deck.deleted_at = moment
    deck.version += 1
    for prefix in (deck.key, deck_prefix(deck.id)):
        await remove_later(db, prefix, reason="slides deleted", owner_id=deck.id, after_s=undo_s)


async def restore_deck(db: Db, deck: Deck, *, undo_s: int) -> None:
    """Undo a deletion (with the versions that went with it), or go back to an older version.

    It becomes the newest version and is shown at once, unless one that has pages is shown and it has none yet. Raises
    UndoTimeOver when its files may be gone.
    """
    if deck.deleted_at is not None and deck.deleted_at + timedelta(seconds=undo_s) <= now():
        raise UndoTimeOver
    decks = await lock_decks(db, deck.session_id)
    slot = [row for row in decks if row.slot == deck.slot]
    if deck.deleted_at is not None:
        for row in [row for row in slot if row.deleted_at == deck.deleted_at]:
            row.deleted_at = None
            row.version += 1
            await keep_after_all(db, owner_id=row.id)
    if deck.replaced_at is not None or any(is_live(row) for row in slot if row is not deck):
        deck.revision = max(row.revision for row in slot) + 1
        deck.replaced_at = None
        deck.version += 1
    if not deck.rendering:
        await order_rendering(db, deck)
    if deck.rendering or not any(row.rendering for row in slot if is_live(row)):
        supersede(deck, decks)
    await decks_changed(db, deck.session_id)
