"""Recordings over HTTP."""

from datetime import datetime
from typing import Annotated

import msgspec

from server.core.clock import now
from server.recordings.models import ENCODING, PROBING, Recording, Rendition


class RecordingError(msgspec.Struct):
    """Why the work ended, in words."""

    code: Annotated[str, msgspec.Meta(examples=["media.no_streams"])]
    detail: Annotated[str, msgspec.Meta(examples=["There is neither picture nor sound in this file."])]


class RenditionView(msgspec.Struct):
    """One quality viewers can choose, or the sound."""

    name: Annotated[str, msgspec.Meta(examples=["1080p"])]
    kind: str
    width: int | None
    height: int | None
    frame_rate: str | None
    codecs: str
    complete: bool


class QualityNote(msgspec.Struct):
    """Something the organiser should know although it worked; `at_ms` on the recording's timeline."""

    code: str
    detail: str
    at_ms: int | None = None


class RecordingView(msgspec.Struct):
    """A recording: how far the work is, and whether viewers can watch it."""

    id: str
    session: str
    state: Annotated[str, msgspec.Meta(examples=["encoding"])]
    playable: bool
    published: bool
    published_at: datetime | None
    progress: Annotated[float, msgspec.Meta(ge=0, le=1, examples=[0.42])]
    eta_ms: int | None
    next_progress: Annotated[
        float | None,
        msgspec.Meta(description="How far a better encode is that is being made in the background, 0 to 1."),
    ]
    error: RecordingError | None
    duration_ms: int | None
    playable_ms: int
    renditions: list[RenditionView]
    quality: list[QualityNote]
    created_at: datetime
    deleted_at: datetime | None


def eta_ms_of(recording: Recording) -> int | None:
    """Milliseconds the work will still take at the pace so far; None while nobody can say."""
    if recording.state not in (PROBING, ENCODING) or recording.started_at is None or recording.progress < 0.02:
        return None
    spent_ms = (now() - recording.started_at).total_seconds() * 1000
    return int(spent_ms * (1 - recording.progress) / recording.progress)


def recording_view(recording: Recording, renditions: list[Rendition], *, progress: float) -> RecordingView:
    """A row as the API shows it, `progress` as in queries.progress_of."""
    error = None
    if recording.error_code is not None:
        error = RecordingError(recording.error_code, recording.error_detail or "")
    return RecordingView(
        id=recording.id,
        session=recording.session_id,
        state=recording.state,
        playable=recording.playable,
        published=recording.published_at is not None,
        published_at=recording.published_at,
        progress=round(progress, 4),
        eta_ms=eta_ms_of(recording),
        next_progress=round(recording.next_progress, 4) if recording.next_generation is not None else None,
        error=error,
        duration_ms=recording.duration_ms,
        playable_ms=recording.playable_ms,
        renditions=[
            RenditionView(r.name, r.kind, r.width, r.height, r.frame_rate, r.codecs, r.complete) for r in renditions
        ],
        quality=[QualityNote(w["code"], w["detail"], w.get("at_ms")) for w in recording.warnings],
        created_at=recording.created_at,
        deleted_at=recording.deleted_at,
    )
