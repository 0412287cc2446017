"""The one form every schedule is read into, and written from.

Values are cleaned already: text without markup where Semma shows plain text, moments with an offset, durations in
milliseconds, absolute URLs. What a file says wrongly is left out or mended with a `Note` in words, never an exception;
only a file that is no schedule at all is refused (formats/read.py).
"""

from datetime import date, datetime

import msgspec


class Note(msgspec.Struct, frozen=True, kw_only=True):
    """Something that was mended or ignored, for people. `where` names the (first) session or part of the file."""

    code: str  # stable: "import.bad_duration", "import.duplicate_guid", …
    says: str
    where: str = ""
    count: int = 1  # how often the same was said


class ReadSpeaker(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who speaks; `key` is the source's own id or guid of the person, "" when it has none."""

    name: str
    key: str = ""
    biography: str = ""
    affiliation: str = ""
    url: str = ""
    avatar_url: str = ""


class ReadLink(msgspec.Struct, frozen=True, kw_only=True):
    """A typed link; `kind` is one of events/links' kinds."""

    url: str
    kind: str
    title: str = ""


class ReadRoom(msgspec.Struct, frozen=True, kw_only=True):
    """A room as the source names it; `key` is its guid or slug there."""

    name: str
    key: str = ""
    description: str = ""


class ReadTrack(msgspec.Struct, frozen=True, kw_only=True):
    """A track as the source names it."""

    name: str
    key: str = ""
    color: str = ""


class ReadSession(msgspec.Struct, frozen=True, kw_only=True):
    """One item of the programme. `guid` and `number` are the source's ids ("" when missing); `key` is what the session
    is called in this file: the guid where it is there and alone, else a name made of what identifies it best."""

    key: str
    guid: str = ""
    number: str = ""
    code: str = ""
    slug: str = ""
    title: str
    subtitle: str = ""
    abstract: str = ""
    description: str = ""
    kind: str = "talk"
    language: str = ""
    licence: str = ""
    do_not_record: bool = False
    state: str = "confirmed"  # confirmed, tentative, cancelled
    starts_at: datetime | None = None  # aware
    duration_ms: int | None = None
    room: str = ""  # a ReadRoom's name
    track: str = ""  # a ReadTrack's name
    speakers: tuple[ReadSpeaker, ...] = ()
    links: tuple[ReadLink, ...] = ()
    url: str = ""


class ReadProgramme(msgspec.Struct, frozen=True, kw_only=True):
    """What a file says. Sessions stand in the file's own order; their times are in UTC."""

    form: str  # "schedule.json 1", "schedule.json 2", "schedule.xml", "pretalx", "icalendar", "csv"
    generator: str = ""
    version: str = ""
    title: str = ""
    acronym: str = ""
    time_zone: str = ""
    base_url: str = ""
    starts_on: date | None = None
    ends_on: date | None = None
    rooms: tuple[ReadRoom, ...] = ()
    tracks: tuple[ReadTrack, ...] = ()
    sessions: tuple[ReadSession, ...] = ()
    notes: tuple[Note, ...] = ()
    from_here: bool = False  # exported from the very event it is brought to (imports/returned says so)
