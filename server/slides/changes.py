"""What listeners of an event are told of slides: everybody who may see it, of errors only its organisers."""

from typing import Any

from server.core.changes import announce
from server.core.db import Db
from server.core.runtime import Runtime
from server.slides.models import Deck


def change_of(deck: Deck) -> dict[str, Any]:
    """The announcement of a deck's present state."""
    return {
        "kind": "slides",
        "id": deck.id,
        "session": deck.session_id,
        "state": deck.state,
        "progress": round(deck.progress, 3),
        "error": deck.error_code,
        "public": True,
    }


def tell(db: Db, runtime: Runtime, deck: Deck) -> None:
    """Tell the event's listeners after the commit."""
    announce(db, runtime.redis, event_id=deck.event_id, change=change_of(deck))
