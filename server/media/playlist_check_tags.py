"""What RFC 8216bis says of each tag by itself: where it may stand, how often, and its attributes."""

from dataclasses import dataclass, field
from enum import Enum

from server.media.playlist_tags import Line, PlaylistError, is_of_type, read_attributes, read_date_time


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing wrong: a stable code, the line (0: the whole), the section of RFC 8216bis and a sentence."""

    code: str
    line: int
    section: str
    sentence: str


class Scope(Enum):
    """Where a tag belongs and how often it may be there."""

    BOTH_ONCE = "either kind of playlist, once"
    MEDIA_ONCE = "media playlists, once"
    MEDIA_MANY = "media playlists, any number"
    SEGMENT = "media playlists, once a segment"
    SEGMENT_MANY = "media playlists, before a segment"
    MULTIVARIANT = "multivariant playlists, any number"
    MULTIVARIANT_ONCE = "multivariant playlists, once"


@dataclass(frozen=True, slots=True)
class Attribute:
    """One attribute: its type as in 4.2, whether it must be there, and the values it may have."""

    kind: str
    required: bool = False
    allowed: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class TagRule:
    """One tag: its section, scope, and either attributes, a value type, or nothing after the name."""

    section: str
    scope: Scope
    attributes: dict[str, Attribute] = field(default_factory=dict)
    value: str = ""


def _need(kind: str) -> Attribute:
    return Attribute(kind, required=True)


def _choice(*allowed: str, required: bool = False) -> Attribute:
    return Attribute("enumerated-string", required, frozenset(allowed))


INTEGER = Attribute("decimal-integer")
FLOAT = Attribute("decimal-floating-point")
QUOTED = Attribute("quoted-string")
YES_NO = _choice("YES", "NO")
YES = _choice("YES")

STREAM = {
    "BANDWIDTH": _need("decimal-integer"),
    "AVERAGE-BANDWIDTH": INTEGER,
    "SCORE": FLOAT,
    "CODECS": QUOTED,
    "SUPPLEMENTAL-CODECS": QUOTED,
    "RESOLUTION": Attribute("decimal-resolution"),
    "HDCP-LEVEL": _choice("TYPE-0", "TYPE-1", "NONE"),
    "ALLOWED-CPC": QUOTED,
    "VIDEO-RANGE": _choice("SDR", "HLG", "PQ"),
    "REQ-VIDEO-LAYOUT": QUOTED,
    "STABLE-VARIANT-ID": QUOTED,
    "VIDEO": QUOTED,
    "PATHWAY-ID": QUOTED,
}
KEY = {
    "METHOD": _choice("NONE", "AES-128", "SAMPLE-AES", "SAMPLE-AES-CTR", required=True),
    "URI": QUOTED,
    "IV": Attribute("hexadecimal-sequence"),
    "KEYFORMAT": QUOTED,
    "KEYFORMATVERSIONS": QUOTED,
}
RULES = {
    "EXTM3U": TagRule("4.4.1.1", Scope.BOTH_ONCE),
    "EXT-X-VERSION": TagRule("4.4.1.2", Scope.BOTH_ONCE, value="decimal-integer"),
    "EXT-X-INDEPENDENT-SEGMENTS": TagRule("4.4.2.1", Scope.BOTH_ONCE),
    "EXT-X-START": TagRule(
        "4.4.2.2", Scope.BOTH_ONCE, {"TIME-OFFSET": _need("signed-decimal-floating-point"), "PRECISE": YES_NO}
    ),
    "EXT-X-TARGETDURATION": TagRule("4.4.3.1", Scope.MEDIA_ONCE, value="decimal-integer"),
    "EXT-X-MEDIA-SEQUENCE": TagRule("4.4.3.2", Scope.MEDIA_ONCE, value="decimal-integer"),
    "EXT-X-DISCONTINUITY-SEQUENCE": TagRule("4.4.3.3", Scope.MEDIA_ONCE, value="decimal-integer"),
    "EXT-X-ENDLIST": TagRule("4.4.3.4", Scope.MEDIA_ONCE),
    "EXT-X-PLAYLIST-TYPE": TagRule("4.4.3.5", Scope.MEDIA_ONCE, value="EVENT or VOD"),
    "EXT-X-I-FRAMES-ONLY": TagRule("4.4.3.6", Scope.MEDIA_ONCE),
    "EXT-X-PART-INF": TagRule("4.4.3.7", Scope.MEDIA_ONCE, {"PART-TARGET": _need("decimal-floating-point")}),
    "EXT-X-SERVER-CONTROL": TagRule(
        "4.4.3.8",
        Scope.MEDIA_ONCE,
        {
            "CAN-SKIP-UNTIL": FLOAT,
            "CAN-SKIP-DATERANGES": YES_NO,
            "HOLD-BACK": FLOAT,
            "PART-HOLD-BACK": FLOAT,
            "CAN-BLOCK-RELOAD": YES_NO,
        },
    ),
    "EXTINF": TagRule("4.4.4.1", Scope.SEGMENT, value="duration and title"),
    "EXT-X-BYTERANGE": TagRule("4.4.4.2", Scope.SEGMENT, value="byte range"),
    "EXT-X-DISCONTINUITY": TagRule("4.4.4.3", Scope.SEGMENT),
    "EXT-X-KEY": TagRule("4.4.4.4", Scope.SEGMENT_MANY, KEY),
    "EXT-X-MAP": TagRule("4.4.4.5", Scope.SEGMENT, {"URI": _need("quoted-string"), "BYTERANGE": QUOTED}),
    "EXT-X-PROGRAM-DATE-TIME": TagRule("4.4.4.6", Scope.SEGMENT, value="date and time"),
    "EXT-X-GAP": TagRule("4.4.4.7", Scope.SEGMENT),
    "EXT-X-BITRATE": TagRule("4.4.4.8", Scope.SEGMENT, value="decimal-integer"),
    "EXT-X-PART": TagRule(
        "4.4.4.9",
        Scope.MEDIA_MANY,
        {
            "URI": _need("quoted-string"),
            "DURATION": _need("decimal-floating-point"),
            "INDEPENDENT": YES,
            "BYTERANGE": QUOTED,
            "GAP": YES,
        },
    ),
    "EXT-X-SKIP": TagRule(
        "4.4.5.2",
        Scope.MEDIA_ONCE,
        {"SKIPPED-SEGMENTS": _need("decimal-integer"), "RECENTLY-REMOVED-DATERANGES": QUOTED},
    ),
    "EXT-X-PRELOAD-HINT": TagRule(
        "4.4.5.3",
        Scope.MEDIA_MANY,
        {
            "TYPE": _choice("PART", "MAP", required=True),
            "URI": _need("quoted-string"),
            "BYTERANGE-START": INTEGER,
            "BYTERANGE-LENGTH": INTEGER,
        },
    ),
    "EXT-X-RENDITION-REPORT": TagRule(
        "4.4.5.4", Scope.MEDIA_MANY, {"URI": _need("quoted-string"), "LAST-MSN": INTEGER, "LAST-PART": INTEGER}
    ),
    "EXT-X-MEDIA": TagRule(
        "4.4.6.1",
        Scope.MULTIVARIANT,
        {
            "TYPE": _choice("AUDIO", "VIDEO", "SUBTITLES", "CLOSED-CAPTIONS", required=True),
            "URI": QUOTED,
            "GROUP-ID": _need("quoted-string"),
            "LANGUAGE": QUOTED,
            "ASSOC-LANGUAGE": QUOTED,
            "NAME": _need("quoted-string"),
            "STABLE-RENDITION-ID": QUOTED,
            "DEFAULT": YES_NO,
            "AUTOSELECT": YES_NO,
            "FORCED": YES_NO,
            "INSTREAM-ID": QUOTED,
            "BIT-DEPTH": INTEGER,
            "SAMPLE-RATE": INTEGER,
            "CHARACTERISTICS": QUOTED,
            "CHANNELS": QUOTED,
        },
    ),
    "EXT-X-STREAM-INF": TagRule(
        "4.4.6.2",
        Scope.MULTIVARIANT,
        {
            **STREAM,
            "FRAME-RATE": FLOAT,
            "AUDIO": QUOTED,
            "SUBTITLES": QUOTED,
            "CLOSED-CAPTIONS": Attribute("quoted-string or NONE"),
        },
    ),
    "EXT-X-I-FRAME-STREAM-INF": TagRule("4.4.6.3", Scope.MULTIVARIANT, {**STREAM, "URI": _need("quoted-string")}),
    "EXT-X-SESSION-DATA": TagRule(
        "4.4.6.4",
        Scope.MULTIVARIANT,
        {
            "DATA-ID": _need("quoted-string"),
            "VALUE": QUOTED,
            "URI": QUOTED,
            "FORMAT": _choice("JSON", "RAW"),
            "LANGUAGE": QUOTED,
        },
    ),
    "EXT-X-SESSION-KEY": TagRule("4.4.6.5", Scope.MULTIVARIANT, KEY),
    "EXT-X-CONTENT-STEERING": TagRule(
        "4.4.6.6", Scope.MULTIVARIANT_ONCE, {"SERVER-URI": _need("quoted-string"), "PATHWAY-ID": QUOTED}
    ),
}


def check_tag(line: Line) -> list[Finding]:
    """A tag by itself: known, its value or its attributes of the right types, what is required there."""
    rule = RULES.get(line.tag)
    if rule is None:
        return [Finding("tag.unknown", line.number, "4.4", f"{line.tag[:40]} is no tag of the specification")]
    if rule.attributes:
        return _check_attributes(line, rule)
    wrong = _wrong_value(line, rule.value)
    return [Finding("tag.value", line.number, rule.section, f"{line.tag}: {wrong}")] if wrong else []


def _wrong_value(line: Line, kind: str) -> str:
    """What is wrong with the value of a tag without attributes; empty when nothing is."""
    value = line.value
    if kind == "":
        return f"nothing may follow the name, but '{value[:40]}' does" if value else ""
    if kind == "EVENT or VOD":
        return "" if value in ("EVENT", "VOD") else f"'{value[:40]}' is neither EVENT nor VOD"
    if kind == "date and time":
        try:
            read_date_time(value, line)
        except PlaylistError as error:
            return error.sentence
        return ""
    if kind == "duration and title":
        duration, comma, _title = value.partition(",")
        if not comma:
            return "a comma follows the duration, also without a title"
        return "" if is_of_type(duration, "decimal-floating-point") else f"'{duration[:40]}' is no duration"
    if kind == "byte range":
        length, at, offset = value.partition("@")
        numbers = [length, offset] if at else [length]
        good = all(is_of_type(number, "decimal-integer") for number in numbers)
        return "" if good else f"'{value[:40]}' is no byte range such as 1000@2000"
    return "" if is_of_type(value, kind) else f"'{value[:40]}' is no {kind}"


def _check_attributes(line: Line, rule: TagRule) -> list[Finding]:
    try:
        found = read_attributes(line)
    except PlaylistError as error:
        return [Finding("attribute.syntax", line.number, "4.2", error.sentence)]
    findings = []
    for name, attribute in rule.attributes.items():
        if attribute.required and name not in found:
            findings.append(Finding("attribute.missing", line.number, rule.section, f"{line.tag} has no {name}"))
    for name, value in found.items():
        known = rule.attributes.get(name)
        if known is None:
            if not (name.startswith("X-") and line.tag == "EXT-X-SESSION-DATA"):
                sentence = f"{line.tag} knows no attribute {name}"
                findings.append(Finding("attribute.unknown", line.number, rule.section, sentence))
        elif not _is_valid(value, known):
            kind = " or ".join(sorted(known.allowed)) or known.kind
            sentence = f"{line.tag}: {name}={value[:40]} is not of type {kind}"
            findings.append(Finding("attribute.type", line.number, rule.section, sentence))
    return findings


def _is_valid(value: str, attribute: Attribute) -> bool:
    if attribute.kind == "quoted-string or NONE":
        return value == "NONE" or is_of_type(value, "quoted-string")
    return is_of_type(value, attribute.kind) and (not attribute.allowed or value in attribute.allowed)
