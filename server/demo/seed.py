"""Put the demo seminar into a running Semma: the programme by the same acts the API uses, its files by real uploads.

Safe to run again: the programme is made once, whole or not at all, and a session that ever had a recording or a deck
gets no second one.
"""

import asyncio
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import select

from server.accounts.commands import ensure_admin
from server.accounts.queries import user_by_email
from server.accounts.tokens import make_token, revoke_token
from server.core.clock import now
from server.core.db import Db
from server.core.runtime import Runtime
from server.demo import programme
from server.demo.deck import make_deck
from server.demo.film import FILM_HEIGHT, film_talk
from server.demo.programme import Item
from server.demo.slides import THEMES
from server.events.editions import create_event, create_series
from server.events.links import NewLink
from server.events.models import Event
from server.events.rooms import create_room, create_track
from server.events.sponsors import NewSponsor, replace_sponsors
from server.media.ffmpeg import find_ffmpeg
from server.recordings.models import Recording
from server.sessions.models import Session
from server.sessions.programme import create_session
from server.sessions.speakers import SpeakerRef, create_speaker
from server.slides.models import Deck
from server.tus_client import Notebook, Sending

ORGANISER = "organiser@example.org"
Say = Callable[[str], None]


async def seed(runtime: Runtime, folder: Path, *, server_url: str, say: Say, height: int = FILM_HEIGHT) -> None:
    """Make the demo seminar where it is missing; `say` hears one line a step.

    `folder` keeps the films, of this height in pixels, until they are uploaded. Raises FilmingFailed, NoFfmpeg, and
    what the uploads raise.
    """
    organiser = await ensure_admin(runtime, email=ORGANISER, name="Demo organiser")
    async with runtime.database.write() as db:
        sessions = await make_programme(db)
    say(f"The seminar:      {runtime.base_url}/{programme.EVENT_SLUG}")
    say(f"Sign in, once:    {organiser.link}")
    await _bring_files(runtime, sessions, folder, server_url, say, height)


# --- the programme ---


async def make_programme(db: Db) -> Mapping[str, str]:
    """The sessions' ids by slug, the whole seminar made when there is none."""
    event = await db.scalar(select(Event).where(Event.slug == programme.EVENT_SLUG))
    if event is not None:
        return await _sessions_of(db, event.id)
    series = await create_series(
        db,
        slug=programme.SERIES_SLUG,
        title=programme.SERIES_TITLE,
        description=programme.SERIES_DESCRIPTION,
    )
    day = date.fromisoformat(programme.EVENT_DAY)
    event = await create_event(
        db,
        title=programme.EVENT_TITLE,
        slug=programme.EVENT_SLUG,
        series=series.id,
        subtitle=programme.EVENT_SUBTITLE,
        description=programme.EVENT_DESCRIPTION,
        starts_on=day,
        ends_on=day,
        time_zone=programme.EVENT_TIME_ZONE,
        languages=("fi", "sv", "en"),
        hashtag="yhteisopaivat26",
        color=programme.EVENT_COLOR,
        venue_name=programme.EVENT_VENUE[0],
        venue_address=programme.EVENT_VENUE[1],
        about=programme.EVENT_ABOUT,
        code_of_conduct=programme.EVENT_CONDUCT,
    )
    await replace_sponsors(db, event, [NewSponsor(name=name, tier=tier) for name, tier in programme.EVENT_SPONSORS])
    for slug, name, description in programme.ROOMS:
        await create_room(db, event.id, slug=slug, name=name, description=description)
    for slug, name, color in programme.TRACKS:
        await create_track(db, event.id, slug=slug, name=name, color=color)
    speakers = await _speakers(db)
    for item in programme.ITEMS:
        await _session(db, event.id, item, speakers)
    return await _sessions_of(db, event.id)


async def _speakers(db: Db) -> Mapping[str, str]:
    """Ids of the people by their slug in the programme."""
    made = {}
    for person in programme.PEOPLE:
        speaker = await create_speaker(
            db, name=person.name, slug=person.slug, biography=person.biography, affiliation=person.affiliation
        )
        made[person.slug] = speaker.id
    return made


