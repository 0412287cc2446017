"""A session's slides over HTTP: decks, cues, doubts, chapters, edits."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from server.slides.models import CueEdit, DeckLink, LiveCue
from server.slides.schemas import DeckView, SlideError, decks_view
from server.slides.sight import Sight
from server.slides.sync_edit import Wish, applies
from server.slides.sync_place import View
from server.slides.sync_shown import Beside, error_of, state_of

_AT = Meta(description="Milliseconds of the recording.", examples=[93_200])
_DECK = Meta(examples=["01979c5e2b7a7c3d9e1f2a3b4c5d6e80"])


class CueView(msgspec.Struct):
    """A page, or no page, for as long as it is shown. Cues cover the recording without gaps."""

    start_ms: Annotated[int, _AT]
    end_ms: Annotated[int, Meta(description="Where the next cue begins.", examples=[141_000])]
    deck: Annotated[str | None, Meta(description="null: no slide is shown.", examples=["01979c5e2b7a7c3d"])]
    page: Annotated[int | None, Meta(examples=[7])]
    slide: Annotated[int | None, Meta(description="The logical slide the page belongs to.", examples=[5])]
    confidence: Annotated[float, Meta(description="Share of such cues that are right, 0 to 1.", examples=[0.97])]
    method: Annotated[str, Meta(description="How it was found; `hand`: said by a person.", examples=["features"])]
    edited: Annotated[bool, Meta(description="Whether a person corrected it, or a part of it.")]


class UnsureView(msgspec.Struct):
    """A stretch somebody should look at."""

    start_ms: Annotated[int, _AT]
    end_ms: int
    why: Annotated[
        str,
        Meta(
            description="low_confidence, near_identical, nothing_matches, or page_gone: its page is in no deck now.",
            examples=["near_identical"],
        ),
    ]
    deck: Annotated[str | None, Meta(description="The deck the pages are of.")]
    pages: Annotated[list[int], Meta(description="Which pages it may be.", examples=[[7, 8]])]


class ChapterOut(msgspec.Struct):
    """Where a chapter begins."""

    start_ms: Annotated[int, _AT]
    title: Annotated[str, Meta(examples=["Why cranes dance"])]
    edited: Annotated[bool, Meta(description="Whether a person wrote the list; else it is guessed.")]


class LinkView(msgspec.Struct):
    """A link to slides that came with the talk's metadata, and what became of it."""

    id: Annotated[str, Meta(description="The link's id, as in /sessions/{session}/links.")]
    url: Annotated[str, Meta(examples=["https://example.org/cranes.pdf"])]
    state: Annotated[
        str,
        Meta(
            description="waiting, fetched, failed; same: the very file was uploaded; left: a person withdrew or "
            "replaced what it brought, so it is not followed.",
            examples=["failed"],
        ),
    ]
    error: SlideError | None
    slot: Annotated[str | None, Meta(description="The deck that it is.")]
    looked_at: datetime | None
    next_look_at: datetime


class LiveCueView(msgspec.Struct):
    """While the talk is on air: from this moment on a page is shown. It lasts until the next one."""

    at: Annotated[datetime, Meta(description="As EXT-X-PROGRAM-DATE-TIME counts.")]
    deck: Annotated[str | None, Meta(description="null: no slide is shown.", examples=["01979c5e2b7a7c3d"])]
    page: Annotated[int | None, Meta(examples=[7])]
    confidence: Annotated[float, Meta(examples=[0.97])]


class SlidesView(msgspec.Struct):
    """Everything there is of slides beside a session's recording."""

    session: str
    state: Annotated[str, Meta(description="none, waiting, rendering, matching, ready or failed.", examples=["ready"])]
    progress: Annotated[float, Meta(description="Of the rendering or the matching, 0 to 1.")]
    error: SlideError | None
    version: Annotated[int, Meta(description="Rises when cues or chapters change. If-Match names it.", examples=[7])]
    decks: list[DeckView]
    cues: list[CueView]
    unsure: list[UnsureView]
    chapters: list[ChapterOut]
    links: Annotated[list[LinkView], Meta(description="Links that are fetched as decks; empty for viewers.")]
    live: Annotated[
        list[LiveCueView],
        Meta(description="Of a talk that is on air, or was until lately, in order; for who watches the live stream."),
    ]


