"""Search on PostgreSQL: the talks that have words are found by the index, always.

Rows of search_fts are small but for what is stored apart from them, which the planner does not count: it would rather
unpack every talk's words, a tenth of a second for a thousand talks.
"""

from collections.abc import Sequence

from alembic import op

revision: str = "0020"
down_revision: str | None = "0019"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Apply."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE OR REPLACE FUNCTION search_talks_with(asked tsquery) RETURNS integer[] LANGUAGE sql STABLE "
            "SET enable_seqscan = off SET jit = off "
            "AS 'SELECT ARRAY(SELECT talk FROM search_fts WHERE words @@ asked)'"
        )


def downgrade() -> None:
    """Undo."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION search_talks_with(tsquery)")
