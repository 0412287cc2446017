"""The times of a recurring event (RFC 5545 §3.8.5), day by day and bounded: a programme repeats within a year.

Rules as calendars make them are followed: daily, weekly and monthly, on weekdays. What searches further (every leap
day) is left: an open search can take seconds, and no programme needs it.
"""

import re
from calendar import monthrange
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Any

from icalendar import Component
from icalendar.prop.broken import vBroken

from server.sessions.formats.notes import Notes

MOST_TIMES = 100
_LONGEST_DAYS = 366
_WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_UNDERSTOOD = {"FREQ", "INTERVAL", "COUNT", "UNTIL", "BYDAY", "WKST"}
_BY_DAY = re.compile(r"([+-]?[0-9]{1,2})?(MO|TU|WE|TH|FR|SA|SU)")

_NOT_FOLLOWED = "A rule of repetition cannot be followed; the first time is kept."

Falls = Callable[[date], bool]


def occurrences(event: Component, start: datetime | None, zone: tzinfo, notes: Notes) -> list[datetime]:
    """When the event takes place, in UTC and in order; the first time alone when the rule cannot be followed."""
    if start is None:
        return []
    title = str(event.get("SUMMARY") or "")
    moments = {start}
    rules = event.get("RRULE")
    if isinstance(rules, vBroken):
        notes.add("import.recurrence", _NOT_FOLLOWED, title)
    for rule in list_of(rules):
        times = _times_of(rule, start, _zone_of(event, zone))
        if times is None:
            notes.add("import.recurrence", _NOT_FOLLOWED, title)
            continue
        moments.update(times)
        if not rule.get("COUNT") and not rule.get("UNTIL"):
            says = f"Repetition without an end is followed for {MOST_TIMES} times or a year."
            notes.add("import.recurrence", says, title)
    moments.update(_dates(event.get("RDATE"), zone))
    moments.difference_update(_dates(event.get("EXDATE"), zone))
    return sorted(moments)[:MOST_TIMES]


def list_of(value: Any) -> list[Any]:
    """What the library gives once, several times or not at all, as a list; without what it could not read."""
    values = value if isinstance(value, list) else [] if value is None else [value]
    return [entry for entry in values if not isinstance(entry, vBroken)]


def _zone_of(event: Component, zone: tzinfo) -> tzinfo:
    """Repetition is by the clock of the place: nine o'clock stays nine o'clock over a change to summer time."""
    start = next(iter(list_of(event.get("DTSTART"))), None)
    return getattr(getattr(start, "dt", None), "tzinfo", None) or zone


def _times_of(rule: Any, start: datetime, zone: tzinfo) -> list[datetime] | None:
    local = start.astimezone(zone)
    falls = _falling(rule, local.date())
    if falls is None:
        return None
    until = _until(rule.get("UNTIL"), zone)
    count = min(_number(rule, "COUNT", MOST_TIMES), MOST_TIMES)
    days = (local.date() + timedelta(days=day) for day in range(_LONGEST_DAYS) if local.year < 9998)
    times: list[datetime] = []
    for day in days:
        moment = datetime.combine(day, local.time(), zone).astimezone(UTC)
        if len(times) >= count or (until is not None and moment > until):
            break
        if falls(day):
            times.append(moment)
    return times


def _falling(rule: Any, first: date) -> Falls | None:
    """On which days the rule falls, or None when it is not one of those that are followed."""
    parts = {str(name).upper() for name in rule}
    frequency = str(next(iter(list_of(rule.get("FREQ"))), "")).upper()
    interval = _number(rule, "INTERVAL", 1)
    named = [_BY_DAY.fullmatch(str(day).upper()) for day in list_of(rule.get("BYDAY"))]
    if not parts <= _UNDERSTOOD or interval < 1 or not all(named):
        return None
    places = [(int(day[1] or 0), _WEEKDAYS.index(day[2])) for day in named if day is not None]
    weekdays = {weekday for _nth, weekday in places}
    if frequency == "DAILY":
        return lambda day: (day - first).days % interval == 0 and (not weekdays or day.weekday() in weekdays)
    if frequency == "WEEKLY":
        starts = _WEEKDAYS.index(str(next(iter(list_of(rule.get("WKST"))), "MO")).upper()[:2])
        week = first - timedelta(days=(first.weekday() - starts) % 7)
        wanted = weekdays or {first.weekday()}
        return lambda day: (day - week).days // 7 % interval == 0 and day.weekday() in wanted
    if frequency == "MONTHLY":
        return lambda day: _months(first, day) % interval == 0 and _falls_in_month(day, first, places)
    return None


def _months(first: date, day: date) -> int:
    return (day.year - first.year) * 12 + day.month - first.month


def _falls_in_month(day: date, first: date, places: list[tuple[int, int]]) -> bool:
    """The same day of the month, or the n-th (or n-th last) weekday of it."""
    if not places:
        return day.day == first.day
    ahead = (day.day - 1) // 7 + 1
    behind = -((monthrange(day.year, day.month)[1] - day.day) // 7 + 1)
    return any(day.weekday() == weekday and nth in (0, ahead, behind) for nth, weekday in places)


def _number(rule: Any, name: str, default: int) -> int:
    value = next(iter(list_of(rule.get(name))), default)
    return value if isinstance(value, int) and value >= 0 else 0


def _until(values: Any, zone: tzinfo) -> datetime | None:
    for value in list_of(values):
        if isinstance(value, date):
            moment = value if isinstance(value, datetime) else datetime.combine(value, datetime.max.time())
            return moment if moment.tzinfo else moment.replace(tzinfo=zone)
    return None


def _dates(values: Any, zone: tzinfo) -> Iterator[datetime]:
    for value in list_of(values):
        for entry in getattr(value, "dts", ())[:MOST_TIMES]:
            moment = getattr(entry, "dt", None)
            if isinstance(moment, datetime):
                try:
                    yield (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)
                except (OverflowError, ValueError):
                    continue
