"""Decks over HTTP."""

from datetime import datetime
from typing import Annotated

import msgspec

from server.slides.kinds import KINDS, safe_name
from server.slides.models import Deck


class DeckView(msgspec.Struct):
    """The slides of a session: the file as it was uploaded."""

    id: str
    session: str
    filename: Annotated[str, msgspec.Meta(examples=["still-slides.pdf"])]
    content_type: Annotated[str, msgspec.Meta(description="By its content.", examples=["application/pdf"])]
    size_bytes: Annotated[int, msgspec.Meta(examples=[2_345_678])]
    url: Annotated[str, msgspec.Meta(description="Where the file is downloaded.")]
    created_at: datetime
    deleted_at: datetime | None


def deck_url(deck: Deck) -> str:
    """Where the file is downloaded, by who may see the session."""
    return f"/api/v1/decks/{deck.id}/file"


def deck_view(deck: Deck) -> DeckView:
    """A row as the API shows it."""
    return DeckView(
        id=deck.id,
        session=deck.session_id,
        filename=safe_name(deck.filename, deck.kind),
        content_type=KINDS[deck.kind].content_type,
        size_bytes=deck.size_bytes,
        url=deck_url(deck),
        created_at=deck.created_at,
        deleted_at=deck.deleted_at,
    )
