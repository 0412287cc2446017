"""Live rooms: stream keys, SRT doors, broadcasts, stretches and segments; whether recordings of live talks go public."""

from collections.abc import Sequence

import sqlalchemy as sa
from advanced_alchemy.types import DateTimeUTC
from alembic import op

revision: str = "0006"
down_revision: str | None = "0005"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Apply."""
    # Not by copying the table: dropping the old one would cascade to everything an event owns.
    op.add_column("events", sa.Column("publish_live", sa.Boolean(), nullable=False, server_default=sa.true()))
    _create_broadcasts()
    _create_srt_doors()
    _create_stream_keys()
    _create_broadcast_stretches()
    _create_live_segments()


def _create_broadcasts() -> None:
    op.create_table(
        "broadcasts",
        sa.Column("event_id", sa.String(length=32), nullable=False),
        sa.Column("room_id", sa.String(length=32), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("started_at", DateTimeUTC(timezone=True), nullable=False),
        sa.Column("ended_at", DateTimeUTC(timezone=True), nullable=True),
        sa.Column("closed_at", DateTimeUTC(timezone=True), nullable=True),
        sa.Column("layout", sa.JSON(), nullable=False),
        sa.Column("by_hand", sa.Boolean(), nullable=False),
        sa.Column("encoder", sa.String(length=12), nullable=False),
        sa.Column("health", sa.JSON(), nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("created_at", DateTimeUTC(timezone=True), nullable=False),
        sa.Column("updated_at", DateTimeUTC(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["room_id"], ["rooms.id"], name=op.f("fk_broadcasts_room_id_rooms"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_broadcasts")),
    )
    with op.batch_alter_table("broadcasts", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_broadcasts_event_id"), ["event_id"], unique=False)
        batch_op.create_index("ix_broadcasts_room_id_state", ["room_id", "state"], unique=False)


def _create_srt_doors() -> None:
    op.create_table(
        "srt_doors",
        sa.Column("event_id", sa.String(length=32), nullable=False),
        sa.Column("room_id", sa.String(length=32), nullable=False),
        sa.Column("role", sa.String(length=8), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("passphrase_encrypted", sa.Text(), nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("created_at", DateTimeUTC(timezone=True), nullable=False),
        sa.Column("updated_at", DateTimeUTC(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["room_id"], ["rooms.id"], name=op.f("fk_srt_doors_room_id_rooms"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_srt_doors")),
        sa.UniqueConstraint("number", name=op.f("uq_srt_doors_number")),
        sa.UniqueConstraint("room_id", "role", name=op.f("uq_srt_doors_room_id_role")),
    )
    with op.batch_alter_table("srt_doors", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_srt_doors_event_id"), ["event_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_srt_doors_room_id"), ["room_id"], unique=False)


def _create_stream_keys() -> None:
    op.create_table(
        "stream_keys",
        sa.Column("event_id", sa.String(length=32), nullable=False),
        sa.Column("room_id", sa.String(length=32), nullable=False),
        sa.Column("role", sa.String(length=8), nullable=False),
        sa.Column("secret_hash", sa.String(length=64), nullable=False),
        sa.Column("hint", sa.String(length=8), nullable=False),
        sa.Column("expires_at", DateTimeUTC(timezone=True), nullable=True),
        sa.Column("revoked_at", DateTimeUTC(timezone=True), nullable=True),
        sa.Column("last_used_at", DateTimeUTC(timezone=True), nullable=True),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("created_at", DateTimeUTC(timezone=True), nullable=False),
        sa.Column("updated_at", DateTimeUTC(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["room_id"], ["rooms.id"], name=op.f("fk_stream_keys_room_id_rooms"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stream_keys")),
        sa.UniqueConstraint("secret_hash", name=op.f("uq_stream_keys_secret_hash")),
    )
    with op.batch_alter_table("stream_keys", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_stream_keys_event_id"), ["event_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_stream_keys_room_id"), ["room_id"], unique=False)


def _create_broadcast_stretches() -> None:
    op.create_table(
        "broadcast_stretches",
        sa.Column("event_id", sa.String(length=32), nullable=False),
        sa.Column("broadcast_id", sa.String(length=32), nullable=False),
        sa.Column("session_id", sa.String(length=32), nullable=False),
        sa.Column("starts_at", DateTimeUTC(timezone=True), nullable=False),
        sa.Column("ends_at", DateTimeUTC(timezone=True), nullable=True),
        sa.Column("do_not_record", sa.Boolean(), nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("created_at", DateTimeUTC(timezone=True), nullable=False),
        sa.Column("updated_at", DateTimeUTC(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["broadcast_id"],
            ["broadcasts.id"],
            name=op.f("fk_broadcast_stretches_broadcast_id_broadcasts"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["session_id"], ["sessions.id"], name=op.f("fk_broadcast_stretches_session_id_sessions"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_broadcast_stretches")),
    )
    with op.batch_alter_table("broadcast_stretches", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_broadcast_stretches_broadcast_id"), ["broadcast_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_broadcast_stretches_event_id"), ["event_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_broadcast_stretches_session_id"), ["session_id"], unique=False)


def _create_live_segments() -> None:
    op.create_table(
        "live_segments",
        sa.Column("broadcast_id", sa.String(length=32), nullable=False),
        sa.Column("msn", sa.Integer(), nullable=False),
        sa.Column("start", sa.BigInteger(), nullable=False),
        sa.Column("duration", sa.BigInteger(), nullable=False),
        sa.Column("wall", DateTimeUTC(timezone=True), nullable=False),
        sa.Column("discontinuity", sa.Boolean(), nullable=False),
        sa.Column("slate", sa.Boolean(), nullable=False),
        sa.Column("tracks", sa.JSON(), nullable=False),
        sa.Column("archived_at", DateTimeUTC(timezone=True), nullable=True),
        sa.Column("dropped_at", DateTimeUTC(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["broadcast_id"],
            ["broadcasts.id"],
            name=op.f("fk_live_segments_broadcast_id_broadcasts"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("broadcast_id", "msn", name=op.f("pk_live_segments")),
    )


def downgrade() -> None:
    """Undo."""
    for table in ("live_segments", "broadcast_stretches", "stream_keys", "srt_doors", "broadcasts"):
        op.drop_table(table)
    op.drop_column("events", "publish_live")
