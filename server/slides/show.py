"""Which version viewers see changes here: a rendering is finished, or a deck moves."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete

from server.core.clock import now
from server.core.db import Db
from server.core.jobs import enqueue
from server.core.removals import remove_later
from server.slides.add import lock_decks
from server.slides.jobs import DeckReady, DecksChanged
from server.slides.keys import rendering_prefix
from server.slides.models import FAILED, READY, RENDERING, WAITING, Deck, DeckPage
from server.slides.slots import is_live, moved, shown_decks


@dataclass(frozen=True, kw_only=True)
class Rendered:
    """What a rendering made, its pictures stored under its number."""

    number: int
    pages: Sequence[DeckPage]
    outline: list[Any]
    warnings: list[Any]


async def keep_rendering(db: Db, deck_id: str, made: Rendered, *, overlap_s: int) -> Deck | None:
    """Write down the pages, show the deck instead of its older versions; None when it is gone or withdrawn.

    The pictures of the rendering before go when no page that is open can name them any more.
    """
    found = await db.get(Deck, deck_id)
    if found is None:
        return None
    decks = await lock_decks(db, found.session_id)
    deck = next((row for row in decks if row.id == deck_id and row.deleted_at is None), None)
    if deck is None:
        return None
    if deck.rendering:
        await remove_later(
            db,
            rendering_prefix(deck.id, deck.rendering),
            reason="slides rendered again",
            owner_id=f"{deck.id}:r{deck.rendering}",
            after_s=overlap_s,
        )
    await db.execute(delete(DeckPage).where(DeckPage.deck_id == deck.id))
    db.add_all(made.pages)
    deck.state, deck.progress, deck.rendering = READY, 1.0, made.number
    deck.error_code = deck.error_detail = None
    deck.outline, deck.warnings = made.outline, made.warnings
    deck.page_count = len(made.pages)
    deck.slide_count = max((page.slide for page in made.pages), default=0)
    deck.version += 1
    if is_live(deck):
        supersede(deck, decks)
        await enqueue(db, DeckReady(session=deck.session_id, deck=deck.id), subject=deck.id)
    return deck


def supersede(deck: Deck, decks: Sequence[Deck]) -> None:
    """Older versions of a deck make way for it; what is being rendered of them is finished, for who goes back to it."""
    for older in decks:
        if older.slot == deck.slot and older.revision < deck.revision and is_live(older):
            older.replaced_at = now()
            older.version += 1


async def fail_rendering(db: Db, deck_id: str, *, code: str, detail: str) -> Deck | None:
    """Record in words why there are no (new) pages; None when nobody waits for them.

    A deck that has pages from before keeps them and stays ready.
    """
    deck = await db.get(Deck, deck_id, with_for_update=True)
    if deck is None or deck.state not in (WAITING, RENDERING):
        return None
    deck.state = READY if deck.rendering else FAILED
    deck.progress = 1.0 if deck.rendering else 0.0
    deck.error_code, deck.error_detail = code, detail
    deck.version += 1
    return deck


async def move_deck(db: Db, deck: Deck, *, position: int) -> None:
    """Put its slot at this place among those of its session, from 0; all versions of a slot move together."""
    decks = await lock_decks(db, deck.session_id)
    order = moved([row.slot for row in shown_decks(decks)], deck.slot, position)
    places = {slot: place for place, slot in enumerate(order)}
    for row in decks:
        if row.slot in places and row.position != places[row.slot]:
            row.position = places[row.slot]
            row.version += 1
    await decks_changed(db, deck.session_id)


async def decks_changed(db: Db, session_id: str) -> None:
    """Note the fact that other decks are shown with the session."""
    await enqueue(db, DecksChanged(session=session_id), subject=session_id)
