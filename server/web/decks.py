"""A session's slides as pages show them: files to download and manage, and pages beside the video."""

from dataclasses import dataclass
from itertools import groupby
from typing import Any

from server.slides.kinds import KINDS, safe_name
from server.slides.models import Deck, DeckPage
from server.slides.queries import SessionDecks
from server.slides.schemas import deck_url, page_view
from server.slides.sight import Sight

LARGE = ("video", "slide")
DEFAULT_SIZE = (1600, 900)  # px; kept free until the first deck is there


@dataclass(frozen=True, slots=True, kw_only=True)
class DeckShown:
    """A deck as a file; `kind` is what people call its form, as "PDF"; `url` is empty for who may not download it."""

    id: str
    url: str
    kind: str
    filename: str
    size_bytes: int
    state: str = "ready"
    progress: float = 1.0
    error: str = ""
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PageShown:
    """One page: its two pictures, and the size of the large one."""

    number: int
    title: str
    text: str
    width_px: int
    height_px: int
    large: str
    small: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SlideShown:
    """A slide with its build steps. `href` is the link to its first page, `key` its name for the page's script."""

    key: str
    href: str
    title: str
    pages: tuple[PageShown, ...]
    head: str = ""  # the name of a deck that begins here, when there are several

    @property
    def first(self) -> PageShown:
        """Its first build step."""
        return self.pages[0]

    @property
    def last(self) -> PageShown:
        """Its last build step, which shows all of it."""
        return self.pages[-1]

    @property
    def numbers(self) -> str:
        """The numbers of its pages."""
        first, last = self.first.number, self.last.number
        return f"{first}–{last}" if last != first else str(first)


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """Slides beside a video. Without any the place for them is kept, hidden, for those that come while one watches.

    `large` says which of both has the large place; `address` is where the page's script asks for all of it.
    """

    address: str
    large: str
    slides: tuple[SlideShown, ...] = ()

    @property
    def pages(self) -> int:
        """How many pages there are."""
        return sum(len(slide.pages) for slide in self.slides)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the first page, whose form the place has."""
        return (self.slides[0].first.width_px, self.slides[0].first.height_px) if self.slides else DEFAULT_SIZE


NO_SLIDES = Beside(address="", large=LARGE[0])


def decks_shown(found: SessionDecks, sight: Sight) -> tuple[DeckShown, ...]:
    """Every deck, in order."""
    return tuple(
        DeckShown(
            id=deck.id,
            url=deck_url(deck) if sight.may_download(deck) else "",
            kind=KINDS[deck.kind].label,
            filename=safe_name(deck.filename, deck.kind),
            size_bytes=deck.size_bytes,
            state=deck.state,
            progress=deck.progress,
            error=deck.error_detail or "",
            warnings=tuple(one["detail"] for one in deck.warnings),
        )
        for deck in found.shown
    )


def beside_of(found: SessionDecks, sight: Sight, *, large: str = "") -> Beside:
    """What stands beside the video; `large` is what this browser chose before."""
    decks = [deck for deck in found.shown if found.pages.get(deck.id)]
    slides = [
        slide
        for place, deck in enumerate(decks, 1)
        for slide in _slides(deck, found.pages[deck.id], sight, place=place, several=len(decks) > 1)
    ]
    return Beside(
        address=f"/api/v1/sessions/{sight.session_id}/slides",
        large=large if large in LARGE else LARGE[0],
        slides=tuple(slides),
    )


def _slides(deck: Deck, pages: list[DeckPage], sight: Sight, *, place: int, several: bool) -> list[SlideShown]:
    """The slides of the deck at this place, from 1; links to the pages of a second one say so: `?slide=2.7`."""
    made: list[SlideShown] = []
    for number, steps in groupby(pages, key=lambda page: page.slide):
        shown = tuple(_page(page, deck, sight) for page in steps)
        prefix = f"{place}." if place > 1 else ""
        made.append(
            SlideShown(
                key=f"{deck.id}/{number}",
                href=f"?slide={prefix}{shown[0].number}",
                title=next((page.title for page in reversed(shown) if page.title), ""),
                pages=shown,
                head=safe_name(deck.filename, deck.kind) if several and not made else "",
            )
        )
    return made


def _page(page: DeckPage, deck: Deck, sight: Sight) -> PageShown:
    view: Any = page_view(page, deck, sight)
    return PageShown(
        number=view.number,
        title=view.title,
        text=view.text,
        width_px=view.width_px,
        height_px=view.height_px,
        large=view.large,
        small=view.small,
    )
