"""Keeps the index: one talk at a time, in the transaction of whoever calls, which is one at a time too (follow.py)."""

from array import array
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import delete, select, text

from server.core.db import Db
from server.search import full_text
from server.search.bits import pack
from server.search.documents import CAPTIONS, Document, stem_language
from server.search.fold import fold, words
from server.search.models import PASSAGES, SearchPassage, SearchTalk
from server.search.pairs import pairs_of
from server.search.stems import stem

_BATCH = 2_000
# In SQL as it is: a talk has thousands of rows, and what an insert of models costs is mostly not the database's.
_ADD_WORDS = text("INSERT INTO search_words (word, language, folded, stem) VALUES (:word, :language, :folded, :stem)")
_ADD_POSTINGS = text("INSERT INTO search_postings (word, talk, passages) VALUES (:word, :talk, :passages)")
_ADD_PAIRS = text("INSERT INTO search_pairs (pair, talk, passages) VALUES (:pair, :talk, :passages)")
_ADD_PASSAGES = text(
    "INSERT INTO search_passages (id, text, language, at_ms, end_ms, deck, page) "
    "VALUES (:id, :text, :language, :at_ms, :end_ms, :deck, :page)"
)
Word = tuple[str, str]  # surface, language


def words_of(document: Document, said: Sequence[Sequence[str]]) -> dict[Word, int]:
    """Every word of a document, with the set of the passages it is in; `said` are its passages' words."""
    found: dict[Word, int] = {}
    for number, (passage, surfaces) in enumerate(zip(document.passages, said, strict=True)):
        language, bit = stem_language(passage), 1 << number
        for surface in surfaces:
            key = surface, language
            found[key] = found.get(key, 0) | bit
    return found


async def put_talk(db: Db, document: Document) -> bool:
    """Index a document in place of what was indexed of its session; False when nothing of it is new."""
    talk = await db.scalar(select(SearchTalk).where(SearchTalk.session_id == document.session_id))
    digest = document.digest
    if talk is not None and talk.digest == digest:
        return False
    if talk is None:
        talk = SearchTalk(session_id=document.session_id, digest=digest, words=b"", parts=[])
        db.add(talk)
        await db.flush()
    said = [[word for word in words(passage.text) if fold(word)] for passage in document.passages]
    found = words_of(document, said)
    pairs = pairs_of([[fold(word) for word in some] for some in said], sum(map(len, document.parts[:CAPTIONS])))
    numbers = await _number(db, found)
    await _take_out(db, talk)
    await _put_in(db, talk, document, {numbers[word]: bits for word, bits in found.items()}, pairs)
    await full_text.keep_words(db, talk.number, {fold(surface) for surface, _language in found})
    talk.digest, talk.year, talk.language = digest, document.year, document.language
    talk.speakers, talk.parts = " ".join(document.speakers), _ends(document)
    talk.words = array("I", sorted(numbers[word] for word in found)).tobytes()
    talk.pairs = array("q", sorted(pairs)).tobytes()
    await db.flush()
    return True


async def drop_talk(db: Db, session_id: str) -> None:
    """The session is not found any more."""
    talk = await db.scalar(select(SearchTalk).where(SearchTalk.session_id == session_id))
    if talk is not None:
        await _take_out(db, talk)
        await full_text.forget_words(db, talk.number)
        await db.delete(talk)
        await db.flush()


def _ends(document: Document) -> list[int]:
    """Where the passages of each part end."""
    ends, end = [], 0
    for part in document.parts:
        end += len(part)
        ends.append(end)
    return ends


async def _number(db: Db, wanted: Iterable[Word]) -> dict[Word, int]:
    """The vocabulary's numbers of words; new ones are added."""
    missing = set(wanted)
    numbers = await _known(db, missing)
    added = sorted(missing - set(numbers))
    for batch in _batches(added):
        await db.execute(_ADD_WORDS, [_row(surface, language) for surface, language in batch])
    if added:
        fresh = await _known(db, set(added))
        await full_text.keep_grams(db, [(number, fold(surface)) for (surface, _language), number in fresh.items()])
        numbers |= fresh
    return numbers


async def _known(db: Db, wanted: set[Word]) -> dict[Word, int]:
    found: dict[Word, int] = {}
    for batch in _batches(sorted({surface for surface, _language in wanted})):
        rows = await db.execute(_KNOWN[full_text.is_sqlite(db)], {"word": full_text.texts_value(db, batch)})
        found |= {(row.word, row.language): row.id for row in rows if (row.word, row.language) in wanted}
    return found


_KNOWN = {sqlite: text(statement) for sqlite, statement in full_text.words_by("word").items()}


def _row(surface: str, language: str) -> dict[str, str]:
    return {"word": surface, "language": language, "folded": fold(surface), "stem": stem(language, surface)}


def _batches(items: Sequence[Any]) -> Iterable[Sequence[Any]]:
    return (items[start : start + _BATCH] for start in range(0, len(items), _BATCH))


async def _take_out(db: Db, talk: SearchTalk) -> None:
    """Its postings, pairs and passages go."""
    if not talk.words:
        return
    for table, column, kept in (
        ("search_postings", "word", array("I", talk.words)),
        ("search_pairs", "pair", array("q", talk.pairs or b"")),
    ):
        statement = text(f"DELETE FROM {table} WHERE {full_text.among(db, column)} AND talk = :talk")
        await db.execute(statement, {"ids": full_text.ids_value(db, kept), "talk": talk.number})
    first = talk.number * PASSAGES
    await db.execute(delete(SearchPassage).where(SearchPassage.id >= first, SearchPassage.id < first + PASSAGES))


async def _put_in(
    db: Db, talk: SearchTalk, document: Document, postings: Mapping[int, int], pairs: Mapping[int, int]
) -> None:
    for statement, column, found in ((_ADD_POSTINGS, "word", postings), (_ADD_PAIRS, "pair", pairs)):
        rows = [{column: key, "talk": talk.number, "passages": pack(bits)} for key, bits in sorted(found.items())]
        for batch in _batches(rows):
            await db.execute(statement, batch)
    first = talk.number * PASSAGES
    passages = [
        {
            "id": first + number,
            "text": passage.text,
            "language": passage.language,
            "at_ms": passage.at_ms,
            "end_ms": passage.end_ms,
            "deck": passage.deck,
            "page": passage.page,
        }
        for number, passage in enumerate(document.passages)
    ]
    for batch in _batches(passages):
        await db.execute(_ADD_PASSAGES, batch)
