"""Files to download over HTTP."""

from typing import Annotated
from urllib.parse import quote

import msgspec
from msgspec import UNSET, Meta, UnsetType

from server.playback.downloads import Offer, filename_of, media_type_of
from server.playback.models import CaptionTrack, DownloadChoice
from server.sessions.queries import Item


class DownloadError(msgspec.Struct):
    """Why a file could not be made, with a stable code and in words."""

    code: Annotated[str, Meta(examples=["media.bad_output"])]
    detail: str


class DownloadView(msgspec.Struct, kw_only=True):
    """One file. A video or audio file is made when it is first asked for; the others are there."""

    kind: Annotated[str, Meta(description="video, audio, slides or captions.", examples=["video"])]
    rung: Annotated[str, Meta(description="Of video and audio: what to ask for.", examples=["720p"])] = ""
    language: Annotated[str, Meta(examples=["fi"])] = ""
    label: Annotated[str, Meta(examples=["suomi"])] = ""
    content_type: Annotated[str, Meta(examples=["video/mp4"])]
    filename: Annotated[str, Meta(examples=["Why cranes dance (720p).mp4"])]
    state: Annotated[str, Meta(description="none, making, ready or failed.", examples=["ready"])]
    progress: Annotated[float, Meta(description="0 to 1.", examples=[1.0])] = 1.0
    size_bytes: Annotated[
        int | None, Meta(description="Exact once it is ready, before that what it will be, roughly.")
    ] = None
    width: int | None = None
    height: int | None = None
    url: Annotated[str | None, Meta(description="Null until it is ready.")] = None
    error: DownloadError | None = None


class DownloadsView(msgspec.Struct, kw_only=True):
    """Everything of a session that the asker may download."""

    allowed: Annotated[bool, Meta(description="Whether everybody who may watch may download, by licence or choice.")]
    items: list[DownloadView]


class DownloadOrderIn(msgspec.Struct, kw_only=True):
    """Which file is wanted."""

    rung: Annotated[str, Meta(description="As listed.", max_length=20, examples=["720p"])]


class ChoiceView(msgspec.Struct, kw_only=True):
    """What organisers say about downloads of an event or session."""

    allowed: Annotated[bool | None, Meta(description="Null: as the licence says.")]
    podcast: Annotated[bool, Meta(description="Of events: files are made ahead, and shown in podcasts.")]


class ChoiceChanges(msgspec.Struct, kw_only=True):
    """Only what is named changes."""

    allowed: bool | UnsetType | None = UNSET
    podcast: bool | UnsetType = UNSET


def offer_view(offer: Offer, item: Item, *, token: str) -> DownloadView:
    """A file of the recording, under the audience's token."""
    made = offer.made
    filename = filename_of(item, offer.rung)
    ready = made is not None and made.state == "ready"
    return DownloadView(
        kind=offer.kind,
        rung=offer.rung,
        content_type=media_type_of(offer.rung),
        filename=filename,
        state=made.state if made is not None else "none",
        progress=made.progress if made is not None else 0.0,
        size_bytes=offer.size_bytes,
        width=offer.width or None,
        height=offer.height or None,
        url=download_url(token, made.id, filename) if made is not None and ready else None,
        error=DownloadError(made.error_code, made.error_detail or "") if made and made.error_code else None,
    )


def download_url(token: str, download_id: str, filename: str) -> str:
    """Where a made file is; the name at the end is only for who saves it."""
    return f"/downloads/{token}/{download_id}/{quote(filename, safe='')}"


def captions_download(track: CaptionTrack) -> list[DownloadView]:
    """A caption track in the two forms that other programs read."""
    return [
        DownloadView(
            kind="captions",
            language=track.language,
            label=track.label,
            content_type=content_type,
            filename=f"{track.language or 'captions'}.{form}",
            state="ready",
            url=f"/api/v1/captions/{track.id}/file?form={form}",
        )
        for form, content_type in (("vtt", "text/vtt"), ("srt", "application/x-subrip"))
    ]


def choice_view(choice: DownloadChoice | None) -> ChoiceView:
    """The choice, or that there is none."""
    return ChoiceView(allowed=choice.allowed if choice else None, podcast=bool(choice and choice.podcast))
