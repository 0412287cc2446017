"""What an edition looks like and says of itself, its pictures and sponsors, and links people suggest."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from advanced_alchemy.types import DateTimeUTC
from alembic import op

revision: str = "0012"
down_revision: str | None = "0011"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def _columns() -> tuple[sa.Column[Any], ...]:
    return (
        sa.Column("color", sa.String(length=9), nullable=False, server_default=""),
        sa.Column("logo_id", sa.String(length=32), nullable=True),
        sa.Column("about", sa.Text(), nullable=False, server_default=""),
        sa.Column("code_of_conduct", sa.Text(), nullable=False, server_default=""),
        sa.Column("venue_name", sa.String(length=200), nullable=False, server_default=""),
        sa.Column("venue_address", sa.String(length=500), nullable=False, server_default=""),
        sa.Column("venue_url", sa.String(length=2000), nullable=False, server_default=""),
        sa.Column("takes_links", sa.Boolean(), nullable=False, server_default=sa.true()),
    )


def _times() -> tuple[sa.Column[Any], ...]:
    return (
        sa.Column("created_at", DateTimeUTC(timezone=True), nullable=False),
        sa.Column("updated_at", DateTimeUTC(timezone=True), nullable=False),
    )


def _owned_by_an_event(table: str) -> tuple[Any, ...]:
    return (
        sa.ForeignKeyConstraint(
            ["event_id"], ["events.id"], name=op.f(f"fk_{table}_event_id_events"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
    )


def upgrade() -> None:
    """Apply."""
    # Not by copying the table: dropping the old one would cascade to everything an event owns.
    for column in _columns():
        op.add_column("events", column)
    op.create_table(
        "event_pictures",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("event_id", sa.String(length=32), nullable=False),
        sa.Column("width_px", sa.Integer(), nullable=False),
        sa.Column("height_px", sa.Integer(), nullable=False),
        sa.Column("size_bytes", sa.Integer(), nullable=False),
        *_times(),
        *_owned_by_an_event("event_pictures"),
    )
    op.create_index("ix_event_pictures_event_id", "event_pictures", ["event_id"], unique=False)
    op.create_table(
        "event_sponsors",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("event_id", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("url", sa.String(length=2000), nullable=False),
        sa.Column("tier", sa.String(length=60), nullable=False),
        sa.Column("picture_id", sa.String(length=32), nullable=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("deleted_at", DateTimeUTC(timezone=True), nullable=True),
        *_times(),
        *_owned_by_an_event("event_sponsors"),
    )
    op.create_index("ix_event_sponsors_event_id", "event_sponsors", ["event_id"], unique=False)
    op.create_table(
        "link_suggestions",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("event_id", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("url", sa.String(length=2000), nullable=False),
        sa.Column("title", sa.String(length=300), nullable=False),
        sa.Column("by_name", sa.String(length=120), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("link_id", sa.String(length=32), nullable=True),
        sa.Column("decided_by", sa.String(length=32), nullable=True),
        sa.Column("decided_at", DateTimeUTC(timezone=True), nullable=True),
        *_times(),
        *_owned_by_an_event("link_suggestions"),
    )
    op.create_index("ix_link_suggestions_event_id_state", "link_suggestions", ["event_id", "state"], unique=False)


def downgrade() -> None:
    """Undo."""
    for table in ("link_suggestions", "event_sponsors", "event_pictures"):
        op.drop_table(table)
    for column in reversed(_columns()):
        op.drop_column("events", column.name)
