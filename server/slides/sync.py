"""The state of a session's cues: what is found of them, what is still to be found, and by which order.

    idle ──► waiting ──► matching ──► ready
                ▲            └─────► failed

`settle` looks at the rows and does what they ask for; every fact about decks and recordings leads there, and a repeat
changes nothing. What is to be found is ordered as a job with a number (`turn`): when something newer was ordered
meanwhile, the outcome of the older is not kept. Results are kept by source and in its media time, with the decks they
were found in: so borders that move ask for what is missing only, and a recording that comes back is known already.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from server.core.changes import announce
from server.core.db import Db
from server.core.jobs import ENDED, JobRow, cancel_jobs, enqueue
from server.core.runtime import Runtime
from server.slides.chapters import guess_chapters
from server.slides.correct import cues_of
from server.slides.cue_errors import NothingToMatch
from server.slides.jobs import MATCH, MatchSlides
from server.slides.models import SlideSync
from server.slides.sync_found import Carry, Found, FoundCue, FoundDoubt, as_json, chapters_in, found_in, kept_in
from server.slides.sync_inputs import Inputs, edits_of, get_sync, open_sync, read_inputs, slide_names, view_of
from server.slides.sync_moved import find_moved
from server.slides.sync_place import keep_chapters, missing, shown_on

IDLE, WAITING, MATCHING, READY, FAILED = "idle", "waiting", "matching", "ready", "failed"
MOST_SOURCES = 4  # recordings whose results are kept, the newest
LAST_IN_LINE = 1_000  # what is encoded goes before


def change_of(sync: SlideSync) -> dict[str, Any]:
    """What an event's listeners are told."""
    return {
        "kind": "slides",
        "id": sync.session_id,
        "session": sync.session_id,
        "state": sync.state,
        "progress": round(sync.progress, 3),
        "version": sync.version,
        "error": sync.error_code,
        "public": True,
    }


def tell(db: Db, runtime: Runtime, sync: SlideSync) -> None:
    """Tell the event's listeners after the commit."""
    announce(db, runtime.redis, event_id=sync.event_id, change=change_of(sync))


async def settle(db: Db, runtime: Runtime, session_id: str, *, carries: Mapping[str, Carry] | None = None) -> None:
    """Bring the row in line with recording and decks, and order what is missing. `carries` is what became of decks."""
    await _lock_orders(db, session_id)
    inputs = await read_inputs(db, session_id)
    if inputs is None:
        return
    sync = await get_sync(db, session_id, lock=True)
    if sync is None:
        if not inputs.decks:
            return
        sync = await open_sync(db, inputs.session)
    if carries:
        sync.carries = {**sync.carries, **as_json(carries)}
    await _order(db, sync, inputs)
    if sync.seen != inputs.fingerprint or carries:
        sync.seen = inputs.fingerprint
        sync.version += 1
        await refresh(db, sync, inputs)
    await db.flush()
    tell(db, runtime, sync)


async def _lock_orders(db: Db, session_id: str) -> None:
    """Orders are locked before the row, as the worker does that carries one out: otherwise each waits for the other."""
    open_orders = select(JobRow.id).where(
        JobRow.subject == session_id, JobRow.name == MATCH, JobRow.state.not_in(ENDED)
    )
    await db.execute(open_orders.with_for_update())


async def _order(db: Db, sync: SlideSync, inputs: Inputs) -> None:
    """What the present recording and decks ask for."""
    timeline = inputs.timeline
    if timeline is None or not inputs.decks or not inputs.has_picture:
        complete = timeline is not None and bool(inputs.decks)  # nothing can be found where only sound is
        await _give_up(db, sync, READY if complete else IDLE)
    elif not missing(timeline, found_in(sync.found), inputs.looked_for):
        await _give_up(db, sync, READY)
    elif sync.wanted != inputs.fingerprint or sync.state not in (WAITING, MATCHING, FAILED):
        await _ask(db, sync, inputs)


async def _give_up(db: Db, sync: SlideSync, state: str) -> None:
    """Nothing is to be found; what is being looked for is not wanted any more."""
    if sync.state in (WAITING, MATCHING):
        await cancel_jobs(db, subject=sync.session_id, names=[MATCH])
        sync.turn += 1
    _rest(sync, state)


def _rest(sync: SlideSync, state: str) -> None:
    sync.state, sync.progress, sync.wanted = state, 1.0 if state == READY else 0.0, ""
    sync.error_code = sync.error_detail = None


async def _ask(db: Db, sync: SlideSync, inputs: Inputs, *, anew: bool = False) -> None:
    """Order the matcher; an older order is taken back."""
    await cancel_jobs(db, subject=sync.session_id, names=[MATCH])
    sync.turn += 1
    sync.state, sync.progress, sync.wanted = WAITING, 0.0, inputs.fingerprint
    sync.error_code = sync.error_detail = None
    order = MatchSlides(session=sync.session_id, turn=sync.turn, anew=anew)
    await enqueue(db, order, subject=sync.session_id, position=LAST_IN_LINE)


