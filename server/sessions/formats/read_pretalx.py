"""pretalx's own JSON: submissions, talks or slots of its API, its widget's schedule, and files made of them.

Such files are put together in many ways (pages with `results`, bare lists, objects by day and room), so what is looked
for are objects that look like a submission, wherever they stand. docs.pretalx.org/api: submissions, slots, schedules.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from server.sessions.formats.form import ReadProgramme
from server.sessions.formats.notes import Notes
from server.sessions.formats.read_json import list_of, programme_of
from server.sessions.formats.session_of import Day, Loose
from server.sessions.formats.texts import words_of

_DEEPEST = 12
_TALK = ("submission_type", "slots", "slot", "content_locale", "speakers", "abstract", "state", "start")
# Not given a time, and never will be: not part of the programme (docs.pretalx.org: submission states).
_OUTSIDE = ("submitted", "rejected", "withdrawn", "draft", "deleted")
_SECTIONS = ("rooms", "tracks", "speakers", "submission_types")


def is_pretalx(document: Any) -> bool:
    """Whether parsed JSON has a submission of pretalx anywhere."""
    return next(_talks_in(document), None) is not None


def read_pretalx(document: Any, *, base_url: str, time_zone: str, notes: Notes) -> ReadProgramme:
    """The submissions in parsed JSON, one session for each slot. Raises BadProgramme when there is none."""
    known = {name: _by_id(_section(document, name)) for name in _SECTIONS}
    talks: dict[str, Loose] = {}
    for talk in _talks_in(document):
        talks.setdefault(
            words_of(talk.get("code")) or f"{talk.get('id')}:{talk.get('title')}:{talk.get('start')}", talk
        )
    top = document if isinstance(document, dict) else {}
    conference = {
        "title": top.get("name") or top.get("event"),
        "time_zone_name": top.get("timezone"),
        "start": top.get("event_start"),
        "end": top.get("event_end"),
        "rooms": [_room_of(room) for room in known["rooms"].values()],
        "tracks": list(known["tracks"].values()),
    }
    entries = [(event, Day()) for talk in talks.values() for event in _events_of(talk, known, notes)]
    return programme_of(
        "pretalx", top, conference, entries, generator="pretalx", base_url=base_url, time_zone=time_zone, notes=notes
    )


def _talks_in(value: Any, depth: int = 0) -> Iterator[Loose]:
    if depth > _DEEPEST:
        return
    if isinstance(value, dict):
        talk = _talk_of(value)
        if talk is not None:
            yield talk
            return
        value = list(value.values())
    if isinstance(value, list):
        for part in value:
            if isinstance(part, (dict, list)):
                yield from _talks_in(part, depth + 1)


def _talk_of(value: Loose) -> Loose | None:
    """The submission this object is, or (a slot) carries."""
    submission = value.get("submission")
    if isinstance(submission, dict) and submission.get("title") and "start" in value:
        return {**submission, "slots": [value]}
    if not value.get("title") or not (value.get("code") or value.get("start")):
        return None
    return value if sum(name in value for name in _TALK) >= 2 else None


def _section(document: Any, name: str) -> Any:
    return document.get(name) if isinstance(document, dict) else None


def _by_id(section: Any) -> dict[str, Loose]:
    found: dict[str, Loose] = {}
    for entry in list_of(section):
        if isinstance(entry, dict):
            for name in ("id", "code"):
                if entry.get(name) is not None:
                    found[words_of(entry[name])] = entry
    return found


def _room_of(room: Loose) -> Loose:
    return {
        "name": room.get("name"),
        "guid": room.get("guid") or room.get("uuid"),
        "description": room.get("description"),
    }


def _events_of(talk: Loose, known: Mapping[str, Mapping[str, Loose]], notes: Notes) -> Iterator[Loose]:
    """The talk once for each of its slots, in order of time, numbered as pretalx does, but for the first."""
    slots = _slots_of(talk)
    state = words_of(talk.get("state")).lower()
    if not slots and state in _OUTSIDE:
        notes.add("import.not_in_programme", "Submissions that are not in the programme are left out.", _title(talk))
        return
    for place, slot in enumerate(slots or [{}]):
        code = words_of(talk.get("code"))
        yield {
            "guid": talk.get("guid") if place == 0 else None,
            "id": talk.get("id") if place == 0 else None,
            "code": code,
            "key": f"{code}-{place + 1}" if place and code else code,
            "slug": talk.get("slug") if place == 0 else None,
            "title": talk.get("title"),
            "subtitle": talk.get("subtitle"),
            "abstract": talk.get("abstract"),
            "description": talk.get("description"),
            "type": _named(talk.get("submission_type"), known["submission_types"]),
            "track": _named(talk.get("track"), known["tracks"]),
            "language": talk.get("content_locale") or talk.get("language"),
            "do_not_record": talk.get("do_not_record"),
            "state": state,
            "date": slot.get("start"),
            "end": slot.get("end"),
            "duration": slot.get("duration") or talk.get("duration"),
            "room": _named(slot.get("room"), known["rooms"]),
            "persons": [_person(speaker, known["speakers"]) for speaker in list_of(talk.get("speakers"))],
            "attachments": [_resource(entry) for entry in list_of(talk.get("resources")) if isinstance(entry, dict)],
            "links": talk.get("links"),
            "url": _urls(talk),
        }


def _slots_of(talk: Loose) -> list[Loose]:
    slots: list[Loose] = [slot for slot in list_of(talk.get("slots")) if isinstance(slot, dict) and slot.get("start")]
    single = talk.get("slot")
    if not slots and isinstance(single, dict) and single.get("start"):
        slots = [single]
    if not slots and talk.get("start"):
        slots = [talk]
    once = {(words_of(slot.get("start")), words_of(slot.get("room"))): slot for slot in slots}
    return sorted(once.values(), key=lambda slot: words_of(slot.get("start")))


def _title(talk: Loose) -> str:
    return words_of(talk.get("title"))


def _named(value: Any, known: Mapping[str, Loose]) -> Any:
    """A name, given as text, as an object, or as the id of one listed elsewhere in the file."""
    if isinstance(value, dict):
        return value.get("name")
    entry = known.get(words_of(value)) if value is not None else None
    if entry is not None:
        return entry.get("name")
    return value if isinstance(value, str) else None


def _person(value: Any, known: Mapping[str, Loose]) -> Any:
    if isinstance(value, dict):
        return value
    return known.get(words_of(value), value)


def _resource(entry: Loose) -> Loose:
    return {"url": entry.get("resource") or entry.get("url") or entry.get("link"), "title": entry.get("description")}


def _urls(talk: Loose) -> Any:
    urls = talk.get("urls")
    return urls.get("public") if isinstance(urls, dict) else talk.get("url")
