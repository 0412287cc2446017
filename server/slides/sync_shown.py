"""What one asker sees of a session's slides: decks, cues, doubts, chapters, on the recording they may watch."""

from collections.abc import Sequence
from dataclasses import dataclass

from server.accounts.actor import Actor
from server.core.db import Db
from server.media.chapters import Chapter, in_order
from server.recordings.models import READY as COMPLETE
from server.recordings.models import Recording
from server.recordings.queries import recordings_of_sessions
from server.slides.correct import Cue, Doubt, Stretch, cues_of
from server.slides.models import FAILED as DECK_FAILED
from server.slides.models import CueEdit, Deck, SlideSync
from server.slides.queries import SessionDecks, read_session_decks
from server.slides.sync import FAILED, IDLE, READY, WAITING
from server.slides.sync_found import chapters_in, found_in, kept_in
from server.slides.sync_inputs import edits_of, get_sync, timeline_of, view_of
from server.slides.sync_place import View, place_chapters, shown_on

RENDERING, NOTHING = "rendering", "none"


@dataclass(frozen=True, kw_only=True)
class Beside:
    """What stands beside a recording; `shown` is empty while there is nothing to be said of any time."""

    decks: SessionDecks
    sync: SlideSync | None
    recording: Recording | None
    edits: Sequence[CueEdit]
    view: View | None
    shown: Sequence[Stretch]
    chapters: Sequence[Chapter]
    chapters_edited: bool

    @property
    def version(self) -> int:
        """What If-Match names; 0 before anything was found or said."""
        return self.sync.version if self.sync is not None else 0

    @property
    def cues(self) -> list[Cue]:
        """A cue a shown page."""
        return cues_of(self.shown)

    @property
    def doubts(self) -> list[tuple[int, int, Doubt]]:
        """(start, end, doubt) of what is unsure and nobody spoke of."""
        found: list[tuple[int, int, Doubt]] = []
        for one in self.shown:
            if one.doubt is None:
                continue
            if found and found[-1][1] == one.start_ms and found[-1][2] == one.doubt:
                found[-1] = found[-1][0], one.end_ms, one.doubt
            else:
                found.append((one.start_ms, one.end_ms, one.doubt))
        return found


async def read_beside(db: Db, actor: Actor, session_id: str) -> Beside:
    """Of a session the actor may see: viewers get cues of what is published, organisers and speakers of all."""
    recording = (await recordings_of_sessions(db, actor, [session_id])).get(session_id)
    decks = await read_session_decks(db, session_id)
    sync = await get_sync(db, session_id)
    edits = await edits_of(db, session_id) if sync is not None else []
    return beside_of(decks, sync, recording, edits)


def beside_of(
    decks: SessionDecks, sync: SlideSync | None, recording: Recording | None, edits: Sequence[CueEdit]
) -> Beside:
    """What rows come to; `recording` is the one the asker may watch, `edits` those that count. Pure."""
    drawn = [deck.id for deck in decks.shown if deck.rendering]
    view = view_of(recording, drawn, sync) if recording is not None else None
    chapters, edited = chapters_on(view, sync)
    return Beside(
        decks=decks,
        sync=sync,
        recording=recording,
        edits=edits,
        view=view,
        shown=_shown(view, sync, edits) if drawn else [],
        chapters=chapters,
        chapters_edited=edited,
    )


def _shown(view: View | None, sync: SlideSync | None, edits: Sequence[CueEdit]) -> list[Stretch]:
    """The stretches; none while neither the matcher nor a person said anything of this recording."""
    if view is None or sync is None:
        return []
    found = found_in(sync.found)
    kept = [one for edit in edits for one in kept_in(edit.corrections)]
    shown = shown_on(view, found, kept)
    is_known = any(part.source in found for part in view.timeline.ranges) or any(one.edited for one in shown)
    return shown if is_known else []


def chapters_on(view: View | None, sync: SlideSync | None) -> tuple[list[Chapter], bool]:
    """The chapters on a recording's timeline, and whether they are a person's list."""
    if view is None or sync is None:
        return [], False
    said = sync.chapters_said
    placed = place_chapters(view, chapters_in(sync.chapters if said is None else said))
    return in_order(placed, view.duration_ms), said is not None


def state_of(beside: Beside) -> tuple[str, float]:
    """How far everything is, for whoever waits: none, waiting, rendering, matching, ready or failed; and 0 to 1."""
    decks, sync = beside.decks.shown, beside.sync
    if not decks:
        return NOTHING, 0.0
    drawn = [deck for deck in decks if deck.rendering]
    if len(drawn) < len(decks) and any(not deck.rendering and deck.state != DECK_FAILED for deck in decks):
        return RENDERING, sum(1.0 if deck.rendering else deck.progress for deck in decks) / len(decks)
    if not drawn:
        return FAILED, 0.0
    if sync is None or sync.state in (IDLE, WAITING):
        return WAITING, 0.0
    if sync.state == READY and not _is_complete(beside.recording):
        return WAITING, 0.0
    return sync.state, sync.progress


def _is_complete(recording: Recording | None) -> bool:
    return recording is not None and recording.state == COMPLETE and timeline_of(recording) is not None


def error_of(beside: Beside) -> tuple[str, str] | None:
    """Why it failed, with a code and in words: the matcher, else the first deck that could not be drawn."""
    sync = beside.sync
    if sync is not None and sync.state == FAILED and sync.error_code:
        return sync.error_code, sync.error_detail or ""
    failed: list[Deck] = [deck for deck in beside.decks.shown if deck.state == DECK_FAILED]
    return next(((deck.error_code, deck.error_detail or "") for deck in failed if deck.error_code), None)
