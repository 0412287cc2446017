"""schedule.xml as frab, pretalx, pentabarf, wafer and the hub write it.

Definition: voc/schedule, validator/xsd/schedule.xml.xsd. The parser expands no entity, loads no DTD and opens no
connection; a file that declares entities is refused.
"""

import html
import re
from collections.abc import Iterator
from datetime import UTC, time
from typing import Any

import msgspec
from lxml import etree

from server.sessions.formats.extras import META, with_extras
from server.sessions.formats.form import ReadProgramme
from server.sessions.formats.notes import Notes
from server.sessions.formats.read_json import Entry, day_begins, programme_of, timeless_in
from server.sessions.formats.refused import BadProgramme, IsBroken, IsWebPage, NotTaken
from server.sessions.formats.session_of import Day, Loose
from server.sessions.formats.texts import clean_line
from server.sessions.formats.times import read_clock, read_date, read_moment, zone_named

Element = etree._Element

_ENTITIES = re.compile(rb"<!\s*ENTITY|<\0!\0E\0N\0T\0I\0T\0Y", re.I)
_DECLARATION = re.compile(r"\A\s*<\?xml[^<>]*\?>")
_NAMED = re.compile(r"&(?!amp;|lt;|gt;|quot;|apos;)([a-zA-Z][a-zA-Z0-9]{1,30});")
_BARE_AMP = re.compile(r"&(?!(?:#[0-9]{1,7}|#x[0-9a-fA-F]{1,6}|[a-zA-Z][a-zA-Z0-9]{0,30});)")
_REFERENCE = re.compile(r"&#(?:x([0-9a-fA-F]{1,6})|([0-9]{1,7}));")
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_NESTED = ("persons", "links", "attachments", "recording")


def read_schedule_xml(data: bytes, *, base_url: str, time_zone: str, notes: Notes) -> ReadProgramme:
    """A schedule.xml. Raises BadProgramme: broken, not a schedule, with entities, or without one session."""
    root = _parsed(data, notes)
    if _tag(root) in ("html", "head", "body"):
        raise IsWebPage
    if _tag(root) != "schedule":
        raise BadProgramme(
            f"This XML file is a <{_tag(root)[:60]}>, not a <schedule>. Look for the export called schedule.xml, "
            "schedule.json or iCalendar."
        )
    conference = _conference_of(root)
    entries = [*_entries(root, conference), *timeless_in(_extras_of(root) or {})]
    generator = root.find("generator")
    return programme_of(
        "schedule.xml",
        {"version": _text_of(root.find("version")), "base_url": conference.get("base_url")},
        conference,
        entries,
        generator=clean_line(generator.get("name"), 200) if generator is not None else "",
        base_url=base_url,
        time_zone=time_zone,
        utc_is_local=_utc_is_local(conference, entries, time_zone, notes),
        notes=notes,
    )


def _parsed(data: bytes, notes: Notes) -> Element:
    try:
        return _parse(data)
    except etree.XMLSyntaxError as error:
        if _ENTITIES.search(data[: _root_begins(data)]):
            raise _with_entities() from None
        first = error
    try:
        root = _parse(_mended(data).encode())
    except etree.XMLSyntaxError:
        line = first.lineno or 1
        says = f"The XML stops making sense at line {line}; the file may be cut off. Export or download it again."
        raise IsBroken(says) from None
    notes.add("import.mended_xml", "Letters and entities that XML does not allow were mended.")
    return root


def _parse(data: bytes) -> Element:
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        huge_tree=False,
        load_dtd=False,
        dtd_validation=False,
        remove_comments=True,
        collect_ids=False,
    )
    root = etree.fromstring(data, parser)
    dtd = root.getroottree().docinfo.internalDTD
    if dtd is not None and any(True for _ in dtd.iterentities()):
        raise _with_entities()
    return root


def _with_entities() -> NotTaken:
    return NotTaken(
        "The file declares XML entities, which can read other files or grow without end; none are taken. "
        "Export the schedule without a DOCTYPE."
    )


def _root_begins(data: bytes) -> int:
    at = data.find(b"<schedule")
    return at if at >= 0 else len(data)


