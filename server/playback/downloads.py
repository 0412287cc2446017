"""What of a talk may be downloaded, and what each file is made of.

Files are the rungs of the recording (MP4, with captions and chapters inside) and its sound alone (M4A, with chapters).
Nothing is encoded again. A file is named by everything it is made of, its *fingerprint*: other borders, captions,
chapters or another title make another file, the same ones never a second.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b

from sqlalchemy import select

from server.accounts.actor import Actor
from server.accounts.policy import Action, can
from server.core.db import Db
from server.media.chapters import Chapter
from server.playback.chapters import ChapterReader, chapters_in
from server.playback.live_cut import listed_segments, sizes_of
from server.playback.manifests import audio_sizes, video_sizes
from server.playback.models import CaptionTrack, Download, DownloadChoice
from server.playback.queries import accompaniment_of
from server.recordings.live_list import shown_live
from server.recordings.models import READY, Chunk, Recording, Rendition
from server.recordings.queries import renditions_and_chunks
from server.sessions.licence import allows_download
from server.sessions.queries import Item

DOWNLOADS = "downloads/"
SOUND = "audio"
# Raised when the way files are made changes, so that older ones make way.
_FORM = 1
# Podcast players on phones: what is larger is data nobody sees.
_PODCAST_LINES = 720


@dataclass(frozen=True, kw_only=True)
class Ingredients:
    """What the files of one recording are made of, beside its samples."""

    recording: Recording
    item: Item  # with its speakers
    captions: Sequence[CaptionTrack]
    chapters: Sequence[Chapter]

    @property
    def tags(self) -> dict[str, str]:
        """What a file says of itself, by ffmpeg's names."""
        session, event = self.item.session, self.item.event
        return {
            "title": session.title,
            "artist": ", ".join(speaker.name for speaker in self.item.speakers),
            "album": event.title,
            "date": session.starts_at.date().isoformat() if session.starts_at else "",
            "copyright": session.licence,
        }

    def fingerprint(self, rung: str) -> str:
        """The name of the file made of this now, 32 hex digits."""
        recording, live = self.recording, shown_live(self.recording)
        borders = [live.runs, live.clip] if live is not None else recording.cut
        texts = [] if rung == SOUND else [[one.id, one.version, one.language, one.label] for one in self.captions]
        chapters = [[one.start_ms, one.title] for one in self.chapters]
        parts = [_FORM, recording.id, recording.generation, borders, rung, self.tags, texts, chapters]
        return blake2b(json.dumps(parts, sort_keys=True).encode(), digest_size=16).hexdigest()


@dataclass(frozen=True, kw_only=True)
class Offer:
    """One file of a recording: as it is, or as it would be. `size_bytes` is exact once it is ready."""

    rung: str
    fingerprint: str
    size_bytes: int
    width: int = 0
    height: int = 0
    made: Download | None = None

    @property
    def kind(self) -> str:
        """Of two kinds: video, or audio."""
        return "audio" if self.rung == SOUND else "video"


def suffix_of(rung: str) -> str:
    """How the file's name ends."""
    return ".m4a" if rung == SOUND else ".mp4"


def media_type_of(rung: str) -> str:
    """The file's type (RFC 4337; M4A has none of its own)."""
    return "audio/mp4" if rung == SOUND else "video/mp4"


def downloads_prefix(recording_id: str) -> str:
    """Everything made of a recording to download."""
    return f"{DOWNLOADS}{recording_id}/"


def download_key(recording_id: str, fingerprint: str, rung: str) -> str:
    """Where a file is stored."""
    return f"{downloads_prefix(recording_id)}{fingerprint}/{rung}{suffix_of(rung)}"


def can_be_made(recording: Recording) -> bool:
    """Whether files can be made of it: all of it is there, and it is not on its way out."""
    live = shown_live(recording)
    whole = recording.state == READY if live is None else live.complete and bool(live.runs)
    return whole and recording.playable and recording.deleted_at is None


