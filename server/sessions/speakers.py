"""Speakers: make, find and change them, and say who speaks in a session, in order."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from sqlalchemy import delete, select

from server.core.db import Db
from server.events import fields
from server.events.editions import Rules, clean
from server.events.queries import named
from server.events.slugs import claim_slug, flush_named
from server.sessions.errors import SpeakerNotFound, SpeakersInvalid
from server.sessions.models import Session, SessionSpeaker, Speaker

MOST_SPEAKERS = 50

_SPEAKER: Rules = {
    "name": partial(fields.check_text, "name", most=200, required=True),
    "biography": partial(fields.check_text, "biography", most=20_000),
    "affiliation": partial(fields.check_text, "affiliation", most=200),
}


@dataclass(frozen=True, kw_only=True)
class SpeakerRef:
    """A speaker by id (or slug), or by name: whoever is known under exactly this name, or somebody new."""

    id: str | None = None
    name: str | None = None


async def create_speaker(
    db: Db, *, name: str, slug: str | None = None, biography: str = "", affiliation: str = ""
) -> Speaker:
    """Make a speaker's profile; the same person speaks in many editions."""
    values = clean(_SPEAKER, {"name": name, "biography": biography, "affiliation": affiliation})
    speaker = Speaker(slug=await claim_slug(db, Speaker, wanted=slug, title=values["name"]), **values)
    db.add(speaker)
    await flush_named(db)
    return speaker


async def change_speaker(db: Db, speaker: Speaker, changes: Mapping[str, Any]) -> Speaker:
    """Change the given fields of a speaker (slug, name, biography, affiliation)."""
    changes = dict(changes)
    if "slug" in changes:
        speaker.slug = await claim_slug(db, Speaker, wanted=changes.pop("slug"), title=speaker.name, own_id=speaker.id)
    for name, value in clean(_SPEAKER, changes).items():
        setattr(speaker, name, value)
    speaker.version += 1
    await flush_named(db)
    return speaker


async def find_speaker(db: Db, ref: str) -> Speaker | None:
    """The speaker with this id or slug; asks nobody's rights."""
    return (await db.scalars(select(Speaker).where(named(Speaker, ref), Speaker.deleted_at.is_(None)))).one_or_none()


async def find_speaker_by_name(db: Db, name: str) -> Speaker | None:
    """The longest known speaker under exactly this name, but for case and width."""
    folded = fields.fold_text(fields.check_text("name", name, most=200))
    statement = select(Speaker).where(Speaker.folded == folded, Speaker.deleted_at.is_(None)).order_by(Speaker.id)
    return (await db.scalars(statement.limit(1))).one_or_none()


async def resolve_speaker(db: Db, ref: SpeakerRef) -> Speaker:
    """The speaker meant, made when only a new name is given; raises SpeakerNotFound or SpeakersInvalid."""
    if ref.id:
        speaker = await find_speaker(db, ref.id)
        if speaker is None:
            raise SpeakerNotFound(f"There is no speaker “{ref.id}”; give a name to add somebody new.")
        return speaker
    if not ref.name or not ref.name.strip():
        raise SpeakersInvalid("A speaker of a session is given by `id` or by `name`.")
    return await find_speaker_by_name(db, ref.name) or await create_speaker(db, name=ref.name)


async def set_speakers(db: Db, session: Session, refs: Sequence[SpeakerRef]) -> list[Speaker]:
    """Make these, in this order, the session's speakers."""
    if len(refs) > MOST_SPEAKERS:
        raise SpeakersInvalid(f"At most {MOST_SPEAKERS} people speak in one session.")
    speakers = list({speaker.id: speaker for speaker in [await resolve_speaker(db, ref) for ref in refs]}.values())
    await db.execute(delete(SessionSpeaker).where(SessionSpeaker.session_id == session.id))
    db.add_all(
        SessionSpeaker(session_id=session.id, speaker_id=speaker.id, position=position)
        for position, speaker in enumerate(speakers)
    )
    await db.flush()
    return speakers


async def add_speaker(db: Db, session: Session, *, name: str) -> Speaker:
    """Let one more person speak in the session, behind the others."""
    speaker = await resolve_speaker(db, SpeakerRef(name=name))
    rows = (await db.scalars(select(SessionSpeaker).where(SessionSpeaker.session_id == session.id))).all()
    if all(row.speaker_id != speaker.id for row in rows):
        position = max((row.position for row in rows), default=-1) + 1
        db.add(SessionSpeaker(session_id=session.id, speaker_id=speaker.id, position=position))
        session.version += 1
        await db.flush()
    return speaker
