"""schedule.json, version 1, valid against its definition (voc/schedule, validator/json/schema.json)."""

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import msgspec

from server.core.ids import slugify
from server.sessions.formats.extras import META
from server.sessions.formats.form import ReadLink, ReadProgramme, ReadRoom, ReadSpeaker, ReadTrack
from server.sessions.formats.laid_out import UUID, Placed, in_minutes, kinds_apart, lay_out, made_guid

SCHEMA = "https://c3voc.de/schedule/schema.json"
_SLUG = re.compile(r"[a-z0-9_-]+[a-z0-9]")
_CODE = re.compile(r"[A-Z0-9]+")
_ZONE = re.compile(r"[A-Z][a-z]+/[A-Z][a-z]+.*|.*UTC")
# The definition has fewer types than Semma has kinds; what the address does not tell again is kept beside the event.
_TYPES = {
    "slides": "slides",
    "paper": "paper",
    "blog": "blog",
    "press": "article",
    "photo": "media",
    "video": "media",
    "discussion": "web",
    "code": "related",
    "other": "related",
}


def write_schedule_json(
    programme: ReadProgramme, *, url: str = "", generator: Mapping[str, str] | None = None
) -> bytes:
    """The programme as schedule.json 1; `url` is where people see it, `generator` name, version and url of the program.

    Read back, all is as before but for: notes, an acronym in other letters than the definition allows, a time zone that
    is no Area/Place or UTC, missing first and last days (those of the sessions), keys of tracks that are no slugs, keys
    of speakers that are neither UUID, number nor code, and a link twice or after slides.
    """
    laid = lay_out(programme)
    conference: dict[str, Any] = {
        "acronym": laid.acronym,
        "title": programme.title,
        "start": laid.starts_on.isoformat(),
        "end": laid.ends_on.isoformat(),
        "daysCount": len(laid.days),
        "timeslot_duration": "00:05",
        "rooms": [_room(room) for room in programme.rooms],
        "tracks": [_track(track) for track in programme.tracks],
    }
    if _ZONE.fullmatch(laid.zone.key):
        conference["time_zone_name"] = laid.zone.key
    if url:
        conference["url"] = url
    beside: dict[str, Any] = {}
    conference["days"] = [
        {
            "index": day.index,
            "date": day.on.isoformat(),
            "day_start": day.starts_at.isoformat(),
            "day_end": day.ends_at.isoformat(),
            "rooms": {name: [event_of(one, beside) for one in placed] for name, placed in day.rooms.items()},
        }
        for day in laid.days
    ]
    keys = {room.name: room.key for room in programme.rooms if not UUID.fullmatch(room.key)}
    timeless = [event_of(one, beside) for one in laid.timeless]
    conference["meta"] = {META: {"sessions": beside, "rooms": keys, "timeless": timeless}}
    schedule: dict[str, Any] = {"version": programme.version, "conference": conference}
    if programme.base_url:
        schedule["base_url"] = programme.base_url
    document = {"$schema": SCHEMA, "generator": dict(generator or {"name": "Semma"}), "schedule": schedule}
    return msgspec.json.format(msgspec.json.encode(document), indent=1)


def _room(room: ReadRoom) -> dict[str, Any]:
    guid = room.key if UUID.fullmatch(room.key) else made_guid(f"room:{room.name}")
    return {"name": room.name, "guid": guid, "description": room.description or None}


def _track(track: ReadTrack) -> dict[str, Any]:
    told = {"name": track.name, "slug": track.key if _SLUG.fullmatch(track.key) else "", "color": track.color}
    return {name: value for name, value in told.items() if value}


def event_of(placed: Placed, beside: dict[str, Any]) -> dict[str, Any]:
    """A session as an event of schedule.json; what that cannot say goes `beside`, by guid."""
    session = placed.session
    extras = dict(placed.extras)
    slug = (
        session.slug
        if _SLUG.fullmatch(session.slug)
        else f"{slugify(session.title, fallback='session')}-{placed.number}"
    )
    url = session.url or f"urn:uuid:{placed.guid}"
    links = [link for link in session.links if link.kind != "slides"]
    slides = [link for link in session.links if link.kind == "slides"]
    event: dict[str, Any] = {
        "guid": placed.guid,
        "id": placed.number,
        **_times(placed),
        "duration": in_minutes(session.duration_ms),
        "room": session.room,
        "slug": slug,
        "url": url,
        "title": placed.title,
        "subtitle": session.subtitle,
        "track": session.track or None,
        "type": session.kind,
        "language": session.language or None,
        "abstract": session.abstract,
        "description": session.description,
        "recording_license": session.licence,
        "do_not_record": session.do_not_record,
        "persons": [_person(speaker) for speaker in session.speakers],
        "links": [_reference(link) for link in links],
        "attachments": [_reference(link) for link in slides],
    }
    if _CODE.fullmatch(session.code):
        event["code"] = session.code
    extras |= {
        name: said for name, said, told in (("slug", session.slug, slug), ("url", session.url, url)) if said != told
    }
    extras |= {"code": session.code} if session.code and "code" not in event else {}
    if session.duration_ms and placed.starts_at is None:  # no end tells it exactly
        extras["duration"] = session.duration_ms / 60_000
    kinds = kinds_apart([*links, *slides], _TYPES)
    if extras or kinds:
        beside[placed.guid] = extras | ({"kinds": kinds} if kinds else {})
    return event


def _times(placed: Placed) -> dict[str, str]:
    starts_at, duration_ms = placed.starts_at, placed.session.duration_ms
    if starts_at is None:
        return {}
    told = {"date": starts_at.isoformat(), "start": f"{starts_at:%H:%M}"}
    return told | ({"end": (starts_at + timedelta(milliseconds=duration_ms)).isoformat()} if duration_ms else {})


def _person(speaker: ReadSpeaker) -> dict[str, Any]:
    told: dict[str, Any] = {"name": speaker.name}
    if UUID.fullmatch(speaker.key):
        told["guid"] = speaker.key
    elif re.fullmatch(r"[1-9][0-9]{0,17}", speaker.key):
        told["id"] = int(speaker.key)
    elif _CODE.fullmatch(speaker.key):
        told["code"] = speaker.key
    more = {
        "biography": speaker.biography,
        "affiliation": speaker.affiliation,
        "url": speaker.url,
        "avatar": speaker.avatar_url,
    }
    return told | {name: value for name, value in more.items() if value}


def _reference(link: ReadLink) -> dict[str, str]:
    told = {"url": link.url, "type": _TYPES.get(link.kind, "related")}
    return told | ({"title": link.title} if link.title else {})
