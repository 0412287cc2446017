"""Sessions put together into a programme: each with a key that is its own, rooms and tracks as they occur."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TypeVar

import msgspec

from server.core.ids import slugify
from server.sessions.formats.form import ReadRoom, ReadSession, ReadTrack
from server.sessions.formats.notes import Notes
from server.sessions.formats.refused import FileTooLarge, NothingInIt

_DIGIT = re.compile("[0-9]")

MOST_SESSIONS = 20_000

Named = TypeVar("Named", ReadRoom, ReadTrack)


def with_keys(sessions: Sequence[ReadSession], notes: Notes) -> tuple[ReadSession, ...]:
    """The sessions, each with a key of its own; the same one twice is one. Raises NothingInIt or FileTooLarge."""
    if not sessions:
        raise NothingInIt
    if len(sessions) > MOST_SESSIONS:
        raise FileTooLarge(f"There are {len(sessions)} sessions in the file; at most {MOST_SESSIONS} are taken.")
    alone = _alone(sessions)
    found: dict[str, ReadSession] = {}
    for session in sessions:
        key = _key_of(session, alone)
        twin = found.get(key)
        if twin == session:
            notes.add("import.twice", "Sessions that stand in the file twice are taken once.", session.title)
            continue
        if twin is not None and session.guid:
            says = "Several sessions have the same guid; only the first keeps it."
            notes.add("import.duplicate_guid", says, session.title)
            session = msgspec.structs.replace(session, guid="")
            key = _key_of(session, alone)
        found[_not_yet(key, session, found)] = session
    if any(not session.guid for session in found.values()):
        _note_missing(found.values(), notes)
    return tuple(msgspec.structs.replace(session, key=key) for key, session in found.items())


def _alone(sessions: Sequence[ReadSession]) -> set[tuple[str, str]]:
    """The numbers, codes and addresses only one session has."""
    if all(session.guid for session in sessions):
        return set()
    counts = Counter(pair for session in sessions for pair in _names_of(session))
    return {pair for pair, count in counts.items() if count == 1}


def _names_of(session: ReadSession) -> list[tuple[str, str]]:
    """What else may name a session, the steadiest first: systems without guids renumber what is moved (wafer), while
    the address of the talk stays."""
    numbered = session.url if _DIGIT.search(session.url) else ""
    pairs = (("code", session.code), ("url", numbered), ("id", session.number), ("url", session.url))
    return list(dict.fromkeys(pair for pair in pairs if pair[1]))


def _key_of(session: ReadSession, alone: set[tuple[str, str]]) -> str:
    if session.guid or session.key:
        return session.guid or session.key
    for pair in _names_of(session):
        if pair in alone:
            return f"{pair[0]}:{pair[1]}"[:300]
    speakers = ",".join(speaker.name for speaker in session.speakers)
    return f"title:{slugify(session.title)}:{slugify(speakers, fallback='')}"


def _not_yet(key: str, session: ReadSession, taken: dict[str, ReadSession]) -> str:
    """The key, or one nobody has: with the time, then with a number."""
    if key not in taken:
        return key
    if session.starts_at is not None:
        key = f"{key}@{session.starts_at:%Y%m%dT%H%M}"
    number = 2
    wanted = key
    while wanted in taken:
        wanted, number = f"{key}#{number}", number + 1
    return wanted


def _note_missing(sessions: Iterable[ReadSession], notes: Notes) -> None:
    for session in sessions:
        if not session.guid:
            says = "Sessions without a guid are known by their code, address, number or title."
            notes.add("import.no_guid", says, session.title)


def rooms_and_tracks(
    rooms: Iterable[ReadRoom], tracks: Iterable[ReadTrack], sessions: Iterable[ReadSession]
) -> tuple[tuple[ReadRoom, ...], tuple[ReadTrack, ...]]:
    """The rooms and tracks the file lists, and behind them those that only its sessions name."""
    listed_rooms = {room.name: room for room in reversed(list(rooms)) if room.name}
    listed_tracks = {track.name: track for track in reversed(list(tracks)) if track.name}
    all_rooms = dict(reversed(listed_rooms.items()))
    all_tracks = dict(reversed(listed_tracks.items()))
    for session in sessions:
        if session.room and session.room not in all_rooms:
            all_rooms[session.room] = ReadRoom(name=session.room)
        if session.track and session.track not in all_tracks:
            all_tracks[session.track] = ReadTrack(name=session.track)
    return tuple(all_rooms.values()), tuple(all_tracks.values())
