"""Programmes from elsewhere: their sources, imports, and what was last imported."""

from collections.abc import Sequence

import sqlalchemy as sa
from advanced_alchemy.types import DateTimeUTC
from alembic import op

revision: str = "0016"
down_revision: str | None = "0015"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Apply."""
    _sources()
    _imports()
    _sessions()
    _names()


def _moment(name: str, *, nullable: bool = False) -> sa.Column[sa.types.TypeEngine[object]]:
    return sa.Column(name, DateTimeUTC(timezone=True), nullable=nullable)


def _text(name: str, length: int, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.String(length=length), nullable=nullable)


def _belongs(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [column], [f"{other}.id"], name=op.f(f"fk_{table}_{column}_{other}"), ondelete="CASCADE"
    )


def _sources() -> None:
    op.create_table(
        "programme_sources",
        _text("id", 32),
        _text("event_id", 32),
        _text("url", 2000),
        _text("name", 200),
        _text("form", 40),
        sa.Column("apply_itself", sa.Boolean(), nullable=False),
        sa.Column("grace_s", sa.Integer(), nullable=False),
        sa.Column("poll_every_s", sa.Integer(), nullable=False),
        _text("state", 12),
        _text("error_code", 80, nullable=True),
        sa.Column("error_detail", sa.Text(), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        _text("validator", 200),
        _text("sha256", 64),
        _moment("looked_at", nullable=True),
        _moment("next_look_at", nullable=True),
        sa.Column("answers", sa.JSON(), nullable=False),
        _moment("deleted_at", nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        _moment("created_at"),
        _moment("updated_at"),
        _belongs("programme_sources", "event_id", "events"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_programme_sources")),
    )
    op.create_index("ix_programme_sources_event_id", "programme_sources", ["event_id"], unique=False)
    op.create_index("ix_programme_sources_next_look_at", "programme_sources", ["next_look_at"], unique=False)


def _imports() -> None:
    op.create_table(
        "imports",
        _text("id", 32),
        _text("event_id", 32),
        _text("source_id", 32),
        _text("state", 12),
        _text("way", 12),
        _text("by_user_id", 32, nullable=True),
        _text("by_name", 200),
        _text("filename", 200),
        _text("url", 2000),
        _text("form", 40),
        _text("generator", 200),
        _text("programme_version", 300),
        sa.Column("size_bytes", sa.Integer(), nullable=False),
        sa.Column("sessions", sa.Integer(), nullable=False),
        sa.Column("counts", sa.JSON(), nullable=False),
        _text("error_code", 80, nullable=True),
        sa.Column("error_detail", sa.Text(), nullable=True),
        _moment("applied_at", nullable=True),
        _moment("undone_at", nullable=True),
        sa.Column("diff", sa.JSON(), nullable=False),
        sa.Column("notes", sa.JSON(), nullable=False),
        sa.Column("undo", sa.JSON(), nullable=False),
        sa.Column("programme", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        _moment("created_at"),
        _moment("updated_at"),
        _belongs("imports", "event_id", "events"),
        _belongs("imports", "source_id", "programme_sources"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_imports")),
    )
    op.create_index("ix_imports_event_id_created_at", "imports", ["event_id", "created_at"], unique=False)
    op.create_index("ix_imports_source_id", "imports", ["source_id"], unique=False)


def _sessions() -> None:
    op.create_table(
        "imported_sessions",
        _text("id", 32),
        _text("source_id", 32),
        _text("event_id", 32),
        _text("session_id", 32),
        _text("key", 300),
        _text("guid", 200),
        _text("block", 200),
        sa.Column("values", sa.JSON(), nullable=False),
        _moment("seen_at"),
        _moment("missing_since", nullable=True),
        _moment("hidden_at", nullable=True),
        sa.Column("withdrawn", sa.Boolean(), nullable=False),
        _belongs("imported_sessions", "source_id", "programme_sources"),
        _belongs("imported_sessions", "session_id", "sessions"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_imported_sessions")),
        sa.UniqueConstraint("source_id", "key", name=op.f("uq_imported_sessions_source_id_key")),
        sa.UniqueConstraint("source_id", "session_id", name=op.f("uq_imported_sessions_source_id_session_id")),
    )
    for column in ("event_id", "session_id", "missing_since"):
        op.create_index(f"ix_imported_sessions_{column}", "imported_sessions", [column], unique=False)


def _names() -> None:
    op.create_table(
        "imported_names",
        _text("id", 32),
        _text("source_id", 32),
        _text("kind", 8),
        _text("key", 300),
        _text("name", 200),
        _text("thing_id", 32),
        sa.Column("values", sa.JSON(), nullable=False),
        _belongs("imported_names", "source_id", "programme_sources"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_imported_names")),
    )
    for column in ("source_id", "thing_id"):
        op.create_index(f"ix_imported_names_{column}", "imported_names", [column], unique=False)


def downgrade() -> None:
    """Undo."""
    for table in ("imported_names", "imported_sessions", "imports", "programme_sources"):
        op.drop_table(table)
