"""Correct cues by hand: make an edit, take the last one back, bring it back. The caller holds the row's lock."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import delete

from server.accounts.actor import Actor
from server.core.clock import now
from server.core.db import Db
from server.recordings.models import Recording
from server.slides.correct import (
    Correction,
    PageRef,
    Stretch,
    say_delete,
    say_move,
    say_renumber,
    say_set,
    say_shift,
)
from server.slides.cue_errors import (
    CuesNotThere,
    EditIncomplete,
    NoSuchPage,
    NothingToRedo,
    NothingToUndo,
    TimesUnusable,
    TooManyEdits,
)
from server.slides.models import CueEdit, Deck, SlideSync
from server.slides.sync_found import as_json, found_in, kept_in
from server.slides.sync_inputs import edits_of, view_of
from server.slides.sync_place import View, keep_corrections, shown_on

MOST_EDITS = 2_000
MOST_MS = 7 * 86_400_000  # longer than any recording


@dataclass(frozen=True, kw_only=True)
class Wish:
    """An edit as it is asked for; each `op` needs some of the fields. Times are the recording's."""

    op: str
    start_ms: int | None = None
    end_ms: int | None = None
    from_ms: int | None = None
    to_ms: int | None = None
    by_ms: int | None = None
    by: int | None = None
    deck: str | None = None
    page: int | None = None


async def edit_cues(
    db: Db, sync: SlideSync, wish: Wish, *, actor: Actor, recording: Recording | None, decks: Sequence[Deck]
) -> None:
    """Keep an edit of what is shown on this recording with these decks; what was undone before is dropped.

    Raises CuesNotThere, and what `decide` raises.
    """
    view = view_of(recording, [deck.id for deck in decks], sync) if recording is not None else None
    if view is None:
        raise CuesNotThere
    edits = await edits_of(db, sync.session_id)
    if len(edits) >= MOST_EDITS:
        raise TooManyEdits
    shown = shown_on(view, found_in(sync.found), [one for edit in edits for one in kept_in(edit.corrections)])
    sizes = {deck.id: deck.page_count for deck in decks}
    corrections = decide(shown, wish, sizes)
    await db.execute(delete(CueEdit).where(CueEdit.session_id == sync.session_id, CueEdit.undone_at.is_not(None)))
    db.add(
        CueEdit(
            event_id=sync.event_id,
            session_id=sync.session_id,
            number=edits[-1].number + 1 if edits else 1,
            op=wish.op,
            words=in_words(wish)[:300],
            asked=asked_for(wish, sizes),
            corrections=as_json(keep_corrections(view.timeline, corrections)),
            user_id=actor.user_id,
            by_name=(actor.name or actor.email)[:200],
        )
    )
    sync.version += 1
    await db.flush()


def decide(shown: Sequence[Stretch], wish: Wish, sizes: Mapping[str, int]) -> list[Correction]:
    """What an edit comes to; `sizes` are the numbers of pages by deck. Pure. Raises EditIncomplete, NoSuchPage,
    TimesUnusable, NoSuchBorder, NothingChanges."""
    match wish.op:
        case "set":
            start_ms, end_ms = _needed(wish, "start_ms"), _needed(wish, "end_ms")
            return say_set(shown, start_ms, end_ms, _page(wish, sizes))
        case "move":
            return say_move(shown, _needed(wish, "from_ms"), _needed(wish, "to_ms"))
        case "delete":
            return say_delete(shown, _needed(wish, "start_ms"))
        case "shift":
            return say_shift(shown, _needed(wish, "by_ms"))
        case "renumber":
            return say_renumber(shown, _needed(wish, "from_ms"), _needed(wish, "by"), sizes)
        case _:
            raise EditIncomplete("`op` is set, move, delete, shift or renumber.")


def _needed(wish: Wish, name: str) -> int:
    value = getattr(wish, name)
    if value is None:
        raise EditIncomplete(f"`{wish.op}` needs `{name}`.")
    if abs(value) > MOST_MS:
        raise TimesUnusable(f"`{name}` is longer than any recording.")
    return int(value)


def _page(wish: Wish, sizes: Mapping[str, int]) -> PageRef | None:
    """The page meant; of the only deck where none is named."""
    if wish.page is None:
        return None
    deck = wish.deck or (next(iter(sizes)) if len(sizes) == 1 else None)
    if deck is None:
        raise EditIncomplete("`set` needs `deck` where a session has several, or none; null as `page` is no slide.")
    if deck not in sizes:
        raise NoSuchPage("This session shows no such deck; take an id from `decks`.")
    if not 1 <= wish.page <= sizes[deck]:
        raise NoSuchPage(f"That deck has pages 1 to {sizes[deck]}.")
    return deck, wish.page


def asked_for(wish: Wish, sizes: Mapping[str, int]) -> dict[str, Any]:
    """What was asked for as values, the deck of the page named: clients say it in their reader's language."""
    page = _page(wish, sizes) if wish.op == "set" else None
    values = asdict(wish) | {"deck": page[0] if page else None}
    return {name: value for name, value in values.items() if value is not None}


def in_words(wish: Wish) -> str:
    """What was asked for, in English: for logs, and clients that only print it."""
    at = {name: clock(getattr(wish, name) or 0) for name in ("start_ms", "end_ms", "from_ms", "to_ms")}
    match wish.op:
        case "set":
            what = f"Page {wish.page}" if wish.page is not None else "No slide"
            return f"{what} from {at['start_ms']} to {at['end_ms']}"
        case "move":
            return f"The change at {at['from_ms']} moved to {at['to_ms']}"
        case "delete":
            return f"What began at {at['start_ms']} joined to its neighbour"
        case "shift":
            by = wish.by_ms or 0
            return f"Everything {abs(by) / 1000:g} s {'later' if by > 0 else 'earlier'}"
        case _:
            by = wish.by or 0
            pages = "page" if abs(by) == 1 else "pages"
            return f"From {at['from_ms']} on {abs(by)} {pages} {'later' if by > 0 else 'earlier'}"


def clock(at_ms: int) -> str:
    """A time as people read it: 1:02:03.4."""
    tenths = round(at_ms / 100)
    seconds, tenth = divmod(tenths, 10)
    hours, rest = divmod(seconds, 3600)
    minutes = f"{hours}:{rest // 60:02d}" if hours else f"{rest // 60}"
    return f"{minutes}:{rest % 60:02d}" + (f".{tenth}" if tenth else "")


async def undo_edit(db: Db, sync: SlideSync) -> None:
    """The newest edit that counts does not count any more. Raises NothingToUndo."""
    edits = await edits_of(db, sync.session_id)
    if not edits:
        raise NothingToUndo
    edits[-1].undone_at = now()
    sync.version += 1
    await db.flush()


async def redo_edit(db: Db, sync: SlideSync) -> None:
    """What was undone last counts again. Raises NothingToRedo."""
    undone = [edit for edit in await edits_of(db, sync.session_id, undone=True) if edit.undone_at is not None]
    if not undone:
        raise NothingToRedo
    undone[0].undone_at = None
    sync.version += 1
    await db.flush()


def applies(edit: CueEdit, view: View | None) -> bool:
    """Whether anything of an edit is seen on a recording: not when all it speaks of is cut away."""
    if view is None:
        return False
    return any(
        one.shift_ms or any(view.spans(piece.source, piece.start_ms, piece.end_ms) for piece in one.pieces)
        for one in kept_in(edit.corrections)
    )
