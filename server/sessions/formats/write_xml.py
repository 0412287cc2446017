"""schedule.xml, valid against its definition (voc/schedule, validator/xsd/schedule.xml.xsd)."""

import re
from collections.abc import Mapping
from typing import Any

from lxml import etree

from server.sessions.formats.extras import META
from server.sessions.formats.form import ReadLink, ReadProgramme, ReadSession, ReadSpeaker
from server.sessions.formats.laid_out import (
    UUID,
    LaidOut,
    LaidOutDay,
    Placed,
    as_json,
    in_minutes,
    kinds_apart,
    lay_out,
)
from server.sessions.formats.texts import without_controls
from server.sessions.formats.write_json import event_of

Element = etree._Element

# What the definition's types allow. Addresses are plain enough for xs:anyURI (RFC 3986 §2), whatever checks them.
_URL = re.compile(r"https?://(?:[A-Za-z0-9._~:/?#@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})+")
_CODE = re.compile(r"[0-9A-Z]{6}")
_SLUG = re.compile(r"[a-z0-9_]{4,}-[a-z0-9_-]{4,}")
_TRACK_SLUG = re.compile(r"[a-z][a-z0-9-]+")
_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")
_LONGEST_MINUTES = 99 * 60 + 59
_TYPES = {kind: kind for kind in ("slides", "blog", "discussion", "paper", "photo", "code", "video", "press", "other")}


def write_schedule_xml(programme: ReadProgramme, *, url: str = "", generator: Mapping[str, str] | None = None) -> bytes:
    """The programme as schedule.xml; `url` is where this file can be fetched, `generator` name, system and version.

    Read back, all is as before but for what write_json names, and: keys of rooms that are no UUIDs, descriptions of
    rooms, keys of speakers that are neither UUID nor number, and their biographies, affiliations, addresses, pictures.
    """
    laid = lay_out(programme)
    root = etree.Element("schedule")
    etree.SubElement(root, "generator", _present(dict(generator or {"name": "Semma"})))
    if _URL.fullmatch(url):
        _add(root, "url", url)
    _add(root, "version", programme.version)
    _add_conference(root, programme, laid)
    guids = {room.name: room.key for room in programme.rooms if UUID.fullmatch(room.key)}
    taken: set[str] = set()
    for day in laid.days:
        _add_day(root, day, guids, taken)
    if laid.timeless:
        beside: dict[str, Any] = {}
        events = [event_of(one, beside) for one in laid.timeless]
        root.append(etree.PI(META, as_json({"timeless": events, "sessions": beside})))
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)


def _add(parent: Element, name: str, text: str, **attributes: str) -> Element:
    element = etree.SubElement(parent, name, _present(attributes))
    element.text = without_controls(text)
    return element


def _present(attributes: Mapping[str, str]) -> dict[str, str]:
    return {name: without_controls(value) for name, value in attributes.items() if value}


def _add_conference(root: Element, programme: ReadProgramme, laid: LaidOut) -> None:
    conference = etree.SubElement(root, "conference")
    _add(conference, "acronym", laid.acronym)
    _add(conference, "title", programme.title)
    _add(conference, "start", laid.starts_on.isoformat())
    _add(conference, "end", laid.ends_on.isoformat())
    _add(conference, "days", str(len(laid.days)))
    _add(conference, "timeslot_duration", "00:05")
    if _URL.fullmatch(programme.base_url):
        _add(conference, "base_url", programme.base_url)
    _add(conference, "time_zone_name", laid.zone.key)
    for track in programme.tracks:
        slug = track.key if _TRACK_SLUG.fullmatch(track.key) else ""
        color = track.color if _COLOUR.fullmatch(track.color) else ""
        etree.SubElement(conference, "track", _present({"name": track.name, "color": color, "slug": slug}))


