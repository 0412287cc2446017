"""Corrections of cues keep what was asked for, not only in words."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0015"
down_revision: str | None = "0014"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Apply."""
    op.add_column("cue_edits", sa.Column("asked", sa.JSON(), nullable=False, server_default="{}"))


def downgrade() -> None:
    """Undo."""
    op.drop_column("cue_edits", "asked")
