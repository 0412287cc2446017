"""Search: talks, words, postings, passages, and the full text of either database.

Triggers that note what changed are not here: server/search/triggers.py puts them in place after every migration.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0018"
down_revision: str | None = "0017"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Apply."""
    _talks_and_words()
    _passages()
    op.create_table(
        "search_changes",
        sa.Column("id", _BIG, autoincrement=True, nullable=False),
        sa.Column("session_id", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_search_changes")),
        sqlite_autoincrement=True,
    )
    _full_text()
    op.execute("INSERT INTO search_changes (session_id) SELECT id FROM sessions")


def _talks_and_words() -> None:
    op.create_table(
        "search_talks",
        sa.Column("number", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("session_id", sa.String(length=32), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("year", sa.Integer(), nullable=True),
        sa.Column("language", sa.String(length=20), nullable=False),
        sa.Column("speakers", sa.Text(), nullable=False),
        sa.Column("parts", sa.JSON(), nullable=False),
        sa.Column("words", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_search_talks")),
        sa.UniqueConstraint("session_id", name=op.f("uq_search_talks_session_id")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "search_words",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("word", sa.String(length=40), nullable=False),
        sa.Column("language", sa.String(length=2), nullable=False),
        sa.Column("folded", sa.String(length=40), nullable=False),
        sa.Column("stem", sa.String(length=40), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_search_words")),
        sa.UniqueConstraint("word", "language", name=op.f("uq_search_words_word_language")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_search_words_folded", "search_words", ["folded"], postgresql_ops={"folded": "text_pattern_ops"})
    op.create_index("ix_search_words_stem", "search_words", ["stem"])


def _passages() -> None:
    op.create_table(
        "search_postings",
        sa.Column("word", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("talk", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("passages", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("word", "talk", name=op.f("pk_search_postings")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "search_passages",
        sa.Column("id", _BIG, autoincrement=False, nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("language", sa.String(length=20), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=True),
        sa.Column("end_ms", sa.BigInteger(), nullable=True),
        sa.Column("deck", sa.Integer(), nullable=True),
        sa.Column("page", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_search_passages")),
    )


def _full_text() -> None:
    if op.get_bind().dialect.name == "sqlite":
        # The words of a talk, each once: where they stand is in search_postings.
        op.execute(
            "CREATE VIRTUAL TABLE search_fts USING fts5(words, tokenize='unicode61 remove_diacritics 0', detail=none)"
        )
        op.execute("CREATE VIRTUAL TABLE search_grams USING fts5(folded, tokenize='trigram case_sensitive 1')")
        return
    op.execute("CREATE TABLE search_fts (talk INTEGER PRIMARY KEY, words TSVECTOR NOT NULL)")
    op.execute("CREATE INDEX ix_search_fts_words ON search_fts USING gin (words)")
    # Anybody who may create tables may have this extension (it is trusted). Without it words are found more slowly.
    op.execute(
        """DO $$ BEGIN
             CREATE EXTENSION IF NOT EXISTS pg_trgm;
             CREATE INDEX search_grams ON search_words USING gin (folded gin_trgm_ops);
           EXCEPTION WHEN insufficient_privilege OR undefined_file OR feature_not_supported THEN
             RAISE NOTICE 'pg_trgm is not available';
           END $$"""
    )


def downgrade() -> None:
    """Undo."""
    op.execute("DROP TABLE search_fts")
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TABLE search_grams")
    for name in ("search_changes", "search_passages", "search_postings", "search_words", "search_talks"):
        op.drop_table(name)
