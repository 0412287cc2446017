"""Slide decks have versions, states and pages."""

from collections.abc import Sequence

import sqlalchemy as sa
from advanced_alchemy.types import DateTimeUTC
from alembic import op

revision: str = "0009"
down_revision: str | None = "0008"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def _columns() -> list[sa.Column[object]]:
    return [
        sa.Column("slot", sa.String(length=32), nullable=False, server_default=""),
        sa.Column("position", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("revision", sa.Integer(), nullable=False, server_default="1"),
        sa.Column("replaced_at", DateTimeUTC(timezone=True), nullable=True),
        sa.Column("state", sa.String(length=12), nullable=False, server_default="waiting"),
        sa.Column("progress", sa.Double(), nullable=False, server_default="0"),
        sa.Column("error_code", sa.String(length=80), nullable=True),
        sa.Column("error_detail", sa.Text(), nullable=True),
        sa.Column("warnings", sa.JSON(), nullable=False, server_default="[]"),
        sa.Column("page_count", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("slide_count", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("rendering", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("outline", sa.JSON(), nullable=False, server_default="[]"),
        sa.Column("downloadable", sa.Boolean(), nullable=True),
        sa.Column("source_url", sa.String(length=2000), nullable=True),
        sa.Column("source_etag", sa.String(length=300), nullable=True),
        sa.Column("source_seen_at", DateTimeUTC(timezone=True), nullable=True),
    ]


def upgrade() -> None:
    """Apply."""
    # Not by copying the table: dropping the old one would cascade to whatever hangs on it.
    for column in _columns():
        op.add_column("decks", column)
    # All decks a session ever had were versions of one; housekeeping has what is waiting rendered.
    op.execute(
        "UPDATE decks SET slot = (SELECT min(o.id) FROM decks o WHERE o.session_id = decks.session_id),"
        " revision = (SELECT count(*) FROM decks o WHERE o.session_id = decks.session_id AND o.id <= decks.id)"
    )
    op.create_index("ix_decks_state", "decks", ["state"], unique=False)
    op.create_table(
        "deck_pages",
        sa.Column("deck_id", sa.String(length=32), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("slide", sa.Integer(), nullable=False),
        sa.Column("label", sa.String(length=100), nullable=False),
        sa.Column("title", sa.String(length=300), nullable=False),
        sa.Column("width_px", sa.Integer(), nullable=False),
        sa.Column("height_px", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("words", sa.JSON(), nullable=False),
        sa.Column("links", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["deck_id"], ["decks.id"], name=op.f("fk_deck_pages_deck_id_decks"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("deck_id", "number", name=op.f("pk_deck_pages")),
    )


def downgrade() -> None:
    """Undo."""
    op.drop_table("deck_pages")
    op.drop_index("ix_decks_state", "decks")
    for column in reversed(_columns()):
        op.drop_column("decks", column.name)
