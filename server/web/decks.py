"""A session's slides as pages show them."""

from dataclasses import dataclass

from server.core.db import Db
from server.slides.kinds import KINDS, safe_name
from server.slides.queries import decks_of_sessions
from server.slides.schemas import deck_url


@dataclass(frozen=True, slots=True)
class DeckShown:
    """A deck to download; `kind` is what people call its form, as "PDF"."""

    id: str
    url: str
    kind: str
    filename: str
    size_bytes: int


async def read_deck(db: Db, session_id: str) -> DeckShown | None:
    """The session's deck, for who may see the session."""
    deck = (await decks_of_sessions(db, [session_id])).get(session_id)
    if deck is None:
        return None
    kind = KINDS[deck.kind]
    return DeckShown(deck.id, deck_url(deck), kind.label, safe_name(deck.filename, deck.kind), deck.size_bytes)
