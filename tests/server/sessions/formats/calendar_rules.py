"""What RFC 5545 (and 7986) demands of a calendar, read from its bytes: by no library that writes calendars."""

import re
from collections import Counter

import vobject

TEXT = r"(?:[^\x00-\x08\x0a-\x1f\x7f\\;,]|\\[\\;,Nn])*"  # §3.3.11
UTC, DURATION = r"[0-9]{8}T[0-9]{6}Z", r"P(?:[0-9]+[WD])?(?:T(?:[0-9]+H)?(?:[0-9]+M)?(?:[0-9]+S)?)?"
URI = r"[a-z][a-z0-9+.-]*:(?:[a-z0-9._~:/?#\[\]@!$&'()*+,;=-]|%[0-9a-f]{2})+"
# What each property that we write may say; another one has no business in our calendars.
VALUES = {
    **dict.fromkeys(("PRODID", "NAME", "X-WR-CALNAME", "X-WR-TIMEZONE", "UID", "SUMMARY", "TZID"), TEXT),
    **dict.fromkeys(("DESCRIPTION", "LOCATION"), TEXT),
    "VERSION": r"2\.0",
    "CATEGORIES": rf"{TEXT}(?:,{TEXT})*",
    "STATUS": "TENTATIVE|CONFIRMED|CANCELLED",
    "URL": URI,
    **dict.fromkeys(("DTSTAMP", "LAST-MODIFIED"), UTC),
    **dict.fromkeys(("DTSTART", "DTEND"), rf"{UTC[:-1]}Z?"),
    "SEQUENCE": "[0-9]{1,10}",
    **dict.fromkeys(("REFRESH-INTERVAL", "X-PUBLISHED-TTL"), DURATION),
    **dict.fromkeys(("TZOFFSETFROM", "TZOFFSETTO"), "[+-][0-9]{4}"),
}
NEEDED = {
    "VCALENDAR": {"PRODID", "VERSION"},
    "VEVENT": {"UID", "DTSTAMP", "DTSTART"},  # DTSTART: there is no METHOD
    "VTIMEZONE": {"TZID"},
    "STANDARD": {"DTSTART", "TZOFFSETFROM", "TZOFFSETTO"},
}
_LINE = re.compile(r"([A-Za-z0-9-]+)((?:;[A-Za-z0-9-]+=(?:\"[^\"\x00-\x1f]*\"|[^\";:,\x00-\x1f]*))*):(.*)", re.S)
Property = tuple[str, str, str]  # name, parameters, value


def broken_rules(data: bytes) -> list[str]:
    """What is wrong with a calendar, in words; nothing, when all is well."""
    wrong = [f"vobject: {error}" for error in _vobject_says(data)]
    lines = data.split(b"\r\n")
    if lines.pop() != b"" or any(b"\n" in line or b"\r" in line for line in lines):
        wrong.append("lines end with CRLF (§3.1)")
    wrong += [f"longer than 75 octets (§3.1): {line!r}" for line in lines if len(line) > 75]
    try:
        text = "\n".join(line.decode() for line in lines).replace("\n ", "")
    except UnicodeDecodeError:
        return [*wrong, "a line is folded inside a letter"]
    return wrong + _broken_in(text.split("\n"))


def _vobject_says(data: bytes) -> list[str]:
    try:
        for calendar in vobject.readComponents(data.decode()):
            for component in (calendar, *calendar.components()):
                component.validate(raiseException=True)
    except Exception as error:  # it raises whatever it stumbles over
        return [repr(error)]
    return []


def _broken_in(lines: list[str]) -> list[str]:
    wrong: list[str] = []
    stack: list[tuple[str, list[Property]]] = []
    closed: list[tuple[str, list[Property]]] = []
    for line in lines:
        found = _LINE.fullmatch(line)
        if found is None:
            wrong.append(f"no content line (§3.1): {line!r}")
            continue
        name, parameters, value = found.groups()
        if name == "BEGIN":
            stack.append((value, []))
        elif name == "END":
            if not stack or stack[-1][0] != value:
                return [*wrong, f"{value} ends and did not begin"]
            closed.append(stack.pop())
        elif not stack:
            wrong.append(f"outside of everything: {line!r}")
        else:
            stack[-1][1].append((name, parameters, value))
            wrong += _broken_property(line, name, parameters, value)
    wrong += [f"{name} does not end" for name, _properties in stack]
    return (
        wrong + [said for name, properties in closed for said in _broken_component(name, properties)] + _whole(closed)
    )


def _broken_property(line: str, name: str, parameters: str, value: str) -> list[str]:
    if name not in VALUES:
        return [f"not a property of ours: {line!r}"]
    if not re.fullmatch(VALUES[name], value, re.I if name == "URL" else 0):
        return [f"not what {name} may say: {line!r}"]
    if name == "REFRESH-INTERVAL" and parameters != ";VALUE=DURATION":
        return ["REFRESH-INTERVAL says VALUE=DURATION (RFC 7986 §5.7)"]
    return []


def _broken_component(name: str, properties: list[Property]) -> list[str]:
    if name not in NEEDED:
        return [f"not a component of ours: {name}"]
    counts = Counter(one for one, _parameters, _value in properties)
    wrong = [f"{name} without {one}" for one in sorted(NEEDED[name] - counts.keys())]
    wrong += [f"{name} with {count} {one}" for one, count in counts.items() if count > 1]
    said = {one: (parameters, value) for one, parameters, value in properties}
    if name == "VEVENT" and "DTEND" in said:
        begins, ends = said.get("DTSTART", ("", "")), said["DTEND"]
        if begins[0] != ends[0] or not begins[1] < ends[1]:
            wrong.append(f"DTEND is not after DTSTART (§3.6.1): {begins} {ends}")
    return wrong


def _whole(closed: list[tuple[str, list[Property]]]) -> list[str]:
    wrong = [] if len(closed) > 1 else ["a calendar has a component (§3.6)"]
    uids = [value for name, properties in closed if name == "VEVENT" for one, _, value in properties if one == "UID"]
    if len(uids) != len(set(uids)):
        wrong.append("two events have one UID (§3.8.4.7)")
    zones = {
        value for name, properties in closed if name == "VTIMEZONE" for one, _, value in properties if one == "TZID"
    }
    used = {zone for _, properties in closed for _, parameters, _ in properties for zone in _TZID.findall(parameters)}
    wrong += [f"TZID {zone} without its VTIMEZONE (§3.2.19)" for zone in sorted(used - zones)]
    local = [value for name, properties in closed if name == "VEVENT" for one, parameters, value in properties
             if one.startswith("DT") and not value.endswith("Z") and not parameters]  # fmt: skip
    return wrong + [f"a time of nowhere: {value}" for value in local]


_TZID = re.compile(r";TZID=\"?([^\";]+)")