async def match_again(db: Db, runtime: Runtime, session_id: str) -> SlideSync:
    """A person wants the whole recording looked at again; what was found stays until then. Raises NothingToMatch."""
    await _lock_orders(db, session_id)
    inputs = await read_inputs(db, session_id)
    if inputs is None or inputs.recording is None or not inputs.has_picture or not inputs.decks:
        raise NothingToMatch
    sync = await open_sync(db, inputs.session)
    sync.seen = inputs.fingerprint
    await _ask(db, sync, inputs, anew=True)
    await db.flush()
    tell(db, runtime, sync)
    return sync


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What an order brought: results by source, for what it looked at; `anew` replaces what was known of it."""

    looked_for: tuple[tuple[str, int], ...]
    found: Mapping[str, Found]
    anew: bool = False


async def take_turn(db: Db, runtime: Runtime, order: MatchSlides) -> SlideSync | None:
    """The order begins; None when a newer one was made."""
    sync = await get_sync(db, order.session, lock=True)
    if sync is None or sync.turn != order.turn or sync.state not in (WAITING, MATCHING):
        return None
    sync.state = MATCHING
    tell(db, runtime, sync)
    return sync


async def note_progress(db: Db, runtime: Runtime, order: MatchSlides, share: float) -> None:
    """How far the order is, 0 to 1; looks the other way while somebody edits."""
    sync = await db.get(SlideSync, order.session, with_for_update={"skip_locked": True}, populate_existing=True)
    if sync is not None and sync.turn == order.turn and share > sync.progress:
        sync.progress = share
        tell(db, runtime, sync)


async def keep_outcome(db: Db, runtime: Runtime, order: MatchSlides, outcome: Outcome) -> None:
    """Write down what was found, unless something newer was ordered; look whether anything is missing still."""
    sync = await get_sync(db, order.session, lock=True)
    inputs = await read_inputs(db, order.session)
    if sync is None or inputs is None or sync.turn != order.turn:
        return
    sync.found = as_json(merged(found_in(sync.found), outcome))
    sync.version += 1
    if sync.wanted == inputs.fingerprint:
        _rest(sync, READY)
    else:
        await _order(db, sync, inputs)
    await refresh(db, sync, inputs)
    await db.flush()
    tell(db, runtime, sync)


async def fail_order(db: Db, runtime: Runtime, order: MatchSlides, *, code: str, detail: str) -> None:
    """Record in words why nothing was found; what was known stays."""
    sync = await get_sync(db, order.session, lock=True)
    if sync is not None and sync.turn == order.turn:
        sync.state, sync.error_code, sync.error_detail = FAILED, code, detail
        await db.flush()
        tell(db, runtime, sync)


def merged(known: Mapping[str, Found], outcome: Outcome) -> dict[str, Found]:
    """Results with the new ones, which win where both speak; those of other decks are dropped. Pure."""
    result = {source: one for source, one in known.items() if source not in outcome.found}
    for source, new in outcome.found.items():
        old = known.get(source)
        is_same = old is not None and old.decks == outcome.looked_for and not outcome.anew
        result[source] = _laid_over(old, new) if old is not None and is_same else new
    return dict(list(result.items())[-max(MOST_SOURCES, len(outcome.found)) :])


def _laid_over(old: Found, new: Found) -> Found:
    spans = [(cue.start_ms, cue.end_ms) for cue in new.cues]
    cues = [FoundCue(*edge, cue.page, cue.confidence, cue.method) for cue in old.cues for edge in _outside(cue, spans)]
    unsure = [FoundDoubt(*edge, one.why, one.pages) for one in old.unsure for edge in _outside(one, spans)]
    return Found(
        decks=new.decks,
        cues=tuple(sorted([*cues, *new.cues], key=lambda cue: cue.start_ms)),
        unsure=tuple(sorted([*unsure, *new.unsure], key=lambda one: one.start_ms)),
        regions=new.regions or old.regions,
    )


def _outside(one: FoundCue | FoundDoubt, spans: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """What is left of a stretch without these spans."""
    left, at = [], one.start_ms
    for start, end in sorted(spans):
        if start >= one.end_ms or end <= at:
            continue
        if start > at:
            left.append((at, start))
        at = max(at, end)
    return [*left, (at, one.end_ms)] if at < one.end_ms else left


async def refresh(db: Db, sync: SlideSync, inputs: Inputs) -> None:
    """Find what people spoke of in a recording that was replaced, and guess the chapters again."""
    recording = inputs.recording
    decks = [deck.id for deck in inputs.decks]
    view = view_of(recording, decks, sync) if recording is not None else None
    if view is None:
        sync.chapters = []
        return
    found = found_in(sync.found)
    kept = [one for edit in await edits_of(db, sync.session_id) for one in kept_in(edit.corrections)]
    moved = find_moved(view, found, kept, chapters_in(sync.chapters_said or []))
    if moved:
        sync.moved = {**sync.moved, **as_json(moved)}
        view = view_of(recording, decks, sync) or view  # type: ignore[arg-type]
    shown = shown_on(view, found, kept)
    guess = guess_chapters(cues_of(shown), await slide_names(db, decks), view.duration_ms)
    sync.chapters = as_json(keep_chapters(view.timeline, guess))
