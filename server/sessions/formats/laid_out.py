"""A programme laid out as schedule.json 1 and schedule.xml want it: days with rooms with events, valid ids, and beside
each event what the formats cannot say (extras.py).

Neither format has a place for a session without a time: those are kept beside all others, for Semma alone. What is
cancelled says so in its title, since neither has a state and others would show it as taking place.
"""

import re
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from server.core.ids import slugify
from server.sessions.formats.form import ReadLink, ReadProgramme, ReadSession
from server.sessions.formats.links import kind_of_link
from server.sessions.formats.times import zone_named

UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_ACRONYM = re.compile(r"[a-z0-9_-][a-z0-9_]{3,}(?:-2[0-9]{3}-[a-z]+)?")
_NAMESPACE = uuid.UUID("5e3a7b1c-9d42-5f60-8b7a-2c1d4e6f8a90")  # of guids made for what has none that is a UUID
_LARGEST_NUMBER = 2**31 - 1  # what the apps that still use `id` can hold
_DAY_BEGINS = time(4)


@dataclass(frozen=True, kw_only=True)
class Placed:
    """A session with its valid ids, its local time (if it has one), and what must be kept beside it."""

    session: ReadSession
    guid: str
    number: int
    title: str
    starts_at: datetime | None
    extras: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class LaidOutDay:
    """A conference day, from four in the morning to the next four: sessions by room, in order of time."""

    index: int
    on: date
    starts_at: datetime
    ends_at: datetime
    rooms: Mapping[str, list[Placed]]


@dataclass(frozen=True, kw_only=True)
class LaidOut:
    """The whole programme as both formats write it."""

    acronym: str
    zone: ZoneInfo
    starts_on: date
    ends_on: date
    days: tuple[LaidOutDay, ...]
    timeless: tuple[Placed, ...]


def lay_out(programme: ReadProgramme) -> LaidOut:
    """The programme in days; at least one, which may be empty."""
    zone = zone_named(programme.time_zone) or ZoneInfo("UTC")
    placed = _placed(programme.sessions, zone)
    by_day: dict[date, list[Placed]] = {}
    for one in placed:
        if one.starts_at is not None:
            by_day.setdefault((one.starts_at - timedelta(hours=_DAY_BEGINS.hour)).date(), []).append(one)
    starts_on = programme.starts_on or min(by_day, default=date(1970, 1, 1))
    ends_on = programme.ends_on or max([*by_day, starts_on])
    names = [room.name for room in programme.rooms]
    days = tuple(
        _day(index, on, by_day.get(on, []), names if index == 1 else [], zone)
        for index, on in enumerate(sorted(by_day) or [starts_on], 1)
    )
    return LaidOut(
        acronym=_acronym_of(programme),
        zone=zone,
        starts_on=starts_on,
        ends_on=ends_on,
        days=days,
        timeless=tuple(one for one in placed if one.starts_at is None),
    )


def said_in_minutes(moment: datetime) -> datetime:
    """The moment in a zone whose offset can be written: those before standard time have seconds (Monrovia's until
    1972), which RFC 3339 (§5.6) and XML Schema cannot say."""
    offset = moment.utcoffset() or timedelta(0)
    return moment.astimezone(UTC) if offset % timedelta(minutes=1) else moment


def _day(index: int, on: date, placed: Iterable[Placed], names: Iterable[str], zone: ZoneInfo) -> LaidOutDay:
    rooms: dict[str, list[Placed]] = {name: [] for name in names}
    for one in placed:
        rooms.setdefault(one.session.room, []).append(one)
    starts_at = said_in_minutes(datetime.combine(on, _DAY_BEGINS, zone))
    ends_at = said_in_minutes(datetime.combine(on + timedelta(days=1), _DAY_BEGINS, zone))
    return LaidOutDay(index=index, on=on, starts_at=starts_at, ends_at=ends_at, rooms=rooms)


def _acronym_of(programme: ReadProgramme) -> str:
    """The acronym in the letters the definitions allow: "seminar-2027" becomes "seminar_2027"."""
    acronym = programme.acronym.lower()
    if _ACRONYM.fullmatch(acronym):
        return acronym
    made = slugify(acronym or programme.title, fallback="event").replace("-", "_")
    return made if len(made) >= 4 else f"{made}_programme"


def _placed(sessions: Iterable[ReadSession], zone: tzinfo) -> list[Placed]:
    guids: set[str] = set()
    numbers: set[int] = set()
    placed = []
    for session in sorted(sessions, key=_order):
        guid = _guid_of(session, guids)
        number = _number_of(session, guid, numbers)
        title = f"Cancelled: {session.title}" if session.state == "cancelled" else session.title
        told = {"guid": guid, "id": str(number), "title": title, "state": "confirmed"}
        kept = {"guid": session.guid, "id": session.number, "title": session.title, "state": session.state}
        extras = {name: value for name, value in kept.items() if value != told[name]}
        if not session.guid:
            extras["key"] = session.key
        moment = local(session.starts_at, zone) if session.starts_at is not None else None
        placed.append(Placed(session=session, guid=guid, number=number, title=title, starts_at=moment, extras=extras))
    return placed


def _order(session: ReadSession) -> tuple[bool, datetime, str, str]:
    """By time, those without one last."""
    starts_at = session.starts_at
    return (starts_at is None, starts_at or datetime.max.replace(tzinfo=UTC), session.room, session.key)


def local(moment: datetime, zone: tzinfo) -> datetime:
    """The moment by the clock of the place; as it is where the offset has seconds, which no format can say."""
    moved = moment.astimezone(zone)
    offset = moved.utcoffset()
    return moved if offset is None or offset.seconds % 60 == 0 else moment


def _guid_of(session: ReadSession, taken: set[str]) -> str:
    guid = session.guid
    if not UUID.fullmatch(guid) or guid.lower() in taken:
        guid = str(uuid.uuid5(_NAMESPACE, session.guid or session.key))
        while guid in taken:
            guid = str(uuid.uuid5(_NAMESPACE, guid + session.key))
    taken.add(guid.lower())
    return guid


def _number_of(session: ReadSession, guid: str, taken: set[int]) -> int:
    said = session.number
    number = int(said) if re.fullmatch(r"[1-9][0-9]{0,9}", said) else 0
    if not 0 < number <= _LARGEST_NUMBER or number in taken:
        number = uuid.UUID(guid).int % _LARGEST_NUMBER + 1
    while number in taken:
        number = number % _LARGEST_NUMBER + 1
    taken.add(number)
    return number


def made_guid(name: str) -> str:
    """A UUID for what has a name and no UUID: the same every time."""
    return str(uuid.uuid5(_NAMESPACE, name))


def kinds_apart(links: Iterable[ReadLink], types: Mapping[str, str]) -> dict[str, str]:
    """The kinds of links, by place, that would not be understood again from the types the format has for them."""
    return {
        str(place): link.kind
        for place, link in enumerate(links)
        if kind_of_link(link.url, types.get(link.kind, ""), link.title, attached=link.kind == "slides") != link.kind
    }


def in_minutes(duration_ms: int | None) -> str:
    """A length as hh:mm, whole minutes."""
    minutes = (duration_ms or 0) // 60_000
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def as_json(extras: Mapping[str, Any]) -> str:
    """Extras as JSON that can stand in a processing instruction: without "?>" (XML 1.0 §2.6)."""
    return msgspec.json.encode(extras).decode().replace(">", "\\u003e")
