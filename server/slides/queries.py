"""Reading decks, as far as the asker may know of them."""

from collections.abc import Mapping, Sequence

from sqlalchemy import bindparam, select

from server.accounts.actor import Actor
from server.accounts.policy import Action
from server.core.db import Db
from server.sessions.errors import SessionNotFound
from server.sessions.queries import get_session
from server.slides.errors import DeckNotFound
from server.slides.models import Deck

# Made once: to build a statement anew costs more than to run it.
_OF_SESSIONS = (
    select(Deck)
    .where(Deck.session_id.in_(bindparam("ids", expanding=True)), Deck.deleted_at.is_(None))
    .order_by(Deck.created_at)
)


async def decks_of_sessions(db: Db, session_ids: Sequence[str]) -> Mapping[str, Deck]:
    """The deck of each session that has one, in one statement."""
    rows = await db.scalars(_OF_SESSIONS, {"ids": list(session_ids)})
    return {row.session_id: row for row in rows}


async def get_deck(db: Db, actor: Actor, deck_id: str, action: Action = Action.SEE, *, deleted: bool = False) -> Deck:
    """The deck, if the actor may do this to its session; raises DeckNotFound, Unauthenticated, Forbidden."""
    deck = await db.get(Deck, deck_id)
    if deck is None or (deck.deleted_at is not None and not deleted):
        raise DeckNotFound
    try:
        await get_session(db, deck.session_id, actor=actor, action=action)
    except SessionNotFound:
        raise DeckNotFound from None
    return deck
