"""A better encode of a recording is made beside what is shown."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0007"
down_revision: str | None = "0006"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Apply."""
    # Not by copying the table: dropping the old one would cascade to renditions and chunks.
    op.add_column("recordings", sa.Column("next_generation", sa.Integer(), nullable=True))
    op.add_column("recordings", sa.Column("next_progress", sa.Double(), nullable=False, server_default="0"))


def downgrade() -> None:
    """Undo."""
    op.drop_column("recordings", "next_progress")
    op.drop_column("recordings", "next_generation")
