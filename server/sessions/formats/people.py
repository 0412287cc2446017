"""Speakers as programmes name them."""

import re
from typing import Any

from server.sessions.formats.form import ReadSpeaker
from server.sessions.formats.links import Addresses
from server.sessions.formats.texts import clean_line, clean_text

MOST_SPEAKERS = 50
MOST_BIOGRAPHY = 20_000
_SEVERAL = re.compile(r"\s*[;\n]\s*")
_SEVERAL_LOOSELY = re.compile(r"\s*,\s*|\s+(?:&|and|und|ja|och)\s+")


def read_speakers(values: Any, addresses: Addresses, where: str) -> tuple[ReadSpeaker, ...]:
    """The people of a session in order, each once: objects, names, one alone, an object by key, or nothing usable."""
    if isinstance(values, dict):
        values = [values] if any(name in values for name in _NAMES) else list(values.values())
    if isinstance(values, str):
        values = names_in(values)
    found: dict[tuple[str, str], ReadSpeaker] = {}
    for value in values if isinstance(values, list) else ():
        speaker = _speaker_of(value, addresses, where)
        if speaker is not None:
            found.setdefault((speaker.key, speaker.name.casefold()), speaker)
    return tuple(found.values())[:MOST_SPEAKERS]


def names_in(text: str) -> list[str]:
    """The names in one text: between semicolons or on lines, else between commas."""
    parts = _SEVERAL.split(text)
    if len(parts) == 1:
        parts = _SEVERAL_LOOSELY.split(text)
    return [part for part in parts if part.strip()]


_NAMES = ("name", "public_name", "full_public_name", "full_name", "display_name")


def _speaker_of(value: Any, addresses: Addresses, where: str) -> ReadSpeaker | None:
    if not isinstance(value, dict):
        name = clean_line(value, 200)
        return ReadSpeaker(name=name) if name and not isinstance(value, (int, float)) else None
    name = _first_line(value, _NAMES)
    if not name:
        return None
    return ReadSpeaker(
        name=name,
        key=_first_line(value, ("guid", "code", "id")),
        biography=clean_text(value.get("biography") or value.get("description"), MOST_BIOGRAPHY),
        affiliation=clean_line(value.get("affiliation") or value.get("organization"), 200),
        url=addresses.absolute(value.get("url"), where),
        avatar_url=addresses.absolute(value.get("avatar") or value.get("avatar_url"), where),
    )


def _first_line(value: dict[str, Any], fields: tuple[str, ...]) -> str:
    for field in fields:
        line = clean_line(value.get(field), 200)
        if line:
            return line
    return ""
