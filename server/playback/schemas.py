"""Playback over HTTP."""

from datetime import datetime
from typing import Annotated

import msgspec

from server.playback.caption_schemas import WarningView, warnings_view
from server.playback.live_cut import clip_ms
from server.playback.models import CaptionTrack
from server.playback.watch import Watchable
from server.recordings.live_list import shown_live


class CaptionsView(msgspec.Struct):
    """One caption track of a session."""

    id: str
    session: str
    language: Annotated[str, msgspec.Meta(examples=["fi"])]
    label: Annotated[str, msgspec.Meta(examples=["suomi"])]
    cues: Annotated[int, msgspec.Meta(description="How many.", examples=[412])]
    src: Annotated[str | None, msgspec.Meta(description="WebVTT, in the playlist's time.")] = None
    filename: Annotated[str, msgspec.Meta(description="Of the file it came from.", examples=["talk.fi.srt"])] = ""
    warnings: Annotated[
        list[WarningView],
        msgspec.Meta(description="What was mended in the file or left out of it; empty for whoever may not upload."),
    ] = []
    deleted_at: datetime | None = None


class Clip(msgspec.Struct):
    """Where in the playlist the talk is: it lists whole segments, and players show only this."""

    start_ms: int
    end_ms: int


class ChapterView(msgspec.Struct):
    """Where a chapter begins, from the talk's own start."""

    start_ms: int
    title: str


class SlidesBeside(msgspec.Struct):
    """Pages to show beside the recording."""

    url: Annotated[
        str,
        msgspec.Meta(
            description="Decks, their pages, and which is shown from when to when.",
            examples=["/api/v1/sessions/01979c5e2b7a7c3d9e1f2a3b4c5d6e7f/slides"],
        ),
    ]
    pages: Annotated[int, msgspec.Meta(examples=[24])]


class PlaybackView(msgspec.Struct):
    """Everything a player needs; addresses are relative to the site."""

    hls: Annotated[str, msgspec.Meta(examples=["/media/public/01979c5e2b7a7c3d9e1f2a3b4c5d6e7f/index.m3u8"])]
    poster: str | None
    storyboard: str | None
    captions: list[CaptionsView]
    chapters: list[ChapterView]
    chapters_src: Annotated[str | None, msgspec.Meta(description="The chapters as WebVTT.")]
    slides: SlidesBeside | None
    duration_ms: int | None
    playable_ms: int
    complete: bool
    clip: Clip | None
    expires_at: datetime | None


def captions_view(track: CaptionTrack, *, root: str | None = None, may_upload: bool = False) -> CaptionsView:
    """A caption track; with its address where there is a recording to watch it with."""
    return CaptionsView(
        id=track.id,
        session=track.session_id,
        language=track.language,
        label=track.label,
        cues=len(track.cues),
        # The version makes browsers fetch captions anew that were edited.
        src=f"{root}/captions/{track.id}.vtt?v={track.version}" if root else None,
        filename=track.filename if may_upload else "",
        warnings=warnings_view(track) if may_upload else [],
        deleted_at=track.deleted_at,
    )


def playback_view(found: Watchable, *, slide_pages: int = 0) -> PlaybackView:
    """What the API answers; `slide_pages` is how many pages of slides there are to show beside it."""
    session_id = found.recording.session_id
    return PlaybackView(
        hls=found.hls,
        poster=found.poster,
        storyboard=found.storyboard,
        captions=[captions_view(track, root=found.root) for track in found.captions],
        chapters=[ChapterView(one.start_ms, one.title) for one in found.chapters],
        chapters_src=f"{found.root}/chapters.vtt" if found.chapters else None,
        slides=SlidesBeside(f"/api/v1/sessions/{session_id}/slides", slide_pages) if slide_pages else None,
        duration_ms=found.recording.duration_ms,
        playable_ms=found.recording.playable_ms,
        complete=found.recording.state == "ready",
        clip=_clip(found),
        expires_at=found.expires_at,
    )


def _clip(found: Watchable) -> Clip | None:
    """The exact borders; None where the playlist is the talk and nothing else."""
    live = shown_live(found.recording)
    return Clip(*clip_ms(live)) if live is not None else None