async def _session(db: Db, event_id: str, item: Item, speakers: Mapping[str, str]) -> None:
    hour, minute = map(int, item.starts.split(":"))
    local = datetime.fromisoformat(programme.EVENT_DAY).replace(hour=hour, minute=minute)
    await create_session(
        db,
        event_id,
        title=item.title,
        slug=item.slug,
        room=item.room,
        track=item.track,
        speakers=[SpeakerRef(id=speakers[slug]) for slug in item.speakers],
        links=[NewLink(kind=kind, url=url, title=title) for kind, url, title in item.links],
        subtitle=item.subtitle,
        abstract=item.abstract,
        kind=item.kind,
        language=item.language,
        licence="CC0-1.0",
        starts_at=local.replace(tzinfo=ZoneInfo(programme.EVENT_TIME_ZONE)),
        duration_ms=item.minutes * 60_000,
    )


async def _sessions_of(db: Db, event_id: str) -> Mapping[str, str]:
    rows = await db.execute(select(Session.slug, Session.id).where(Session.event_id == event_id))
    return {slug: session_id for slug, session_id in rows}


# --- slides and recordings ---


async def _bring_files(
    runtime: Runtime, sessions: Mapping[str, str], folder: Path, server_url: str, say: Say, height: int
) -> None:
    """Draw and upload the deck and every film of talks that never had one."""
    decks = [item for item in programme.with_deck() if await _never_had(runtime, Deck, sessions.get(item.slug))]
    films = [item for item in programme.filmed() if await _never_had(runtime, Recording, sessions.get(item.slug))]
    if not decks and not films:
        return
    ffmpeg = find_ffmpeg(runtime.ffmpeg or None).path
    token_id, secret = await _token(runtime)

    async def send(item: Item, file: Path, purpose: str) -> None:
        sending = Sending(
            file=file,
            server_url=server_url,
            headers={"Authorization": f"Bearer {secret}"},
            metadata={"session": sessions[item.slug], "purpose": purpose, "filename": file.name},
            notebook=Notebook(folder / "uploads.json"),
        )
        await asyncio.to_thread(sending.run)
        await asyncio.to_thread(file.unlink)
        say(f"Uploaded:         {runtime.base_url}/{programme.EVENT_SLUG}/sessions/{item.slug}")

    try:
        for item in decks:
            say(f"Slides:           {item.title}")
            await send(item, await asyncio.to_thread(_draw_deck, item, folder), "slides")
        for item in films:
            say(f"Drawing:          {item.title}")
            film = await asyncio.to_thread(film_talk, item, ffmpeg, folder, height=height)
            await send(item, film, "recording")
    finally:
        async with runtime.database.write() as db:
            await revoke_token(db, token_id=token_id, user_id=None)
    say("The workers encode them now; both can be watched within seconds.")


def _draw_deck(item: Item, folder: Path) -> Path:
    """The slides that the talk's film shows, as a PDF; the same bytes every time, so that an upload can go on."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{item.slug}.pdf"
    make_deck(item.slides, THEMES[item.look], path)
    return path


async def _never_had(runtime: Runtime, model: type[Recording] | type[Deck], session_id: str | None) -> bool:
    """Whether the session is there and never had one, not even one that was deleted."""
    if session_id is None:
        return False
    async with runtime.database.read() as db:
        return await db.scalar(select(model.id).where(model.session_id == session_id).limit(1)) is None


async def _token(runtime: Runtime) -> tuple[str, str]:
    """A token that may upload for an hour: its id and secret."""
    async with runtime.database.write() as db:
        organiser = await user_by_email(db, ORGANISER)
        assert organiser is not None
        expires_at = now() + timedelta(hours=1)
        token, secret = await make_token(
            db, user_id=organiser.id, name="demo films", scopes=("upload",), expires_at=expires_at
        )
        return token.id, secret