class CueOrder(msgspec.Struct, forbid_unknown_fields=True):
    """One edit. `set`: this page (null: no slide) from `start_ms` to `end_ms`. `move`: the change at `from_ms` is at
    `to_ms`. `delete`: the cue that begins at `start_ms` joins the one before. `shift`: all cues by `by_ms`. `renumber`:
    from `from_ms` on `by` pages later."""

    op: Literal["set", "move", "delete", "shift", "renumber"]
    start_ms: Annotated[int | None, _AT] = None
    end_ms: int | None = None
    from_ms: int | None = None
    to_ms: int | None = None
    by_ms: int | None = None
    by: int | None = None
    deck: Annotated[str | None, _DECK] = None
    page: Annotated[int | None, Meta(examples=[7])] = None

    def as_wish(self) -> Wish:
        """For the act."""
        return Wish(**msgspec.structs.asdict(self))


class EditView(msgspec.Struct):
    """An edit somebody made."""

    number: Annotated[int, Meta(description="Counts from 1.")]
    op: Annotated[str, Meta(examples=["set"])]
    words: Annotated[str, Meta(description="In English.", examples=["Page 7 from 1:33.2 to 2:21"])]
    asked: Annotated[
        CueOrder | None,
        Meta(description="The edit as it was ordered, to be said in any language; null: only its words were kept."),
    ]
    by: Annotated[str, Meta(description="Who, as far as known.", examples=["Maija Meikäläinen"])]
    at: datetime
    undone: bool
    applies: Annotated[bool, Meta(description="Whether the recording that is shown has any of what it speaks of.")]


class ChapterIn(msgspec.Struct, forbid_unknown_fields=True):
    """Where a chapter is to begin."""

    start_ms: Annotated[int, _AT]
    title: Annotated[str, Meta(examples=["Why cranes dance"])]


def slides_view(
    session_id: str,
    beside: Beside,
    sight: Sight,
    *,
    may_edit: bool,
    links: Sequence[DeckLink] = (),
    live: Sequence[LiveCue] = (),
) -> SlidesView:
    """What the API answers; why something failed is for those who can do something about it."""
    state, progress = state_of(beside)
    error = error_of(beside) if may_edit else None
    slides = {(deck, page.number): page.slide for deck, pages in beside.decks.pages.items() for page in pages}
    return SlidesView(
        session=session_id,
        state=state,
        progress=round(progress, 3),
        error=SlideError(*error) if error else None,
        version=beside.version,
        decks=decks_view(beside.decks, sight),
        cues=[
            CueView(
                start_ms=cue.start_ms,
                end_ms=cue.end_ms,
                deck=cue.page[0] if cue.page else None,
                page=cue.page[1] if cue.page else None,
                slide=slides.get(cue.page) if cue.page else None,
                confidence=round(cue.confidence, 3),
                method=cue.method,
                edited=cue.edited,
            )
            for cue in beside.cues
        ],
        unsure=[_unsure(start, end, doubt.why, doubt.pages) for start, end, doubt in beside.doubts],
        chapters=[ChapterOut(one.start_ms, one.title, beside.chapters_edited) for one in beside.chapters],
        links=[link_view(row) for row in links],
        live=[LiveCueView(at=row.wall, deck=row.deck_id, page=row.page, confidence=row.confidence) for row in live],
    )


def link_view(row: DeckLink) -> LinkView:
    """A link to slides as it stands."""
    return LinkView(
        id=row.link_id,
        url=row.url,
        state=row.state,
        error=SlideError(row.error_code, row.error_detail or "") if row.error_code else None,
        slot=row.slot,
        looked_at=row.looked_at,
        next_look_at=row.next_look_at,
    )


def _unsure(start_ms: int, end_ms: int, why: str, pages: Sequence[tuple[str, int]]) -> UnsureView:
    """Candidates of the deck the likeliest page is of."""
    deck = pages[0][0] if pages else None
    return UnsureView(start_ms, end_ms, why, deck, [number for of, number in pages if of == deck])


def edit_view(edit: CueEdit, view: View | None) -> EditView:
    """An edit as the history shows it."""
    return EditView(
        number=edit.number,
        op=edit.op,
        words=edit.words,
        asked=CueOrder(**edit.asked) if edit.asked else None,
        by=edit.by_name,
        at=edit.created_at,
        undone=edit.undone_at is not None,
        applies=applies(edit, view),
    )
