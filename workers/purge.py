"""What was deleted and can no longer be brought back: its rows go, and its objects are handed to the removals.

Everything is found again by its `deleted_at`, so a round that is cut short is simply continued by the next one.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, select

from server.core.clock import now
from server.core.db import Db
from server.core.removals import remove_later
from server.core.runtime import Runtime
from server.events.models import Event, EventLink, Room, Series, Sponsor, Track
from server.events.pictures import event_pictures_prefix
from server.playback.downloads import downloads_prefix
from server.playback.models import CaptionTrack, ChapterList, Download, DownloadChoice
from server.recordings.free_segments import free_broadcasts, free_segments, listed_rooms
from server.recordings.keys import recording_prefix
from server.recordings.live_list import BROADCAST
from server.recordings.models import Recording, Source
from server.sessions.imports.models import ProgrammeSource
from server.sessions.imports.settle import hidden_by_programmes
from server.sessions.models import Session, SessionLink, Speaker
from server.slides.keys import deck_prefix
from server.slides.models import Deck
from server.uploads.models import FAILED, FINISHED, Upload

_BATCH = 50
# Links are deleted with undo too; they own nothing.
_PLAIN: tuple[Any, ...] = (Track, Speaker, EventLink, Sponsor, SessionLink, CaptionTrack)


async def purge(runtime: Runtime) -> int:
    """One round, bounded; returns how many things went."""
    before = now() - timedelta(seconds=runtime.limits.undo_s)
    gone = 0
    async with runtime.database.write() as db:
        gone += await _purge_recordings(db, select(Recording).where(Recording.deleted_at < before).limit(_BATCH))
        gone += await _purge_decks(db, select(Deck).where(Deck.deleted_at < before).limit(_BATCH))
        gone += await _purge_sessions(db, await _ids(db, Session, before, Session.id.not_in(hidden_by_programmes())))
        gone += await _purge_events(db, await _ids(db, Event, before))
        gone += await _purge_rooms(db, await _ids(db, Room, before))
        for model in (*_PLAIN, ProgrammeSource, Series):
            gone += await _delete(db, model, await _ids(db, model, before))
    return gone


async def _ids(db: Db, model: Any, before: datetime, *more: Any) -> list[str]:
    return list(await db.scalars(select(model.id).where(model.deleted_at < before, *more).limit(_BATCH)))


async def _delete(db: Db, model: Any, ids: Sequence[str]) -> int:
    if ids:
        await db.execute(delete(model).where(model.id.in_(ids)))
    return len(ids)


async def _purge_recordings(db: Db, chosen: Any) -> int:
    """Free what recordings own: their renditions, and sources no living recording is cut from."""
    recordings = list(await db.scalars(chosen))
    for recording in recordings:
        await remove_later(
            db, recording_prefix(recording.id), reason="recording purged", owner_id=f"purge:{recording.id}", after_s=0
        )
        prefix = downloads_prefix(recording.id)
        await remove_later(db, prefix, reason="recording purged", owner_id=f"purge:{recording.id}", after_s=0)
        await _purge_sources(db, recording)
        await free_segments(db, recording)
        await db.execute(delete(ChapterList).where(ChapterList.recording_id == recording.id))
        await db.execute(delete(Download).where(Download.recording_id == recording.id))
        await db.delete(recording)
    await db.flush()
    return len(recordings)


async def _purge_sources(db: Db, recording: Recording) -> None:
    mine = {part["source_id"] for part in recording.cut}
    others = await db.scalars(
        select(Recording.cut).where(Recording.session_id == recording.session_id, Recording.id != recording.id)
    )
    kept = {part["source_id"] for cut in others for part in cut}
    for source in await db.scalars(select(Source).where(Source.id.in_(mine - kept), Source.kind != BROADCAST)):
        await remove_later(db, source.key, reason="source purged", owner_id=f"purge:{source.id}", after_s=0)
        await db.delete(source)


async def _purge_decks(db: Db, chosen: Any) -> int:
    """Free the files of decks and the pictures of their pages."""
    decks = list(await db.scalars(chosen))
    for deck in decks:
        for prefix in (deck.key, deck_prefix(deck.id)):
            await remove_later(db, prefix, reason="slides purged", owner_id=f"purge:{deck.id}", after_s=0)
        await db.delete(deck)
    await db.flush()
    return len(decks)


async def _purge_sessions(db: Db, ids: Sequence[str]) -> int:
    if not ids:
        return 0
    await _purge_recordings(db, select(Recording).where(Recording.session_id.in_(ids)))
    await _purge_decks(db, select(Deck).where(Deck.session_id.in_(ids)))
    await db.execute(delete(CaptionTrack).where(CaptionTrack.session_id.in_(ids)))
    await db.execute(delete(DownloadChoice).where(DownloadChoice.id.in_(ids)))
    # Unfinished uploads expire by themselves; the file of a finished one is its source's, freed above.
    ended = (Upload.session_id.in_(ids), Upload.state.in_((FINISHED, FAILED)))
    await db.execute(delete(Upload).where(*ended))
    return await _delete(db, Session, ids)


async def _purge_events(db: Db, ids: Sequence[str]) -> int:
    if not ids:
        return 0
    sessions = list(await db.scalars(select(Session.id).where(Session.event_id.in_(ids))))
    await _purge_sessions(db, sessions)
    await free_broadcasts(db, event_ids=ids)
    await db.execute(delete(DownloadChoice).where(DownloadChoice.id.in_(ids)))
    for event_id in ids:
        prefix = event_pictures_prefix(event_id)
        await remove_later(db, prefix, reason="event purged", owner_id=f"purge:{event_id}", after_s=0)
    return await _delete(db, Event, ids)


async def _purge_rooms(db: Db, ids: Sequence[str]) -> int:
    """Rooms go with the archives of their broadcasts, once no recording is made of these any more."""
    if not ids:
        return 0
    listed = await listed_rooms(db, ids)
    free = [room_id for room_id in ids if room_id not in listed]
    await free_broadcasts(db, room_ids=free)
    return await _delete(db, Room, free)
