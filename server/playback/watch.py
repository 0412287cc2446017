"""What a player is given for a session: addresses under the audience's token."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, runtime_checkable

from server.accounts.actor import Actor
from server.accounts.policy import Action, can
from server.core.db import Db
from server.core.secrets import Keyring
from server.events.audience import PUBLIC_TOKEN, Watched, audience_token, expires_at
from server.media.chapters import Chapter
from server.playback.chapters import ChapterReader, chapters_in, no_other_chapters
from server.playback.errors import NothingToWatch
from server.playback.models import CaptionTrack
from server.playback.queries import accompaniment_of
from server.recordings.models import Recording
from server.recordings.queries import recordings_of_sessions
from server.sessions.queries import Item


@runtime_checkable  # the framework looks at what it hands in
class SlidePages(Protocol):
    """Counts the pages of slides that are shown with a session: what slides are, the root knows."""

    async def __call__(self, db: Db, session_id: str) -> int: ...


@dataclass(frozen=True, kw_only=True)
class Watchable:
    """A recording with the addresses to watch it; `expires_at` is None where they do not change."""

    recording: Recording
    root: str
    captions: list[CaptionTrack]
    chapters: list[Chapter]
    expires_at: datetime | None

    @property
    def hls(self) -> str:
        """The multivariant playlist."""
        return f"{self.root}/index.m3u8"

    @property
    def poster(self) -> str | None:
        """The still picture shown before playing."""
        key = self.recording.poster_key
        return f"{self.root}/{key}" if key else None

    @property
    def storyboard(self) -> str | None:
        """The index of pictures over time."""
        return f"{self.root}/storyboard.vtt" if self.recording.storyboard else None


async def watch_session(
    db: Db,
    actor: Actor,
    item: Item,
    *,
    keyring: Keyring,
    moment: datetime,
    read_chapters: ChapterReader = no_other_chapters,
) -> Watchable:
    """What this actor may watch of a session they may see; `read_chapters` knows of chapters beside the file's own.
    Raises NothingToWatch."""
    recording = (await recordings_of_sessions(db, actor, [item.session.id])).get(item.session.id)
    if recording is None or not recording.playable:
        raise NothingToWatch
    captions, chapters = await accompaniment_of(db, recording)
    return watchable(
        recording,
        item,
        keyring=keyring,
        moment=moment,
        preview=recording.published_at is None and can(actor, Action.PREVIEW, item.subject),
        captions=captions,
        chapters=chapters_in(chapters, recording, await read_chapters(db, recording)),
    )


def watchable(
    recording: Recording,
    item: Item,
    *,
    keyring: Keyring,
    moment: datetime,
    preview: bool,
    captions: list[CaptionTrack],
    chapters: list[Chapter] | None = None,
) -> Watchable:
    """The addresses of a recording for its audience, or for those who preview it."""
    watched = Watched(
        event_id=item.event.id,
        visibility=item.event.visibility,
        access_epoch=item.event.access_epoch,
        published=recording.published_at is not None,
    )
    token = audience_token(keyring, watched, moment=moment, preview=preview)
    return Watchable(
        recording=recording,
        root=f"/media/{token}/{recording.id}",
        captions=captions,
        chapters=chapters or [],
        expires_at=None if token == PUBLIC_TOKEN else expires_at(moment),
    )
