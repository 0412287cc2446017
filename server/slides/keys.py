"""Every storage key of a deck but for an uploaded file's, in one place.

A key below `decks/` is also the path below `/slides/{token}/`, but for the fetched file, which no address leads to.
"""

DECKS = "decks/"


def deck_prefix(deck_id: str) -> str:
    """Everything made from a deck."""
    return f"{DECKS}{deck_id}/"


def rendering_prefix(deck_id: str, rendering: int) -> str:
    """The pictures of one rendering; they never change, another rendering has another number."""
    return f"{deck_prefix(deck_id)}r{rendering}/"


def page_path(rendering: int, number: int, size: str) -> str:
    """The picture of a page below the deck; `size` is large or small, `number` counts from 1."""
    return f"r{rendering}/{number:04d}-{size}.webp"


def fetched_key(deck_id: str) -> str:
    """The file of a deck that was fetched from a link."""
    return f"{deck_prefix(deck_id)}file"
