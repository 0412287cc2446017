"""iCalendar out (RFC 5545), by the library icalendar, which folds and escapes."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import msgspec
from icalendar import Calendar, Event, Timezone, TimezoneStandard, vDuration, vText

from server.sessions.formats.form import ReadProgramme, ReadSession

_PRODID = "-//Semma//Programme//EN"
_STATUS = {"confirmed": "CONFIRMED", "tentative": "TENTATIVE", "cancelled": "CANCELLED"}
# What stays as it is in the value type URI (RFC 5545 §3.3.13, RFC 3986 §2); letters and digits do anyway.
_IN_ADDRESSES = "%:/?#[]@!$&'()*+,;=~"
# How often clients should look again (RFC 7986 §5.7; the older name is what Outlook and Apple read).
_REFRESH = timedelta(minutes=30)


class Stamp(msgspec.Struct, frozen=True, kw_only=True):
    """What a calendar tells an update by (RFC 5545 §3.8.4.7, §3.8.7): the same `uid` for ever, and a `sequence` that
    rises with every change, made at `changed_at` (aware)."""

    uid: str
    sequence: int
    changed_at: datetime


def write_icalendar(programme: ReadProgramme, *, stamps: Mapping[str, Stamp] | None = None, url: str = "") -> bytes:
    """The programme as a calendar; `stamps` are by the sessions' keys, `url` is where people see it. Times are in UTC.

    Without a stamp an event's UID is its guid (or key). A calendar cannot carry sessions without a time (left out),
    subtitles, codes, slugs, licences, do-not-record, keys, and links; speakers stand in the description.
    """
    calendar = Calendar()
    calendar.add("prodid", _PRODID)
    calendar.add("version", "2.0")
    if programme.title:
        # The library knows neither, and would escape nothing; both are texts (RFC 7986 §5.1, RFC 5545 §3.8.8.2).
        calendar.add("name", vText(programme.title))
        calendar.add("x-wr-calname", vText(programme.title))
    if programme.time_zone:
        calendar.add("x-wr-timezone", programme.time_zone)
    if url:
        calendar.add("url", url)
    calendar.add("refresh-interval", vDuration(_REFRESH), parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", f"PT{_REFRESH // timedelta(minutes=1)}M")
    for session in programme.sessions:
        if session.starts_at is not None:
            calendar.add_component(_event(session, session.starts_at, (stamps or {}).get(session.key)))
    if not calendar.subcomponents:
        calendar.add_component(_universal_time())
    written: bytes = calendar.to_ical(sorted=False)
    return written


def _universal_time() -> Timezone:
    """What stands in a calendar without events: it must have a component (RFC 5545 §3.6)."""
    zone, standard = Timezone(), TimezoneStandard()
    zone.add("tzid", "UTC")
    standard.add("dtstart", datetime(1970, 1, 1))  # noqa: DTZ001 - local time, as §3.6.5 wants it
    standard.add("tzoffsetfrom", timedelta(0))
    standard.add("tzoffsetto", timedelta(0))
    zone.add_component(standard)
    return zone


def _event(session: ReadSession, starts_at: datetime, stamp: Stamp | None) -> Event:
    event = Event()
    changed_at = stamp.changed_at if stamp else starts_at
    event.add("uid", stamp.uid if stamp else session.guid or session.key)
    event.add("dtstamp", changed_at.astimezone(UTC))
    event.add("last-modified", changed_at.astimezone(UTC))
    event.add("sequence", stamp.sequence if stamp else 0)
    event.add("dtstart", starts_at.astimezone(UTC))
    if session.duration_ms:
        event.add("dtend", (starts_at + timedelta(milliseconds=session.duration_ms)).astimezone(UTC))
    event.add("summary", session.title)
    event.add("status", _STATUS[session.state])
    words = _words(session)
    optional = {"description": words, "location": session.room, "url": _as_uri(session.url)}
    for name, value in optional.items():
        if value:
            event.add(name, value)
    if session.track:
        event.add("categories", [session.track])
    return event


def _as_uri(url: str) -> str:
    """The address in letters that a URI has."""
    return quote(re.sub(r"%(?![0-9A-Fa-f]{2})", "%25", url), safe=_IN_ADDRESSES)


def _words(session: ReadSession) -> str:
    speakers = ", ".join(speaker.name for speaker in session.speakers)
    return "\n\n".join(part for part in (session.subtitle, speakers, session.abstract, session.description) if part)
