"""What features above add to a session: its recording, slides and captions. Sessions only say the form.

The root (server/app.py) hands the routes a `SessionMediaReader`; without one a session simply has no media yet.
"""

from collections.abc import Mapping, Sequence
from typing import Annotated, Protocol, runtime_checkable

import msgspec

from server.accounts.actor import Actor
from server.core.db import Db


class RecordingBrief(msgspec.Struct, kw_only=True):
    """A session's recording in short; more at /api/v1/recordings/{id}."""

    id: Annotated[str, msgspec.Meta(examples=["01979c5e2b7a7c3d9e1f2a3b4c5d6e7f"])]
    state: Annotated[
        str,
        msgspec.Meta(
            description="receiving, probing, encoding, ready, failed or cancelled: how far the work is.",
            examples=["ready"],
        ),
    ]
    playable: Annotated[bool, msgspec.Meta(description="Whether there is something to watch.", examples=[True])]
    published: Annotated[bool, msgspec.Meta(description="Whether viewers may watch it.", examples=[True])]
    progress: Annotated[float, msgspec.Meta(description="0 to 1.", examples=[1.0])]
    duration_ms: Annotated[int | None, msgspec.Meta(description="Milliseconds.", examples=[1_830_000])] = None


class DeckBrief(msgspec.Struct, kw_only=True):
    """A session's slide deck in short; more at /api/v1/decks/{id}."""

    id: Annotated[str, msgspec.Meta(examples=["01979c5e2b7a7c3d9e1f2a3b4c5d6e80"])]
    filename: Annotated[str, msgspec.Meta(examples=["still-slides.pdf"])]
    content_type: Annotated[str, msgspec.Meta(description="By its content.", examples=["application/pdf"])]
    size_bytes: Annotated[int, msgspec.Meta(examples=[2_345_678])]
    url: Annotated[
        str | None,
        msgspec.Meta(
            description="Where the file is downloaded; null when the licence does not let the asker.",
            examples=["/api/v1/decks/01979c5e2b7a7c3d9e1f2a3b4c5d6e80/file"],
        ),
    ]
    state: Annotated[str, msgspec.Meta(description="waiting, rendering, ready or failed.", examples=["ready"])]
    pages: Annotated[
        int, msgspec.Meta(description="Pages there are to look at, of all decks of the session.", examples=[24])
    ]


class CaptionsBrief(msgspec.Struct, kw_only=True):
    """One caption track; more at /api/v1/captions/{id}."""

    id: Annotated[str, msgspec.Meta(examples=["01979c5e2b7a7c3d9e1f2a3b4c5d6e81"])]
    language: Annotated[str, msgspec.Meta(examples=["en"])]
    label: Annotated[str, msgspec.Meta(examples=["English"])] = ""


class SessionMedia(msgspec.Struct, kw_only=True):
    """Everything there is to a session beside its words, as far as the asker may know of it."""

    recording: RecordingBrief | None = None
    slides: DeckBrief | None = None
    captions: list[CaptionsBrief] = msgspec.field(default_factory=list)


@runtime_checkable  # the framework looks at what it hands in
class SessionMediaReader(Protocol):
    """Reads the media of several sessions at once, in a fixed number of statements (one is best).

    Sessions without media may be left out of the answer. It decides itself what the actor may know of.
    """

    async def __call__(self, db: Db, actor: Actor, session_ids: Sequence[str]) -> Mapping[str, SessionMedia]: ...


async def no_media(_db: Db, _actor: Actor, _session_ids: Sequence[str]) -> Mapping[str, SessionMedia]:
    """The reader of a Semma without recordings."""
    return {}
