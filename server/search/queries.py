"""Reads of the index. Whose talks may be found is said by the session's own conditions (`visible_sessions`), and whose
recordings (and so what was said in them) by those of recordings (`sees`): nothing is kept in the index of who may.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, Text, TextClause, and_, cast, func, or_, select, text

from server.accounts.actor import Actor
from server.core.db import Db
from server.core.ids import slugify
from server.events.models import Event, Room, Series, Track
from server.events.queries import named
from server.recordings.models import Recording
from server.recordings.queries import sees
from server.search import full_text
from server.search.bits import unpack
from server.search.models import PASSAGES, SearchTalk
from server.search.parse import EVENT, ROOM, TRACK, Parsed
from server.sessions.models import Session, SessionSpeaker, Speaker
from server.sessions.queries import visible_sessions

VIDEO, SLIDES, SPOKEN = HAS = ("video", "slides", "captions")


@dataclass(frozen=True, slots=True, kw_only=True)
class Narrowed:
    """What the answers are narrowed to beside the words: ids or slugs, a year, a language tag, and what there is."""

    event: str | None = None
    room: str | None = None
    track: str | None = None
    speaker: str | None = None
    year: int | None = None
    language: str | None = None
    has: tuple[str, ...] = ()


def watchable(actor: Actor) -> ColumnElement[bool]:
    """The condition on a session under which the actor may watch its recording, and so read what is said in it."""
    shown = select(Recording.id).where(
        Recording.session_id == Session.id,
        Recording.deleted_at.is_(None),
        Recording.playable.is_(True),
        sees(actor),
    )
    return and_(Session.do_not_record.is_(False), shown.exists())


@lru_cache(maxsize=200)
def _open_talks(actor: Actor, *, listed: bool) -> Select[Any]:
    """Indexed talks the actor may find, each with what facets are counted of. Kept: it takes longer to write than to
    run."""
    columns: Any = (
        visible_sessions(actor, listed=listed)
        .join(SearchTalk, SearchTalk.session_id == Session.id)
        .with_only_columns(
            SearchTalk.number,
            cast(SearchTalk.parts, Text).label("parts"),  # read by ends_of
            SearchTalk.speakers,
            SearchTalk.year,
            Session.id.label("session"),
            Session.language,
            Event.id.label("event"),
            # Of those that are there no more nothing is shown (names_of): so that none need be joined.
            Session.room_id.label("room"),
            Session.track_id.label("track"),
            watchable(actor).label("watchable"),
            func.length(SearchTalk.pairs).label("paired"),  # not `IS NOT NULL`: SQLite would read all of it
        )
    )
    found: Select[Any] = columns
    return found


@lru_cache(maxsize=20_000)
def ends_of(parts: str) -> tuple[int, ...]:
    """Where the passages of each part of a talk end, of the text it is kept as: the same talks are read again and
    again."""
    return tuple(json.loads(parts))


def talks_statement(actor: Actor, wanted: Narrowed, parsed: Parsed, *, event: Event | None) -> Select[Any]:
    """Indexed talks the actor may find, narrowed.

    `event` is the one that was named, which may be unlisted; without it unlisted ones are only found by their own.
    """
    statement = _open_talks(actor, listed=event is None)
    for condition in _conditions(wanted, event):
        statement = statement.where(condition)
    if parsed.years:
        statement = statement.where(SearchTalk.year.in_(parsed.years))
    for field, name in parsed.places:
        statement = statement.where(_called(field, name))
    return statement


def _conditions(wanted: Narrowed, event: Event | None) -> Iterable[ColumnElement[bool]]:
    if event is not None:
        yield Session.event_id == event.id
    if wanted.room is not None:
        yield named(Room, wanted.room)
    if wanted.track is not None:
        yield named(Track, wanted.track)
    if wanted.speaker is not None:
        called = named(Speaker, wanted.speaker), Speaker.deleted_at.is_(None)
        yield Session.id.in_(select(SessionSpeaker.session_id).join(Speaker).where(*called))
    if wanted.year is not None:
        yield SearchTalk.year == wanted.year
    if wanted.language is not None:
        yield or_(Session.language == wanted.language, Session.language.startswith(f"{wanted.language}-"))


def _called(field: str, name: str) -> ColumnElement[bool]:
    """The event (or its series), room or track whose address has these words in it."""
    slug = slugify(name, fallback="")
    if field == EVENT:
        of_series = Event.series_id.in_(select(Series.id).where(Series.slug.contains(slug, autoescape=True)))
        return or_(Event.slug.contains(slug, autoescape=True), of_series)
    model: Any = {ROOM: Room, TRACK: Track}[field]
    found: ColumnElement[bool] = model.slug.contains(slug, autoescape=True)
    return found


def matching(statement: Select[Any], db: Db, groups: full_text.Groups) -> Select[Any]:
    """Only talks that have at least one word of each group: here the database's full text answers."""
    value = full_text.match_value(db, groups)
    return statement.where(text(full_text.MATCHING[full_text.is_sqlite(db)]).bindparams(match=value))