async def choices_of(db: Db, ids: Sequence[str]) -> Mapping[str, DownloadChoice]:
    """What organisers said of these events and sessions."""
    rows = await db.scalars(select(DownloadChoice).where(DownloadChoice.id.in_(ids)))
    return {row.id: row for row in rows}


def is_allowed(item: Item, choices: Mapping[str, DownloadChoice]) -> bool:
    """Whether everybody who may watch may have the files: the session's word, else the event's, else the licence's."""
    for one in (item.session.id, item.event.id):
        choice = choices.get(one)
        if choice is not None and choice.allowed is not None:
            return choice.allowed
    return allows_download(item.session.licence)


def owns(actor: Actor, item: Item) -> bool:
    """Whether they may have the files whatever the licence says: those who run the talk, and who gives it."""
    return can(actor, Action.PREVIEW, item.subject)


async def ingredients_of(db: Db, item: Item, recording: Recording, read_chapters: ChapterReader) -> Ingredients:
    """What the recording's files are made of now; `item` with its speakers."""
    captions, chapters = await accompaniment_of(db, recording)
    return Ingredients(
        recording=recording,
        item=item,
        captions=captions,
        chapters=chapters_in(chapters, recording, await read_chapters(db, recording)),
    )


async def offers_of(db: Db, made_of: Ingredients) -> list[Offer]:
    """The files there are or could be, largest picture first, the sound last; none while the recording grows."""
    recording = made_of.recording
    if not can_be_made(recording):
        return []
    renditions, chunks = await renditions_and_chunks(db, recording)
    sizes = await _sizes(db, recording, renditions, chunks)
    sound = next((sizes[one.name] for one in renditions if one.kind == "audio"), 0)
    rows = await db.scalars(select(Download).where(Download.recording_id == recording.id))
    made = {(row.rung, row.fingerprint): row for row in rows}
    offers = []
    for one in renditions:
        rung = SOUND if one.kind == "audio" else one.name
        size = sizes[one.name] + (sound if one.kind == "video" else 0)
        if sizes[one.name]:
            found = made.get((rung, made_of.fingerprint(rung)))
            offers.append(_offer(one, rung, made_of.fingerprint(rung), size, found))
    return offers


def _offer(rendition: Rendition, rung: str, fingerprint: str, size_bytes: int, made: Download | None) -> Offer:
    return Offer(
        rung=rung,
        fingerprint=fingerprint,
        size_bytes=made.size_bytes if made is not None and made.state == "ready" else size_bytes,
        width=rendition.width or 0,
        height=rendition.height or 0,
        made=made,
    )


async def _sizes(
    db: Db, recording: Recording, renditions: Sequence[Rendition], chunks: Sequence[Chunk]
) -> dict[str, int]:
    """How many bytes of samples each rendition has, roughly those of its file."""
    live = shown_live(recording)
    segments = await listed_segments(db, live) if live is not None else []
    found = {}
    for one in renditions:
        if live is not None:
            rows = sizes_of(segments, one)
        else:
            rows = audio_sizes(one) if one.kind == "audio" else video_sizes(chunks, one.name)
        found[one.name] = sum(size for size, _seconds in rows)
    return found


def podcast_rungs(offers: Sequence[Offer]) -> list[str]:
    """What an event's podcasts need of a talk: its sound, and the largest picture that suits a phone."""
    videos = sorted((one for one in offers if one.kind == "video"), key=lambda one: one.height, reverse=True)
    fitting = [one for one in videos if min(one.width, one.height) <= _PODCAST_LINES] or videos[-1:]
    return [*(one.rung for one in offers if one.kind == "audio"), *(one.rung for one in fitting[:1])]


def filename_of(item: Item, rung: str) -> str:
    """What the saved file is called: the talk's title, without what file systems refuse."""
    plain = "".join(" " if char in '<>:"/\\|?*' or not char.isprintable() else char for char in item.session.title)
    title = " ".join(plain.split()).strip(" .")[:120].strip() or "talk"
    return f"{title}{suffix_of(rung)}" if rung == SOUND else f"{title} ({rung}){suffix_of(rung)}"
