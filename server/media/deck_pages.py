"""What a deck holds once it was read, and the reasons why one cannot be read.

DeckUnreadable   the file cannot become pages; trying again does not help
"""

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from server.media.refusals import Refused

Word = tuple[float, float, float, float, str]
Link = tuple[float, float, float, float, str | int]


class DeckPage(msgspec.Struct, frozen=True, kw_only=True):
    """One page. `large` and `small` are names of WebP files in the folder that was given; coordinates are fractions of
    the page as it is shown, from the top left, x0 y0 x1 y1."""

    number: int
    """From 1."""
    label: str = ""
    """What the file calls the page ("iv", "12"); empty when it does not."""
    title: str = ""
    """A guess: the outline's entry, or the largest line."""
    width_px: int
    height_px: int
    large: str
    small: str
    text: str = ""
    words: list[Word] = []
    """In reading order."""
    links: list[Link] = []
    """To an address, or to a page by its number."""
    slide: int = 0
    """The logical slide, from 1; build steps of one slide have the same."""


class OutlineEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the file's own table of contents; `level` 0 is the outermost."""

    title: str
    page: int
    level: int


class DeckWarning(msgspec.Struct, frozen=True, kw_only=True):
    """Something that was left out or could not be read, in words; of one page, or of the file."""

    code: str
    detail: str
    page: int | None = None


class DeckContents(msgspec.Struct, kw_only=True):
    """A deck that was read. `page_count` is that of the file, which may have more pages than were read."""

    pages: list[DeckPage]
    outline: list[OutlineEntry]
    warnings: list[DeckWarning]
    page_count: int


class PictureStep(msgspec.Struct, frozen=True, kw_only=True):
    """How a page's picture differs from that of the page before, as shares of the picture's area.

    `lost`: what was drawn there and is gone or covered, words that both pages have at the same place left out.
    `gained`: what was background and is drawn on now. `kept`: what is drawn the same on both.
    """

    lost: float
    gained: float
    kept: float


@dataclass(frozen=True, slots=True)
class DeckLimits:
    """How much of a deck is read, and how much its reading may take."""

    file_bytes: int = 1 << 30
    pages: int = 600
    page_s: float = 30.0
    """For one page to be drawn and read; and as long again, at least a minute, for the file to be opened."""
    all_s: float = 1200.0
    memory_bytes: int = 2 << 30
    """Address space of the child."""
    crashes: int = 20
    """Pages that may make the reader crash or wait too long before the rest is left out."""
    unpacked_bytes: int = 2 << 30
    """All files in an archive together."""
    members: int = 10_000
    office_s: float = 300.0
    office_memory_bytes: int = 8 << 30


class DeckUnreadable(Refused):
    """The file cannot become pages. `detail` says what to do."""

    code = "deck.unreadable"


class DeckEncrypted(DeckUnreadable):
    """Protected by a password."""

    code = "deck.encrypted"


class DeckDamaged(DeckUnreadable):
    """Not what it says it is, or damaged beyond use."""

    code = "deck.damaged"


class DeckTooBig(DeckUnreadable):
    """More bytes or pixels than a deck may have."""

    code = "deck.too_big"


class DeckNoPages(DeckUnreadable):
    """A sound file with nothing to show."""

    code = "deck.no_pages"


class DeckNeedsOffice(DeckUnreadable):
    """PPTX or ODP, and no LibreOffice here."""

    code = "deck.needs_office"


class DeckBomb(DeckUnreadable):
    """A small file that unpacks to far more than slides do."""

    code = "deck.bomb"


class DeckTooSlow(DeckUnreadable):
    """Reading it took longer than is allowed, and gave nothing."""

    code = "deck.too_slow"


REASONS: Mapping[str, type[DeckUnreadable]] = {
    reason.code: reason
    for reason in (DeckEncrypted, DeckDamaged, DeckTooBig, DeckNoPages, DeckNeedsOffice, DeckBomb, DeckTooSlow)
}
