"""Everything that can go wrong with a deck, in words."""

from server.core.errors import Gone, Invalid, NotFound


class DeckNotFound(NotFound):
    """No such deck for this asker."""

    code = "deck.not_found"
    says = "There is no such slide deck."


class DeckUnusable(Invalid):
    """The file is not one that slides come in."""

    code = "deck.unusable"


class DeckLost(Gone):
    """The row is there and its file is not."""

    code = "deck.lost"
    says = "The file of these slides is lost; please upload it again."


class UndoTimeOver(NotFound):
    """Deleted so long ago that its file is gone."""

    code = "deck.undo_time_over"
    says = "This was deleted too long ago to be brought back."
