"""The times of a recurring event (RFC 5545 §3.8.5), bounded: a programme's recurrence ends within a year."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, tzinfo
from itertools import islice
from typing import Any

from dateutil.rrule import rrulestr  # type: ignore[import-untyped]  # comes with icalendar, which needs it
from icalendar import Component

from server.sessions.formats.notes import Notes

MOST_TIMES = 100
_LONGEST = timedelta(days=366)
# A rule by the hour or shorter is no programme, and could be searched for its next time without end.
_FREQUENCIES = ("DAILY", "WEEKLY", "MONTHLY", "YEARLY")


def occurrences(event: Component, start: datetime | None, zone: tzinfo, notes: Notes) -> list[datetime]:
    """When the event takes place, in UTC and in order; the first time alone when the rule cannot be followed."""
    if start is None:
        return []
    moments = {start}
    for rule in _list(event.get("RRULE")):
        try:
            moments.update(_times_of(rule, start, _zone_of(event, zone)))
        except (ValueError, TypeError, KeyError, OverflowError, AttributeError):
            notes.add(
                "import.recurrence", "A rule of repetition cannot be followed; the first time is kept.", _title(event)
            )
        if not rule.get("COUNT") and not rule.get("UNTIL"):
            says = f"Repetition without an end is followed for {MOST_TIMES} times or a year."
            notes.add("import.recurrence", says, _title(event))
    moments.update(_dates(event.get("RDATE"), zone))
    moments.difference_update(_dates(event.get("EXDATE"), zone))
    return sorted(moments)[:MOST_TIMES]


def _title(event: Component) -> str:
    return str(event.get("SUMMARY") or "")


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _zone_of(event: Component, zone: tzinfo) -> tzinfo:
    """Repetition is by the clock of the place: nine o'clock stays nine o'clock over a change to summer time."""
    start: Any = event.get("DTSTART")
    return getattr(getattr(start, "dt", None), "tzinfo", None) or zone


def _times_of(rule: Any, start: datetime, zone: tzinfo) -> Iterator[datetime]:
    frequency = str(_list(rule.get("FREQ"))[0]).upper()
    intervals = [int(number) for number in _list(rule.get("INTERVAL"))]
    if frequency not in _FREQUENCIES or any(not 1 <= number <= 1000 for number in intervals):
        raise ValueError(frequency)
    local = start.astimezone(zone).replace(tzinfo=None)
    parts = dict(rule)
    until = _until(parts.pop("UNTIL", None), zone)
    bounded = {**parts, "UNTIL": [(local + _LONGEST).strftime("%Y%m%dT%H%M%S")]}
    count = int(_list(bounded.pop("COUNT", MOST_TIMES))[0])
    text = ";".join(f"{name}={','.join(str(value) for value in _list(values))}" for name, values in bounded.items())
    for moment in islice(rrulestr(text, dtstart=local), max(0, min(count, MOST_TIMES))):
        aware = moment.replace(tzinfo=zone).astimezone(UTC)
        if until is None or aware <= until:
            yield aware


def _until(values: Any, zone: tzinfo) -> datetime | None:
    for value in _list(values):
        moment = value if isinstance(value, datetime) else datetime.combine(value, datetime.max.time())
        return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)
    return None


def _dates(values: Any, zone: tzinfo) -> Iterator[datetime]:
    for value in _list(values):
        for entry in getattr(value, "dts", ())[:MOST_TIMES]:
            moment = getattr(entry, "dt", None)
            if isinstance(moment, datetime):
                try:
                    yield (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)
                except (OverflowError, ValueError):
                    continue
