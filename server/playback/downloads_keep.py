"""The life of files to download: ordered once, noted when made, retired when others take their place."""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from hashlib import blake2b

from sqlalchemy import select

from server.core.clock import now
from server.core.db import Db
from server.core.jobs import enqueue
from server.core.removals import keep_after_all, remove_later
from server.playback.chapters import ChapterReader
from server.playback.downloads import Ingredients, download_key, ingredients_of, offers_of, podcast_rungs
from server.playback.jobs import MakeDownload
from server.playback.models import Download, DownloadChoice
from server.recordings.models import Recording
from server.recordings.queries import find_watched
from server.sessions.queries import Item, add_details

MAKING, READY, FAILED = "making", "ready", "failed"
_LOOK_AGAIN = timedelta(hours=1)


async def order_download(db: Db, recording: Recording, rung: str, fingerprint: str) -> Download:
    """The file's row; when nobody asked for it yet, or making it failed, it is ordered. The recording's row is held, so
    that two who ask at once order it once."""
    await db.get(Recording, recording.id, with_for_update=True)
    row = await db.scalar(
        select(Download).where(
            Download.recording_id == recording.id, Download.rung == rung, Download.fingerprint == fingerprint
        )
    )
    if row is not None and row.state != FAILED:
        return row
    if row is None:
        row = Download(
            event_id=recording.event_id,
            session_id=recording.session_id,
            recording_id=recording.id,
            rung=rung,
            fingerprint=fingerprint,
        )
        db.add(row)
    row.state, row.progress, row.error_code, row.error_detail = MAKING, 0.0, None, None
    await db.flush()
    # It may be one that was retired lately and is wanted again.
    await keep_after_all(db, owner_id=_owner(row))
    await enqueue(db, MakeDownload(download=row.id), subject=recording.id)
    return row


async def note_ready(db: Db, row: Download, *, size_bytes: int, duration_ms: int, overlap_s: float) -> None:
    """It is stored; older files of the same rung make way, and go once nobody can be reading them."""
    row.state, row.progress, row.ready_at = READY, 1.0, now()
    row.size_bytes, row.duration_ms = size_bytes, duration_ms
    older = await db.scalars(
        select(Download).where(
            Download.recording_id == row.recording_id, Download.rung == row.rung, Download.id != row.id
        )
    )
    await retire(db, list(older), after_s=overlap_s)


async def note_failed(db: Db, download_id: str, *, code: str, detail: str) -> Download | None:
    """Say why there is no file; asked for again, it is tried again."""
    row = await db.get(Download, download_id)
    if row is not None and row.state == MAKING:
        row.state, row.error_code, row.error_detail = FAILED, code, detail
    return row


async def retire(db: Db, rows: Iterable[Download], *, after_s: float) -> int:
    """Take files off: their rows at once, their objects after so many seconds. Returns how many."""
    count = 0
    for row in rows:
        key = download_key(row.recording_id, row.fingerprint, row.rung)
        await remove_later(db, key, reason="download retired", owner_id=_owner(row), after_s=after_s)
        await db.delete(row)
        count += 1
    await db.flush()
    return count


async def retire_of_session(db: Db, session_id: str) -> int:
    """A talk that must not be kept: nothing made of it stays."""
    rows = await db.scalars(select(Download).where(Download.session_id == session_id))
    return await retire(db, list(rows), after_s=0)


async def retire_stale(db: Db, read_chapters: ChapterReader, *, overlap_s: float, most: int = 100) -> int:
    """Files that are not what would be made now, and that nobody asked to have made anew; the ones longest not looked
    at first."""
    before = now() - _LOOK_AGAIN
    rows = await db.scalars(
        select(Download)
        .where(Download.state != MAKING, Download.updated_at < before)
        .order_by(Download.updated_at)
        .limit(most)
    )
    stale = []
    for row in rows:
        made_of = await ingredients_for(db, row.recording_id, read_chapters)
        row.updated_at = now()
        # Shown in a podcast it stays until the new one is there: an episode must not go away for an hour.
        if made_of is not None and made_of.fingerprint(row.rung) != row.fingerprint and not await _in_podcast(db, row):
            stale.append(row)
    return await retire(db, stale, after_s=overlap_s)


async def _in_podcast(db: Db, row: Download) -> bool:
    choice = await db.get(DownloadChoice, row.event_id)
    return choice is not None and choice.podcast


async def ingredients_for(db: Db, recording_id: str, read_chapters: ChapterReader) -> Ingredients | None:
    """What a recording's files are made of now, whoever asks; None when it or its talk is deleted."""
    found = await find_watched(db, recording_id)
    if found is None or found.recording.deleted_at or found.session.deleted_at or found.event.deleted_at:
        return None
    item = Item(session=found.session, event=found.event)
    await add_details(db, [item])
    return await ingredients_of(db, item, found.recording, read_chapters)


async def order_for_podcasts(db: Db, recording_ids: Sequence[str], read_chapters: ChapterReader) -> int:
    """Have made ahead what podcasts show of these published recordings; returns how many files were ordered."""
    ordered = 0
    for recording_id in recording_ids:
        made_of = await ingredients_for(db, recording_id, read_chapters)
        if made_of is None or made_of.recording.published_at is None:
            continue
        offers = {one.rung: one for one in await offers_of(db, made_of)}
        for rung in podcast_rungs(list(offers.values())):
            if offers[rung].made is None:
                await order_download(db, made_of.recording, rung, offers[rung].fingerprint)
                ordered += 1
    return ordered


async def podcast_recordings(db: Db, *, event_id: str | None = None, session_id: str | None = None) -> list[str]:
    """Published recordings of events with podcasts: of all, or of one event or session."""
    query = (
        select(Recording.id)
        .join(DownloadChoice, DownloadChoice.id == Recording.event_id)
        .where(DownloadChoice.podcast.is_(True), Recording.published_at.is_not(None), Recording.deleted_at.is_(None))
        .order_by(Recording.id)
    )
    if event_id is not None:
        query = query.where(Recording.event_id == event_id)
    if session_id is not None:
        query = query.where(Recording.session_id == session_id)
    return list(await db.scalars(query))


def _owner(row: Download) -> str:
    """The same for the same file, whichever row it has."""
    key = download_key(row.recording_id, row.fingerprint, row.rung)
    return f"download:{blake2b(key.encode(), digest_size=16).hexdigest()}"
