"""iCalendar (RFC 5545), by the library icalendar: events as sessions, recurring ones as one session each time."""

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Any

from icalendar import Calendar, Component
from icalendar.error import InvalidCalendar

from server.sessions.formats.form import ReadProgramme
from server.sessions.formats.notes import Notes
from server.sessions.formats.read_json import programme_of
from server.sessions.formats.recurrence import list_of, occurrences
from server.sessions.formats.refused import IsBroken
from server.sessions.formats.session_of import Day, Loose
from server.sessions.formats.texts import clean_line
from server.sessions.formats.times import zone_named

_COMPONENT = re.compile(r"^(BEGIN|END):", re.M | re.I)
_DEEPEST = 8
_NOT_SHOWN = ("PRIVATE", "CONFIDENTIAL")


def read_icalendar(text: str, *, base_url: str, time_zone: str, notes: Notes) -> ReadProgramme:
    """The events of the (first) calendar. Raises BadProgramme: broken, or without one event."""
    calendars = _parsed(text)
    first = calendars[0]
    named = str(first.get("X-WR-TIMEZONE") or first.get("TIMEZONE-ID") or "")
    zone = zone_named(named) or zone_named(time_zone) or UTC
    events = [event for calendar in calendars for event in calendar.walk("VEVENT")]
    conference = {
        "title": str(first.get("X-WR-CALNAME") or first.get("NAME") or ""),
        "time_zone_name": named if zone_named(named) else "",
    }
    return programme_of(
        "icalendar",
        {},
        conference,
        [(loose, Day()) for loose in _sessions_of(events, zone, notes)],
        generator=clean_line(str(first.get("PRODID") or ""), 200),
        base_url=base_url,
        time_zone=time_zone,
        notes=notes,
    )


def _parsed(text: str) -> list[Component]:
    if _too_deep(text):
        raise IsBroken("The iCalendar file is nested too deeply to be a calendar. Export or download it again.")
    try:
        # As bytes: a short text would be taken for the path of a file.
        calendars: list[Any] = Calendar.from_ical(text.encode("utf-8", errors="replace"), multiple=True)
    except (ValueError, InvalidCalendar, KeyError, IndexError, TypeError, AttributeError, RecursionError):
        calendars = []
    if not calendars or "END:VCALENDAR" not in text[-2000:].upper():
        raise IsBroken("The iCalendar file stops making sense; it may be cut off. Export or download it again.")
    return calendars


def _too_deep(text: str) -> bool:
    """Whether components stand in components as no calendar has them (an alarm stands three deep)."""
    depth = 0
    for found in _COMPONENT.finditer(text):
        depth += 1 if found[1].upper() == "BEGIN" else -1
        if depth > _DEEPEST:
            return True
    return False


def _sessions_of(events: Iterable[Component], zone: tzinfo, notes: Notes) -> Iterator[Loose]:
    shown = [event for event in events if _is_shown(event, zone, notes)]
    moved = {(_uid(event), _moment(event, "RECURRENCE-ID", zone)) for event in shown if event.get("RECURRENCE-ID")}
    for event in shown:
        loose = _loose(event, zone)
        if event.get("RECURRENCE-ID"):
            yield {**loose, "guid": _guid_at(event, _moment(event, "RECURRENCE-ID", zone))}
        elif event.get("RRULE") or event.get("RDATE"):
            for moment in occurrences(event, _moment(event, "DTSTART", zone), zone, notes):
                if (_uid(event), moment) not in moved:
                    yield {**loose, "date": moment.isoformat(), "guid": _guid_at(event, moment)}
        else:
            yield loose


def _is_shown(event: Component, zone: tzinfo, notes: Notes) -> bool:
    title = str(event.get("SUMMARY") or "")
    if str(event.get("CLASS") or "").upper() in _NOT_SHOWN:
        notes.add("import.private", "Events marked private or confidential are left out.", title)
        return False
    start = _value(event, "DTSTART")
    if isinstance(start, date) and not isinstance(start, datetime):
        notes.add("import.all_day", "Events that last whole days are no talks and are left out.", title)
        return False
    return True


def _loose(event: Component, zone: tzinfo) -> Loose:
    start, end = _moment(event, "DTSTART", zone), _moment(event, "DTEND", zone)
    length = _value(event, "DURATION")
    if start is not None and end is not None:
        length = end - start
    attached = event.get("ATTACH")
    return {
        "guid": _uid(event),
        "title": _text(event, "SUMMARY"),
        "abstract": _text(event, "DESCRIPTION"),
        "room": _text(event, "LOCATION"),
        "track": _category(event),
        "state": _text(event, "STATUS"),
        "url": _text(event, "URL"),
        "date": start.isoformat() if start is not None else None,
        "duration": length.total_seconds() / 60 if isinstance(length, timedelta) else None,
        "persons": list(_speakers(event)),
        "attachments": [str(uri) for uri in list_of(attached) if not isinstance(uri, bytes)],
    }


def _uid(event: Component) -> str:
    return _text(event, "UID")


def _guid_at(event: Component, moment: datetime | None) -> str:
    """What one time of a recurring event is known by: as RECURRENCE-ID does (RFC 5545 §3.8.4.4), by its first time."""
    return f"{_uid(event)}/{moment.astimezone(UTC):%Y%m%dT%H%MZ}" if moment is not None else _uid(event)


def _text(event: Component, name: str) -> str:
    value = event.get(name)
    first = value[0] if isinstance(value, list) and value else value
    return str(first) if first is not None and not isinstance(first, list) else ""


def _category(event: Component) -> str:
    for categories in list_of(event.get("CATEGORIES")):
        for category in getattr(categories, "cats", ()):
            return str(category)
    return ""


def _speakers(event: Component) -> Iterator[str]:
    """pentabarf names speakers as attendees nobody can write to; other attendees are guests."""
    for attendee in list_of(event.get("ATTENDEE")):
        name = getattr(attendee, "params", {}).get("CN")
        if name and str(attendee).lower().startswith("invalid:"):
            yield str(name)


def _value(event: Component, name: str) -> Any:
    return getattr(next(iter(list_of(event.get(name))), None), "dt", None)


def _moment(event: Component, name: str, zone: tzinfo) -> datetime | None:
    """A moment with its offset: what floats (RFC 5545 §3.3.5, form 1) is in the event's zone."""
    value = _value(event, name)
    if not isinstance(value, datetime):
        return None
    try:
        return (value if value.tzinfo else value.replace(tzinfo=zone)).astimezone(UTC)
    except (OverflowError, ValueError):
        return None
