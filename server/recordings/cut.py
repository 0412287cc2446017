"""A talk that was live becomes a recording: a cut of the broadcast's archived segments, published from the very same
objects (DESIGN §3.3).

One recording a session and broadcast, whatever the number of encoder connections or stretches; its id is made from the
two, so that doing it twice makes it once. A border that moves changes the cut of the same recording; nothing is copied.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec
from sqlalchemy import delete, select

from server.core.clock import now
from server.core.db import Db
from server.core.jobs import enqueue
from server.core.removals import remove_later
from server.events.models import Event
from server.live.storage_keys import broadcast_prefix
from server.media.live import VIDEO_TIMESCALE, Layout
from server.recordings.better import abandon_better, order_better
from server.recordings.cut_choice import Choice, choose
from server.recordings.cut_rows import Archive
from server.recordings.jobs import MakePoster, RecordingReady, RecordingRetired
from server.recordings.keys import generation_prefix
from server.recordings.live_list import (
    BROADCAST,
    LiveList,
    live_of,
    newest_generation,
    shown_live,
    take_generation,
    with_live,
)
from server.recordings.models import CANCELLED, ENCODING, READY, Chunk, Recording, Rendition, Source
from server.recordings.publish import publish_recording, should_publish, unpublish_recording
from server.sessions.models import Session

# A player must not be told to begin so near the end of a playlist that still grows (RFC 8216bis 4.4.2.2).
LEAST_GROWING_TICKS = 3 * 4 * VIDEO_TIMESCALE


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What came of it: the recording when there is one, and whether more of it is still to come."""

    recording: Recording | None = None
    again: bool = False


def recording_id_of(broadcast_id: str, session_id: str) -> str:
    """The id of the recording of a session's part of a broadcast."""
    return hashlib.sha256(f"cut:{broadcast_id}:{session_id}".encode()).hexdigest()[:32]


async def cut_talk(db: Db, archive: Archive, session_id: str, *, token_overlap_s: int, better: bool = True) -> Outcome:
    """Make or change the recording of a session's part of a broadcast, as far as its segments are archived.

    `better` orders the encode that takes its place later.
    """
    session = await db.get(Session, session_id)
    recording_id = recording_id_of(archive.broadcast.id, session_id)
    recording = await db.get(Recording, recording_id, with_for_update=True)
    if session is None or (recording is not None and recording.deleted_at is not None):
        return Outcome()
    walls = archive.talks.get(session_id, [])
    if not walls:
        # Without any stretch what was made stays: the organiser took the border marks away, not the talk.
        if recording is not None and (session.do_not_record or session_id in archive.forbidden_talks):
            await withdraw(db, recording, forbidden=True)
        return Outcome(recording=recording)
    choice = _choose(archive, walls)
    if not choice.groups:
        if recording is not None and choice.complete:
            await withdraw(db, recording, forbidden=False)
        return Outcome(recording=recording, again=not choice.complete)
    if recording is None:
        recording = await _new_recording(db, archive, session, recording_id)
    changed = await _apply(db, archive, recording, choice, _wanted(walls), token_overlap_s=token_overlap_s)
    if changed:
        await _announce_worthy(db, recording, session, better=better and choice.complete)
    return Outcome(recording=recording, again=not choice.complete)


def _choose(archive: Archive, walls: Sequence[tuple[datetime, datetime]]) -> Choice:
    until = max(end for _begin, end in walls)
    return choose(
        archive.segments,
        archive.media(list(walls)),
        archive.forbidden,
        is_over=archive.is_over(until),
        moment=now(),
    )


def _wanted(walls: Sequence[tuple[datetime, datetime]]) -> tuple[tuple[str, str], ...]:
    return tuple((begin.isoformat(), end.isoformat()) for begin, end in walls)


async def _new_recording(db: Db, archive: Archive, session: Session, recording_id: str) -> Recording:
    broadcast = archive.broadcast
    if await db.get(Source, broadcast.id) is None:
        db.add(
            Source(
                id=broadcast.id,
                event_id=broadcast.event_id,
                kind=BROADCAST,
                key=broadcast_prefix(broadcast.id),
                size_bytes=0,
            )
        )
    event = await db.get_one(Event, session.event_id)
    recording = Recording(
        id=recording_id,
        event_id=session.event_id,
        session_id=session.id,
        state=ENCODING,
        publish_when_playable=event.publish_live,
        generation=0,
        next_progress=0.0,
        plan={},
        cut=[],
        warnings=[],
        storyboard={},
        progress=0.0,
        started_at=now(),
    )
    db.add(recording)
    await db.flush()
    return recording


async def _apply(
    db: Db,
    archive: Archive,
    recording: Recording,
    choice: Choice,
    wanted: tuple[tuple[str, str], ...],
    *,
    token_overlap_s: int,
) -> bool:
    """Bring the recording in line with the choice; False when it is already."""
    known = live_of(recording.plan)
    if known is not None and known.complete and known.wanted == wanted and shown_live(recording) is None:
        return False  # a better encode of these very borders is shown
    live = LiveList(
        broadcast=archive.broadcast.id,
        generation=known.generation if known else 0,
        runs=tuple((first, last) for first, last in choice.runs),
        clip=choice.clip,
        wanted=wanted,
        complete=choice.complete,
    )
    if known == live and recording.generation == live.generation:
        return False
    if not (known is not None and recording.generation == known.generation and _grew(known, live)):
        await _replace_generation(db, archive, recording, token_overlap_s=token_overlap_s)
        live = msgspec.structs.replace(live, generation=recording.generation)
    recording.plan = with_live(recording.plan, live)
    _describe(recording, choice, live)
    return True


