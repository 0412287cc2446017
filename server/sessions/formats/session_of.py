"""One item of a programme, from loose values named as schedule.json names them (XML is brought into the same names)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, tzinfo
from typing import Any

from server.core.ids import is_slug
from server.sessions.formats.form import ReadLink, ReadSession
from server.sessions.formats.languages import read_language
from server.sessions.formats.links import Addresses, in_order, read_references
from server.sessions.formats.notes import Notes
from server.sessions.formats.people import read_speakers
from server.sessions.formats.texts import clean_line, clean_text, words_of
from server.sessions.formats.times import is_no_duration, on_day, read_clock, read_date, read_duration_ms, read_moment

Loose = Mapping[str, Any]

MOST_TITLE = 500
MOST_ABSTRACT = 20_000
MOST_DESCRIPTION = 100_000

# pretalx, schedule.json 2, iCalendar and what people write; None leaves the session out.
_STATES: dict[str, str | None] = {
    "canceled": "cancelled",
    "cancelled": "cancelled",
    "withdrawn": "cancelled",
    "peruttu": "cancelled",
    "peruutettu": "cancelled",
    "inställt": "cancelled",
    "inställd": "cancelled",
    "tentative": "tentative",
    "accepted": "tentative",
    "draft": "tentative",
    "unconfirmed": "tentative",
    "alustava": "tentative",
    "preliminär": "tentative",
    "rejected": None,
    "deleted": None,
    "submitted": None,
}
_TRUE = {"true", "1", "yes", "y", "x", "on", "kyllä", "ja", "joo"}


@dataclass(frozen=True, kw_only=True)
class Day:
    """The part of a file a session stands in, as far as there is one."""

    on: date | None = None
    begins: time = time(4)  # what is earlier is after midnight of this day
    room: str = ""


@dataclass(frozen=True)
class Reading:
    """What is the same for all sessions of a file."""

    zone: tzinfo
    addresses: Addresses
    notes: Notes
    utc_is_local: bool = False  # pentabarf's "+00:00" on local times
    tracks: Mapping[str, str] = field(default_factory=dict)  # names by slug: version 2 of schedule.json has only these

    def track_named(self, value: Any) -> str:
        """The name of a track, given as a name, an object, or a slug in one."""
        name = name_of(value, 200)
        return self.tracks.get(name, name) if isinstance(value, dict) else name

    def moment(self, value: Any, where: str) -> datetime | None:
        """A moment of the file in UTC; what lacks its offset is in the event's zone."""
        moment, bare = read_moment(value, self.zone)
        if moment is not None and self.utc_is_local and not bare:
            moment, bare = read_moment(moment.replace(tzinfo=None).isoformat(), self.zone)
        elif bare:
            self.notes.add("import.no_offset", "Times without an offset are taken in the event's time zone.", where)
        return moment


def read_session(loose: Loose, reading: Reading, day: Day) -> ReadSession | None:
    """The session these values describe, or None when they say that it is none (deleted, rejected)."""
    title = _title_of(loose, reading)
    state = _state_of(loose)
    if state is None:
        reading.notes.add("import.not_in_programme", "Sessions that are deleted or rejected there are left out.", title)
        return None
    starts_at = _start_of(loose, reading, day, title)
    return ReadSession(
        key=clean_line(loose.get("key"), 300),  # only where the format names sessions in a way of its own
        guid=clean_line(loose.get("guid"), 200),
        number=clean_line(loose.get("id"), 60),
        code=clean_line(loose.get("code"), 100),
        slug=_slug_of(loose.get("slug")),
        title=title,
        subtitle=clean_line(loose.get("subtitle"), 500),
        abstract=clean_text(loose.get("abstract"), MOST_ABSTRACT),
        description=clean_text(loose.get("description"), MOST_DESCRIPTION),
        kind=_kind_of(loose.get("type")),
        language=read_language(loose.get("language"), reading.notes, title),
        licence=clean_line(loose.get("recording_license"), 200),
        do_not_record=is_true(loose.get("do_not_record")),
        state=state,
        starts_at=starts_at,
        duration_ms=_duration_of(loose, reading, starts_at, title),
        room=name_of(loose.get("room"), 200) or day.room,
        track=reading.track_named(loose.get("track")),
        speakers=read_speakers(loose.get("persons") or loose.get("participants"), reading.addresses, title),
        links=_links_of(loose, reading, title),
        url=_url_of(loose, reading, title),
    )


