"""Cues in their row and out of it, and with the recording they belong to."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select

from server.core.db import Db
from server.media.captions import Cue
from server.media.captions_check import beyond_remark
from server.playback.captions_place import Piece, place_again
from server.playback.models import CaptionTrack
from server.playback.queries import present_recording
from server.recordings.live_list import live_of
from server.recordings.models import READY, Recording

MOST_WARNINGS = 100
BEYOND_END = "beyond_end"


def cues_of(track: CaptionTrack) -> list[Cue]:
    """A track's cues in order of time."""
    return [_cue(row) for row in track.cues]


def _cue(row: Sequence[Any]) -> Cue:
    return Cue(row[0], row[1], row[2], settings=row[3] if len(row) > 3 else "")


def keep_cues(track: CaptionTrack, cues: Sequence[Cue]) -> None:
    """Write cues down; the version counts on."""
    track.cues = [[cue.start_ms, cue.end_ms, cue.text, cue.settings] for cue in cues]
    track.version = (track.version or 0) + 1


def final_duration_ms(recording: Recording | None) -> int | None:
    """How long the recording is; None while that is not known for good."""
    if recording is None or (recording.state != READY and live_of(recording.plan or {}) is not None):
        return None
    return recording.duration_ms


def warn_of_end(track: CaptionTrack, cues: Sequence[Cue], duration_ms: int | None) -> None:
    """Say with the track whether captions run beyond the recording's end."""
    detail = beyond_remark(cues, duration_ms)
    others = [one for one in track.warnings or [] if one["code"] != BEYOND_END]
    said = [{"code": BEYOND_END, "detail": detail, "line": None, "count": 1}] if detail else []
    if [*others, *said] != track.warnings:
        track.warnings = [*others, *said]


async def settle_captions(db: Db, session_id: str) -> None:
    """Bring a session's tracks in line with the recording that is shown now. May run twice."""
    tracks = await db.scalars(
        select(CaptionTrack).where(CaptionTrack.session_id == session_id, CaptionTrack.deleted_at.is_(None))
    )
    for track in tracks.all():
        await settle_track(db, track)


async def settle_track(db: Db, track: CaptionTrack) -> None:
    """Bring one track's times in line with the recording that is shown now."""
    recording = await present_recording(db, track.session_id)
    if recording is None or not recording.cut:
        return
    before = cues_of(track)
    pieces = [Piece(row[0], _cue(row[1:])) for row in track.left_out]
    cues, left_out = place_again(before, pieces, track.cut, recording.cut)
    if cues != before:
        keep_cues(track, cues)
    if left_out != pieces:
        track.left_out = [
            [one.source, one.cue.start_ms, one.cue.end_ms, one.cue.text, one.cue.settings] for one in left_out
        ]
    if track.cut != recording.cut:
        track.cut = list(recording.cut)
    warn_of_end(track, cues, final_duration_ms(recording))