def _add_day(root: Element, day: LaidOutDay, guids: Mapping[str, str], taken: set[str]) -> None:
    element = etree.SubElement(
        root,
        "day",
        index=str(day.index),
        date=day.on.isoformat(),
        start=day.starts_at.isoformat(),
        end=day.ends_at.isoformat(),
    )
    for name, placed in day.rooms.items():
        room = etree.SubElement(
            element, "room", {"name": without_controls(name)} | _present({"guid": guids.get(name, "")})
        )
        for one in placed:
            _add_event(room, one, taken)


def _add_event(room: Element, placed: Placed, taken: set[str]) -> None:
    session = placed.session
    extras = dict(placed.extras)
    event = etree.SubElement(room, "event", guid=placed.guid, id=str(placed.number))
    _add(event, "room", session.room)
    _add(event, "title", placed.title)
    _add(event, "subtitle", session.subtitle)
    _add(event, "type", session.kind)
    if placed.starts_at is not None:
        _add(event, "date", placed.starts_at.isoformat())
        _add(event, "start", f"{placed.starts_at:%H:%M}")
    _add(event, "duration", _length(session, extras))
    _add(event, "abstract", session.abstract)
    _add_names(event, session, taken, extras)
    _add(event, "track", session.track)
    _add(event, "language", session.language)
    _add(event, "description", session.description)
    recording = etree.SubElement(event, "recording")
    _add(recording, "license", session.licence)
    _add(recording, "optout", "true" if session.do_not_record else "false")
    _add_persons(event, session.speakers)
    _add_links(event, session.links, extras)
    if extras:
        event.append(etree.PI(META, as_json(extras)))


def _length(session: ReadSession, extras: dict[str, Any]) -> str:
    """hh:mm or hh:mm:ss; what is longer or more exact is kept beside it, in minutes."""
    duration_ms = session.duration_ms or 0
    minutes, rest_ms = divmod(duration_ms, 60_000)
    if minutes > _LONGEST_MINUTES or rest_ms % 1000:
        extras["duration"] = duration_ms / 60_000
    shown = min(minutes, _LONGEST_MINUTES) * 60_000
    return in_minutes(shown) + (f":{rest_ms // 1000:02d}" if rest_ms >= 1000 and minutes <= _LONGEST_MINUTES else "")


def _add_names(event: Element, session: ReadSession, taken: set[str], extras: dict[str, Any]) -> None:
    """Code, slug and address, where they are as the definition wants them and alone; else they are kept beside."""
    if _CODE.fullmatch(session.code) and f"code {session.code}" not in taken:
        event.set("code", session.code)
    elif session.code:
        extras["code"] = session.code
    if _SLUG.fullmatch(session.slug) and f"slug {session.slug}" not in taken:
        _add(event, "slug", session.slug)
    elif session.slug:
        extras["slug"] = session.slug
    taken |= {f"code {session.code}", f"slug {session.slug}"}
    if _URL.fullmatch(session.url):
        _add(event, "url", session.url)
    elif session.url:
        extras["url"] = session.url


def _add_persons(event: Element, speakers: tuple[ReadSpeaker, ...]) -> None:
    persons = etree.SubElement(event, "persons")
    for speaker in speakers:
        guid = speaker.key if UUID.fullmatch(speaker.key) else ""
        number = speaker.key if re.fullmatch(r"-?[0-9]{1,18}", speaker.key) else ""
        _add(persons, "person", speaker.name, guid=guid, id=number)


def _add_links(event: Element, links: tuple[ReadLink, ...], extras: dict[str, Any]) -> None:
    others = [link for link in links if link.kind != "slides"]
    slides = [link for link in links if link.kind == "slides"]
    kinds = kinds_apart([*others, *slides], _TYPES)
    if kinds:
        extras["kinds"] = kinds
    for parent, name, entries in (("links", "link", others), ("attachments", "attachment", slides)):
        element = etree.SubElement(event, parent)
        for link in entries:
            _add(element, name, link.title, href=link.url, type=link.kind)
