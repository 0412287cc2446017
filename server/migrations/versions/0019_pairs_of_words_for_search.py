"""Search: which of a talk's frequent words stand side by side; everything is indexed anew, and found meanwhile."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0019"
down_revision: str | None = "0018"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "search_pairs",
        sa.Column("pair", _BIG, autoincrement=False, nullable=False),
        sa.Column("talk", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("passages", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("pair", "talk", name=op.f("pk_search_pairs")),
        sqlite_with_rowid=False,
    )
    op.add_column("search_talks", sa.Column("pairs", sa.LargeBinary(), nullable=True))
    op.execute("UPDATE search_talks SET digest = ''")
    op.execute("INSERT INTO search_changes (session_id) SELECT id FROM sessions")


def downgrade() -> None:
    """Undo."""
    op.drop_column("search_talks", "pairs")
    op.drop_table("search_pairs")
