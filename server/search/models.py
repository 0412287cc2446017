"""The tables of search: all of it is made from other tables, and can be made again (`info` says so to backups).

What full text of the database itself there is beside them (FTS5 on SQLite, tsvector and trigrams on PostgreSQL) is in
full_text.py.
"""

from typing import Any

from sqlalchemy import BigInteger, Index, Integer, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from server.core.db import Base

DERIVED = {"derived": True}
PASSAGES = 1 << 16  # room for a talk's passages among the ids of all
_Id = BigInteger().with_variant(Integer(), "sqlite")  # only an INTEGER numbers itself there


class SearchTalk(Base):
    """One session as it is indexed. `parts` are where its passages of each part end (documents.PARTS)."""

    __tablename__ = "search_talks"
    __table_args__ = {"info": DERIVED, "sqlite_autoincrement": True}  # noqa: RUF012 -- SQLAlchemy reads it as declared

    number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    session_id: Mapped[str] = mapped_column(String(32), unique=True)
    digest: Mapped[str] = mapped_column(String(64))  # of all that was indexed: the same is not written again
    year: Mapped[int | None]
    language: Mapped[str] = mapped_column(String(20), default="")
    speakers: Mapped[str] = mapped_column(Text, default="")  # ids in order, one space between
    parts: Mapped[list[Any]] = mapped_column(default=list)
    words: Mapped[bytes] = mapped_column(LargeBinary, default=b"")  # ids of its words, four bytes each, little-endian
    pairs: Mapped[bytes | None] = mapped_column(LargeBinary)  # its pairs of words, eight bytes each


class SearchWord(Base):
    """A word as it is written in texts of one language; never changed."""

    __tablename__ = "search_words"
    __table_args__ = (
        UniqueConstraint("word", "language"),
        Index("ix_search_words_folded", "folded", postgresql_ops={"folded": "text_pattern_ops"}),
        Index("ix_search_words_stem", "stem"),
        {"info": DERIVED, "sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    word: Mapped[str] = mapped_column(String(40))
    language: Mapped[str] = mapped_column(String(2))
    folded: Mapped[str] = mapped_column(String(40))
    stem: Mapped[str] = mapped_column(String(40))


class SearchPosting(Base):
    """Which passages of a talk have a word (bits.pack)."""

    __tablename__ = "search_postings"
    __table_args__ = {"info": DERIVED, "sqlite_with_rowid": False}  # noqa: RUF012 -- as above

    word: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    talk: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    passages: Mapped[bytes] = mapped_column(LargeBinary)


class SearchPair(Base):
    """In which passages of a talk two words stand side by side that the talk has often (pairs.py)."""

    __tablename__ = "search_pairs"
    __table_args__ = {"info": DERIVED, "sqlite_with_rowid": False}  # noqa: RUF012 -- as above

    pair: Mapped[int] = mapped_column(_Id, primary_key=True, autoincrement=False)
    talk: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    passages: Mapped[bytes] = mapped_column(LargeBinary)


class SearchPassage(Base):
    """One piece of text: a title, a sentence of the abstract, a page, a cue. Its id is talk × PASSAGES + number."""

    __tablename__ = "search_passages"
    __table_args__ = {"info": DERIVED}  # noqa: RUF012 -- as above

    id: Mapped[int] = mapped_column(_Id, primary_key=True, autoincrement=False)
    text: Mapped[str] = mapped_column(Text)
    language: Mapped[str] = mapped_column(String(20), default="")
    at_ms: Mapped[int | None] = mapped_column(BigInteger)  # recording time
    end_ms: Mapped[int | None] = mapped_column(BigInteger)
    deck: Mapped[int | None]  # from 1, in the order of the session's slots
    page: Mapped[int | None]


class SearchChange(Base):
    """A session whose index is behind: noted by triggers, whoever wrote (triggers.py). One row a change."""

    __tablename__ = "search_changes"
    __table_args__ = {"info": DERIVED, "sqlite_autoincrement": True}  # noqa: RUF012 -- as above

    id: Mapped[int] = mapped_column(_Id, primary_key=True, autoincrement=True)
    session_id: Mapped[str] = mapped_column(String(32))