def is_true(value: Any) -> bool:
    """Whether a loose value means yes."""
    return value.strip().lower() in _TRUE if isinstance(value, str) else value is True or value == 1


def name_of(value: Any, most: int) -> str:
    """The name of a room or track: a text, or an object with a name (or only a slug)."""
    if isinstance(value, dict):
        value = value.get("name") or value.get("title") or value.get("slug") or value
    return clean_line(value, most)


def _title_of(loose: Loose, reading: Reading) -> str:
    title = clean_line(loose.get("title"), MOST_TITLE)
    if title:
        return title
    stands_in = clean_line(loose.get("subtitle"), MOST_TITLE) or _words_of_slug(loose)
    where = clean_line(loose.get("guid") or loose.get("id"), 100)
    reading.notes.add("import.no_title", "Sessions without a title are called after what else is known of them.", where)
    return stands_in or "Untitled session"


def _words_of_slug(loose: Loose) -> str:
    slug = clean_line(loose.get("slug"), MOST_TITLE)
    words = [word for word in slug.replace("_", "-").split("-") if word and not word.isdigit()]
    return " ".join(words).capitalize()


def _state_of(loose: Loose) -> str | None:
    said = words_of(loose.get("state") or loose.get("status")).strip().lower()
    return _STATES.get(said, "confirmed")


def _kind_of(value: Any) -> str:
    kind = clean_line(value, 60)
    return (kind.lower() if kind.isascii() and kind.isupper() else kind) or "talk"  # version 2 says TALK


def _slug_of(value: Any) -> str:
    slug = clean_line(value, 101)
    return slug if is_slug(slug) else ""


def _start_of(loose: Loose, reading: Reading, day: Day, title: str) -> datetime | None:
    for name in ("date", "start", "start_time", "starts_at"):
        moment = reading.moment(loose.get(name), title)
        if moment is not None:
            return moment
    clock = read_clock(loose.get("start"))
    own_day = read_date(loose.get("date"))
    if clock is not None and own_day is not None:
        return on_day(own_day, clock, reading.zone, day_begins=time.min)
    if clock is not None and day.on is not None:
        return on_day(day.on, clock, reading.zone, day_begins=day.begins)
    said = words_of(loose.get("date") or loose.get("start"))
    if said:
        reading.notes.add("import.bad_time", f"The time “{said[:60]}” cannot be read; the session has none.", title)
    return None


def _duration_of(loose: Loose, reading: Reading, starts_at: datetime | None, title: str) -> int | None:
    """The length. `end` is exact to the second and wins over `duration`, which the schema calls deprecated."""
    said = loose.get("duration")
    duration_ms = read_duration_ms(said)
    ends_at = reading.moment(loose.get("end"), title) if starts_at is not None else None
    if starts_at is not None and ends_at is not None:
        until_end_ms = read_duration_ms((ends_at - starts_at).total_seconds() / 60)
        if until_end_ms is not None:
            return until_end_ms
    if duration_ms is None and not is_no_duration(said):
        says = f"The length “{words_of(said)[:60]}” cannot be read; the session has none."
        reading.notes.add("import.bad_duration", says, title)
    return duration_ms


def _links_of(loose: Loose, reading: Reading, title: str) -> tuple[ReadLink, ...]:
    links = list(read_references(loose.get("links"), attached=False, addresses=reading.addresses, where=title))
    links += read_references(loose.get("attachments"), attached=True, addresses=reading.addresses, where=title)
    for name in ("video_download_url", "recording_url"):
        if loose.get(name):
            entry = {"url": loose[name], "type": "video"}
            links += read_references(entry, attached=False, addresses=reading.addresses, where=title)
    return in_order(links)


def _url_of(loose: Loose, reading: Reading, title: str) -> str:
    for name in ("url", "origin_url"):
        if loose.get(name):
            return reading.addresses.absolute(loose[name], title)
    return ""
