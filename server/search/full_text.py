"""What the database itself finds: FTS5 on SQLite; tsvector and trigrams on PostgreSQL. The one place that tells them
apart.

`search_fts` holds the words of each talk, each once, and answers which talks have what is asked for. `search_grams`
finds words by a piece of them. Both give the same answers in both databases, in the same order: words are folded and
cut by us (fold.py), patterns are plain pieces, and texts are compared by their code points.
"""

import json
from collections.abc import Collection, Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, TextClause, text

from server.core.db import Db

# Tables and indexes Alembic need not know of: they are in no model.
APART = ("search_fts", "search_grams", "ix_search_fts")

Groups = Sequence[Iterable[str]]


def is_sqlite(db: Db) -> bool:
    """Which of the two this is."""
    return db.get_bind().dialect.name == "sqlite"


def is_apart(name: str | None) -> bool:
    """Whether a table or index is one of those that are only here."""
    return name is not None and name.startswith(APART)


def _statement(sqlite: str, postgresql: str) -> dict[bool, TextClause]:
    return {True: text(sqlite), False: text(postgresql)}


# search_talks_with is a function of ours that looks into the index; selected, it is asked once and not for every talk.
MATCHING = {
    True: "search_talks.number IN (SELECT rowid FROM search_fts WHERE search_fts MATCH :match)",
    False: "search_talks.number = ANY (CAST((SELECT search_talks_with(CAST(:match AS tsquery))) AS integer[]))",
}
_FORGET = _statement("DELETE FROM search_fts WHERE rowid = :talk", "DELETE FROM search_fts WHERE talk = :talk")
_KEEP = _statement(
    "INSERT INTO search_fts (rowid, words) VALUES (:talk, :words)",
    "INSERT INTO search_fts (talk, words) VALUES (:talk, array_to_tsvector(:words))",
)
COLUMNS = "id, word, language, folded, stem"
# Without trigrams of its own PostgreSQL's index answers by itself.
_CONTAINING = _statement(
    f"SELECT {COLUMNS} FROM search_words WHERE id IN (SELECT rowid FROM search_grams WHERE search_grams MATCH :match) "
    "AND length(folded) BETWEEN :shortest AND :longest ORDER BY length(folded), folded, language, word LIMIT :most",
    f"SELECT {COLUMNS} FROM search_words WHERE folded LIKE ANY (:patterns) AND length(folded) BETWEEN :shortest AND "
    ':longest ORDER BY length(folded), folded COLLATE "C", language COLLATE "C", word COLLATE "C" LIMIT :most',
)
_BEGINNING = _statement(
    f"SELECT {COLUMNS} FROM search_words WHERE folded >= :first AND folded < :beyond "
    "AND length(folded) BETWEEN :shortest AND :longest ORDER BY length(folded), folded, language, word LIMIT :most",
    f"SELECT {COLUMNS} FROM search_words WHERE folded LIKE :pattern "
    "AND length(folded) BETWEEN :shortest AND :longest "
    'ORDER BY length(folded), folded COLLATE "C", language COLLATE "C", word COLLATE "C" LIMIT :most',
)
_GRAMS = text("INSERT INTO search_grams (rowid, folded) VALUES (:id, :folded)")
_LAST = chr(0x10FFFF)


def among(db: Db, column: str, name: str = "ids") -> str:
    """The condition that a whole number is among those bound by a name.

    They go in as one value (`ids_value`), so that a statement is prepared once however many there are."""
    if is_sqlite(db):
        return f"{column} IN (SELECT value FROM json_each(:{name}))"
    return f"{column} = ANY (CAST(:{name} AS bigint[]))"


def ids_value(db: Db, numbers: Iterable[int]) -> Any:
    """Numbers as the one value `among` takes."""
    found = list(numbers)
    return f"[{','.join(map(str, found))}]" if is_sqlite(db) else found


