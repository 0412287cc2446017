"""Moments and lengths in the spellings programmes use. What cannot be understood is None; nothing here raises."""

import re
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

LONGEST_MS = 7 * 86_400_000  # as sessions/programme has it
SHORTEST_MS = 1000
_MINUTE_MS = 60_000

_NUMBER = re.compile(r"[0-9]{1,9}(?:[.,][0-9]{1,9})?")
_CLOCK = re.compile(r"(?:([0-9]{1,3}):)?([0-9]{1,4}):([0-9]{1,4})(?::([0-9]{1,5})(?:[.,]([0-9]{1,9}))?)?")
_AFTER_DAYS = re.compile(r"([0-9]{1,3})\s*(?:days?|d|tage?|päivää?|dagar|dag),?\s*(.*)", re.I)
# ISO 8601-1 §5.5.2.3, with a comma or a point before the fraction.
_ISO = re.compile(
    r"P(?:([0-9.,]{1,12})W)?(?:([0-9.,]{1,12})D)?"
    r"(?:T(?:([0-9.,]{1,12})H)?(?:([0-9.,]{1,12})M)?(?:([0-9.,]{1,12})S)?)?",
    re.I,
)
_WORDS = re.compile(
    r"(?:([0-9.,]{1,12})\s*(?:h|hrs?|hours?|std\.?|stunden?|t|tuntia?|tunti|tim\.?|timm(?:e|ar))\.?)?"
    r"\s*(?:([0-9.,]{1,12})\s*(?:m|mins?|minutes?|minuten?|minuuttia?|minuter?|')?\.?)?",
    re.I,
)
_LOCAL = re.compile(r"([0-9]{1,2})[./]([0-9]{1,2})[./]([0-9]{4})(?:[\sT,]+(?:klo\s+|kl\.?\s+)?(.+))?")
_OFFSET = re.compile(r"(.*[0-9])\s*(Z|[+-][0-9]{2}:?(?:[0-9]{2})?)", re.I)
_TIME = re.compile(r"(?:klo\s+|kl\.?\s+)?([0-9]{1,2})[:.h]([0-9]{2})(?:[:.]([0-9]{2}))?\s*(am|pm)?", re.I)


def read_duration_ms(value: Any) -> int | None:
    """A length in milliseconds, from one second to seven days: numbers are minutes, "1:30" is ninety of them."""
    duration_ms = _any_duration_ms(value)
    return duration_ms if duration_ms is not None and SHORTEST_MS <= duration_ms <= LONGEST_MS else None


def is_no_duration(value: Any) -> bool:
    """Whether the value says that there is no length, rather than a wrong one: missing, or zero."""
    return value in (None, "", 0, False) or _any_duration_ms(value) == 0


def _any_duration_ms(value: Any) -> int | None:
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, (int, float)):
        return round(value * _MINUTE_MS) if 0 <= value < 10**6 else None
    return _duration_in_words(value.strip()) if isinstance(value, str) and len(value) <= 60 else None


@lru_cache(maxsize=2048)
def _duration_in_words(text: str) -> int | None:
    if _NUMBER.fullmatch(text):
        return round(_number(text) * _MINUTE_MS)
    if clock := _CLOCK.fullmatch(text):
        return _clock_ms(*clock.groups())
    if after := _AFTER_DAYS.fullmatch(text):
        rest = _duration_in_words(after[2]) if after[2] else 0
        return int(after[1]) * 86_400_000 + rest if rest is not None else None
    if (found := _ISO.fullmatch(text)) and len(text) > 2:
        weeks, days, hours, minutes, seconds = (_number(part) for part in found.groups())
        return round(((weeks * 7 + days) * 24 + hours) * 3_600_000 + minutes * _MINUTE_MS + seconds * 1000)
    if text and (found := _WORDS.fullmatch(text)):
        return round(_number(found[1]) * 3_600_000 + _number(found[2]) * _MINUTE_MS)
    return None


