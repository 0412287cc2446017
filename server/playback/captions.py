"""Caption tracks: made from an uploaded file, served as WebVTT, deleted with undo."""

import asyncio
from dataclasses import replace
from fractions import Fraction
from typing import Any

from sqlalchemy import select

from server.accounts.actor import Actor
from server.accounts.policy import Action
from server.core.clock import now
from server.core.db import Db
from server.core.ids import new_id
from server.core.storage import ObjectStore, StorageAway
from server.media.captions import write_webvtt
from server.media.captions_check import offset_remark, without_offset
from server.media.captions_read import BadCaptions, Captions, Remark, read_captions
from server.media.playlist import MediaPlaylist, MediaSegment, rounded_seconds
from server.playback.captions_keep import (
    MOST_WARNINGS,
    cues_of,
    final_duration_ms,
    keep_cues,
    settle_track,
    warn_of_end,
)
from server.playback.errors import CaptionsNotFound, CaptionsUnreadable, MediaNotFound
from server.playback.live_cut import clip_ms, timestamp_map
from server.playback.models import CaptionTrack
from server.playback.queries import present_recording
from server.recordings.live_list import shown_live
from server.recordings.models import Recording
from server.sessions.errors import SessionNotFound
from server.sessions.models import Session
from server.sessions.queries import Item, get_session
from server.uploads.desk import FinishedUpload

MAX_BYTES = 5 * 1024 * 1024
_PATIENCE_S = 5.0


async def accept_captions(db: Db, store: ObjectStore, upload: FinishedUpload) -> str:
    """A finished upload becomes a caption track, replacing one of the same language; returns its id.

    What had to be mended is kept with it as warnings. Raises CaptionsUnreadable with what is wrong, in words. The
    object is small, so it is read inside the transaction, with a few seconds' patience.
    """
    known = await db.scalar(select(CaptionTrack.id).where(CaptionTrack.upload_id == upload.id))
    if known is not None:
        return known
    captions = _read(await _fetch(store, upload))
    recording = await present_recording(db, upload.session_id)
    duration_ms = final_duration_ms(recording)
    cues, offset_ms = without_offset(captions.cues, duration_ms)
    remarks = [*([offset_remark(offset_ms)] if offset_ms else []), *captions.remarks]
    track = CaptionTrack(
        id=new_id(),
        event_id=upload.event_id,
        session_id=upload.session_id,
        language=upload.language or await _language_of(db, upload.session_id),
        filename=upload.filename[:300],
        cut=recording.cut if recording else [],
        upload_id=upload.id,
    )
    keep_cues(track, cues)
    track.warnings = [_warning(remark) for remark in remarks[:MOST_WARNINGS]]
    warn_of_end(track, cues, duration_ms)
    await retire_others(db, track)
    db.add(track)
    await db.flush()
    return track.id


async def _fetch(store: ObjectStore, upload: FinishedUpload) -> bytes:
    if upload.size_bytes > MAX_BYTES:
        raise CaptionsUnreadable("Caption files are texts of a few hundred kilobytes; this one is too large to be one.")
    try:
        async with asyncio.timeout(_PATIENCE_S):
            return await store.get(upload.key)
    except TimeoutError:
        raise StorageAway from None


def _read(data: bytes) -> Captions:
    try:
        return read_captions(data)
    except BadCaptions as error:
        raise CaptionsUnreadable(str(error)) from None


async def _language_of(db: Db, session_id: str) -> str:
    """The language of the talk: that of captions which do not say theirs."""
    session = await db.get(Session, session_id)
    return session.language if session else ""


def _warning(remark: Remark) -> dict[str, Any]:
    return {"code": remark.action, "detail": str(remark), "line": remark.line, "count": remark.count}


def retire_track(track: CaptionTrack) -> None:
    """Viewers no longer get it."""
    track.deleted_at = now()
    track.version += 1


async def retire_others(db: Db, track: CaptionTrack) -> None:
    """Of a language there is one track: those that were before this one make way, and can be brought back."""
    for other in await db.scalars(
        select(CaptionTrack).where(
            CaptionTrack.session_id == track.session_id,
            CaptionTrack.language == track.language,
            CaptionTrack.deleted_at.is_(None),
            CaptionTrack.id != track.id,
        )
    ):
        retire_track(other)


async def restore_track(db: Db, track: CaptionTrack) -> None:
    """Undo a deletion, or go back to an older version: what is there now in its language makes way."""
    if track.deleted_at is None:
        return
    await retire_others(db, track)
    track.deleted_at = None
    track.version += 1
    await settle_track(db, track)


async def get_track(
    db: Db, actor: Actor, track_id: str, action: Action = Action.SEE, *, deleted: bool = False, lock: bool = False
) -> CaptionTrack:
    """The track, if the actor may do this to its session; raises CaptionsNotFound, Forbidden…"""
    return (await find_track(db, actor, track_id, action, deleted=deleted, lock=lock))[0]


async def find_track(
    db: Db, actor: Actor, track_id: str, action: Action = Action.SEE, *, deleted: bool = False, lock: bool = False
) -> tuple[CaptionTrack, Item]:
    """The same, with its session."""
    track = await db.get(CaptionTrack, track_id, with_for_update=lock)
    if track is None or (track.deleted_at is not None and not deleted):
        raise CaptionsNotFound
    try:
        item = await get_session(db, track.session_id, actor=actor, action=action)
    except SessionNotFound:
        raise CaptionsNotFound from None
    return track, item


async def _track_of(db: Db, recording_id: str, track_id: str) -> tuple[Recording, CaptionTrack]:
    recording = await db.get(Recording, recording_id)
    track = await db.get(CaptionTrack, track_id)
    if recording is None or track is None or track.deleted_at or track.session_id != recording.session_id:
        raise MediaNotFound
    return recording, track


async def track_text(db: Db, recording_id: str, track_id: str) -> tuple[str, bool]:
    """The track as WebVTT, and whether it changes soon. Raises MediaNotFound."""
    recording, track = await _track_of(db, recording_id, track_id)
    cues = cues_of(track)
    live = shown_live(recording)
    if live is None:
        return write_webvtt(cues, track.language), False
    before_ms, _end = clip_ms(live)
    moved = [replace(cue, start_ms=cue.start_ms + before_ms, end_ms=cue.end_ms + before_ms) for cue in cues]
    first, rest = write_webvtt(moved, track.language).split("\n", 1)
    return f"{first}\n{await timestamp_map(db, live)}\n{rest}", not live.complete


async def track_playlist(db: Db, recording_id: str, track_id: str) -> tuple[str, bool]:
    """The subtitle rendition's playlist: the whole track as one segment (RFC 8216bis 3.1.4). Raises MediaNotFound."""
    recording, track = await _track_of(db, recording_id, track_id)
    last_ms = max((cue[1] for cue in track.cues), default=1000)
    live = shown_live(recording)
    before_ms = clip_ms(live)[0] if live is not None else 0
    duration = Fraction(before_ms + max(recording.duration_ms or 0, last_ms), 1000)
    playlist = MediaPlaylist(
        target_duration=max(1, rounded_seconds(duration)),
        segments=(MediaSegment(uri=f"{track.id}.vtt", duration=duration),),
        playlist_type="VOD",
        independent_segments=False,
        ended=True,
    )
    return playlist.text(), False
