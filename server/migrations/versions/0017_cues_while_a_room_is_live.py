"""Which page of the slides is shown while a room is live."""

from collections.abc import Sequence

import sqlalchemy as sa
from advanced_alchemy.types import DateTimeUTC
from alembic import op

revision: str = "0017"
down_revision: str | None = "0016"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "live_cues",
        sa.Column("broadcast_id", sa.String(length=32), nullable=False),
        sa.Column("at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("session_id", sa.String(length=32), nullable=False),
        sa.Column("wall", DateTimeUTC(timezone=True), nullable=False),
        sa.Column("deck_id", sa.String(length=32), nullable=True),
        sa.Column("page", sa.Integer(), nullable=True),
        sa.Column("confidence", sa.Double(), nullable=False),
        sa.Column("told_at", DateTimeUTC(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["broadcast_id"], ["broadcasts.id"], name=op.f("fk_live_cues_broadcast_id_broadcasts"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["session_id"], ["sessions.id"], name=op.f("fk_live_cues_session_id_sessions"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("broadcast_id", "at", name=op.f("pk_live_cues")),
    )
    op.create_index(op.f("ix_live_cues_session_id"), "live_cues", ["session_id"])


def downgrade() -> None:
    """Undo."""
    op.drop_table("live_cues")