def _clock_ms(days: str | None, first: str, second: str, third: str | None, fraction: str | None) -> int:
    """h:mm, h:mm:ss or d:hh:mm:ss; minutes may be more than 59 ("00:90")."""
    if third is None and days is not None:  # three parts: the first is hours
        return _clock_ms(None, days, first, second, None)
    seconds = int(third or 0) + float(f"0.{fraction or 0}")
    return round(((int(days or 0) * 24 + int(first)) * 60 + int(second)) * _MINUTE_MS + seconds * 1000)


def _number(text: str | None) -> float:
    try:
        return float((text or "0").replace(",", "."))
    except ValueError:
        return 0.0


def zone_named(name: Any) -> ZoneInfo | None:
    """The time zone of this name in the IANA database, or None."""
    return _zone(name.strip()) if isinstance(name, str) and 0 < len(name) < 60 else None


@lru_cache(maxsize=64)
def _zone(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, KeyError):  # not a name, a folder, or not there
        return None


def read_date(value: Any) -> date | None:
    """A day: 2027-05-20, 20.5.2027, or the day of a moment."""
    moment = _naive_or_aware(value)
    return moment.date() if moment is not None else None


def read_moment(value: Any, zone: tzinfo) -> tuple[datetime | None, bool]:
    """A moment in UTC and whether its offset was missing, so that `zone` was taken. A day alone is no moment."""
    if isinstance(value, str) and len(value) <= 10:
        return None, False
    moment = _naive_or_aware(value)
    if moment is None:
        return None, False
    bare = moment.tzinfo is None
    return in_utc(moment.replace(tzinfo=zone) if bare else moment), bare


def in_utc(moment: datetime) -> datetime | None:
    """The moment in UTC; None when it lies outside what calendars and databases hold."""
    try:
        moment = moment.astimezone(UTC)
    except (OverflowError, ValueError):
        return None
    return moment if 1970 <= moment.year < 9999 else None


def _naive_or_aware(value: Any) -> datetime | None:
    if isinstance(value, str):
        return _moment_in_words(value.strip()) if len(value) <= 60 else None
    if isinstance(value, (int, float)) and not isinstance(value, bool) and 10**8 <= value < 10**14:
        seconds = value / 1000 if value >= 10**11 else value  # epochs in milliseconds, as JavaScript has them
        return datetime.fromtimestamp(seconds, UTC)
    return None


def _moment_in_words(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        pass
    if local := _LOCAL.fullmatch(text):
        first, second, year = int(local[1]), int(local[2]), int(local[3])
        day = _day(year, second, first) or _day(year, first, second)  # 5/20/2027 is American
        clock = read_clock(local[4]) if local[4] else time.min
        return datetime.combine(day, clock) if day and clock is not None else None
    if spaced := _OFFSET.fullmatch(text):
        try:
            return datetime.fromisoformat(f"{spaced[1].strip()}{spaced[2].upper()}")
        except ValueError:
            return None
    return None


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def read_clock(value: Any) -> time | None:
    """A time of day: 9:00, 09.00, 09:00:00, "klo 9.00", 2:30 pm."""
    found = _TIME.fullmatch(value.strip()) if isinstance(value, str) and len(value) < 40 else None
    if found is None:
        return None
    hour, minute, second = int(found[1]), int(found[2]), int(found[3] or 0)
    if found[4]:
        hour = hour % 12 + (12 if found[4].lower() == "pm" else 0)
    return time(hour, minute, second) if hour < 24 and minute < 60 and second < 60 else None


def on_day(day: date, clock: time, zone: tzinfo, *, day_begins: time) -> datetime | None:
    """A time of a conference day in UTC: what is before the day's beginning is after midnight, so the next date."""
    try:
        actual = day + timedelta(days=1) if clock < day_begins else day
    except OverflowError:
        return None
    return in_utc(datetime.combine(actual, clock, zone))
