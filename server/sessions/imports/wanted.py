"""What a programme wants a session to be, field by field, in the form it is stored and compared in. Pure.

Values are JSON: texts, `starts_at` in UTC as ISO 8601, rooms, tracks and speakers as ids of ours, links as lists of
[kind, url, title]. What cannot be stored as it stands is cut or left out, with a note in words.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from server.core.errors import Invalid
from server.events import fields
from server.events.links import MOST_LINKS, NewLink, clean_link
from server.sessions.formats.form import Note, ReadSession
from server.sessions.programme import STATES
from server.sessions.speakers import MOST_SPEAKERS

Values = dict[str, Any]

TEXTS: Mapping[str, int] = {
    "title": 500,
    "subtitle": 500,
    "abstract": 20_000,
    "description": 100_000,
    "code": 100,
    "kind": 60,
    "licence": 200,
}
PLAIN = (*TEXTS, "language", "do_not_record", "state", "starts_at", "duration_ms")  # columns of sessions
PLACES = ("room", "track")
FIELDS = (*PLAIN, *PLACES, "speakers", "links")
WHEN_AND_WHERE = frozenset({"starts_at", "duration_ms", "room"})

_LONGEST_MS = 7 * 86_400_000
# The same characters that fields.check_text leaves out, at the speed of a whole programme.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
# Addresses that `fields.check_url` takes as they are: no port, nobody's name, nothing to take out.
_ORDINARY = re.compile(r"https?://[A-Za-z0-9.-]+(?:/[^\s\x00-\x1f<>\"\\]*)?")
_SPACES = re.compile(r"\s+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A session of a file, ready to be compared. `block` is the part of the programme it stands in (its room)."""

    key: str
    guid: str
    block: str
    values: Values

    @property
    def title(self) -> str:
        """As people know it."""
        return str(self.values["title"])


def fold(text: str) -> str:
    """A name as it is compared: case, width and spaces do not matter."""
    return _SPACES.sub(" ", fields.fold_text(text)).strip()


def person_key(key: str, name: str) -> str:
    """What a person is known by within one file."""
    return f"key:{key}" if key else f"name:{fold(name)}"


def cut(text: str, most: int) -> str:
    """The text without control characters, at most so many characters long."""
    return _CONTROL.sub("", text).strip()[:most].rstrip()


def wanted_session(
    session: ReadSession,
    *,
    rooms: Mapping[str, str],
    tracks: Mapping[str, str],
    people: Mapping[str, str],
    notes: list[Note],
) -> Wanted:
    """One session in stored form. `rooms` and `tracks` are ids by folded name, `people` by `person_key`."""
    where = session.title[:100]
    values: Values = {name: _text(session, name, most, notes) for name, most in TEXTS.items()}
    values["title"] = values["title"] or session.key[:500] or "?"
    values["kind"] = values["kind"] or "talk"
    values["language"] = _language(session.language, where, notes)
    values["do_not_record"] = session.do_not_record
    values["state"] = session.state if session.state in STATES else "confirmed"
    values["starts_at"] = _moment(session.starts_at, where, notes)
    values["duration_ms"] = _duration(session.duration_ms, where, notes)
    values["room"] = rooms.get(fold(session.room)) if session.room else None
    values["track"] = tracks.get(fold(session.track)) if session.track else None
    values["speakers"] = _speakers(session, people, notes)
    values["links"] = _links(session, notes)
    return Wanted(key=session.key[:300], guid=session.guid[:200], block=cut(session.room, 200), values=values)


def _text(session: ReadSession, name: str, most: int, notes: list[Note]) -> str:
    text = _CONTROL.sub("", getattr(session, name)).strip()
    if len(text) <= most:
        return text
    says = f"The {name} has {len(text):,} characters; the first {most:,} were kept."
    notes.append(Note(code="import.text_too_long", says=says, where=session.title[:100]))
    return text[:most].rstrip()


def _language(tag: str, where: str, notes: list[Note]) -> str:
    if not tag:
        return ""
    try:
        return fields.check_language(tag)
    except Invalid as error:
        notes.append(Note(code="import.language_unknown", says=error.detail, where=where))
        return ""


def _moment(moment: datetime | None, where: str, notes: list[Note]) -> str | None:
    if moment is None:
        return None
    if moment.tzinfo is None or not 1970 <= moment.year < 9999:
        says = "Its time is outside what calendars hold and was left out."
        notes.append(Note(code="import.time_unusable", says=says, where=where))
        return None
    return as_text(moment)


def as_text(moment: datetime) -> str:
    """A moment as it is compared: UTC, ISO 8601."""
    return moment.astimezone(UTC).isoformat()


def _duration(duration_ms: int | None, where: str, notes: list[Note]) -> int | None:
    if duration_ms is None or 1000 <= duration_ms <= _LONGEST_MS:
        return duration_ms
    says = "Its length is not between a second and seven days and was left out."
    notes.append(Note(code="import.duration_unusable", says=says, where=where))
    return None


def _speakers(session: ReadSession, people: Mapping[str, str], notes: list[Note]) -> list[str]:
    keys = [person_key(speaker.key, speaker.name) for speaker in session.speakers]
    ids = list(dict.fromkeys(people[key] for key in keys if key in people))
    if len(ids) > MOST_SPEAKERS:
        says = f"It names {len(ids)} speakers; the first {MOST_SPEAKERS} were kept."
        notes.append(Note(code="import.too_many_speakers", says=says, where=session.title[:100]))
    return ids[:MOST_SPEAKERS]


def _links(session: ReadSession, notes: list[Note]) -> list[list[str]]:
    found: dict[tuple[str, str], list[str]] = {}
    for link in session.links:
        try:
            clean = _usable(NewLink(kind=link.kind, url=link.url, title=cut(link.title, 300)))
        except Invalid as error:
            says = f"A link was left out ({link.url[:100]}): {error.detail}"
            notes.append(Note(code="import.link_unusable", says=says, where=session.title[:100]))
            continue
        found.setdefault((clean.kind, clean.url), [clean.kind, clean.url, clean.title])
    if len(found) > MOST_LINKS:
        says = f"It has {len(found)} links; the first {MOST_LINKS} were kept."
        notes.append(Note(code="import.too_many_links", says=says, where=session.title[:100]))
    return list(found.values())[:MOST_LINKS]


def _usable(link: NewLink) -> NewLink:
    """The link, checked; of ten thousand nearly all are ordinary, and to take those apart is half of an import."""
    if link.kind in fields.LINK_KINDS and len(link.url) <= 2000 and _ORDINARY.fullmatch(link.url):
        return link
    return clean_link(link)


def unique_keys(sessions: Sequence[ReadSession], notes: list[Note]) -> list[ReadSession]:
    """The sessions, each key once: a reader that let two through with one key must not make one of them lost."""
    seen: set[str] = set()
    kept = []
    for session in sessions:
        key = session.key[:300]
        if key in seen:
            says = "Two sessions cannot be told apart; only the first one was taken."
            notes.append(Note(code="import.same_key", says=says, where=session.title[:100]))
            continue
        seen.add(key)
        kept.append(session)
    return kept