def words_by(column: str) -> dict[bool, str]:
    """A select of the vocabulary by many values of a column, bound by the column's name (`texts_value`).

    PostgreSQL is asked by a join: it looks each value up in the index, also while it knows nothing of the table yet.
    """
    return {
        True: f"SELECT {COLUMNS} FROM search_words WHERE {column} IN (SELECT value FROM json_each(:{column}))",
        False: f"SELECT {COLUMNS} FROM search_words JOIN unnest(CAST(:{column} AS text[])) AS asked (value) "
        f"ON {column} = asked.value",
    }


def texts_value(db: Db, texts: Iterable[str]) -> Any:
    """Words as one value, for the same reason."""
    return json.dumps(list(texts)) if is_sqlite(db) else list(texts)


def match_value(db: Db, groups: Groups) -> str:
    """A question to `search_fts`: talks that have at least one word of each group. Words are letters and digits."""
    if is_sqlite(db):
        return " AND ".join("(" + " OR ".join(f'"{word}"' for word in group) + ")" for group in groups)
    return " & ".join("(" + " | ".join(f"'{word}'" for word in group) + ")" for group in groups)


async def keep_words(db: Db, talk: int, folded: Iterable[str]) -> None:
    """The words of a talk, in place of those it had."""
    await forget_words(db, talk)
    found = sorted({word for word in folded if word})
    await db.execute(_KEEP[is_sqlite(db)], {"talk": talk, "words": " ".join(found) if is_sqlite(db) else found})


async def forget_words(db: Db, talk: int) -> None:
    """The talk is not found by its words any more."""
    await db.execute(_FORGET[is_sqlite(db)], {"talk": talk})


async def keep_grams(db: Db, added: Sequence[tuple[int, str]]) -> None:
    """New words (id, folded) can be found by their pieces."""
    if added and is_sqlite(db):
        await db.execute(_GRAMS, [{"id": number, "folded": folded} for number, folded in added])


def fewest(pieces: Collection[str]) -> list[str]:
    """As many of the pieces as find the same words: what has one in it has those inside of that, too."""
    return sorted(one for one in pieces if not any(other != one and other in one for other in pieces))


async def words_containing(
    db: Db, pieces: Iterable[str], *, shortest: int = 1, longest: int = 40, most: int
) -> Sequence[Any]:
    """Rows of the vocabulary that have one of the pieces (of at least three letters) in them, the shortest first."""
    known = fewest({piece for piece in pieces if len(piece) >= 3})
    if not known:
        return ()
    values: dict[str, Any] = {"shortest": shortest, "longest": longest, "most": most}
    if is_sqlite(db):
        values["match"] = " OR ".join(f'"{piece}"' for piece in known)
    else:
        values["patterns"] = [f"%{piece}%" for piece in known]
    return (await db.execute(_CONTAINING[is_sqlite(db)], values)).all()


async def words_beginning(db: Db, piece: str, *, shortest: int = 1, longest: int = 40, most: int) -> Sequence[Any]:
    """Rows of the vocabulary that begin with a piece, the shortest first."""
    values: dict[str, Any] = {"shortest": shortest, "longest": longest, "most": most}
    if is_sqlite(db):
        values |= {"first": piece, "beyond": piece + _LAST}
    else:
        values["pattern"] = f"{piece}%"
    return (await db.execute(_BEGINNING[is_sqlite(db)], values)).all()


_TIDY = {
    True: (
        "DELETE FROM search_grams WHERE rowid NOT IN (SELECT id FROM search_words)",
        "INSERT INTO search_fts (search_fts) VALUES ('optimize')",
        "INSERT INTO search_grams (search_grams) VALUES ('optimize')",
        "ANALYZE search_postings",
        "ANALYZE search_words",
    ),
    False: ("ANALYZE search_fts", "ANALYZE search_words", "ANALYZE search_postings", "ANALYZE search_passages"),
}


async def tidy(db: Db) -> None:
    """After much was written: indexes in one piece, and figures for the planner."""
    for statement in _TIDY[is_sqlite(db)]:
        await db.execute(text(statement))


def drop_apart(connection: Connection) -> None:
    """Drop the tables that are apart, for who empties a database by its tables: FTS5's own go with them."""
    for name in ("search_fts", "search_grams") if connection.dialect.name == "sqlite" else ("search_fts",):
        connection.execute(text(f"DROP TABLE IF EXISTS {name}"))
