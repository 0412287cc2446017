"""Everything that can go wrong with a deck, in words."""

from server.core.errors import Forbidden, Gone, Invalid, NotFound


class DeckNotFound(NotFound):
    """No such deck for this asker."""

    code = "deck.not_found"
    says = "There is no such slide deck."


class PageNotFound(NotFound):
    """The deck has no such page (yet)."""

    code = "deck.page_not_found"
    says = "These slides have no such page."


class PictureNotFound(NotFound):
    """No such picture below this deck, or no such deck."""

    code = "deck.picture_not_found"
    says = "There is no such picture of a page."


class PictureClosed(Forbidden):
    """The token in the address does not open this deck (any more)."""

    code = "deck.token_not_valid"
    says = "This address is not valid any more. Open the talk's page again."


class DeckNotForDownload(Forbidden):
    """The licence lets viewers look at the pages only."""

    code = "deck.not_for_download"
    says = "The licence of these slides does not allow a download; the pages can be looked at beside the talk."


class DeckUnusable(Invalid):
    """The file is not one that slides come in."""

    code = "deck.unusable"


class SlotUnknown(Invalid):
    """An upload names a deck to replace that its session does not have."""

    code = "deck.slot_unknown"
    says = "This session has no such deck to replace. Upload without `slot`, or with `slot` new for one more deck."


class DeckLinkNotFound(NotFound):
    """The session has no such link to slides (any more)."""

    code = "deck.link_not_found"
    says = "This talk has no such link to slides."


class DeckLost(Gone):
    """The row is there and its file is not."""

    code = "deck.lost"
    says = "The file of these slides is lost; please upload it again."


class UndoTimeOver(NotFound):
    """Deleted so long ago that its file is gone."""

    code = "deck.undo_time_over"
    says = "This was deleted too long ago to be brought back."
