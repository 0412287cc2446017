"""Decks and their pages over HTTP."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from server.slides.keys import page_path
from server.slides.kinds import KINDS, safe_name
from server.slides.models import Deck, DeckPage
from server.slides.queries import SessionDecks
from server.slides.sight import Sight
from server.slides.slots import shown_of

_ID = Meta(examples=["01979c5e2b7a7c3d9e1f2a3b4c5d6e80"])
_STATE = Meta(description="waiting, rendering, ready or failed.", examples=["ready"])


class SlideError(msgspec.Struct):
    """Why something did not work, with a stable code and in words."""

    code: Annotated[str, Meta(examples=["deck.encrypted"])]
    detail: Annotated[str, Meta(examples=["This PDF is protected by a password. Export it without one."])]


class DeckWarning(msgspec.Struct):
    """What is not as it could be although the deck was read; `page` is null when it is about all of it."""

    code: Annotated[str, Meta(examples=["deck.page_damaged"])]
    detail: str
    page: int | None = None


class VersionView(msgspec.Struct):
    """One version of a deck. Only who may upload slides is told of versions."""

    id: Annotated[str, _ID]
    filename: str
    revision: int
    state: Annotated[str, _STATE]
    progress: float
    error: SlideError | None
    shown: Annotated[bool, Meta(description="Whether this is the version viewers see.")]
    created_at: datetime
    replaced_at: datetime | None


class PageView(msgspec.Struct):
    """One page: two pictures and its text. Pages of the same `slide` are build steps of one slide."""

    number: Annotated[int, Meta(description="From 1.", examples=[7])]
    slide: Annotated[int, Meta(description="From 1.", examples=[5])]
    label: Annotated[str, Meta(description="What the deck itself calls the page.", examples=["5/20"])]
    title: Annotated[str, Meta(examples=["Why cranes dance"])]
    width_px: Annotated[int, Meta(description="Of the large picture.", examples=[1600])]
    height_px: Annotated[int, Meta(examples=[900])]
    large: Annotated[str, Meta(examples=["/slides/public/01979c5e2b7a7c3d9e1f2a3b4c5d6e80/r1/0007-large.webp"])]
    small: Annotated[str, Meta(description="320 px at most.")]
    text: str


class DeckView(msgspec.Struct):
    """A deck of a session: the file as it came, and its pages."""

    id: Annotated[str, _ID]
    session: str
    slot: Annotated[str, Meta(description="The same for every version of this deck. Uploads may name it.")]
    position: Annotated[int, Meta(description="Its place among the decks of the session, from 0.")]
    revision: Annotated[int, Meta(description="Counts the versions, from 1.")]
    filename: Annotated[str, Meta(examples=["still-slides.pdf"])]
    content_type: Annotated[str, Meta(description="By its content.", examples=["application/pdf"])]
    size_bytes: Annotated[int, Meta(examples=[2_345_678])]
    url: Annotated[
        str | None, Meta(description="Where the file is downloaded; null when the licence does not let the asker.")
    ]
    downloadable: Annotated[bool | None, Meta(description="Said by a person; null: as the session's licence says.")]
    state: Annotated[str, _STATE]
    progress: Annotated[float, Meta(description="Of the rendering, 0 to 1.")]
    error: SlideError | None
    warnings: list[DeckWarning]
    page_count: int
    slide_count: int
    outline: Annotated[list[dict[str, Any]], Meta(description='[{"title", "level", "page"}], levels from 0.')]
    source_url: Annotated[str | None, Meta(description="The link it was fetched from.")]
    versions: Annotated[list[VersionView], Meta(description="Newest first; empty for viewers.")]
    pages: list[PageView]
    created_at: datetime
    replaced_at: datetime | None
    deleted_at: datetime | None


class PageDetail(PageView):
    """One page with where its words and links are, as fractions of its width and height from the top left."""

    words: Annotated[
        list[tuple[float, float, float, float, str]],
        Meta(description="[x0, y0, x1, y1, word] in reading order.", examples=[[[0.1, 0.2, 0.25, 0.27, "Cranes"]]]),
    ]
    links: Annotated[
        list[tuple[float, float, float, float, str | int]],
        Meta(description="[x0, y0, x1, y1, address or page number]."),
    ]


class DeckChanges(msgspec.Struct):
    """What may be changed of a deck."""

    position: Annotated[int, Meta(ge=0, le=999, description="0 is first; the others move.")] | msgspec.UnsetType = (
        msgspec.UNSET
    )
    downloadable: bool | msgspec.UnsetType | None = msgspec.UNSET


def deck_url(deck: Deck) -> str:
    """Where the file is downloaded, by who may have it."""
    return f"/api/v1/decks/{deck.id}/file"


def error_view(deck: Deck) -> SlideError | None:
    """What went wrong with it last, in words."""
    return SlideError(deck.error_code, deck.error_detail or "") if deck.error_code else None


def decks_view(found: SessionDecks, sight: Sight) -> list[DeckView]:
    """What is shown with a session, in order."""
    return [
        deck_view(deck, found.pages.get(deck.id, ()), sight, versions=found.versions.get(deck.slot, ()))
        for deck in found.shown
    ]


def deck_view(deck: Deck, pages: Sequence[DeckPage], sight: Sight, *, versions: Sequence[Deck] = ()) -> DeckView:
    """A row as the API shows it to this asker; `versions` are those of its slot, newest first."""
    return DeckView(
        id=deck.id,
        session=deck.session_id,
        slot=deck.slot,
        position=deck.position,
        revision=deck.revision,
        filename=safe_name(deck.filename, deck.kind),
        content_type=KINDS[deck.kind].content_type,
        size_bytes=deck.size_bytes,
        url=deck_url(deck) if sight.may_download(deck) else None,
        downloadable=deck.downloadable,
        state=deck.state,
        progress=round(deck.progress, 3),
        error=error_view(deck),
        warnings=[DeckWarning(one["code"], one["detail"], one.get("page")) for one in deck.warnings],
        page_count=deck.page_count,
        slide_count=deck.slide_count,
        outline=deck.outline,
        source_url=deck.source_url,
        versions=_versions(versions) if sight.may_upload else [],
        pages=[page_view(page, deck, sight) for page in pages],
        created_at=deck.created_at,
        replaced_at=deck.replaced_at,
        deleted_at=deck.deleted_at,
    )


def _versions(versions: Sequence[Deck]) -> list[VersionView]:
    shown = shown_of(versions)
    return [
        VersionView(
            id=deck.id,
            filename=safe_name(deck.filename, deck.kind),
            revision=deck.revision,
            state=deck.state,
            progress=round(deck.progress, 3),
            error=error_view(deck),
            shown=deck is shown,
            created_at=deck.created_at,
            replaced_at=deck.replaced_at,
        )
        for deck in versions
    ]


def page_view(page: DeckPage, deck: Deck, sight: Sight) -> PageView:
    """A page as the API shows it."""
    return PageView(**_page(page, deck, sight))


def page_detail(page: DeckPage, deck: Deck, sight: Sight) -> PageDetail:
    """A page with its words and links, which must have been read with it."""
    return PageDetail(**_page(page, deck, sight), words=_boxes(page.words), links=_boxes(page.links))


def _boxes(rows: Sequence[Sequence[Any]]) -> list[tuple[float, float, float, float, Any]]:
    return [(row[0], row[1], row[2], row[3], row[4]) for row in rows]


def _page(page: DeckPage, deck: Deck, sight: Sight) -> dict[str, Any]:
    root = f"/slides/{sight.token_of(deck)}/{deck.id}/"
    return {
        "number": page.number,
        "slide": page.slide,
        "label": page.label,
        "title": page.title,
        "width_px": page.width_px,
        "height_px": page.height_px,
        "large": root + page_path(deck.rendering, page.number, "large"),
        "small": root + page_path(deck.rendering, page.number, "small"),
        "text": page.text,
    }
