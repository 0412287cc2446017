"""schedule.json: version 1 (days, rooms, events) and the alpha of version 2 (a flat list of events).

Definitions: voc/schedule, validator/json/schema.json and schema2.json. Read as they are found, not as they are defined.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from server.core.errors import SemmaError
from server.events.fields import check_colour
from server.sessions.formats.extras import META, with_extras
from server.sessions.formats.form import ReadProgramme, ReadRoom, ReadTrack
from server.sessions.formats.links import Addresses, clean_base
from server.sessions.formats.notes import Notes
from server.sessions.formats.session_of import Day, Loose, Reading, name_of, read_session
from server.sessions.formats.texts import clean_line, clean_text, words_of
from server.sessions.formats.times import read_date, zone_named
from server.sessions.formats.together import rooms_and_tracks, with_keys

Entry = tuple[Loose, Day]


def is_schedule(document: Any) -> bool:
    """Whether parsed JSON looks like a schedule.json of either version."""
    schedule = schedule_in(document)
    return isinstance(schedule.get("conference"), dict) or isinstance(schedule.get("events"), list)


def schedule_in(document: Any) -> dict[str, Any]:
    """The object everything is in; some files leave the outermost one out."""
    if not isinstance(document, dict):
        return {}
    inner = document.get("schedule")
    return inner if isinstance(inner, dict) else document


def read_schedule(document: Any, *, base_url: str, time_zone: str, notes: Notes) -> ReadProgramme:
    """A parsed schedule.json. Raises BadProgramme when there is not one session in it."""
    schedule = schedule_in(document)
    conference = _object(schedule.get("conference"))
    flat = isinstance(schedule.get("events"), list)
    entries = _flat(schedule) if flat else (*_by_days(conference), *timeless_in(kept_of(conference)))
    generator = document.get("generator") if document is not schedule else None
    return programme_of(
        "schedule.json 2" if flat else "schedule.json 1",
        schedule,
        conference,
        entries,
        generator=name_of(generator, 200),
        base_url=base_url,
        time_zone=time_zone,
        notes=notes,
    )


def programme_of(
    form: str,
    schedule: Loose,
    conference: Loose,
    entries: Iterable[Entry],
    *,
    generator: str,
    base_url: str,
    time_zone: str,
    notes: Notes,
    utc_is_local: bool = False,
) -> ReadProgramme:
    """The programme these parts of a file make; XML comes here too, under the same names."""
    zone = _zone_of(conference, time_zone, notes)
    base = clean_base(schedule.get("base_url")) or clean_base(conference.get("base_url")) or clean_base(base_url)
    tracks = _tracks_of(conference.get("tracks") or schedule.get("tracks"))
    by_slug = {track.key: track.name for track in tracks if track.key}
    reading = Reading(zone, Addresses(base, notes), notes, utc_is_local=utc_is_local, tracks=by_slug)
    read = [read_session(loose, reading, day) for loose, day in entries]
    sessions = with_keys([session for session in read if session is not None], notes)
    keys = _object(kept_of(conference).get("rooms"))
    listed = _rooms_of(conference.get("rooms"), keys) + _rooms_of(schedule.get("rooms"), {})
    rooms, all_tracks = rooms_and_tracks(listed + _rooms_of(conference.get("day_rooms"), {}), tracks, sessions)
    return ReadProgramme(
        form=form,
        generator=generator,
        version=clean_line(schedule.get("version"), 300),
        title=clean_line(conference.get("title"), 300),
        acronym=clean_line(conference.get("acronym"), 100),
        time_zone=zone.key,
        base_url=base,
        starts_on=read_date(conference.get("start")),
        ends_on=read_date(conference.get("end")),
        rooms=rooms,
        tracks=all_tracks,
        sessions=sessions,
        notes=notes.all(),
    )


def _zone_of(conference: Loose, time_zone: str, notes: Notes) -> ZoneInfo:
    said = words_of(conference.get("time_zone_name") or conference.get("timezone"))
    zone = zone_named(said)
    if said and zone is None:
        says = f"“{said[:60]}” is no time zone that is known; the event's is taken."
        notes.add("import.bad_time_zone", says)
    return zone or zone_named(time_zone) or ZoneInfo("UTC")


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def list_of(value: Any) -> list[Any]:
    """A list, the values of an object, or nothing."""
    return value if isinstance(value, list) else list(value.values()) if isinstance(value, dict) else []


def _flat(schedule: Loose) -> Iterator[Entry]:
    for event in list_of(schedule.get("events")):
        if isinstance(event, dict):
            yield event, Day()


def _by_days(conference: Loose) -> Iterator[Entry]:
    extras = _object(kept_of(conference).get("sessions"))
    for loose_day in list_of(conference.get("days")):
        day = _object(loose_day)
        for room, events in _rooms_with_events(day.get("rooms")):
            place = Day(on=read_date(day.get("date")), begins=day_begins(day.get("day_start")), room=room)
            for event in list_of(events):
                if isinstance(event, dict):
                    yield _whole(event, extras), place


def kept_of(conference: Loose) -> dict[str, Any]:
    """What Semma keeps beside a programme that it writes (extras.py)."""
    return _object(_object(conference.get("meta")).get(META))


def timeless_in(kept: Loose) -> Iterator[Entry]:
    """The sessions without a time, which stand on no day."""
    extras = _object(kept.get("sessions"))
    for event in list_of(kept.get("timeless")):
        if isinstance(event, dict):
            yield _whole(event, extras), Day()


def _whole(event: dict[str, Any], extras: Loose) -> Loose:
    guid = event.get("guid")
    return with_extras(event, extras.get(guid) if isinstance(guid, str) else None)


def _rooms_with_events(rooms: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(rooms, dict):
        for name, events in rooms.items():
            yield clean_line(name, 200), events
    for room in rooms if isinstance(rooms, list) else ():
        yield name_of(room, 200), _object(room).get("events")


def day_begins(day_start: Any) -> time:
    """The hour of a conference day's start, as the file gives it; four in the morning when it gives none."""
    try:
        return datetime.fromisoformat(words_of(day_start)).time()
    except ValueError:
        return time(4)


def _rooms_of(values: Any, keys: Loose) -> list[ReadRoom]:
    rooms = []
    for value in list_of(values):
        loose = _object(value) or {"name": value}
        name = name_of(loose, 200)
        key = clean_line(keys.get(name, loose.get("guid") or loose.get("slug")), 200)
        rooms.append(ReadRoom(name=name, key=key, description=clean_text(loose.get("description"), 10_000)))
    return rooms


def _tracks_of(values: Any) -> list[ReadTrack]:
    tracks = []
    for value in list_of(values):
        loose = _object(value) or {"name": value}
        color = _colour_of(loose.get("color") or loose.get("colors"))
        tracks.append(ReadTrack(name=name_of(loose, 200), key=clean_line(loose.get("slug"), 200), color=color))
    return tracks


def _colour_of(value: Any) -> str:
    if isinstance(value, dict):  # version 2 has one for each theme
        value = value.get("light") or value.get("dark")
    try:
        return check_colour(words_of(value))
    except SemmaError:
        return ""