def _grew(before: LiveList, after: LiveList) -> bool:
    """Whether a list that was still growing only grew: then it stays under its address."""
    if before.complete or not before.runs or before.clip[0] != after.clip[0]:
        return False
    whole = len(before.runs) - 1
    old, new = before.runs[whole], after.runs[whole] if len(after.runs) > whole else (0, 0)
    return before.runs[:whole] == after.runs[:whole] and old[0] == new[0] and old[1] <= new[1]


async def _replace_generation(db: Db, archive: Archive, recording: Recording, *, token_overlap_s: int) -> None:
    """Another list gets another address: what was shown, or made for it, is let go."""
    await abandon_better(db, recording)
    if recording.generation:
        await remove_later(
            db,
            generation_prefix(recording.id, recording.generation),
            reason="cut anew",
            owner_id=f"{recording.id}:g{recording.generation}",
            after_s=token_overlap_s,
        )
    await _forget_rows(db, recording)
    recording.generation = take_generation(recording)
    recording.poster_key, recording.storyboard = None, {}
    recording.error_code = recording.error_detail = None
    layout = msgspec.convert(archive.broadcast.layout, Layout)
    for position, track in enumerate(layout.tracks):
        db.add(
            Rendition(
                recording_id=recording.id,
                generation=recording.generation,
                name=track.name,
                kind=track.kind,
                position=position,
                width=track.width or None,
                height=track.height or None,
                frame_rate=track.frame_rate or None,
                codecs=track.codecs,
            )
        )
    await enqueue(db, MakePoster(recording=recording.id, generation=recording.generation), subject=recording.id)


async def _forget_rows(db: Db, recording: Recording) -> None:
    await db.execute(delete(Chunk).where(Chunk.recording_id == recording.id))
    await db.execute(delete(Rendition).where(Rendition.recording_id == recording.id))


def _describe(recording: Recording, choice: Choice, live: LiveList) -> None:
    """The recording's own fields."""
    recording.cut = [
        {"source_id": live.broadcast, "start_ms": _ms(start), "end_ms": _ms(end)} for start, end in choice.ranges
    ]
    recording.duration_ms = recording.playable_ms = _ms(live.clip[1] - live.clip[0])
    recording.playable = choice.complete or live.clip[1] - live.clip[0] >= LEAST_GROWING_TICKS
    recording.state = READY if choice.complete else ENCODING
    recording.progress = 1.0 if choice.complete else max(recording.progress, 0.9)
    recording.ended_at = now() if choice.complete else None
    recording.version += 1


def _ms(ticks: int) -> int:
    return round(ticks * 1000 / VIDEO_TIMESCALE)


async def _announce_worthy(db: Db, recording: Recording, session: Session, *, better: bool) -> None:
    """Publish, say that it is complete, order the better encode: what a change of the cut asks for."""
    await db.flush()
    if recording.published_at is None and should_publish(recording, session):
        await publish_recording(db, recording, session)
    if recording.state == READY:
        for rendition in await db.scalars(select(Rendition).where(Rendition.recording_id == recording.id)):
            rendition.complete = True
        await enqueue(db, RecordingReady(recording=recording.id, session=session.id), subject=recording.id)
    if better:
        await order_better(db, recording)


async def withdraw(db: Db, recording: Recording, *, forbidden: bool) -> None:
    """Nothing of the talk may be kept, or nothing was: what was made of it goes at once, without an undo time."""
    live = live_of(recording.plan)
    if live is None or (recording.state == CANCELLED and not recording.cut):
        return
    await abandon_better(db, recording)
    for generation in range(1, newest_generation(recording) + 1):
        await remove_later(
            db,
            generation_prefix(recording.id, generation),
            reason="not to be recorded",
            owner_id=f"{recording.id}:withdrawn",
            after_s=0,
        )
    await _forget_rows(db, recording)
    recording.generation = take_generation(recording)
    recording.plan = with_live(
        recording.plan,
        msgspec.structs.replace(live, generation=recording.generation, runs=(), clip=(0, 0), wanted=(), complete=False),
    )
    wished = recording.publish_when_playable
    unpublish_recording(recording)
    recording.publish_when_playable = wished  # should the mark be taken away, and something be left
    recording.state, recording.playable, recording.playable_ms, recording.cut = CANCELLED, False, 0, []
    recording.poster_key, recording.storyboard, recording.duration_ms = None, {}, None
    recording.error_code = "recording.do_not_record" if forbidden else "recording.nothing_kept"
    recording.error_detail = (
        "This session is marked do-not-record; what was kept of it has been removed."
        if forbidden
        else "Nothing of this talk is in the broadcast's archive."
    )
    recording.ended_at = now()
    await enqueue(db, RecordingRetired(recording=recording.id, session=recording.session_id), subject=recording.id)
