"""Caption tracks: made from an uploaded file, served as WebVTT, deleted with undo."""

import asyncio
from dataclasses import replace
from fractions import Fraction

from sqlalchemy import select

from server.accounts.actor import Actor
from server.accounts.policy import Action
from server.core.clock import now
from server.core.db import Db
from server.core.ids import new_id
from server.core.storage import ObjectStore, StorageAway
from server.media.captions import Cue, write_webvtt
from server.media.captions_read import BadCaptions, read_captions
from server.media.playlist import MediaPlaylist, MediaSegment, rounded_seconds
from server.playback.errors import CaptionsNotFound, CaptionsUnreadable, MediaNotFound
from server.playback.live_cut import clip_ms, timestamp_map
from server.playback.models import CaptionTrack
from server.recordings.live_list import shown_live
from server.recordings.models import Recording
from server.sessions.errors import SessionNotFound
from server.sessions.queries import get_session
from server.uploads.desk import FinishedUpload

MAX_BYTES = 5 * 1024 * 1024
_PATIENCE_S = 5.0


async def accept_captions(db: Db, store: ObjectStore, upload: FinishedUpload) -> str:
    """A finished upload becomes a caption track, replacing one of the same language; returns its id.

    Raises CaptionsUnreadable with what is wrong, in words. The object is small, so it is read inside the transaction,
    with a few seconds' patience.
    """
    known = await db.scalar(select(CaptionTrack.id).where(CaptionTrack.upload_id == upload.id))
    if known is not None:
        return known
    if upload.size_bytes > MAX_BYTES:
        raise CaptionsUnreadable("Caption files are texts of a few hundred kilobytes; this one is too large to be one.")
    try:
        async with asyncio.timeout(_PATIENCE_S):
            data = await store.get(upload.key)
    except TimeoutError:
        raise StorageAway from None
    try:
        captions = read_captions(data)
    except BadCaptions as error:
        raise CaptionsUnreadable(str(error)) from None
    if not captions.cues:
        raise CaptionsUnreadable("There is no cue in this file that can be used.")
    for older in await db.scalars(
        select(CaptionTrack).where(
            CaptionTrack.session_id == upload.session_id,
            CaptionTrack.language == upload.language,
            CaptionTrack.deleted_at.is_(None),
        )
    ):
        retire_track(older)
    track = CaptionTrack(
        id=new_id(),
        event_id=upload.event_id,
        session_id=upload.session_id,
        language=upload.language,
        cues=[[cue.start_ms, cue.end_ms, cue.text, cue.settings] for cue in captions.cues],
        upload_id=upload.id,
    )
    db.add(track)
    await db.flush()
    return track.id


def retire_track(track: CaptionTrack) -> None:
    """Viewers no longer get it."""
    track.deleted_at = now()
    track.version += 1


def restore_track(track: CaptionTrack) -> None:
    """Undo a deletion."""
    track.deleted_at = None
    track.version += 1


async def get_track(
    db: Db, actor: Actor, track_id: str, action: Action = Action.SEE, *, deleted: bool = False
) -> CaptionTrack:
    """The track, if the actor may do this to its session; raises CaptionsNotFound, Forbidden…"""
    track = await db.get(CaptionTrack, track_id)
    if track is None or (track.deleted_at is not None and not deleted):
        raise CaptionsNotFound
    try:
        await get_session(db, track.session_id, actor=actor, action=action)
    except SessionNotFound:
        raise CaptionsNotFound from None
    return track


async def _track_of(db: Db, recording_id: str, track_id: str) -> tuple[Recording, CaptionTrack]:
    recording = await db.get(Recording, recording_id)
    track = await db.get(CaptionTrack, track_id)
    if recording is None or track is None or track.deleted_at or track.session_id != recording.session_id:
        raise MediaNotFound
    return recording, track


async def track_text(db: Db, recording_id: str, track_id: str) -> tuple[str, bool]:
    """The track as WebVTT, and whether it changes soon. Raises MediaNotFound."""
    recording, track = await _track_of(db, recording_id, track_id)
    cues = [Cue(start, end, text, settings=settings) for start, end, text, settings in track.cues]
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
