"""The take-away archive of an event: what goes into it, decided before the first byte is sent.

event.json  schedule.json  schedule.xml  calendar.ics
sessions/{slug}/{language}.vtt|.srt|.txt    captions
sessions/{slug}/slides/…                    the files people brought
sessions/{slug}/…                           media, on request: the made files, or the originals
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from sqlalchemy import select

from server.core.db import Db
from server.playback.captions_file import track_file
from server.playback.downloads import SOUND, download_key, suffix_of
from server.playback.models import CaptionTrack, Download
from server.recordings.models import Recording, Source
from server.sessions.models import Session
from server.slides.kinds import safe_name
from server.slides.queries import shown_of_sessions

NO_MEDIA, MADE, ORIGINAL = "none", "made", "original"
MEDIA = (NO_MEDIA, MADE, ORIGINAL)
_BATCH = 500
_UNSAFE = re.compile(r'[\x00-\x1f<>:"/\\|?*]')


@dataclass(frozen=True, kw_only=True)
class Member:
    """One file of the archive: either its bytes, or the key of what is stored."""

    path: str
    body: bytes = b""
    key: str = ""


def safe_part(name: str) -> str:
    """One part of a path that every system takes, and that leads nowhere else."""
    plain = _UNSAFE.sub("_", name).strip(" .")[:150]
    return plain or "file"


def without_doubles(members: Iterable[Member]) -> Iterator[Member]:
    """Two files of one name would be one after unpacking, also where case does not count."""
    seen: set[str] = set()
    for member in members:
        path, number = PurePosixPath(member.path), 1
        shown = path
        while str(shown).lower() in seen:
            number += 1
            shown = path.with_name(f"{path.stem}-{number}{path.suffix}")
        seen.add(str(shown).lower())
        yield Member(path=str(shown), body=member.body, key=member.key)


async def members_of(db: Db, sessions: Sequence[Session], media: str) -> list[Member]:
    """Captions, slides and (`media`: none, made, original) recordings of these sessions."""
    members: list[Member] = []
    for at in range(0, len(sessions), _BATCH):
        batch = {row.id: row for row in sessions[at : at + _BATCH]}
        members += await _captions(db, batch)
        members += await _slides(db, batch)
        if media == MADE:
            members += await _made(db, batch)
        elif media == ORIGINAL:
            members += await _originals(db, batch)
    return list(without_doubles(sorted(members, key=lambda one: one.path)))


def _folder(session: Session) -> str:
    return f"sessions/{safe_part(session.slug)}"


async def _captions(db: Db, sessions: dict[str, Session]) -> list[Member]:
    rows = await db.scalars(
        select(CaptionTrack).where(CaptionTrack.session_id.in_(sessions), CaptionTrack.deleted_at.is_(None))
    )
    found = []
    for row in rows:
        name = safe_part(row.language or "captions")
        for form in ("vtt", "srt", "txt"):
            body, _type = track_file(row, form)
            found.append(Member(path=f"{_folder(sessions[row.session_id])}/{name}.{form}", body=body))
    return found


async def _slides(db: Db, sessions: dict[str, Session]) -> list[Member]:
    return [
        Member(path=f"{_folder(sessions[id_])}/slides/{safe_part(safe_name(deck.filename, deck.kind))}", key=deck.key)
        for id_, shown in (await shown_of_sessions(db, list(sessions))).items()
        for deck in shown.decks
    ]


async def _made(db: Db, sessions: dict[str, Session]) -> list[Member]:
    rows = await db.scalars(
        select(Download)
        .join(Recording, Recording.id == Download.recording_id)
        .where(Download.session_id.in_(sessions), Download.state == "ready", Recording.deleted_at.is_(None))
    )
    found = []
    for row in rows:
        name = ("sound" if row.rung == SOUND else row.rung) + suffix_of(row.rung)
        key = download_key(row.recording_id, row.fingerprint, row.rung)
        found.append(Member(path=f"{_folder(sessions[row.session_id])}/{name}", key=key))
    return found


async def _originals(db: Db, sessions: dict[str, Session]) -> list[Member]:
    """The uploaded files. A talk that was live has none: its broadcast is archived as segments."""
    recordings = list(
        await db.scalars(select(Recording).where(Recording.session_id.in_(sessions), Recording.deleted_at.is_(None)))
    )
    wanted = {part["source_id"]: row.session_id for row in recordings for part in row.cut}
    sources = await db.scalars(
        select(Source).where(Source.id.in_(wanted), Source.kind == "upload", Source.deleted_at.is_(None))
    )
    return [
        Member(
            path=f"{_folder(sessions[wanted[row.id]])}/original/{safe_part(row.filename or 'recording')}", key=row.key
        )
        for row in sources
    ]