def _mended(data: bytes) -> str:
    """The text with what XML forbids taken out: control characters, HTML's entities, letters in another encoding."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("cp1252", errors="replace")
    text = _NOT_XML.sub("", _DECLARATION.sub("", text, count=1))
    text = _BARE_AMP.sub("&amp;", _NAMED.sub(_html_entity, text))
    return _REFERENCE.sub(_allowed_reference, text)


def _html_entity(found: re.Match[str]) -> str:
    letters = html.unescape(found[0])
    return found[0].replace("&", "&amp;") if letters == found[0] else letters


def _allowed_reference(found: re.Match[str]) -> str:
    number = int(found[1], 16) if found[1] else int(found[2])
    return found[0] if number < 0x110000 and not _NOT_XML.match(chr(number)) else ""


def _tag(element: Element) -> str:
    tag: Any = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def _text_of(element: Element | None) -> str:
    """The text of an element; what stands in it as elements is given as markup, for texts to clean."""
    if element is None:
        return ""
    if not len(element):
        return element.text or ""
    return (element.text or "") + "".join(etree.tostring(child, encoding="unicode") for child in element)


def _fields_of(element: Element) -> dict[str, Any]:
    """The children's texts by name; of several of one name the first that says something (wafer has two abstracts)."""
    fields: dict[str, Any] = {}
    for child in element:
        name = _tag(child)
        if name and name not in _NESTED and not fields.get(name):
            fields[name] = _text_of(child).strip()
    return fields


def _conference_of(root: Element) -> dict[str, Any]:
    element = root.find("conference")
    if element is None:
        return {}
    conference = _fields_of(element)
    tracks = [*element.findall("track"), *element.findall("tracks/track"), *root.findall("tracks/track")]
    conference["tracks"] = [{"name": _text_of(track).strip(), **dict(track.attrib)} for track in tracks]
    conference["day_rooms"] = [dict(room.attrib) for room in root.findall("day/room")]
    return conference


def _entries(root: Element, conference: Loose) -> Iterator[Entry]:
    changes = read_clock(conference.get("day_change"))
    found = False
    for day in root.findall("day"):
        begins = changes or (day_begins(day.get("start")) if day.get("start") else time(4))
        on = read_date(day.get("date"))
        for room in day.findall("room"):
            place = Day(on=on, begins=begins, room=clean_line(room.get("name"), 200))
            for event in room.findall("event"):
                found = True
                yield _event_of(event), place
        for event in day.findall("event"):
            found = True
            yield _event_of(event), Day(on=on, begins=begins)
    if not found:
        for event in root.iter("event"):
            yield _event_of(event), Day()


def _event_of(event: Element) -> Loose:
    """An event in the names of schedule.json."""
    loose = {**_fields_of(event), **{name: event.get(name) for name in ("guid", "id", "code")}}
    loose["url"] = loose.get("full_conf_url") or loose.get("url") or loose.get("conf_url")
    loose["persons"] = [
        {"name": _text_of(person) or person.get("name"), **{k: person.get(k) for k in ("guid", "id", "code")}}
        for person in event.findall("persons/person")
    ]
    loose["links"] = _references(event.find("links"))
    loose["attachments"] = _references(event.find("attachments"))
    recording = event.find("recording")
    if recording is not None:
        said = _fields_of(recording)
        loose["recording_license"] = said.get("license")
        loose["do_not_record"] = said.get("optout")
        loose["recording_url"] = said.get("url") or said.get("link")
    return with_extras(loose, _extras_of(event))


def _references(element: Element | None) -> list[Loose]:
    return [
        {"url": entry.get("href") or _text_of(entry).strip(), "title": _text_of(entry), "type": entry.get("type")}
        for entry in (element if element is not None else ())
        if _tag(entry) in ("link", "attachment")
    ]


def _extras_of(event: Element) -> Any:
    for instruction in event.iterchildren(etree.PI):
        if getattr(instruction, "target", "") == META:
            try:
                said = msgspec.json.decode(instruction.text or "")
                return said if isinstance(said, dict) else None
            except (msgspec.DecodeError, RecursionError):
                return None
    return None


def _utc_is_local(conference: Loose, entries: list[Entry], time_zone: str, notes: Notes) -> bool:
    """Whether all times say +00:00 and mean the local time, as pentabarf and wafer wrote them.

    Seen where the zone is not named, `start` is the clock of the `date` in UTC everywhere, and the dialect is theirs.
    """
    zone = zone_named(time_zone)
    if zone is None or conference.get("time_zone_name"):
        return False
    theirs = "day_change" in conference or any("conf_url" in loose for loose, _day in entries)
    if not theirs or not entries or not all(_same_clock(loose) for loose, _day in entries):
        return False
    first, _ = read_moment(entries[0][0].get("date"), UTC)
    if first is None or not zone.utcoffset(first.replace(tzinfo=None)):
        return False
    notes.add("import.utc_is_local", f"Times say UTC and mean the local time; they are taken in {zone.key}.")
    return True


def _same_clock(loose: Loose) -> bool:
    said, clock = str(loose.get("date") or ""), str(loose.get("start") or "")
    return said.endswith(("+00:00", "Z")) and said[11:16] == clock[:5].zfill(5)
