"""Caption tracks over HTTP: their cues, and changes to them."""

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import UNSET, UnsetType

from server.media.captions_check import remarks_on
from server.playback.captions_edit import CueWish
from server.playback.captions_keep import cues_of
from server.playback.models import CaptionTrack

Language = Annotated[
    str,
    msgspec.Meta(
        min_length=2,
        max_length=20,
        pattern=r"^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$",
        description="A BCP 47 tag.",
        examples=["fi"],
    ),
]
Label = Annotated[
    str, msgspec.Meta(max_length=100, description="What menus call it; empty: the language's own name.", examples=[""])
]
_TEXT = "WebVTT cue text: `&amp;`, `&lt;` and the tags i, b, u, c, v, lang, ruby; lines end with a line feed."


class CueIn(msgspec.Struct, kw_only=True):
    """One caption, in ms from the start of the recording as it is shown now."""

    start_ms: Annotated[int, msgspec.Meta(examples=[1000])]
    end_ms: Annotated[int, msgspec.Meta(examples=[3500])]
    text: Annotated[str, msgspec.Meta(description=_TEXT, examples=["Hello &amp; welcome"])]
    settings: Annotated[str, msgspec.Meta(description="WebVTT cue settings.", examples=["align:start"])] = ""

    def wish(self) -> CueWish:
        """As the act takes it."""
        return CueWish(start_ms=self.start_ms, end_ms=self.end_ms, text=self.text, settings=self.settings)


class CuesIn(msgspec.Struct, kw_only=True):
    """All cues of a track, in any order."""

    cues: list[CueIn]


class CaptionsIn(msgspec.Struct, kw_only=True):
    """A new track; without cues it is not shown to viewers until it has some."""

    language: Language
    label: Label = ""
    cues: list[CueIn] = []


class CaptionsChanges(msgspec.Struct, kw_only=True):
    """What shall be otherwise; what is left out stays."""

    language: Language | UnsetType = UNSET
    label: Label | UnsetType = UNSET


class WarningView(msgspec.Struct, kw_only=True):
    """Something the uploader should know: mended, left out, or remarkable."""

    code: Annotated[str, msgspec.Meta(description="repaired, refused, noted or beyond_end.", examples=["repaired"])]
    detail: Annotated[str, msgspec.Meta(examples=["line 3 and 4 more: a time without hours (repaired)"])]
    line: Annotated[int | None, msgspec.Meta(description="Line of the file, where it first is.", examples=[3])] = None
    count: Annotated[int, msgspec.Meta(description="How many lines are alike.", examples=[5])] = 1


class CueRemarkView(msgspec.Struct, kw_only=True):
    """What readers may stumble over in one cue."""

    cue: Annotated[int, msgspec.Meta(description="Its place in the list, from 0.", examples=[0])]
    code: Annotated[str, msgspec.Meta(description="overlap, too_fast, long_line or beyond_end.", examples=["too_fast"])]


class CuesView(msgspec.Struct, kw_only=True):
    """A track with all its cues, in order of time."""

    id: str
    session: str
    language: Language
    label: Label
    version: Annotated[int, msgspec.Meta(examples=[3])]
    updated_at: datetime
    duration_ms: Annotated[int | None, msgspec.Meta(description="Of the recording, once known.", examples=[1_500_000])]
    cues: list[CueIn]
    remarks: list[CueRemarkView]
    warnings: list[WarningView]


def cues_view(track: CaptionTrack, duration_ms: int | None) -> CuesView:
    """A track with its cues, and what is remarkable in them."""
    cues = cues_of(track)
    return CuesView(
        id=track.id,
        session=track.session_id,
        language=track.language,
        label=track.label,
        version=track.version,
        updated_at=track.updated_at,
        duration_ms=duration_ms,
        cues=[CueIn(start_ms=c.start_ms, end_ms=c.end_ms, text=c.text, settings=c.settings) for c in cues],
        remarks=[CueRemarkView(cue=one.cue, code=one.code) for one in remarks_on(cues, duration_ms)],
        warnings=warnings_view(track),
    )


def warnings_view(track: CaptionTrack) -> list[WarningView]:
    """What a track's file was mended of."""
    return msgspec.convert(track.warnings or [], list[WarningView])
