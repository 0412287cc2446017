"""Caption tracks say what was mended in their file, and for which cut of the recording their times hold."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0013"
down_revision: str | None = "0012"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Apply."""
    for column in (
        sa.Column("filename", sa.String(length=300), nullable=False, server_default=""),
        sa.Column("warnings", sa.JSON(), nullable=False, server_default="[]"),
        sa.Column("cut", sa.JSON(), nullable=False, server_default="[]"),
        sa.Column("left_out", sa.JSON(), nullable=False, server_default="[]"),
    ):
        op.add_column("caption_tracks", column)


def downgrade() -> None:
    """Undo."""
    for name in ("left_out", "cut", "warnings", "filename"):
        op.drop_column("caption_tracks", name)