async def postings(db: Db, words: Iterable[int], talks: Sequence[int] | None) -> Sequence[Any]:
    """(word, talk, passages) of these words, in these talks or in all."""
    values = {"ids": full_text.ids_value(db, sorted(words))}
    statement = f"SELECT word, talk, passages FROM search_postings WHERE {full_text.among(db, 'word')}"
    if talks is not None:
        statement += f" AND {full_text.among(db, 'talk', 'talks')}"
        values["talks"] = full_text.ids_value(db, talks)
    return (await db.execute(text(statement), values)).all()


async def read_pairs(db: Db, pairs: Iterable[int]) -> dict[int, dict[int, int]]:
    """Pair → talk → passages, of pairs by their numbers (pairs.pair_number)."""
    statement = text(f"SELECT pair, talk, passages FROM search_pairs WHERE {full_text.among(db, 'pair')}")
    found: dict[int, dict[int, int]] = {}
    for pair, talk, packed in await db.execute(statement, {"ids": full_text.ids_value(db, pairs)}):
        found.setdefault(pair, {})[talk] = unpack(packed)
    return found


class Shown(NamedTuple):
    """A passage as it is kept."""

    text: str
    language: str
    at_ms: int | None
    end_ms: int | None
    deck: int | None
    page: int | None


async def read_passages(db: Db, wanted: Iterable[tuple[int, int]]) -> dict[tuple[int, int], Shown]:
    """Passages by (talk, number); those that are not there are left out."""
    ids = sorted({talk * PASSAGES + number for talk, number in wanted if number >= 0})
    statement = text(
        f"SELECT id, text, language, at_ms, end_ms, deck, page FROM search_passages WHERE {full_text.among(db, 'id')}"
    )
    rows = await db.execute(statement, {"ids": full_text.ids_value(db, ids)})
    return {divmod(number, PASSAGES): Shown(*rest) for number, *rest in rows}


async def count_talks(db: Db) -> int:
    """How many talks are indexed, whoever may see them: rarity is no secret of any one."""
    return await db.scalar(_COUNT) or 0


_COUNT = text("SELECT count(*) FROM search_talks")


async def names_of(
    db: Db, *, events: Iterable[str], rooms: Iterable[str], tracks: Iterable[str], speakers: Iterable[str]
) -> dict[str, tuple[str, str]]:
    """What things are called and their slugs, by id, of those that are not deleted; one statement."""
    wanted = {"events": events, "rooms": rooms, "tracks": tracks, "speakers": speakers}
    values = {name: full_text.texts_value(db, ids) for name, ids in wanted.items()}
    return {row[0]: (row[1], row[2]) for row in await db.execute(_NAMES[full_text.is_sqlite(db)], values)}


def _names_statement(*, sqlite: bool) -> TextClause:
    return text(
        " UNION ALL ".join(
            f"SELECT id, {name}, slug FROM {table} WHERE deleted_at IS NULL AND "
            + (f"id IN (SELECT value FROM json_each(:{table}))" if sqlite else f"id = ANY (CAST(:{table} AS text[]))")
            for table, name in (("events", "title"), ("rooms", "name"), ("tracks", "name"), ("speakers", "name"))
        )
    )


_NAMES = {sqlite: _names_statement(sqlite=sqlite) for sqlite in (True, False)}
