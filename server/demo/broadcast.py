"""The demo's live room: a session for today, a stream key, and an encoder that sends a drawn film over and over.

The film is encoded once and sent as it is, so the encoder costs next to nothing; what costs is Semma's own ladder, and
the picture is small for that.
"""

import asyncio
import contextlib
import os
import sys
from datetime import timedelta
from pathlib import Path

from sqlalchemy import select

from server.core.clock import now
from server.core.db import Db
from server.core.ids import new_id
from server.core.runtime import Runtime
from server.demo import programme
from server.demo.deck import make_deck
from server.demo.film import film_talk
from server.demo.slides import THEMES
from server.engine import write_private
from server.events.models import Event, Room
from server.live.feed import KeyRefused
from server.live.keys import find_key, make_key
from server.media.ffmpeg import find_ffmpeg
from server.sessions.models import Session, Speaker
from server.sessions.programme import create_session
from server.sessions.speakers import SpeakerRef
from server.slides.add import DeckFile, add_deck
from server.slides.keys import fetched_key
from server.slides.models import Deck

HEIGHT = 360
KEYFRAMES = 50  # two seconds, as encoders are asked to send


async def prepare_broadcast(runtime: Runtime, folder: Path) -> tuple[str, str, Path]:
    """ffmpeg, stream key and film for the live room, made where they are missing; waits until the seminar is there."""
    while (room := await _live_room(runtime)) is None:  # noqa: ASYNC110 -- another process makes it
        await asyncio.sleep(1)
    ffmpeg = find_ffmpeg(runtime.ffmpeg or None).path
    film = await asyncio.to_thread(film_talk, programme.OPEN_STUDIO, ffmpeg, folder, height=HEIGHT, keyframes=KEYFRAMES)
    path = folder / "stream-key"
    kept = await asyncio.to_thread(_kept_key, path)
    async with runtime.database.write() as db:
        session_id = await _todays_session(db, room)
        secret = await _key_of(db, runtime, room, kept)
    await asyncio.to_thread(write_private, path, secret)
    await _bring_deck(runtime, room.event_id, session_id, folder / f"{programme.OPEN_STUDIO.slug}.pdf")
    return ffmpeg, secret, film


async def _bring_deck(runtime: Runtime, event_id: str, session_id: str, path: Path) -> None:
    """The slides that the film shows, beside the live picture; not again where somebody withdrew them."""
    async with runtime.database.read() as db:
        if await db.scalar(select(Deck.id).where(Deck.session_id == session_id).limit(1)) is not None:
            return
    item = programme.OPEN_STUDIO
    await asyncio.to_thread(make_deck, item.slides, THEMES[item.look], path)
    body, deck_id = await asyncio.to_thread(path.read_bytes), new_id()
    await runtime.store.put(fetched_key(deck_id), body, content_type="application/pdf")
    file = DeckFile(filename=path.name, kind="pdf", size_bytes=len(body), key=fetched_key(deck_id))
    async with runtime.database.write() as db:
        await add_deck(db, event_id=event_id, session_id=session_id, file=file, deck_id=deck_id)
    await asyncio.to_thread(path.unlink)


def _kept_key(path: Path) -> str:
    return path.read_text().strip() if path.exists() else ""


async def _live_room(runtime: Runtime) -> Room | None:
    async with runtime.database.read() as db:
        found: Room | None = await db.scalar(
            select(Room)
            .join(Event, Event.id == Room.event_id)
            .where(Event.slug == programme.EVENT_SLUG, Room.slug == programme.LIVE_ROOM, Room.deleted_at.is_(None))
        )
        return found


async def _todays_session(db: Db, room: Room) -> str:
    """A session that is on for the next twelve hours, unless one of an earlier start still is; its id."""
    moment = now()
    slug = f"{programme.OPEN_STUDIO.slug}-{moment:%Y-%m-%d}"
    known = await db.scalar(select(Session.id).where(Session.event_id == room.event_id, Session.slug == slug))
    if known is not None:
        return str(known)
    item = programme.OPEN_STUDIO
    speakers = await db.scalars(select(Speaker.id).where(Speaker.slug.in_(item.speakers)).order_by(Speaker.slug))
    made = await create_session(
        db,
        room.event_id,
        title=item.title,
        slug=slug,
        room=room.id,
        track=item.track,
        speakers=[SpeakerRef(id=speaker_id) for speaker_id in speakers],
        abstract=item.abstract,
        kind="panel",
        language=item.language,
        licence="CC0-1.0",
        starts_at=moment - timedelta(minutes=moment.minute % 5, seconds=moment.second),
        duration_ms=item.minutes * 60_000,
    )
    return made.id


async def _key_of(db: Db, runtime: Runtime, room: Room, kept: str) -> str:
    """The demo encoder's key: the one kept from an earlier start while it is valid, else a new one."""
    with contextlib.suppress(KeyRefused):
        await find_key(db, kept)
        return kept
    _key, secret = await make_key(db, runtime, room)
    return secret


def become_encoder(ffmpeg: str, film: Path, target: str) -> None:
    """Replace this process by an ffmpeg that sends the film in real time, without end."""
    sys.stdout.flush()
    arguments = [
        ffmpeg, "-nostdin", "-hide_banner", "-loglevel", "warning",
        "-re",  # at the pace of a clock, as a camera
        "-stream_loop", "-1",
        "-i", f"file:{film}",
        "-c", "copy",
        "-f", "flv", target,
    ]  # fmt: skip
    os.execv(ffmpeg, arguments)
