"""The published talks of events as feeds tell of them; the newest first."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select

from server.accounts.actor import ANONYMOUS, Actor
from server.core.db import Db
from server.core.secrets import Keyring
from server.events.models import PUBLIC, Event, Series
from server.media.chapters import Chapter
from server.playback.chapters import ChapterReader, chapters_in
from server.playback.download_schemas import download_url
from server.playback.downloads import SOUND, choices_of, filename_of, is_allowed, media_type_of
from server.playback.models import CaptionTrack, ChapterList, Download
from server.playback.queries import caption_tracks_of_sessions
from server.playback.watch import watchable
from server.recordings.models import Recording
from server.recordings.queries import recordings_of_sessions
from server.sessions.queries import Item, read_items, visible_sessions

MOST_TALKS = 200
_PODCAST_LINES = 720


@dataclass(frozen=True, kw_only=True)
class Enclosure:
    """A made file of a talk."""

    url: str
    size_bytes: int
    content_type: str
    duration_ms: int


@dataclass(frozen=True, kw_only=True)
class FeedTalk:
    """One published talk; addresses are whole."""

    item: Item
    recording: Recording
    url: str
    root: str  # below which its media are
    poster: str | None
    captions: Sequence[CaptionTrack]
    files: Mapping[str, Enclosure] = field(default_factory=dict)  # "audio", "video"
    chapters: Sequence[Chapter] = ()

    @property
    def published(self) -> datetime:
        """When viewers could watch it."""
        return self.recording.published_at or self.recording.created_at

    @property
    def updated(self) -> datetime:
        """When something of it changed last."""
        return max(self.published, self.item.session.updated_at)

    @property
    def summary(self) -> str:
        """What it is about, as plain text."""
        session = self.item.session
        return session.abstract or session.description or session.subtitle

    @property
    def speakers(self) -> str:
        """Who speaks, in order."""
        return ", ".join(one.name for one in self.item.speakers)


async def talks_of_events(
    db: Db, actor: Actor, events: Sequence[Event], *, keyring: Keyring, moment: datetime, base_url: str
) -> list[FeedTalk]:
    """What the actor may watch of these events, a fixed number of statements."""
    ids = [event.id for event in events]
    if not ids:
        return []
    items = await read_items(db, visible_sessions(actor, listed=False).where(Event.id.in_(ids)))
    by_id = {item.session.id: item for item in items if item.session.state != "cancelled"}
    recordings = await recordings_of_sessions(db, actor, list(by_id), watchable_only=True)
    shown = sorted(recordings.values(), key=lambda row: (row.published_at or row.created_at, row.id), reverse=True)
    shown = shown[:MOST_TALKS]
    tracks = await caption_tracks_of_sessions(db, [row.session_id for row in shown])
    talks = []
    for row in shown:
        item, captions = by_id[row.session_id], tracks.get(row.session_id, [])
        found = watchable(row, item, keyring=keyring, moment=moment, preview=False, captions=captions)
        talks.append(
            FeedTalk(
                item=item,
                recording=row,
                url=f"{base_url}/{item.event.slug}/sessions/{item.session.slug}",
                root=base_url + found.root,
                poster=base_url + found.poster if found.poster else None,
                captions=captions,
            )
        )
    return talks


async def public_events_of(db: Db, series: Series) -> list[Event]:
    """The editions that stand in lists, the latest first: unlisted and closed ones are in no feed of the series."""
    rows = await db.scalars(
        select(Event)
        .where(Event.series_id == series.id, Event.visibility == PUBLIC, Event.deleted_at.is_(None))
        .order_by(Event.starts_on.desc(), Event.id.desc())
    )
    return list(rows)


async def podcast_events(db: Db, events: Sequence[Event]) -> list[Event]:
    """Those of the events that have podcasts."""
    choices = await choices_of(db, [event.id for event in events])
    return [event for event in events if (choice := choices.get(event.id)) is not None and choice.podcast]


async def with_files(
    db: Db, talks: Sequence[FeedTalk], kind: str, *, base_url: str, read_chapters: ChapterReader
) -> list[FeedTalk]:
    """The talks that have a made file of this kind ("audio", "video") which everybody may have, with their chapters."""
    recordings = [talk.recording.id for talk in talks]
    rows = await db.scalars(select(Download).where(Download.recording_id.in_(recordings), Download.state == "ready"))
    made: dict[str, list[Download]] = {}
    for row in rows:
        made.setdefault(row.recording_id, []).append(row)
    owners = {one for talk in talks for one in (talk.item.session.id, talk.item.event.id)}
    choices = await choices_of(db, sorted(owners))
    lists = {
        row.recording_id: row
        for row in await db.scalars(select(ChapterList).where(ChapterList.recording_id.in_(recordings)))
    }
    found = []
    for talk in talks:
        file = best_file(made.get(talk.recording.id, []), kind)
        if file is not None and is_allowed(talk.item, choices):
            other = await read_chapters(db, talk.recording)
            chapters = chapters_in(lists.get(talk.recording.id), talk.recording, other)
            found.append(_with(talk, kind, file, chapters, base_url))
    return found


def best_file(rows: Sequence[Download], kind: str) -> Download | None:
    """The newest sound; of pictures the largest that suits a phone, else the smallest, and of those the newest."""
    wanted = [row for row in rows if (row.rung == SOUND) == (kind == "audio")]
    if not wanted:
        return None
    fitting = [row for row in wanted if _lines(row) <= _PODCAST_LINES]
    lines = max(map(_lines, fitting)) if fitting else min(map(_lines, wanted))
    same = [row for row in wanted if _lines(row) == lines]
    return max(same, key=lambda row: (row.created_at, row.id))


def _lines(row: Download) -> int:
    digits = row.rung.rstrip("p")
    return int(digits) if digits.isdecimal() else 0


def _with(talk: FeedTalk, kind: str, row: Download, chapters: Sequence[Chapter], base_url: str) -> FeedTalk:
    token = talk.root.removeprefix(base_url).split("/")[2]  # /media/{token}/…
    file = Enclosure(
        url=base_url + download_url(token, row.id, filename_of(talk.item, row.rung)),
        size_bytes=row.size_bytes,
        content_type=media_type_of(row.rung),
        duration_ms=row.duration_ms,
    )
    return FeedTalk(
        item=talk.item,
        recording=talk.recording,
        url=talk.url,
        root=talk.root,
        poster=talk.poster,
        captions=talk.captions,
        files={kind: file},
        chapters=chapters,
    )


__all__ = ["ANONYMOUS", "FeedTalk", "podcast_events", "public_events_of", "talks_of_events", "with_files"]
